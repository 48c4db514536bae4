"""`runstone run`: a script is run as python itself runs it, and `import mlflow` is runstone, in its children too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.terminals import RUNSTONE, runstone, script

import runstone as tracker

FIVE_LINES = """
import mlflow
import joblib
model = {"weights": [1, 2]}

with mlflow.start_run():
    mlflow.log_artifact('metrics.json')
    joblib.dump(model, 'model.joblib')
    mlflow.log_artifact('model.joblib')
"""


def python(folder: Path, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, input=stdin, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def only_run() -> tracker.entities.Run:
    runs = tracker.search_runs(output_format="list", search_all_experiments=True)
    assert len(runs) == 1
    return runs[0]


def test_the_five_lines_run_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    ended = runstone(tmp_path, "run", script(tmp_path, FIVE_LINES))
    assert ended.code == 0, ended.err
    run = only_run()
    assert run.info.status == "FINISHED"
    names = [file.path for file in tracker.artifacts.list_artifacts(run_id=run.info.run_id)]
    assert names == ["metrics.json", "model.joblib"]


# What a script can see of how it is run.
LOOK = """
import atexit, pickle, sys, threading
import sibling
main = sys.modules["__main__"]
print(sys.argv, sys.stdin.read(), sibling.VALUE)
print([folder for folder in sys.path if not folder.endswith("standin")])
print(__name__, __file__, __spec__ and __spec__.name, __doc__, main.__dict__ is globals(), sorted(globals()))

class Model:
    rate: float = 1.0

def annotated(x: int) -> None: ...

def pickles():
    print(type(pickle.loads(pickle.dumps(Model()))) is Model)

def late():
    threading.main_thread().join()
    pickles()

pickles()
print(annotated.__annotations__, Model.__annotations__)
atexit.register(pickles)
threading.Thread(target=late).start()
"""
# How a script can end.
ENDINGS = {
    "by itself": LOOK,
    "exit with a number": "raise SystemExit(7)",
    "exit with a text": "import sys; sys.exit('no good')",
    "exit with nothing": "import sys; sys.exit()",
    "an uncaught exception": "def f():\n    raise ValueError('bad')\nf()",
    "a chained exception": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('bad') from e",
    "a syntax error": "x = (1,\n",
    "a hook of the script's": "import sys\nsys.excepthook = lambda *a: print('hooked', a[0].__name__)\n1 / 0",
    "interrupted": "raise KeyboardInterrupt",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "a click program": "import click\n@click.command()\n@click.argument('n', nargs=-1)\ndef go(n):\n    raise click.UsageError('no')\ngo(['x'])",
    "an error on a closed pipe": "raise BrokenPipeError(32, 'x')",
}


@pytest.mark.parametrize("source", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_script_is_run_as_python_runs_it(tmp_path: Path, source: str) -> None:
    script(tmp_path, "VALUE = 42\n", "folder/sibling.py")
    name = script(tmp_path, source, "folder/script.py")
    arguments = (name, "--explain", "-m", "--", "x")
    assert runstone(tmp_path, "run", *arguments, stdin="typed") == python(tmp_path, *arguments, stdin="typed")


def test_a_module_is_run_as_python_runs_it(tmp_path: Path) -> None:
    script(tmp_path, "", "package/__init__.py")
    script(
        tmp_path,
        f"from package import other\nfrom . import other\nprint(__name__, __spec__.name)\n{LOOK}",
        "package/train.py",
    )
    script(tmp_path, "", "package/other.py")
    script(tmp_path, "VALUE = 42\n", "sibling.py")
    arguments = ("-m", "package.train", "--json", "-m", "x")
    assert runstone(tmp_path, "run", *arguments, stdin="typed") == python(tmp_path, *arguments, stdin="typed")


def test_a_module_that_is_not_there_is_said(tmp_path: Path) -> None:
    ended = runstone(tmp_path, "run", "-m", "nowhere.train")
    assert ended.code == 1
    assert "No module named" in ended.err
    assert "Traceback" not in ended.err


def test_a_folder_with_a_main_is_run(tmp_path: Path) -> None:
    script(tmp_path, "import beside; print(beside.X, __name__)", "app/__main__.py")
    script(tmp_path, "X = 1", "app/beside.py")
    assert runstone(tmp_path, "run", "app").out == "1 __main__\n"


def test_a_script_that_is_not_there_is_a_wrong_command_line(tmp_path: Path) -> None:
    ended = runstone(tmp_path, "run", "nowhere.py")
    assert ended.code == 2
    assert "nowhere.py" in ended.err
    assert runstone(tmp_path, "run", "--explian", "x.py").code == 2


CHILDREN = {
    "spawned": """
        import multiprocessing, mlflow

        class Config:
            rate = 3

        def work(config):
            mlflow.log_metric("child", config.rate)
            return mlflow.log_metric.__module__

        if __name__ == "__main__":
            with mlflow.start_run() as run:
                import os
                os.environ["MLFLOW_RUN_ID"] = run.info.run_id
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(work, [Config()]))
        """,
    "joblib's workers": """
        import joblib, mlflow

        def work(run_id):
            mlflow.MlflowClient().log_metric(run_id, "child", 3)
            return mlflow.log_metric.__module__

        with mlflow.start_run() as run:
            print(joblib.Parallel(n_jobs=2)([joblib.delayed(work)(run.info.run_id)]))
        """,
    "a program of its own": """
        import os, subprocess, sys, mlflow
        with mlflow.start_run() as run:
            os.environ["MLFLOW_RUN_ID"] = run.info.run_id
            code = "import mlflow, mlflow.tracking\\nwith mlflow.start_run():\\n    mlflow.log_metric('child', 3)\\nprint([mlflow.log_metric.__module__])"
            subprocess.run([sys.executable, "-c", code], check=True)
        """,
}


@pytest.mark.parametrize("source", CHILDREN.values(), ids=CHILDREN.keys())
def test_in_the_children_of_a_script_mlflow_is_runstone_too(tmp_path: Path, source: str) -> None:
    ended = runstone(tmp_path, "run", script(tmp_path, source))
    assert ended.code == 0, ended.err
    assert ended.out == "['runstone.fluent.records']\n"
    assert only_run().data.metrics == {"child": 3.0}


def test_another_python_without_runstone_keeps_its_own_mlflow(tmp_path: Path) -> None:
    script(tmp_path, "NAME = 'the real one'", "site/mlflow.py")
    standin = Path(tracker.__file__).parent / "cli" / "standin"
    code = (
        f"import sys; sys.path = [{str(standin)!r}, 'site', *(p for p in sys.path if 'lib/python' in p and 'site-packages' not in p)]\n"
        "import mlflow; print(mlflow.NAME)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "the real one\n", done.stderr


@pytest.mark.parametrize(
    ("ending", "code", "status"),
    [
        ("", 0, "FINISHED"),
        ("raise SystemExit", 0, "FINISHED"),
        ("raise SystemExit(3)", 3, "FAILED"),
        ("raise SystemExit('no')", 1, "FAILED"),
        ("1 / 0", 1, "FAILED"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "KILLED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM, "KILLED"),
    ],
)
def test_a_run_left_open_ends_as_the_script_does(tmp_path: Path, ending: str, code: int, status: str) -> None:
    name = script(tmp_path, f"import mlflow\nmlflow.start_run()\nmlflow.log_metric('loss', 1)\n{ending}\n")
    assert runstone(tmp_path, "run", "--explain", name).code == code
    assert only_run().info.status == status


def test_a_thread_that_outlives_the_script_logs_to_its_run(tmp_path: Path) -> None:
    source = """
        import threading, mlflow
        mlflow.start_run()
        def late():
            threading.main_thread().join()
            mlflow.log_metric("late", 1)
        threading.Thread(target=late).start()
        """
    assert runstone(tmp_path, "run", script(tmp_path, source)).code == 0
    assert only_run().data.metrics == {"late": 1.0}


def test_a_shell_that_interrupts_sees_an_interrupted_process(tmp_path: Path) -> None:
    name = script(tmp_path, "import sys, time\nprint('on')\nsys.stdout.flush()\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [*RUNSTONE, "run", name], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert err.startswith(f'Traceback (most recent call last):\n  File "{tmp_path / name}"')
