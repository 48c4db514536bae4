"""The same statements on the real MLflow and on runstone come to the same, or to a difference that docs/differences.md explains."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat import real, scenes

pytestmark = pytest.mark.compat

HERE = Path(__file__).parent
SCRIPTS = sorted((HERE / "scenarios").glob("*.py"))
SCENES = {path.stem: scenes.read(path)[1] for path in SCRIPTS}
CELLS = [(name, cell) for name, cells in SCENES.items() for cell in cells]
PAGE = real.ROOT / "docs" / "differences.md"


def _played(folder: Path, side: str, python: Path | str) -> Any:
    """The outcomes of every scenario on one side; played once, whichever worker of the test run comes first."""
    place = folder / side
    with open(folder / f"{side}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "outcomes.json").exists():
            # Out of this checkout: a script in a git repository would have its commit among the run's tags.
            shutil.copytree(HERE, place / "tests")
            scripts = [place / "tests" / "scenarios" / path.name for path in SCRIPTS]
            environment = (
                real.ENVIRONMENT if side == "mlflow" else {**real.ENVIRONMENT, "PYTHONPATH": str(real.ROOT / "src")}
            )
            done = subprocess.run(
                [python, "-W", "ignore", place / "tests" / "play.py", side, place, *scripts],
                capture_output=True, text=True, env={**environment, "RUNSTONE_QUIET": "1"}, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    return json.loads((place / "outcomes.json").read_text())


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """MLflow's outcomes and runstone's."""
    real.require_mlflow()
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "played"
    folder.mkdir(exist_ok=True)
    return _played(folder, "mlflow", real.PYTHON), _played(folder, "runstone", sys.executable)


def same(theirs: Any, ours: Any) -> bool:
    """Whether a program cannot tell the two outcomes apart, except that more `except` clauses catch runstone's errors."""
    if "raises" in theirs and "raises" in ours:
        if _is_accident(theirs):
            return ours["code"] not in (None, "INTERNAL_ERROR")
        return set(theirs["raises"]) <= set(ours["raises"]) and theirs["code"] in (None, ours["code"])
    return bool(theirs == ours)


def _is_accident(outcome: Any) -> bool:
    """An error of MLflow's insides that a wrong value ran into: differences.md, "Errors". Runstone must refuse the value in words."""
    insides = {"AttributeError", "IsADirectoryError", "KeyError", "NotADirectoryError", "OverflowError", "TypeError"}
    inside = insides & set(outcome["raises"])
    return outcome["code"] == "INTERNAL_ERROR" or bool(outcome["code"] is None and inside) or "[SQL:" in outcome["says"]


def apart(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Where two outcomes are not the same, a line each."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys() and "raises" not in theirs:
        return [line for key in theirs for line in apart(theirs[key], ours[key], f"{place}.{key}")]
    return [] if theirs == ours else [f"    {place}", f"      mlflow:   {theirs}", f"      runstone: {ours}"]


@pytest.mark.parametrize(("name", "cell"), CELLS, ids=[f"{name}: {cell.title}" for name, cell in CELLS])
def test_each_statement_comes_to_what_it_comes_to_in_mlflow(
    name: str, cell: scenes.Cell, outcomes: tuple[Any, Any]
) -> None:
    wrong = []
    for statement, theirs, ours in zip(
        cell.statements, outcomes[0][name][cell.title], outcomes[1][name][cell.title], strict=True
    ):
        if same(theirs, ours) != (statement.differs is None):
            what = "is marked as different and is not" if statement.differs else "differs"
            wrong += [f"{name}.py:{statement.line}: {statement.text}: {what}", *apart(theirs, ours)]
    assert not wrong, "\n" + "\n".join(wrong)


def _rows() -> list[str]:
    """The names of the differences that the page lists under "Calls"."""
    section = PAGE.read_text().partition("\n## Calls\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| \*\*([\w' -]+)\*\* \|", section, re.MULTILINE)


def test_every_difference_is_explained_and_every_explanation_is_of_a_difference() -> None:
    shown = {statement.differs for _, cell in CELLS for statement in cell.statements if statement.differs}
    assert sorted(shown) == sorted(_rows())


def test_a_scenario_is_played_under_one_title_only() -> None:
    for cells in SCENES.values():
        assert len({cell.title for cell in cells}) == len(cells)
