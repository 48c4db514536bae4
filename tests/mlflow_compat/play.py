"""Plays scenario files against whatever `mlflow` is here, and writes what each statement came to. Run by test_behaviour.py, twice.

python play.py mlflow|runstone FOLDER SCENARIO.py ...
"""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from describe import Describer
from scenes import Cell, Statement, read


def main(side: str, folder: Path, scripts: list[Path]) -> None:
    """Play every cell; outcomes go to FOLDER/outcomes.json as {file: {title: [outcome of each statement]}}."""
    if side == "runstone":
        import runstone

        runstone.install_as_mlflow()
    else:
        _commit_in_memory()
    import mlflow

    store = f"sqlite:///{folder}/mlflow.db" if side == "mlflow" else f"file://{folder}/store"
    kept = dict(os.environ)
    outcomes: dict[str, dict[str, list[Any]]] = {}
    for script in scripts:
        prelude, cells = read(script)
        played = outcomes[script.stem] = {}
        for number, cell in enumerate(cells):
            _begin(mlflow, side, store, kept, folder / script.stem / str(number))
            mlflow.set_experiment(f"{script.stem}: {cell.title}")
            played[cell.title] = _play(prelude, cell, Describer(str(folder)))
    (folder / "outcomes.json").write_text(json.dumps(outcomes))


def _commit_in_memory() -> None:
    # MLflow commits each call by itself, and nobody here pulls the plug: without waiting for the disk it takes a third of the time.
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))


def _begin(mlflow: ModuleType, side: str, store: str, kept: dict[str, str], folder: Path) -> None:
    while mlflow.active_run():
        mlflow.end_run()
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)
    _forget_experiment(mlflow, side)
    mlflow.set_tracking_uri(store)
    folder.mkdir(parents=True)
    os.chdir(folder)


def _forget_experiment(mlflow: ModuleType, side: str) -> None:
    # as in a new process
    if side == "mlflow":
        mlflow.tracking.fluent._active_experiment_id = None
    else:
        from runstone.fluent import experiments

        experiments._active_id = None
    for name in ("MLFLOW_EXPERIMENT_ID", "RUNSTONE_EXPERIMENT_ID"):
        os.environ.pop(name, None)


def _play(prelude: list[Statement], cell: Cell, describer: Describer) -> list[Any]:
    import mlflow

    side = "runstone" if hasattr(mlflow, "install_as_mlflow") else "mlflow"
    names: dict[str, Any] = {"forget_experiment": lambda: _forget_experiment(mlflow, side)}
    for statement in prelude:
        exec(statement.text, names)
    return [_outcome(statement, names, describer) for statement in cell.statements]


def _outcome(statement: Statement, names: dict[str, Any], describer: Describer) -> Any:
    node = statement.node
    try:
        if isinstance(node, ast.Expr):
            return {
                "value": describer.value(
                    eval(compile(ast.Expression(node.value), "cell", "eval"), names), _field(statement)
                )
            }
        exec(compile(ast.Module([node], []), "cell", "exec"), names)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return {"value": describer.value(names[node.targets[0].id], _field(statement))}
        return {"value": "done"}
    except Exception as error:
        return describer.error(error)


def _field(statement: Statement) -> str:
    """Whether the value is an experiment's id, which is no more the same than a run's."""
    return "experiment_id" if "create_experiment(" in statement.text or statement.text.endswith("experiment_id") else ""


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
