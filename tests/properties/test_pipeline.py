"""A long content on its way in, on several threads: named and kept as on one, whatever breaks in between."""

from __future__ import annotations

import io
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runstone.repository import pipeline
from runstone.repository.chunks import LEAST, WINDOW, Cutter, begin, digest
from runstone.repository.compression import CODEC, decompress
from runstone.repository.pipeline import Pipeline
from runstone.repository.workers import Started, Workers

NOISE = random.Random(5).randbytes(40_000_000)
TEXT = b"".join(b"%d,%d\n" % (number, number * number) for number in range(400_000))
MIXED = NOISE[:9_000_000] + TEXT + NOISE[:9_000_000] + TEXT + NOISE[9_000_000:]


class Kept:
    """A place that has some chunks already and takes the others."""

    def __init__(self, had: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.had = set(had)
        self.chunks: list[tuple[str, bytes]] = []

    def choose(self, chunks: dict[str, memoryview]) -> dict[str, memoryview]:
        fresh = {name: data for name, data in chunks.items() if name not in self.had}
        self.had.update(fresh)
        return fresh

    def keep(self, name: str, data: memoryview, frame: bytes | None) -> None:
        whole = bytes(data) if frame is None else decompress(frame, CODEC, len(data))
        assert digest(whole) == name
        self.chunks.append((name, whole))


def plain(data: bytes) -> list[str]:
    """The names of the chunks, one after the other on one thread."""
    stream = io.BytesIO(data)
    return [digest(chunk) for group in Cutter().cut(begin(stream.readinto, LEAST), stream.readinto) for chunk in group]


@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(LEAST + 1, len(MIXED)),
    count=st.integers(1, 4),
    anywhere=st.booleans(),
    had=st.sampled_from([0, 2, 1]),
)
def test_a_content_is_named_and_kept_as_on_one_thread(size: int, count: int, anywhere: bool, had: int) -> None:
    data = MIXED[:size]
    names = plain(data)
    kept = Kept(set(names[::had]) if had else set())
    expected = [name for name in dict.fromkeys(names) if name not in kept.had]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "useful_count", lambda: count)
        taking = Pipeline(kept.choose, kept.keep)
        for _ in range(2):  # the second time all of it is known
            stream = io.BytesIO(data)
            assert taking.take(begin(stream.readinto, size), stream.readinto, anywhere=anywhere) == (
                digest(data),
                size,
                names,
            )
        taking.end()
    assert [name for name, _ in kept.chunks] == expected
    assert not [thread for thread in threading.enumerate() if thread.name == "runstone-worker"]


class Breaking(io.BytesIO):
    """Breaks off in its midst, and says which threads have read it."""

    readers: set[str]

    def __init__(self, data: bytes, after: int) -> None:
        super().__init__(data)
        self.after, self.readers = after, set()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.readers.add(threading.current_thread().name)
        if self.tell() >= self.after:
            raise ConnectionError("the line went dead")
        return super().readinto(buffer[: self.after - self.tell()])


@pytest.mark.parametrize("anywhere", [True, False])
@pytest.mark.parametrize("after", [1_000_000, WINDOW + 5, 30_000_000])
def test_what_breaks_while_it_is_read_raises_here_and_leaves_no_thread(after: int, anywhere: bool) -> None:
    kept = Kept()
    taking = Pipeline(kept.choose, kept.keep)
    stream = Breaking(NOISE, after)
    with pytest.raises(ConnectionError, match="the line went dead"):
        taking.take(begin(stream.readinto, len(NOISE)), stream.readinto, anywhere=anywhere)
    taking.end()
    assert not [thread for thread in threading.enumerate() if thread.name == "runstone-worker"]
    ours = threading.current_thread().name
    assert stream.readers - {ours} == (set() if not anywhere or after < WINDOW else {"runstone-worker"})


@pytest.mark.parametrize("where", ["choose", "keep"])
def test_what_the_place_refuses_raises_here_and_nothing_is_being_read_any_more(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(NOISE)
    kept, reading, refused = Kept(), [], threading.Event()

    def refuse(*_: object) -> dict[str, memoryview]:
        refused.set()
        raise PermissionError("not yours")

    taking = Pipeline(refuse if where == "choose" else kept.choose, refuse if where == "keep" else kept.keep)
    with (tmp_path / "file").open("rb", buffering=0) as file:

        def read_into(buffer: memoryview) -> int:
            reading.append(1)
            if threading.current_thread() is not threading.main_thread():
                refused.wait(0.05)  # a chance for the refusal to come meanwhile
            count = file.readinto(buffer)
            reading.pop()
            return count

        with pytest.raises(PermissionError, match="not yours"):
            taking.take(begin(read_into, len(NOISE)), read_into, anywhere=True)
        assert reading == [], "a descriptor that is closed under its reader may be another file's by then"
    taking.end()


def test_acts_are_done_in_order_on_one_thread_and_what_they_raise_comes_to_light() -> None:
    workers, release, done = Workers(1), threading.Event(), []
    assert workers.start(lambda: threading.current_thread().name).result() == threading.current_thread().name
    workers.begin()
    first = workers.start(release.wait)
    later = [workers.start(lambda number=number: done.append(number)) for number in range(5)]  # type: ignore[misc]

    def fail() -> None:
        raise OSError("no")

    failed: Started[None] = workers.start(fail)
    assert done == []
    release.set()
    assert first.result() is True
    for started in later:
        started.result()
    assert done == list(range(5))
    for _ in range(2):
        failed.wait()
        with pytest.raises(OSError, match="no"):
            failed.result()
    workers.end()
    assert workers.start(os.getpid).result() == os.getpid(), "without threads it is done at once"


def test_where_no_thread_can_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> Iterator[None]:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    kept = Kept()
    taking = Pipeline(kept.choose, kept.keep)
    stream = io.BytesIO(NOISE)
    name, size, names = taking.take(begin(stream.readinto, len(NOISE)), stream.readinto, anywhere=True)
    taking.end()
    assert (name, size) == (digest(NOISE), len(NOISE))
    assert b"".join(data for _, data in kept.chunks) == NOISE
    assert names == [name for name, _ in kept.chunks]
