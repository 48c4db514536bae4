"""The terminal on named artifacts, lineage and repair."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.terminals import Command, on_terminal

import runstone


@pytest.fixture
def told() -> dict[str, str]:
    """Two versions, one of them used; names to runs."""
    Path("data.csv").write_text("one")
    with runstone.start_run(run_name="prepare") as first:
        runstone.log_artifact("data.csv", name="data", aliases=["best"])
    Path("data.csv").write_text("two!")
    with runstone.start_run(run_name="again") as second:
        runstone.log_artifact("data.csv", name="data")
    with runstone.start_run(run_name="train") as train:
        runstone.use_artifact("data:best")
    return {"prepare": first.info.run_id, "again": second.info.run_id, "train": train.info.run_id}


def test_versions_are_listed_and_shown(command: Command, told: dict[str, str]) -> None:
    names = command("versions", "ls").out.splitlines()
    assert [line.split("\t")[:3] for line in names] == [["name", "versions", "latest"], ["data", "2", "v1"]]
    assert [line.split("\t")[:3] for line in command("versions", "ls", "data").out.splitlines()[1:]] == [
        ["data:v1", "latest", "4"],
        ["data:v0", "best", "3"],
    ]
    assert command("versions", "ls", "data", "--tag", "a=b").out == ""
    assert [one["version"] for one in json.loads(command("versions", "ls", "data", "--json").out)] == [1, 0]
    shown = json.loads(command("versions", "show", "data:best", "--json").out)
    assert (shown["produced_by"], shown["used_by"]) == ([told["prepare"]], [told["train"]])
    assert [file["path"] for file in shown["files"]] == ["data.csv"]
    assert f"used by run\t{told['train']}" in command("versions", "show", "data:v0").out
    missing = command("versions", "show", "data:v9")
    assert (missing.code, "runstone versions ls data" in missing.err) == (1, True)


def test_versions_are_fetched_compared_used_and_renamed(command: Command, told: dict[str, str], tmp_path: Path) -> None:
    assert command("versions", "get", "data:v0", "-o", "there").out.strip() == str(tmp_path / "there" / "data.csv")
    assert Path("there/data.csv").read_text() == "one"
    assert command("versions", "diff", "data:v0", "data").out.splitlines()[1:] == ["changed\tdata.csv\t4"]
    assert "used data:v1" in command("versions", "use", "again", "data").out
    assert command("versions", "alias", "data", "best").out == "data:v1: best, latest\n"
    elsewhere = command("versions", "alias", "data:v0", "best", "--delete")
    assert (elsewhere.code, "means data:v1" in elsewhere.err) == (1, True)
    unknown = command("versions", "alias", "data", "bets", "--delete")
    assert (unknown.code, "best (v1), latest (v1)" in unknown.err) == (1, True)
    assert command("versions", "alias", "data", "latest", "--delete").code == 1
    assert command("versions", "alias", "data:v1", "best", "--delete").out == "data:v1: latest\n"
    moves = [line.split("\t")[3:] for line in command("versions", "history", "data").out.splitlines()]
    assert moves[-1] == ["alias", "best", "v1", ""]
    created = on_terminal(tmp_path, "versions", "history", "data").out
    assert re.search(r"blake3:[0-9a-f]{12}\b", created)


def test_a_version_is_fetched_into_a_named_folder_and_over_nothing_of_the_users(
    command: Command, told: dict[str, str], tmp_path: Path
) -> None:
    place = f"{tmp_path}/there/data.csv\n"
    ended = command("versions", "get", "data:v0", "there")
    assert (ended.code, ended.out, ended.err) == (0, place, "1 file: 3 B from the store\n")
    fetched = json.loads(command("versions", "get", "data:v0", "there", "--json").out)
    assert (fetched["version"], fetched["path"], fetched["bytes"]["present"]) == ("data:v0", place.strip(), 3)
    refused = command("versions", "get", "data:v1", "there")
    assert (refused.code, "'there/data.csv' would be replaced" in refused.err) == (1, True)
    assert Path("there/data.csv").read_text() == "one"
    assert command("versions", "get", "data:v1", "there", "--force").code == 0
    assert Path("there/data.csv").read_text() == "two!"
    assert command("versions", "get", "data:v1", "there", "-o", "other").code == 2


def test_a_version_that_is_needed_is_deleted_by_force_only(command: Command, told: dict[str, str]) -> None:
    refused = command("versions", "rm", "data:v1", "data:v0", "--yes")
    assert (refused.code, "--force" in refused.err) == (1, True)
    assert len(command("versions", "ls", "data").out.splitlines()) == 3  # none was deleted
    assert command("versions", "rm", "data:best", "data:latest", "data:v1", "--force", "--yes").code == 0
    assert "No versions here" in command("versions", "ls", "data").err
    assert "were deleted" in command("versions", "show", "data").err


def test_what_is_deleted_must_be_said_and_agreed_to(command: Command, told: dict[str, str], tmp_path: Path) -> None:
    for bare in ("data", "data:"):
        ended = command("versions", "rm", bare, "--yes")
        assert (ended.code, "data:v1 (latest, 4 B), data:v0 (best, 3 B)" in ended.err) == (2, True)
    piped = command("versions", "rm", "data:v1")
    assert (piped.code, "--yes" in piped.err) == (2, True)
    assert "v9" in command("versions", "rm", "data:v9", "--yes").err
    refused = on_terminal(tmp_path, "versions", "rm", "data:v1", typed="n\n")
    assert (refused.code, "Delete data:v1 (latest, 4 B) for good?" in refused.out) == (1, True)
    assert len(command("versions", "ls", "data").out.splitlines()) == 3
    assert on_terminal(tmp_path, "versions", "rm", "data:v1", typed="y\n").code == 0
    assert [line.split("\t")[0] for line in command("versions", "ls", "data").out.splitlines()[1:]] == ["data:v0"]


def test_a_name_that_is_not_there_is_said_with_those_that_are(command: Command, told: dict[str, str]) -> None:
    for arguments in (["ls", "date"], ["show", "date"], ["history", "date"], ["rm", "date:v0"], ["get", "date"]):
        ended = command("versions", *arguments)
        assert (ended.code, ended.out, "There are data:" in ended.err) == (1, "", True), arguments
    unknown = command("versions", "show", "data:v7").err
    assert "Its versions are v1, v0, its aliases best (v0), latest (v1)." in unknown


def test_who_holds_space_is_told_by_what_can_be_typed_again(told: dict[str, str], tmp_path: Path) -> None:
    long = "features/of-all-customers-and-their-orders/cleaned-and-joined"
    runstone.Client().log_artifact_version(told["again"], "data.csv", long)
    for columns in (80, 100):
        for arguments in (["usage", "--by", "versions"], ["versions", "ls", long], ["versions", "ls"]):
            out = on_terminal(tmp_path, *arguments, columns=columns).out
            # Broken into lines where there is no room, but not cut.
            assert long in "".join(line.split(" ")[0] for line in out.splitlines()), out
    runs = on_terminal(tmp_path, "usage", "--by", "runs", columns=60).out
    assert told["prepare"][:8] in runs


def test_lineage_is_a_tree_for_people_edges_in_a_pipe_and_a_graph(
    command: Command, told: dict[str, str], tmp_path: Path
) -> None:
    piped = command("lineage", "data:v0").out.splitlines()
    assert piped == [
        "source\thow\ttarget",
        f"run/{told['prepare']}\tproduced\tartifact/data:v0",
        f"artifact/data:v0\tused\trun/{told['train']}",
    ]
    assert command("lineage", "train", "--down").out == ""
    found = json.loads(command("lineage", "train", "--json").out)
    assert found["root"] == f"run/{told['train']}"
    assert len(found["nodes"]) == 3
    graph = command("lineage", "train", "--dot").out
    assert graph.startswith("digraph lineage {")
    assert f'"artifact/data:v0" -> "run/{told["train"]}" [label="used"];' in graph
    both = command("lineage", "train", "--dot", "--json")
    assert (both.code, both.out) == (2, "")
    tree = on_terminal(tmp_path, "lineage", "train").out
    assert "came from" in tree
    assert tree.index("used: data:v0") < tree.index("produced: run prepare")
    assert command("lineage", "nothing").code == 1


def test_verify_repairs_from_another_store(command: Command, tmp_path: Path) -> None:
    Path("big.bin").write_bytes(bytes(range(256)) * 4_000)
    with runstone.start_run():
        runstone.log_artifact("big.bin")
    store = tmp_path / ".runstone"
    shutil.copytree(store, tmp_path / "second")
    for pack in (store / "packs").iterdir():
        pack.unlink()
    dry = command("verify", "--repair-from", "second", "--dry-run")
    assert (dry.code, "could be repaired" in dry.out) == (0, True)
    assert command("verify").code == 1
    assert json.loads(command("verify", "--repair-from", "second", "--json").out)["damaged"] == []
    assert command("verify").code == 0
    quick = command("verify", "--quick")
    assert (quick.code, "No bytes of files" in quick.err, "`runstone verify` reads everything" in quick.err) == (
        0,
        True,
        True,
    )
    assert json.loads(command("verify", "--quick", "--json").out) == {"bytes": 0, "quick": True, "damaged": []}
    assert command("verify", "--dry-run").code == 2
    assert command("verify", "--quick", "--repair-from", "second").code == 2
    assert command("verify", "--repair-from", "nowhere").code == 1
    for itself in (".", ".runstone", ".runstone/packs"):
        refused = command("verify", "--repair-from", "second", "--repair-from", itself)
        assert (refused.code, "repaired" in refused.err or "damaged store itself" in refused.err) == (1, True)


def test_damage_is_told_by_whose_it_is_and_what_can_be_done(command: Command, tmp_path: Path) -> None:
    Path("big.bin").write_bytes(random.Random(1).randbytes(900_000))
    with runstone.start_run(run_name="train") as run:
        runstone.log_artifact("big.bin", name="data")
    other = runstone.Client("second")
    other.log_files(other.create_run("0").info.run_id, {"same": Path("big.bin").read_bytes()})
    (pack,) = Path(".runstone/packs").iterdir()
    data = bytearray(pack.read_bytes())
    data[1_000] ^= 1
    pack.write_bytes(data)
    piped = command("verify")
    assert f"runs/{run.info.run_id}\tbig.bin\tthe content blake3:" in piped.out
    assert "`runstone verify" not in piped.out  # which is what was said
    assert "runstone verify --repair-from STORE" in piped.err
    told = on_terminal(tmp_path, "verify", columns=100).out
    assert f"run train ({run.info.run_id[:8]})" in told
    assert "data:v0" in told
    words = " ".join(told.split())
    assert "the file cannot be read whole" in words
    assert f"{pack.name[:12]}.pack" in words
    assert not re.search(r"[0-9a-f]{13}", told)
    (tmp_path / "empty").mkdir()
    assert "`--repair-from PLACE` each" in command("verify", "--repair-from", "empty").err
    assert command("verify", "--repair-from", "empty", "--repair-from", "second").code == 0


def test_damage_of_the_database_is_not_said_to_be_repaired(command: Command) -> None:
    with runstone.start_run():
        runstone.log_metric("loss", 0.5)
    with closing(sqlite3.connect(".runstone/runstone.db")) as database:
        database.execute("UPDATE series_chunk SET data = zeroblob(length(data))")
        database.commit()
    told = command("verify").err
    assert "restore runstone.db from a backup" in told
    assert "--repair-from" not in told
