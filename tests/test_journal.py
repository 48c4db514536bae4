"""The journal: what is appended is in the store, once, whoever appends and whatever happens to the process's other parts."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import Store, unpacked, until
from tests.support.scripts import run, start

import runstone
from runstone import journal as journals
from runstone.errors import InvalidParameter, StorageBusy
from runstone.journal import Journal, segment
from runstone.operations import series


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    opened = journals.open_journal(store.transport, store.folder, store.run_id)
    yield opened
    opened.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments that are full after 2,000 points, so that a test sees many."""
    monkeypatch.setattr(segment, "FULL_SIZE", segment.FIRST_SIZE)


@pytest.fixture
def staying(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such segments, and they go when the test says so."""
    monkeypatch.setenv("RUNSTONE_DRAIN_INTERVAL", "3600")


def test_a_point_is_in_the_store_once_after_a_flush(store: Store, journal: Journal) -> None:
    journal.append("loss", 0.5, 1000, 1)
    journal.flush()
    journal.flush()
    assert store.points() == [(1, 1000, 0.5)]


def test_a_point_reaches_the_store_without_anybody_asking(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_DRAIN_INTERVAL", "0.01")
    process = start(tmp_path, *unpacked(store.script("journal.append('loss', 0.5, 1000, 1)\nprint('done')\ninput()")))
    assert process.stdout is not None
    assert process.stdout.readline() == "done\n"
    until(lambda: store.steps() == [1])
    process.kill()
    process.communicate()


def test_threads_append_side_by_side(small: None, store: Store, journal: Journal) -> None:
    def work(number: int) -> None:
        for step in range(3000):
            journal.append("loss", 1.0, 1000 + number, step)
            journal.append(f"own/{number}", float(step), 1000, step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        journal.drain()  # while they write: no slot may be shipped before it is filled
    journal.flush()
    assert store.points() == sorted((step, 1000 + number, 1.0) for step in range(3000) for number in range(4))
    for number in range(4):
        assert store.steps(f"own/{number}") == list(range(3000))


def test_a_signal_handler_may_log_while_its_thread_is_logging(small: None, store: Store, journal: Journal) -> None:
    interrupted = depth = 0
    counter = itertools.count()
    over = False

    def handler(number: int, frame: object) -> None:
        nonlocal interrupted, depth
        depth += 1
        if depth < 3 and not over:
            signal.setitimer(signal.ITIMER_REAL, 0.0002)  # handlers interrupt each other, too, three deep
        count = next(counter)
        journal.append("from the handler", 1.0, 1000, count)
        if count % 10 == 0:
            journal.append(f"new/{count}", 1.0, 1000, 0)
        interrupted = max(interrupted, count + 1)
        depth -= 1

    before = signal.signal(signal.SIGALRM, handler)
    step = 0
    try:
        while interrupted < 1000 and step < 500_000:
            if step % 10 == 0:
                signal.setitimer(signal.ITIMER_REAL, 0.0002)
            journal.append("loss", 1.0, 1000, step)
            step += 1
            if step % 20_000 == 0:
                journal.drain()
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    journal.flush()
    assert interrupted > 100
    assert store.steps() == list(range(step))
    assert store.steps("from the handler") == list(range(interrupted))
    assert all(store.steps(f"new/{number}") == [0] for number in range(0, interrupted, 10))


def test_log_metrics_writes_all_or_none(store: Store, journal: Journal) -> None:
    for wrong in ({"a": 1.0, "b": "word"}, {"a": 1.0, "b//c": 1.0}, {"a": 1.0, "b": None}):
        with pytest.raises(InvalidParameter):
            journal.append_many(wrong, 1000, 0)  # type: ignore[arg-type]
    for step, timestamp in ((2**63, 0), ("x", 0), (0, -1), (0, None)):
        with pytest.raises(InvalidParameter):
            journal.append_many({"a": 1.0}, timestamp, step)  # type: ignore[arg-type]
    journal.flush()
    assert store.steps("a") == []
    journal.append_many({f"key {number}": number for number in range(3000)}, 1000, 7)
    journal.append_many({}, 1000, 8)
    journal.flush()
    assert store.points("key 2999") == [(7, 1000, 2999.0)]
    assert store.points("key 0") == [(7, 1000, 0.0)]


@pytest.mark.parametrize(
    ("step", "timestamp"), [(2**63, 1), (-(2**63) - 1, 1), ("1", 1), (None, 1), (1, -1), (1, 2**63), (1, "now")]
)
def test_steps_and_timestamps_that_are_none_are_refused(journal: Journal, step: Any, timestamp: Any) -> None:
    with pytest.raises(InvalidParameter, match="loss"):
        journal.append("loss", 1.0, timestamp, step)


@pytest.mark.parametrize("key", ["", "a//b", "../a", "x" * 251, 5, None, [], {}])
def test_a_key_that_is_none_is_refused_each_time(journal: Journal, key: Any) -> None:
    for _ in range(2):
        with pytest.raises(InvalidParameter):
            journal.append(key, 1.0, 1, 1)


def test_a_clock_that_goes_backwards_loses_nothing(store: Store, journal: Journal) -> None:
    for step in range(1000):
        journal.append("loss", 1.0, 10_000 - step, step)
        if step % 100 == 0:
            journal.flush()
    journal.flush()
    assert store.points() == [(step, 10_000 - step, 1.0) for step in range(1000)]


def test_points_of_one_key_on_several_models_and_datasets_stay_apart(store: Store, journal: Journal) -> None:
    journal.append("loss", 1.0, 1000, 0)
    journal.append("loss", 2.0, 1000, 0, "m-1")
    journal.append("loss", 3.0, 1000, 0, "m-1", "train", "d1")
    journal.append_many({"loss": 4.0}, 1000, 0, None, "train", "d1")
    journal.flush()
    found = store.transport.call(series.get_metric_history, series.GetHistory(store.run_id, "loss")).metrics
    assert sorted((point.value, point.model_id, point.dataset_name, point.dataset_digest) for point in found) == [
        (1.0, None, None, None),
        (2.0, "m-1", None, None),
        (3.0, "m-1", "train", "d1"),
        (4.0, None, "train", "d1"),
    ]


def test_a_full_segment_is_followed_by_another_and_goes_once_it_is_shipped(
    staying: None, store: Store, journal: Journal
) -> None:
    with journal._draining:  # no other thread ships any meanwhile
        for step in range(7000):
            journal.append("loss", 1.0, 1000, step)
            journal.append("accuracy", 1.0, 1000, step)
        assert len(store.files()) > 5
    journal.flush()
    assert len(store.files()) == 1
    assert store.steps() == store.steps("accuracy") == list(range(7000))


def test_more_series_than_a_segment_holds_are_announced_in_each(staying: None, store: Store, journal: Journal) -> None:
    keys = {f"layer {number}/weights": 1.0 for number in range(1500)}
    with journal._draining:  # no other thread ships any meanwhile
        for step in range(3):
            journal.append_many(keys, 1000, step)
        assert len(store.files()) > 1
    journal.flush()
    assert all(store.steps(key) == [0, 1, 2] for key in keys)


def test_closing_takes_the_file_away_and_a_late_point_opens_it_again(store: Store, journal: Journal) -> None:
    journal.append("loss", 1.0, 1000, 0)
    journal.close()
    assert store.files() == []
    assert store.steps() == [0]
    journal.append("loss", 1.0, 1000, 1)
    assert len(store.files()) == 1
    journals.flush_all()
    assert store.steps() == [0, 1]


def test_the_file_stays_when_the_store_refuses_and_is_adopted_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.01")
    refused = Store(Path(store.folder))
    journal = refused.journal()
    journal.append("loss", 1.0, 1000, 5)
    with store.transport._engine.database.write():
        with pytest.raises(StorageBusy):
            journal.flush()
        with pytest.raises(StorageBusy):
            journal.close()
        assert journals.recover(store.folder, refused.transport) == [], "somebody who only reads must not fail"
    assert len(refused.files()) == 1
    assert journals.recover(store.folder, store.transport) == [journals.Adopted(refused.run_id, 1000, 1, 0)]
    assert refused.steps() == [5]
    assert store.files() == []


def test_points_wait_while_the_store_is_busy_and_go_when_it_is_free(
    store: Store, journal: Journal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.01")
    other = Store(Path(store.folder))
    waiting = journals.open_journal(other.transport, other.folder, other.run_id)
    waiting.append("loss", 1.0, 1000, 5)
    with store.transport._engine.database.write():
        from runstone.journal import writer

        assert not writer._drain_all()
        assert not writer._drain_all()
    assert capsys.readouterr().err.count("waits in the journal") == 1
    assert writer._drain_all()
    assert other.steps() == [5]
    waiting.close()


def test_opening_a_journal_loads_neither_numpy_nor_a_thread(tmp_path: Path, store: Store) -> None:
    code, out, err = run(
        tmp_path,
        *unpacked(
            store.script("import threading\nprint('numpy' in sys.modules, threading.active_count())\njournal.close()")
        ),
    )
    assert (code, out) == (0, "False 1\n"), err


def test_damage_in_ones_own_journal_is_told_and_kept(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    journal = journals.open_journal(store.transport, store.folder, store.run_id)
    with journal._draining:  # no other thread ships any meanwhile
        for step in range(10):
            journal.append("loss", 0.5, 1000, step)
        (path,) = journal.paths
        with open(path, "r+b") as file:
            file.seek(journal._segment.position - 3 * 32)
            file.write(b"\xff")
    journal.close()
    assert store.steps() == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert "1 records of a journal are damaged" in capsys.readouterr().err
    assert [name.rsplit(".", 1)[1] for name in store.files()] == ["damaged"]


def test_points_of_another_store_do_not_stand_in_a_readers_way(tmp_path: Path) -> None:
    first, second = runstone.Client(tmp_path / "first"), runstone.Client(tmp_path / "second")
    run_id = first.create_run("0").info.run_id
    journal = journals.open_journal(first._transport, str(tmp_path / "first"), run_id)
    journal.append("loss", 0.5, 1000, 0)
    (tmp_path / "first" / "runstone.db").rename(tmp_path / "away")
    assert second.search_runs(["0"]) == []
    (tmp_path / "away").rename(tmp_path / "first" / "runstone.db")
    journal.close()
