"""Damaged, foreign, moved and deleted stores: named by an error, never made worse, and what is whole can be read."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import scripts

import runstone
from runstone.errors import CorruptData, MissingFile, NotFound, RunstoneError, StoreMismatch
from runstone.transport.local import LocalTransport

DATA = random.Random(11).randbytes(600_000)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a run in it, that nobody has open."""
    code, _, err = scripts.run(
        tmp_path,
        """
        import random, runstone
        runstone.set_tracking_uri("store")
        with runstone.start_run(run_name="whole"):
            runstone.log_params({f"param {number}": "x" * 100 for number in range(50)})
            for step in range(5000):
                runstone.log_metric("loss", step * 0.1, step=step, timestamp=step)
            runstone.log_text("small", "small.txt")
            runstone.log_stream(__import__("io").BytesIO(random.Random(11).randbytes(600_000)), "large")
        """,
    )
    assert code == 0, err
    return tmp_path / "store"


def only_run(store: Path) -> runstone.entities.Run:
    (run,) = runstone.Client(store).search_runs(["0"])
    return run


@pytest.mark.parametrize("length", [1, 50, 100, 4096, 20_000, 100_000])
def test_a_database_that_was_cut_short_is_an_error_and_is_not_touched(store: Path, length: int) -> None:
    path = store / "runstone.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    with pytest.raises(RunstoneError, match=r"runstone\.db"):
        _read_all(store)
    assert path.read_bytes() == whole[:length]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b""), os.unlink], ids=["emptied", "deleted"])
def test_a_database_that_is_gone_is_not_made_anew_beside_the_files_it_named(
    store: Path, damage: Callable[[Path], object]
) -> None:
    damage(store / "runstone.db")
    with pytest.raises(CorruptData, match=r"packs.*backup"):
        runstone.Client(store)


def test_an_empty_database_with_nothing_beside_it_is_a_store_whose_maker_died(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "runstone.db").write_bytes(b"")
    assert runstone.Client(tmp_path / "store").search_runs(["0"]) == []


@pytest.mark.parametrize("seed", range(12))
def test_random_bytes_in_a_database_are_never_taken_for_data_silently(store: Path, seed: int) -> None:
    path, chance = store / "runstone.db", random.Random(seed)
    data = bytearray(path.read_bytes())
    place = chance.randrange(0, len(data) - 512)
    data[place : place + 512] = chance.randbytes(512)
    path.write_bytes(data)
    # either it says what is wrong, or what it gives is what was logged
    with contextlib.suppress(RunstoneError):
        _read_all(store)


def _read_all(store: Path) -> None:
    client = runstone.Client(store)
    run = only_run(store)
    assert run.info.run_name == "whole"
    found = client.get_metric_series(run.info.run_id, "loss")
    assert found.step.tolist() == list(range(5000))
    assert client.read_artifact(run.info.run_id, "large") == DATA
    assert client.read_artifact(run.info.run_id, "small.txt") == b"small"
    assert len(run.data.params) == 50


def test_doctor_says_that_a_database_is_damaged(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runstone.diagnosis import report

    monkeypatch.setenv("RUNSTONE_URI", str(store))
    assert report()["healthy"] is True
    damaged = shutil.copytree(store, store.parent / "damaged")  # what this process has open it may remember
    data = bytearray((store / "runstone.db").read_bytes())
    data[8192:12288] = bytes(4096)
    (damaged / "runstone.db").write_bytes(data)
    monkeypatch.setenv("RUNSTONE_URI", str(damaged))
    found = report()
    assert found["healthy"] is False
    assert found["problem"]


@pytest.mark.parametrize("content", [b"\x00" * 8192, b"SQLite format 3\x00" + b"\x10\x00" * 2040, b"{}"])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "runstone.db").write_bytes(content)
    with pytest.raises((CorruptData, StoreMismatch), match=r"runstone\.db"):
        runstone.Client(tmp_path / "store")
    assert (tmp_path / "store" / "runstone.db").read_bytes() == content


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    for setting in ("PRAGMA user_version=7", "PRAGMA application_id=1"):
        path = tmp_path / "store" / "runstone.db"
        theirs = sqlite3.connect(path)
        theirs.execute(setting)
        theirs.execute("CREATE TABLE IF NOT EXISTS run (id)")
        theirs.close()
        before = path.read_bytes()
        with pytest.raises(StoreMismatch, match="another program"):
            runstone.Client(tmp_path / "store")
        assert path.read_bytes() == before


def test_a_lost_log_costs_what_was_in_it_and_the_store_is_whole(tmp_path: Path, store: Path) -> None:
    run_id = only_run(store).info.run_id
    scripts.run(
        tmp_path,
        f"""
        import os, runstone
        runstone.Client("store").set_tag({run_id!r}, "late", "yes")
        os.kill(os.getpid(), 9)
        """,
    )
    assert (store / "runstone.db-wal").stat().st_size
    (store / "runstone.db-wal").unlink()
    (store / "runstone.db-shm").unlink()
    copy = store.parent / "copy"  # this process may have the other one open
    shutil.copytree(store, copy)
    _read_all(copy)
    assert "late" not in only_run(copy).data.tags
    assert runstone.Client(copy).verify() == []


def test_a_missing_pack_costs_its_files_and_no_more(store: Path) -> None:
    (pack,) = (store / "packs").iterdir()
    pack.unlink()
    client, run_id = runstone.Client(store), only_run(store).info.run_id
    with pytest.raises(CorruptData, match="missing"):
        client.read_artifact(run_id, "large")
    assert client.read_artifact(run_id, "small.txt") == b"small"
    assert [(damage.path, "missing" in damage.problem) for damage in client.verify()] == [("large", True)]
    client.log_bytes(run_id, b"new", "new.txt")
    assert client.read_artifact(run_id, "new.txt") == b"new"


@pytest.mark.parametrize("cut", [64, 96, 1000, 64 * 1024])
def test_a_journal_with_a_torn_tail_gives_what_is_whole(tmp_path: Path, cut: int) -> None:
    scripts.run(
        tmp_path,
        """
        import os, runstone
        runstone.set_tracking_uri("store")
        runstone.start_run()
        for step in range(3000):
            runstone.log_metric("loss", 1.0, step=step, timestamp=step)
        os.kill(os.getpid(), 9)
        """,
    )
    (journal,) = (tmp_path / "store" / "journal").iterdir()
    whole = journal.read_bytes()
    journal.write_bytes(whole[:cut])
    run = only_run(tmp_path / "store")
    assert run.info.status == "KILLED"
    found = runstone.Client(tmp_path / "store").get_metric_series(run.info.run_id, "loss").step.tolist()
    assert found == list(range(len(found)))
    assert len(found) >= (cut - 64) // 32 - 6  # the header, and the series' name twice


def test_a_flipped_bit_in_a_journal_costs_one_point_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.run(
        tmp_path,
        """
        import os, runstone
        runstone.set_tracking_uri("store")
        runstone.start_run()
        for step in range(100):
            runstone.log_metric("loss", 1.0, step=step, timestamp=step)
        os.kill(os.getpid(), 9)
        """,
    )
    (journal,) = (tmp_path / "store" / "journal").iterdir()
    data = bytearray(journal.read_bytes())
    data[data.index((50).to_bytes(8, "little") * 2)] ^= 4
    journal.write_bytes(data)
    run = only_run(tmp_path / "store")
    found = runstone.Client(tmp_path / "store").get_metric_series(run.info.run_id, "loss").step.tolist()
    assert found == [step for step in range(100) if step != 50]
    assert "damaged" in capsys.readouterr().err
    assert run.info.status == "KILLED"


def test_a_clock_that_goes_backwards_loses_no_point_and_no_run(tmp_path: Path) -> None:
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0", start_time=2_000_000_000_000).info.run_id
    for step, timestamp in enumerate([5000, 4000, 4000, 0, 9000]):
        client.log_metric(run_id, "loss", float(step), timestamp, step)
    client.set_terminated(run_id, end_time=1_000_000_000_000)
    older = client.create_run("0", start_time=1)
    client.set_terminated(older.info.run_id, end_time=0)
    assert client.get_metric_series(run_id, "loss").value.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [point.timestamp for point in client.get_metric_history(run_id, "loss")] == [0, 4000, 4000, 5000, 9000]
    assert {run.info.run_id for run in client.search_runs(["0"])} == {run_id, older.info.run_id}
    assert client.get_run(run_id).info.status == "FINISHED"


def test_a_store_that_is_deleted_under_a_program_is_an_error_and_not_a_silent_loss(tmp_path: Path) -> None:
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    shutil.rmtree(tmp_path / "store")
    for ask in (
        lambda: client.log_param(run_id, "alpha", 1),
        lambda: client.get_run(run_id),
        lambda: client.log_bytes(run_id, DATA, "large"),
    ):
        with pytest.raises(MissingFile, match="deleted or moved"):
            ask()
    assert not (tmp_path / "store").exists(), "nothing is made behind its user's back"


def test_a_store_that_is_deleted_and_made_again_is_another_store(tmp_path: Path) -> None:
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    shutil.rmtree(tmp_path / "store")
    LocalTransport(str(tmp_path / "store")).close()
    with pytest.raises(NotFound):
        client.log_param(run_id, "alpha", 1)
    fresh = client.create_run("0").info.run_id
    assert [run.info.run_id for run in runstone.Client(tmp_path / "store").search_runs(["0"])] == [fresh]


def test_a_program_whose_store_is_deleted_is_told_at_the_latest_when_its_run_ends(tmp_path: Path) -> None:
    code, _, err = scripts.run(
        tmp_path,
        """
        import shutil, runstone
        runstone.set_tracking_uri("store")
        with runstone.start_run():
            runstone.log_metric("loss", 1.0)
            shutil.rmtree("store")
            runstone.log_metric("loss", 2.0)
        """,
    )
    assert code == 1
    assert "deleted or moved" in err


def test_a_store_that_was_moved_is_whole_where_it_is_now(tmp_path: Path, store: Path) -> None:
    old = runstone.Client(store)
    run_id = only_run(store).info.run_id
    os.rename(store, tmp_path / "elsewhere")
    _read_all(tmp_path / "elsewhere")
    runstone.Client(tmp_path / "elsewhere").log_param(run_id, "moved", True)
    with pytest.raises(MissingFile, match="deleted or moved"):
        old.get_run(run_id)
    os.rename(tmp_path / "elsewhere", store)
    assert old.get_run(run_id).data.params["moved"] == "True"


def test_many_processes_make_and_migrate_one_store_at_once(tmp_path: Path) -> None:
    body = "input()\nfrom runstone.transport.local import LocalTransport\nimport sys\nLocalTransport(sys.argv[1]).close()\nprint('ready')\n"
    for round_ in range(4):
        crowd = []
        for number in range(4):
            folder = tmp_path / f"{round_}.{number}"
            folder.mkdir()
            crowd.append(scripts.start(folder, body, str(tmp_path / f"store {round_}")))
        for process in crowd:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in crowd:
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out) == (0, "ready\n"), err
        (default,) = runstone.Client(tmp_path / f"store {round_}").search_experiments()
        assert default.name == "Default"
