"""A long content on its way in: read and cut here, meanwhile named and compressed on other threads. Knows nothing of where chunks go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from runstone.connection import with_our_patience
from runstone.repository.chunks import Cutter, Hasher, ReadInto, digest
from runstone.repository.compression import compress
from runstone.repository.workers import Started, Workers, useful_count

# Which of some chunks, by digest, are to be kept.
Choose = Callable[[dict[str, memoryview]], dict[str, memoryview]]
# Takes a chunk to be kept: its digest, its bytes, and how it lies compressed where it does.
Keep = Callable[[str, memoryview, "bytes | None"], object]


class Pipeline:
    """Takes contents, one after the other. Of one content some windows are under way at once, in memory that is kept.

    Args:
        choose: tells which chunks are to be kept; asked on a thread of its own, in their order.
        keep: takes those, in their order, here.
    """

    def __init__(self, choose: Choose, keep: Keep) -> None:
        self._choose, self._keep = choose, keep
        self._count = useful_count()
        # Compressing and reading; hashing; asking. The last two in order.
        self._workers, self._hashing, self._asking = Workers(self._count), Workers(1), Workers(1)
        # One that is being read, one that is named and looked up, and one for each thread that compresses.
        self._cutter = Cutter(self._count + 2)

    def take(self, first: bytes, read_into: ReadInto, *, anywhere: bool) -> tuple[str, int, list[str]]:
        """Read, cut and name a content; its digest, its size in bytes, its chunks in order.

        Args:
            first: the bytes that were read of it already.
            read_into: the rest.
            anywhere: whether it may be read on another thread.
        """
        whole = Hasher(threads=1)
        names: list[str] = []
        size = 0
        named: _Window | None = None
        coded: deque[_Window] = deque()
        with closing(self._cutter.cut(first, read_into, self._ahead if anywhere else self._at_once)) as groups:
            for chunks in groups:
                size += sum(map(len, chunks))
                before, named = named, self._name(chunks, whole)
                if before is not None:
                    self._compress(before, names, coded)
        if named is not None:
            self._compress(named, names, coded)
        while coded:
            self._put(coded.popleft())
        return whole.name, size, names

    def end(self) -> None:
        """Have no threads any more."""
        for threads in (self._workers, self._hashing, self._asking):
            threads.end()

    def _ahead(self, read: Callable[[], int]) -> Started[int]:
        self._begin()
        return self._workers.start(read)

    def _at_once(self, read: Callable[[], int]) -> Started[int]:
        self._begin()
        started = Started(read)
        started.carry_out()
        return started

    def _begin(self) -> None:
        # There is more than a window: long enough for threads to be worth their start.
        for threads in (self._workers, self._hashing, self._asking):
            threads.begin()

    def _name(self, chunks: list[memoryview], whole: Hasher) -> _Window:
        names = self._hashing.start(partial(_names, chunks, whole, self._cutter))
        return _Window(names, self._asking.start(with_our_patience(partial(self._chosen, names, chunks))))

    def _chosen(self, names: Started[list[str]], chunks: list[memoryview]) -> dict[str, memoryview]:
        return self._choose(dict(zip(names.result(), chunks, strict=True)))

    def _compress(self, window: _Window, names: list[str], coded: deque[_Window]) -> None:
        names.extend(window.names.result())
        window.frames = self._workers.start(partial(_frames, list(window.kept.result().values())))
        coded.append(window)
        if len(coded) >= self._count:
            self._put(coded.popleft())

    def _put(self, window: _Window) -> None:
        assert window.frames is not None
        for (name, data), frame in zip(window.kept.result().items(), window.frames.result(), strict=True):
            self._keep(name, data, frame)


@dataclass
class _Window:
    """What is being done to some chunks that lie side by side."""

    names: Started[list[str]]
    kept: Started[dict[str, memoryview]]
    frames: Started[list[bytes | None]] | None = None


def _names(chunks: list[memoryview], whole: Hasher, cutter: Cutter) -> list[str]:
    names: list[str] = []
    for chunk in chunks:
        # One right after the other: the second time its bytes are in the processor's cache.
        names.append(cutter.zeros_name if chunk is cutter.zeros else digest(chunk))
        whole.add(chunk)
    return names


def _frames(chunks: list[memoryview]) -> list[bytes | None]:
    return [compress(chunk) for chunk in chunks]
