"""`runstone run --explain`: the table that teaches the system is told from the calls that happened, and stops where it went wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.terminals import on_terminal, runstone, script

import runstone as tracker
from runstone.cli.words import short

FIVE_LINES = """
import mlflow
import joblib
model = {"weights": [1, 2]}

with mlflow.start_run():
    mlflow.log_artifact('metrics.json')
    joblib.dump(model, 'model.joblib')
    mlflow.log_artifact('model.joblib')
"""


def steps(folder: Path, source: str, *arguments: str) -> list[dict[str, Any]]:
    ended = runstone(folder, "run", "--explain", "--json", script(folder, source), *arguments)
    return [json.loads(line) for line in ended.out.splitlines()]


def brief(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["action"], row["changed"]) for row in rows if "action" in row]


def test_the_five_lines_give_the_table_of_the_five_lines(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    rows = steps(tmp_path, FIVE_LINES)
    name = tracker.search_runs(output_format="list")[0].info.run_name
    run_id = tracker.search_runs(output_format="list")[0].info.run_id
    model_size = f"{(tmp_path / 'model.joblib').stat().st_size} B"
    told = [(row["step"], row["action"], row["input"], row["output"], row["changed"]) for row in rows]
    assert told == [
        (1, "start_run", "", f"run {name}", "run: none → active"),
        (2, "log_artifact", "metrics.json", "artifact metrics.json, 2 B", "artifact file: made before the script began → logged"),
        (3, "write a file", "joblib.dump(model, 'model.joblib')", f"model.joblib, {model_size}", "model: none → saved, here only: not in the store yet"),
        (4, "log_artifact", "model.joblib", f"artifact model.joblib, {model_size}", "model: saved → logged"),
        (5, "leave `with`", f"run {name}", "FINISHED", "run: active → none"),
    ]  # fmt: skip
    assert [row["active_run"] for row in rows] == [run_id] * 4 + [None]
    assert [row.get("file", {}).get("state") for row in rows] == [None, "logged", "saved", "logged", None]


WRONG_ORDERS = {
    "a file that was not made": ("mlflow.log_artifact('metrics.json')", "Create it first"),
    "a model that was not saved": ("mlflow.log_artifact('model.joblib')", "Save the model first"),
    "a run inside a run": ("mlflow.start_run()", "nested=True"),
    "a param with another value": ("mlflow.log_param('a', 1); mlflow.log_param('a', 2)", "not allowed"),
    "a path that is not plain": ("mlflow.log_text('x', '../x')", "plain path"),
}


@pytest.mark.parametrize(("line", "advice"), WRONG_ORDERS.values(), ids=WRONG_ORDERS.keys())
def test_a_wrong_order_stops_with_what_to_do_at_its_step(tmp_path: Path, line: str, advice: str) -> None:
    source = f"import mlflow\nwith mlflow.start_run():\n    {line}\n    print('not reached')\n"
    rows = steps(tmp_path, source)
    *_, refused, left, end = rows
    assert refused["error"]
    assert refused["changed"].startswith("nothing: ")
    assert advice in refused["changed"]
    assert (left["action"], left["output"]) == ("leave `with`", "FAILED")
    stopped = end["stopped"]
    assert stopped["step"] == refused["step"]
    assert (stopped["file"], stopped["line"]) == (str(tmp_path / "script.py"), 3)
    assert advice in stopped["reason"]

    ended = runstone(tmp_path, "run", "--explain", "script.py")
    assert ended.code == 1
    assert "not reached" not in ended.out
    assert f"Stopped at step {refused['step']}: {tmp_path / 'script.py'}, line 3\n    {line[:40]}" in ended.out
    assert advice in ended.out.splitlines()[-1]
    assert "Traceback" not in ended.err


def test_an_error_of_the_scripts_own_keeps_its_traceback(tmp_path: Path) -> None:
    name = script(tmp_path, "import mlflow\nwith mlflow.start_run():\n    mlflow.log_param('a', 1)\n    1 / 0\n")
    ended = runstone(tmp_path, "run", "--explain", name)
    assert ended.code == 1
    assert ended.err.splitlines()[0] == "Traceback (most recent call last):"
    assert "explaining.py" not in ended.err
    assert ended.out.splitlines()[-3:] == [
        f"Stopped after step 3: {tmp_path / name}, line 4",
        "    1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_a_refusal_that_the_script_handles_is_told_and_stops_nothing(tmp_path: Path) -> None:
    source = """
        import mlflow
        with mlflow.start_run():
            try:
                mlflow.log_artifact("nowhere.txt")
            except FileNotFoundError:
                mlflow.log_param("found", False)
        """
    rows = steps(tmp_path, source)
    assert [(row["action"], row["error"]) for row in rows] == [
        ("start_run", False),
        ("log_artifact", True),
        ("log_param", False),
        ("leave `with`", False),
    ]


def test_calls_tell_however_the_script_came_by_them(tmp_path: Path) -> None:
    script(
        tmp_path,
        "from mlflow import log_param as note\nimport mlflow.artifacts\nfrom mlflow.artifacts import load_text\n",
        "other.py",
    )
    source = """
        from mlflow import MlflowClient, log_metric, start_run
        import mlflow
        import other
        bound = mlflow.log_text
        with start_run() as run:
            log_metric("loss", 1.0, step=3)
            other.note("alpha", 0.5)
            bound("hello", "hello.txt")
            other.load_text(f"runs:/{run.info.run_id}/hello.txt")
            client = MlflowClient()
            client.log_param(run.info.run_id, "beta", 2)
            client.set_tag(run.info.run_id, "team", "a")
        """
    rows = steps(tmp_path, source)
    assert [(row["action"], row["input"]) for row in rows if row["action"] not in ("start_run", "leave `with`")] == [
        ("log_metric", "loss=1, step 3"),
        ("log_param", "alpha=0.5"),
        ("log_text", "hello"),
        ("artifacts.load_text", f"runs:/{rows[0]['active_run']}/hello.txt"),
        ("Client.log_param", "beta=2"),
        ("Client.set_tag", "team=a"),
    ]


def test_a_training_loop_is_told_once_a_metric_and_counted(tmp_path: Path) -> None:
    source = """
        import mlflow
        for fold in range(2):
            with mlflow.start_run():
                for step in range(1000):
                    mlflow.log_metric("loss", 1 / (step + 1), step=step)
                    mlflow.log_metrics({"a": step, "b": 0}, step=step)
                mlflow.set_tag("done", "yes")
        """
    rows = steps(tmp_path, source)
    fold = ["start_run", "log_metric", "log_metrics", "log_metric ×999", "log_metrics ×999", "set_tag", "leave `with`"]
    told = [row["action"] for row in rows]
    assert sorted(told) == sorted(fold * 2)
    assert told[0] == "start_run"
    assert told[6] == "leave `with`"


def test_a_run_that_a_call_starts_by_itself_is_told_and_so_is_its_end(tmp_path: Path) -> None:
    rows = steps(tmp_path, "import mlflow\nmlflow.log_metric('loss', 1)\n")
    assert brief(rows) == [
        ("log_metric", "run: none → active (started by this call); metric: journalled; not even kill -9 loses it"),
        ("end of script", "run: active → none"),
    ]
    assert rows[-1]["output"] == "FINISHED"


def test_a_model_saved_after_it_was_logged_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"old")
    source = """
        import mlflow
        with mlflow.start_run():
            mlflow.log_artifact("model.pkl")
            with open("model.pkl", "wb") as file:
                file.write(b"new")
        """
    told = brief(steps(tmp_path, source))
    assert told[1] == ("log_artifact", "model: saved before the script began → logged")
    assert told[2][1].startswith("model: written again after it was logged; the store has the former one")


def test_files_are_told_when_they_are_there_whoever_wrote_them(tmp_path: Path) -> None:
    source = """
        import os, pathlib, subprocess, sys, tempfile
        import mlflow
        with mlflow.start_run():
            pathlib.Path("a.txt").write_text("a")
            with open("b.part", "w") as file:
                file.write("b")
            os.replace("b.part", "b.txt")
            try:
                open("nowhere/c.txt", "w")
            except FileNotFoundError:
                pass
            open(".hidden", "w").close()
            subprocess.run([sys.executable, "-c", "open('model.pt', 'w').write('m')"])
            mlflow.log_artifact("model.pt")
            elsewhere = os.path.join(tempfile.mkdtemp(), "d.txt")
            open(elsewhere, "w").close()
            mlflow.log_artifact(elsewhere)
            mlflow.artifacts.download_artifacts(run_id=mlflow.active_run().info.run_id, artifact_path="d.txt", dst_path=".")
        """
    rows = steps(tmp_path, source)
    written = [row["output"] for row in rows if row["action"] == "write a file"]
    assert written[:3] == ["a.txt, 1 B", "b.txt, 1 B", "model.pt, 1 B"]
    assert written[3].endswith("d.txt, 0 B")
    assert len(written) == 4
    assert ("log_artifact", "model: saved → logged") in brief(rows)


def test_a_call_that_tells_can_be_sent_to_another_process(tmp_path: Path) -> None:
    source = """
        import pickle
        from mlflow import log_param, start_run
        with start_run():
            pickle.loads(pickle.dumps(log_param))("a", 1)
        """
    assert [row["action"] for row in steps(tmp_path, source)] == ["start_run", "log_param", "leave `with`"]


def test_many_files_written_at_once_are_one_row(tmp_path: Path) -> None:
    source = "import mlflow\nfor n in range(50):\n    open(f'{n}.txt', 'w').close()\nmlflow.set_experiment('x')\n"
    rows = steps(tmp_path, source)
    assert [(row["action"], row["output"]) for row in rows] == [
        ("write files", "50 files"),
        ("set_experiment", "experiment x"),
    ]


def test_a_child_does_not_tell(tmp_path: Path) -> None:
    source = """
        import os, mlflow
        with mlflow.start_run():
            child = os.fork()
            if child == 0:
                mlflow.log_metric("child", 1)
                os._exit(0)
            os.waitpid(child, 0)
        """
    assert [row["action"] for row in steps(tmp_path, source)] == ["start_run", "leave `with`"]


def test_with_json_only_the_steps_are_on_stdout(tmp_path: Path) -> None:
    source = "import os, mlflow\nprint('printed')\nos.system('echo from a child')\nmlflow.set_experiment('x')\n"
    ended = runstone(tmp_path, "run", "--json", script(tmp_path, source))
    assert [json.loads(line)["action"] for line in ended.out.splitlines()] == ["set_experiment"]
    assert "printed\n" in ended.err
    assert "from a child\n" in ended.err


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_on_a_terminal_no_row_is_wider_than_it_and_nothing_is_cut(tmp_path: Path, columns: int) -> None:
    ended = on_terminal(tmp_path, "run", "--explain", script(tmp_path, FIVE_LINES), columns=columns)
    table = ended.out.split("\nStopped")[0]
    assert [line for line in table.splitlines() if len(line.rstrip()) > columns] == []
    assert ended.code == 1
    assert "Create it first" in ended.out.splitlines()[-1]
    for title in ("step", "action", "input", "output"):
        assert title in table.splitlines()[0]


def test_what_changes_models_and_the_registry_does_not_read(tmp_path: Path) -> None:
    source = """
import runstone
from runstone import Client
from sklearn.linear_model import LinearRegression
with runstone.start_run():
    runstone.sklearn.log_model(LinearRegression(), name="line", registered_model_name="lines")
client = Client()
client.set_registered_model_alias("lines", "champion", "1")
client.update_model_version("lines", "1", "the best")
client.transition_model_version_stage("lines", "1", "Staging")
client.get_model_version("lines", "1")
client.delete_model_version("lines", "1")
"""
    told = dict(brief(steps(tmp_path, source)))
    assert told.pop("Client.get_model_version") == "nothing: it reads"
    assert told["sklearn.log_model"] == "model: logged, and registered as lines/1"
    assert told["Client.set_registered_model_alias"] == "alias: means this version"
    assert [action for action, changed in told.items() if "reads" in changed] == []


def test_the_table_does_not_get_into_the_runs_console(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    runstone(
        tmp_path, "run", "--explain", script(tmp_path, "import mlflow\nwith mlflow.start_run():\n    print('said')\n")
    )
    run = tracker.search_runs(output_format="list")[0]
    console = tracker.Client().read_artifact(run.info.run_id, ".runstone/console.log")
    assert console == b"said\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_marks_is_no_reason_to_fail(tmp_path: Path, encoding: str) -> None:
    ended = on_terminal(tmp_path, "run", "--explain", script(tmp_path, FIVE_LINES), PYTHONIOENCODING=encoding)
    assert "none -> active" in ended.out
    assert "UnicodeEncodeError" not in ended.out


def test_a_reader_who_has_enough_does_not_stop_the_script(tmp_path: Path) -> None:
    import subprocess
    import sys

    source = (
        "import mlflow\nwith mlflow.start_run():\n    for n in range(300):\n        mlflow.log_metric(f'{n:0200}', n)\n"
    )
    command = f"{sys.executable} -m runstone run --explain {script(tmp_path, source)} | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert tracker.search_runs(output_format="list")[0].info.status == "FINISHED"


def test_anything_may_be_logged_and_only_its_kind_and_size_are_told() -> None:
    import numpy
    import pandas

    class Odd:
        @property
        def shape(self) -> object:
            raise RuntimeError("computed at great cost")

    told = {
        "a\nb": "a b",
        "x" * 1000: "x" * 99 + "…",
        1 / 3: "0.333333",
        True: "True",
        numpy.float32(0.5): "0.5",
        b"abc": "3 bytes",
        Path("a/b"): "a/b",
    }
    for value, expected in told.items():
        assert short(value) == expected
    assert short(pandas.DataFrame({"a": [1, 2]})) == "DataFrame 2 × 1"
    assert short(numpy.zeros((2, 3))) == "ndarray 2 × 3"
    assert short({"a": 1, "b": [1, 2]}) == "a=1, b=list of 2"
    assert short(Odd()) == "Odd"
