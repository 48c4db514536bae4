"""The commands of the terminal, as a person on a terminal and as a program in a pipe sees them."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from tests.support import scripts
from tests.support.terminals import Command, Ended, on_terminal

import runstone


@pytest.fixture
def store() -> dict[str, str]:
    """Runs of three kinds in two experiments; name to id."""
    ids = {}
    runstone.set_experiment("vision")
    for name, rate in (("fast", 0.5), ("slow", 0.1)):
        with runstone.start_run(run_name=name, tags={"team": "a"}) as run:
            ids[name] = run.info.run_id
            runstone.log_params({"rate": rate, "same": 1})
            for step in range(20):
                runstone.log_metric("loss", 1 / (1 + rate * step) if step != 10 else math.nan, step=step)
            runstone.log_text("hello\n", "notes/a.txt")
            runstone.log_text("[/red] :smile:", "b.txt")
    runstone.set_experiment("odd")
    with runstone.start_run(run_name="it's \x1b[31m[bold]odd[/]\t\n") as run:
        ids["odd"] = run.info.run_id
        runstone.log_param("text", "two\nlines\tand [/a] tab")
    return ids


def rows(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines()]


def column(out: str, title: str) -> list[str]:
    titles, *lines = rows(out)
    return [line[titles.index(title)] for line in lines]


# runs


def test_runs_of_all_experiments_are_listed_unless_one_is_named(command: Command, store: dict[str, str]) -> None:
    assert column(command("runs").out, "run_id") == [store["odd"], store["slow"], store["fast"]]
    assert command("runs", "list").out == command("runs").out
    assert column(command("runs", "--experiment", "vision").out, "name") == ["slow", "fast"]
    assert column(command("runs", "--experiment", "2").out, "experiment") == ["odd"]
    assert command("runs", "--experiment", "none").code == 1


def test_runs_are_filtered_ordered_and_limited(command: Command, store: dict[str, str]) -> None:
    assert column(command("runs", "--filter", "params.rate > 0.3").out, "name") == ["fast"]
    assert column(command("runs", "--order-by", "metrics.loss ASC").out, "name")[:2] == ["fast", "slow"]
    ended = command("runs", "--limit", "2")
    assert len(rows(ended.out)) == 3
    assert "--limit 20" in ended.err
    assert command("runs", "--limit", "3").err == ""
    wrong = command("runs", "--filter", "metrics.loss <")
    assert wrong.code == 1
    assert "^" in wrong.err


def test_a_cell_stays_a_cell_whatever_is_in_it(command: Command, store: dict[str, str]) -> None:
    out = command("runs").out
    assert {len(line) for line in rows(out)} == {7}
    assert column(out, "name")[0] == r"it's \x1b[31m[bold]odd[/]\t\n"
    assert r"two\nlines\tand [/a] tab" in command("runs", "show", store["odd"]).out


def test_json_of_runs_is_the_wires_shape_and_strict(command: Command, store: dict[str, str]) -> None:
    with runstone.start_run(run_id=store["odd"]):
        runstone.log_metrics({"nan": math.nan, "inf": -math.inf})

    def refuse(text: str) -> None:
        raise AssertionError(text)

    found = json.loads(command("runs", "--json").out, parse_constant=refuse)
    assert found[0]["data"]["metrics"] == {"nan": "NaN", "inf": "-Infinity"}
    assert json.loads(command("runs", "show", store["odd"], "--json").out)["info"] == found[0]["info"]
    assert command("runs", "--filter", "params.rate > 9", "--json").out == "[]\n"


@pytest.mark.parametrize("name", ["fast", "id", "start of the id", "latest"])
def test_a_run_is_named_in_several_ways(command: Command, store: dict[str, str], name: str) -> None:
    named = {"fast": "fast", "id": store["fast"], "start of the id": store["fast"][:6], "latest": "latest"}[name]
    meant = store["odd"] if name == "latest" else store["fast"]
    assert json.loads(command("runs", "show", named, "--json").out)["info"]["run_id"] == meant


def test_a_run_that_is_not_there_or_not_the_only_one_is_said(command: Command, store: dict[str, str]) -> None:
    assert "no run 'nobody'" in command("runs", "show", "nobody").err
    assert command("runs", "show", "it's \x1b[31m[bold]odd[/]\t\n").code == 0
    assert command("runs", "show", "a' or 1").code == 1
    with runstone.start_run(run_name="fast"):
        pass
    ended = command("runs", "show", "fast")
    assert ended.code == 1
    assert store["fast"][:12] in ended.err


def test_a_run_shows_the_models_that_it_logged(command: Command) -> None:
    with runstone.start_run() as run:
        line = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])
        infos = [runstone.log_model(line, name=name) for name in ("first", "second")]
    shown = [row for row in rows(command("runs", "show", run.info.run_id).out) if row[0] == "model"]
    assert shown == [["model", info.name, info.model_uri] for info in reversed(infos)]


def test_compare_shows_what_differs(command: Command, store: dict[str, str]) -> None:
    out = command("runs", "compare", "fast", "slow").out
    titles, *lines = rows(out)
    assert titles == ["kind", "name", store["fast"], store["slow"]]
    named = {(line[0], line[1]): line[2:] for line in lines}
    assert named["param", "rate"] == ["0.5", "0.1"]
    assert named["metric", "loss"] == [repr(1 / (1 + rate * 19)) for rate in (0.5, 0.1)]
    assert ("metric", "loss.max") not in named  # both began at 1
    assert ("param", "same") not in named
    assert ("tag", "mlflow.runName") not in named
    everything = command("runs", "compare", "fast", "slow", "--all").out
    assert {"same", "loss.max", "team", "mlflow.runName"} <= set(column(everything, "name"))
    for alone in (["fast"], ["fast", store["fast"]]):
        assert command("runs", "compare", *alone).code == 2
    as_json = json.loads(command("runs", "compare", "fast", "slow", "--json").out)
    assert {"kind": "param", "name": "rate", "values": {store["fast"]: "0.5", store["slow"]: "0.1"}} in as_json


def test_runs_are_deleted_and_restored_all_or_none(command: Command, store: dict[str, str]) -> None:
    assert command("runs", "delete", "fast", "nobody").code == 1
    assert len(column(command("runs").out, "name")) == 3
    ended = command("runs", "delete", "fast", "slow", store["fast"])
    assert column(ended.out, "run_id") == [store["fast"], store["slow"]]
    undo = ended.err.strip().removeprefix("Undo: runstone ").split()
    assert column(command("runs", "--deleted").out, "name") == ["slow", "fast"]
    assert command(*undo).code == 0
    assert len(column(command("runs").out, "name")) == 3
    assert json.loads(command("runs", "delete", "fast", "--json").out)[0]["lifecycle_stage"] == "deleted"


# experiments


def test_experiments_are_made_renamed_deleted_and_restored(command: Command) -> None:
    assert column(command("experiments", "create", "new").out, "experiment_id") == ["1"]
    assert command("experiments", "rename", "new", "newer").code == 0
    assert column(command("experiments").out, "name") == ["newer", "Default"]
    assert command("experiments", "delete", "newer").code == 0
    assert column(command("experiments", "--deleted").out, "name") == ["newer"]
    assert command("experiments", "restore", "1").code == 0
    found = json.loads(command("experiments", "--filter", "name LIKE 'new%'", "--json").out)
    assert [experiment["name"] for experiment in found] == ["newer"]
    assert command("experiments", "create", "newer").code == 1


# metrics


def test_metrics_are_a_table_and_points(command: Command, store: dict[str, str]) -> None:
    table = command("metrics", "fast").out
    assert column(table, "key") == ["loss"]
    assert column(table, "count") == ["20"]
    points = command("metrics", "fast", "loss").out
    assert column(points, "step") == [str(step) for step in range(20)]
    assert column(points, "value")[9:11] == [repr(1 / 5.5), "nan"]
    (series,) = json.loads(command("metrics", "fast", "loss", "--json").out)
    assert series["key"] == "loss"
    assert series["step"] == list(range(20))
    assert series["value"][10] == "NaN"
    ended = command("metrics", "fast", "loss", "nothing")
    assert ended.code == 1
    assert "'nothing'" in ended.err


def test_on_a_terminal_metrics_are_plotted(store: dict[str, str], tmp_path: Path) -> None:
    out = on_terminal(tmp_path, "metrics", "slow", "loss").out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert out.startswith("slow: loss (20 points, last 0.344828, 1 not finite, the first at step 10)")
    drawn = [line[12:].ljust(68) for line in out.splitlines()[1:18]]
    assert [bool(line.strip()) for line in drawn] == [True] * 17  # one line from the top to the bottom
    between = [line[35:38] for line in drawn]  # the steps 9 to 11 of 19
    assert set(between) == {"   "}, "no gap where the value is NaN"
    runstone.set_experiment("vision")
    with runstone.start_run(run_name="two"):
        for step in range(5):
            runstone.log_metrics({"a": step - 1.0, "b": 10.0**step}, step=step)
    out = on_terminal(tmp_path, "metrics", "two", "a", "b", "--log", NO_COLOR="1").out
    assert "2 not positive, left out" in out
    assert "* a  + b" in out
    assert "1e+04" in out
    plain = on_terminal(tmp_path, "metrics", "two", "b", "--x", "time", PYTHONIOENCODING="ascii")
    assert plain.code == 0
    assert "*" in plain.out


# artifacts


def test_artifacts_are_listed_fetched_and_printed(command: Command, store: dict[str, str], tmp_path: Path) -> None:
    assert column(command("artifacts", "ls", "fast").out, "path") == ["b.txt", "notes/"]
    assert column(command("artifacts", "ls", "fast", "notes/").out, "path") == ["notes/a.txt"]
    assert column(command("artifacts", "ls", "fast", "b.txt").out, "size") == ["14"]
    assert command("artifacts", "ls", "fast", "nowhere").code == 1
    assert command("artifacts", "cat", "fast", "notes/a.txt").out == "hello\n"
    assert command("artifacts", "cat", "fast", "notes").code == 1
    ended = command("artifacts", "get", "fast", "notes", "-o", "to/here")
    assert ended.out == f"{tmp_path}/to/here/notes\n"
    assert (tmp_path / "to/here/notes/a.txt").read_text() == "hello\n"
    listed = json.loads(command("artifacts", "ls", "fast", "--json").out)
    assert listed[0]["digest"].startswith("blake3:")
    fetched = json.loads(command("artifacts", "get", "fast", "b.txt", "--json").out)
    assert (fetched["run_id"], fetched["path"], fetched["files"]) == (store["fast"], f"{tmp_path}/b.txt", 1)
    assert fetched["bytes"] == {"store": 14, "cache": 0, "resumed": 0, "present": 0}
    (tmp_path / "file").write_text("")
    refused = command("artifacts", "get", "fast", "-o", "file")
    assert refused.code == 1
    assert refused.err.startswith("runstone: ")


# the store


def test_verify_reads_all_and_lists_what_is_damaged(command: Command, tmp_path: Path) -> None:
    with runstone.start_run() as run:
        (tmp_path / "big.bin").write_bytes(bytes(range(256)) * 1000)
        runstone.log_artifact("big.bin")
    ended = command("verify")
    assert (ended.code, ended.out) == (0, "")
    assert "all as they were stored" in ended.err
    assert json.loads(command("verify", "--json").out)["damaged"] == []
    (pack,) = [path for path in (tmp_path / ".runstone" / "packs").rglob("*") if path.is_file()]
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[20] ^= 1
    pack.write_bytes(data)
    ended = command("verify")
    assert ended.code == 1
    assert column(ended.out, "owner") == [f"runs/{run.info.run_id}"]
    assert column(ended.out, "path") == ["big.bin"]
    assert "1 damaged" in ended.err
    found = json.loads(command("verify", "--json").out)
    assert [damage["path"] for damage in found["damaged"]] == ["big.bin"]


def test_sync_brings_in_what_a_dead_process_left(command: Command, tmp_path: Path) -> None:
    source = """
        import os, signal, runstone
        runstone.start_run(run_name="died")
        runstone.log_metric("loss", 0.5, step=1)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    assert scripts.run(tmp_path, source)[0] == -signal.SIGKILL
    ended = command("sync")
    assert ended.code == 0
    assert column(ended.out, "status") == ["KILLED"]
    assert json.loads(command("sync", "--json").out) == []
    assert "Nothing was left behind" in command("sync").err
    assert column(command("metrics", "died").out, "last") == ["0.5"]


def test_doctor_says_which_store_and_why_and_whether_it_is_well(
    command: Command, store: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(command("doctor", "--json").out)
    assert found["store"] == f"file://{tmp_path}/.runstone"
    assert found["healthy"] is True
    assert found["rows"]["run"] == 3
    told = dict(rows(command("doctor").out))
    assert told["healthy"] == "yes"
    assert told["chosen by"] == "the nearest .runstone/ above the working folder"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "other"))
    told = dict(rows(command("doctor").out))
    assert (told["chosen by"], told["exists"]) == ("MLFLOW_TRACKING_URI", "no")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "runstone.db").write_bytes(b"not a database at all" * 1000)
    ended = command("doctor")
    assert ended.code == 1
    assert dict(rows(ended.out))["healthy"] == "no"


# readers, terminals


def test_a_reader_who_has_enough_hears_nothing(store: dict[str, str], tmp_path: Path) -> None:
    with runstone.start_run(run_name="long"):
        for step in range(20_000):
            runstone.log_metric("x", step, step=step)
    line = f"set -o pipefail; {sys.executable} -m runstone metrics long x | head -1"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "key\tstep\ttimestamp\tvalue\n", "")


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_every_table_fits(store: dict[str, str], tmp_path: Path, columns: int) -> None:
    for arguments in (
        ["runs"],
        ["runs", "show", "odd"],
        ["experiments"],
        ["artifacts", "ls", "fast"],
        ["metrics", "fast"],
        ["runs", "compare", "fast", "slow", "latest"],
    ):
        arguments = [store.get(argument, argument) if argument == "odd" else argument for argument in arguments]
        ended = on_terminal(tmp_path, *arguments, columns=columns)
        assert ended.code == 0, ended.out
        assert [line for line in ended.out.splitlines() if len(line) > columns] == []
    out = on_terminal(tmp_path, "runs", columns=columns).out
    assert store["fast"][:8] in out
    assert "FINISHED" in out
    assert r"it's \x1b" in out  # a name is no command


def test_a_bar_appears_for_what_lasts(store: dict[str, str], tmp_path: Path) -> None:
    def verify(patience: str, **environment: str) -> Ended:
        code = f"from runstone.cli import main; from runstone.client import progress; progress.PATIENCE = float({patience!r}); main()"
        return on_terminal(tmp_path, "verify", program=(sys.executable, "-c", code), **environment)

    lasting = verify("-1")
    assert lasting.code == 0
    assert "verifying" in lasting.out
    assert "verifying" not in verify("inf").out
    assert "verifying" not in verify("-1", RUNSTONE_PROGRESS="0").out


def test_a_bar_appears_for_a_repair_and_a_count_for_a_pruning(tmp_path: Path) -> None:
    with runstone.start_run() as run:
        (tmp_path / "big.bin").write_bytes(bytes(range(256)) * 9_000)
        runstone.log_artifact("big.bin")
    (pack,) = (tmp_path / ".runstone" / "packs").iterdir()
    pack.unlink()
    code = "from runstone.cli import main; from runstone.client import progress; progress.PATIENCE = -1.0; main()"
    lasting = (sys.executable, "-c", code)
    repaired = on_terminal(tmp_path, "verify", "--repair-from", "big.bin", program=lasting)
    assert (repaired.code, "verifying and repairing" in repaired.out) == (0, True)
    assert "nothing to repair" in on_terminal(tmp_path, "verify", "--repair-from", "big.bin").out
    runstone.Client().delete_artifact(run.info.run_id, "big.bin")
    pruned = on_terminal(tmp_path, "prune", "--yes")
    assert (pruned.code, "so far" in pruned.out) == (0, True)


def test_help_loads_neither_tables_nor_the_store() -> None:
    code = (
        "import sys\nfrom runstone.cli import main\nsys.argv = ['runstone', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    print(sorted(m for m in sys.modules if m.split('.')[0] in ('rich', 'numpy', 'sqlite3') or m == 'runstone.client'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "doctor" in done.stdout
