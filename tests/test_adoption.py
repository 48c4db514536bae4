"""Journals of dead processes and forked children: adopted once, by whoever comes next; damaged ones are kept."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.points import Store, unpacked, until
from tests.support.scripts import run, start

from runstone import journal as journals
from runstone.entities import Dataset, DatasetInput, RunTag
from runstone.errors import NotFound
from runstone.journal import Journal, records, waiting
from runstone.operations import inputs, runs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    opened = journals.open_journal(store.transport, store.folder, store.run_id)
    yield opened
    opened.close()


def test_a_run_is_held_from_the_opening_of_its_journal_to_its_close(store: Store) -> None:
    assert not journals.is_live(store.folder, store.run_id)
    journal = journals.open_journal(store.transport, store.folder, store.run_id)
    assert journals.open_journal(store.transport, store.folder, store.run_id) is journal
    assert journals.is_live(store.folder, store.run_id)
    assert not journals.is_live(store.folder, store.run_id, but=journal)
    assert not journals.is_live(store.folder, store.new_run())
    assert journals.recover(store.folder, store.transport) == [], "one's own journal is no dead process's"
    journal.close()
    assert not journals.is_live(store.folder, store.run_id)


def test_a_stopped_process_is_alive_and_a_killed_one_is_adopted(tmp_path: Path, store: Store) -> None:
    process = start(tmp_path, *unpacked(store.script("journal.append('loss', 0.5, 1000, 1)\nprint('done')\ninput()")))
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    assert journals.recover(store.folder, store.transport) == []
    assert journals.is_live(store.folder, store.run_id)
    process.kill()
    process.communicate()
    assert not journals.is_live(store.folder, store.run_id)
    assert [adopted.run_id for adopted in journals.recover(store.folder, store.transport)] == [store.run_id]
    assert store.points() == [(1, 1000, 0.5)]
    assert store.files() == []


def test_of_several_processes_that_adopt_one_does(tmp_path: Path, store: Store) -> None:
    run(
        tmp_path,
        *unpacked(
            store.script("for step in range(20000): journal.append('loss', 0.5, 1000, step)\nos.kill(os.getpid(), 9)")
        ),
    )
    body = "journal.close()\nprint('ready')\ninput()\nprint(sum(a.points for a in journals.recover(folder, transport)))"
    crowd = []
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        crowd.append(start(folder, *unpacked(store.script(body))))
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    counts = []
    for process in crowd:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        counts.append(int(out))
    # the dead process may have shipped some itself before it died
    assert len([count for count in counts if count]) <= 1
    assert store.steps() == list(range(20000))
    assert store.files() == []


def test_a_forked_child_has_a_journal_of_its_own_and_leaves_its_parents_intact(tmp_path: Path, store: Store) -> None:
    code, out, err = run(
        tmp_path,
        *unpacked(
            store.script("""
            journal.append('loss', 0.5, 1000, 1)
            child = os.fork()
            if child == 0:
                journal.append('loss', 0.5, 1000, 2)
                journal.append('new', 0.5, 1000, 2)
                print(len(os.listdir(folder + "/journal")), flush=True)
                journal.close()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            journal.append('loss', 0.5, 1000, 3)
            print(len(os.listdir(folder + "/journal")))
            journal.close()
            """)
        ),
    )
    assert (code, out) == (0, "2\n1\n"), err
    assert store.steps() == [1, 2, 3]
    assert store.steps("new") == [2]
    assert store.files() == []


def test_a_child_does_not_keep_its_dead_parents_journal_locked(tmp_path: Path, store: Store) -> None:
    process = start(
        tmp_path,
        *unpacked(
            store.script("""
            import mmap
            view = memoryview(journal._segment.map)  # as when another thread is shipping just then: the map cannot be closed
            for step in range(3000):
                journal.append('loss', 0.5, 1000, step)
            if os.fork() == 0:
                journal.append('loss', 0.5, 1000, 3000)
                print('child', flush=True)
                input()
                os._exit(0)
            time.sleep(60)
            """)
        ),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "child\n"
    process.kill()
    process.wait()
    adopted = journals.recover(store.folder, store.transport)
    assert [found.run_id for found in adopted] == [store.run_id]
    assert journals.is_live(store.folder, store.run_id), "the child lives and holds the run"
    assert store.steps() == list(range(3000))
    assert process.stdin is not None
    process.stdin.write("\n")
    process.communicate()
    until(lambda: not journals.is_live(store.folder, store.run_id))
    journals.recover(store.folder, store.transport)
    assert store.steps() == list(range(3001))


def test_several_processes_log_to_one_run(tmp_path: Path, store: Store) -> None:
    crowd = []
    for rank in range(3):
        folder = tmp_path / str(rank)
        folder.mkdir()
        body = f"for step in range({rank}, 9000, 3): journal.append('loss', 0.5, 1000, step)\njournal.close()"
        crowd.append(start(folder, *unpacked(store.script(body))))
    for process in crowd:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert store.steps() == list(range(9000))


def test_points_of_a_run_that_is_gone_do_not_stand_in_the_way(tmp_path: Path, store: Store) -> None:
    dead = Journal(store.transport, store.folder, "f" * 32)
    dead.append("loss", 1.0, 1000, 1)
    with pytest.raises(NotFound):
        dead.close()
    assert journals.recover(store.folder, store.transport) == [journals.Adopted("f" * 32, 1000, 0, 0, 0, 1)]
    assert journals.refused(store.folder) != []
    (kept,) = store.files()
    assert kept.endswith(".refused"), (
        "it may be another store's run, or one to be restored from a backup: nothing is thrown away"
    )
    assert journals.recover(store.folder, store.transport) == []


def test_points_of_a_deleted_run_are_kept_for_its_restoration(store: Store, journal: Journal) -> None:
    journal.append("loss", 1.0, 1000, 1)
    store.transport.call(runs.delete_run, runs.RunId(store.run_id))
    journal.flush()
    assert store.steps() == [1]


def test_a_damaged_journal_gives_what_is_whole_and_is_kept(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(store.folder, "journal")
    journal = store.journal()
    with journal._draining:  # no other thread ships any meanwhile
        for step in range(10):
            journal.append("loss", 1.0, 1000, step)
        name = store.files()[0]
        data = bytearray((folder / name).read_bytes())
    journal.close()
    place = journal_place(data, 4)
    data[place + 3] ^= 1
    other = store.new_run()
    (folder / name.replace(store.run_id, other)).write_bytes(data)
    assert journals.recover(store.folder, store.transport) == [journals.Adopted(other, 1000, 9, 1)]
    assert store.files() == [name.replace(store.run_id, other) + ".damaged"]
    assert "the file is kept" in capsys.readouterr().err
    store.run_id = other
    assert store.steps() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert journals.recover(store.folder, store.transport) == []


def journal_place(data: bytes | bytearray, step: int) -> int:
    return data.index(step.to_bytes(8, "little") + (1000).to_bytes(8, "little"))


def test_a_journal_from_a_newer_runstone_is_left_alone(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(store.folder, "journal")
    folder.mkdir(exist_ok=True)
    newer = records.sealed(b"RUNSTJNL" + (99).to_bytes(4, "little") + bytes(16)) + records.mark(64)
    (folder / f"{store.run_id}.1-00.journal").write_bytes(newer)
    assert journals.recover(store.folder, store.transport) == []
    assert "newer runstone" in capsys.readouterr().err
    assert len(store.files()) == 1


def test_files_that_were_being_made_are_swept_away_after_a_while(store: Store) -> None:
    folder = Path(store.folder, "journal")
    folder.mkdir(exist_ok=True)
    for name in ("old.new", "fresh.new", "other.txt"):
        (folder / name).write_bytes(b"")
    os.utime(folder / "old.new", (1, 1))
    assert journals.recover(store.folder, store.transport) == []
    assert store.files() == ["fresh.new", "other.txt"]


def die(journal: Journal) -> None:
    """Leave its files as a process does that is killed."""
    for one in journal._segments:
        one.abandon()


def test_a_run_whose_points_could_not_be_shipped_is_not_buried(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = store.journal()
    dead.append("loss", 1.0, 1000, 1)
    die(dead)
    buried: list[str] = []

    def bury(run_id: str, last: int) -> bool:
        buried.append(run_id)
        return True

    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.01")
    with store.transport._engine.database.write():
        other = type(store.transport)(store.folder)
        assert journals.recover(store.folder, other, bury) == []
    assert buried == []
    assert journals.recover(store.folder, store.transport, bury) == [journals.Adopted(store.run_id, 1000, 1, 0)]
    assert buried == [store.run_id]
    other.close()


def test_a_run_is_not_buried_while_one_of_its_journals_waits(store: Store) -> None:
    newer = records.sealed(b"RUNSTJNL" + (99).to_bytes(4, "little") + bytes(16)) + records.mark(64)
    dead = store.journal()
    dead.append("loss", 1.0, 1000, 1)
    die(dead)
    Path(store.folder, "journal", f"{store.run_id}.1-00.journal").write_bytes(newer)
    buried: list[str] = []
    assert journals.recover(store.folder, store.transport, lambda run_id, last: not buried.append(run_id)) == []
    assert buried == []
    assert store.steps() == [], "what was said later waits for what was said before: it may be the run's end"


def test_a_child_that_is_forked_while_journals_are_adopted_keeps_none_of_their_locks(store: Store) -> None:
    dead = store.journal()
    dead.append("loss", 1.0, 1000, 1)
    die(dead)
    waits, ends = os.pipe()
    children: list[int] = []

    def bury(run_id: str, last: int) -> bool:
        children.append(os.fork())
        if children[-1] == 0:
            try:
                os.close(ends)
                os.read(waits, 1)
            finally:
                os._exit(0)
        return False

    try:
        assert journals.recover(store.folder, store.transport, bury) == []
        assert [found.run_id for found in journals.recover(store.folder, store.transport)] == [store.run_id]
    finally:
        os.close(ends)
        os.waitpid(children[0], 0)
        os.close(waits)


def test_a_journal_that_is_made_after_the_clock_was_set_back_comes_behind_the_older_ones(store: Store) -> None:
    folder = Path(store.folder, "journal")
    folder.mkdir(exist_ok=True)
    ahead = time.time_ns() + 10**17
    (folder / f"{store.run_id}.1-{ahead:016x}-ffff.journal").write_bytes(b"")
    journal = store.journal()
    (path,) = journal.paths
    assert int(path.split("-")[-2], 16) == ahead + 1
    journal.close()


def test_a_tag_that_is_gone_already_does_not_put_a_journal_behind_later_ones(store: Store) -> None:
    first, second = store.journal(), store.journal()
    first.append_operation(waiting.written(runs.delete_tag, runs.DeleteTag(store.run_id, "stage")))
    first.append_operation(waiting.written(runs.set_tag, runs.SetTag(store.run_id, "stage", "first")))
    second.append_operation(waiting.written(runs.set_tag, runs.SetTag(store.run_id, "stage", "second")))
    die(first)
    die(second)
    assert len(journals.recover(store.folder, store.transport)) == 2
    assert store.transport.call(runs.get_run, runs.GetRun(store.run_id)).run.data.tags["stage"] == "second"


def test_a_journal_that_is_read_before_the_one_that_makes_its_run_waits_for_that(store: Store) -> None:
    run_id = "e" * 32
    first = Journal(store.transport, store.folder, run_id)
    first.append("loss", 1.0, 1000, 1)
    second = Journal(store.transport, store.folder, run_id)
    second.append_operation(waiting.written(runs.create_run, runs.CreateRun("0", run_id=run_id, start_time=1)))
    die(first)
    die(second)
    found = journals.recover(store.folder, store.transport)
    assert [(adopted.points, adopted.operations, adopted.damaged) for adopted in found] == [(0, 1, 0), (1, 0, 0)]
    store.run_id = run_id
    assert store.steps() == [1]


def test_a_journals_operations_are_carried_out_in_their_place_and_once(store: Store) -> None:
    dead = store.journal()
    for number in range(3):
        dead.append("loss", 1.0, 1000, number)
        dead.append_operation(waiting.written(runs.set_tag, runs.SetTag(store.run_id, "last", str(number))))
    dead.append_operation(
        waiting.written(
            runs.log_batch, runs.LogBatch(store.run_id, tags=[RunTag(f"t{n}", "x" * 8000) for n in range(100)])
        )
    )
    dead.append_operation(waiting.written(runs.end_run, runs.EndRun(store.run_id, "FAILED", 2000)))
    die(dead)
    assert journals.recover(store.folder, store.transport) == [journals.Adopted(store.run_id, 1000, 3, 0, 5)]
    found = store.transport.call(runs.get_run, runs.GetRun(store.run_id)).run
    assert (found.info.status, found.info.end_time, found.data.tags["last"]) == ("FAILED", 2000, "2")
    assert store.steps() == [0, 1, 2]


def test_what_is_larger_than_a_stretch_or_a_segment_is_written_and_read_whole(store: Store) -> None:
    journal = store.journal()
    for size in (10, 3_000_000, 10, 9_000_000, 10):
        tags = [RunTag(f"t{number}", "x" * 8000) for number in range(size // 8000 + 1)]
        for first in range(0, len(tags), 100):
            part = runs.LogBatch(store.run_id, tags=tags[first : first + 100])
            journal.append_operation(waiting.written(runs.log_batch, part))
        journal.append("loss", 1.0, 1000, size)
    profile = DatasetInput(Dataset("big", "d", "local", "s", profile="x" * 16_000_000))
    journal.append_operation(waiting.written(inputs.log_inputs, inputs.LogInputs(store.run_id, [profile])))
    journal.append("loss", 2.0, 1000, 7)
    assert journal.queued > 0
    journal.close()
    assert journal.queued == 0
    assert store.files() == []
    assert store.steps() == [7, 10, 3_000_000, 9_000_000]
    found = store.transport.call(runs.get_run, runs.GetRun(store.run_id)).run
    assert len(found.data.tags) == 1126 + 1
    assert found.inputs.dataset_inputs[0].dataset.profile == "x" * 16_000_000
