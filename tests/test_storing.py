"""Storing, below the client: files that change under the reader, packs sealed behind the writer's back, what a failure leaves."""

from __future__ import annotations

import fcntl
import io
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runstone.errors import ContentGone, FileChanged, MissingFile, NotFound
from runstone.repository import batch as batches
from runstone.repository import packs
from runstone.repository.batch import SMALL_TOTAL, Stored
from runstone.repository.behind import Behind
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import digest
from runstone.repository.files import Repository
from runstone.repository.packs import Packed

OLD, NEW = random.Random(1).randbytes(9_000_000), random.Random(2).randbytes(9_000_000)
# Longer than all that is under way at once on the threads of a storing.
LONG = random.Random(3).randbytes(50_000_000)


class Index:
    """An index in memory. `meanwhile` is called at each look-up: in the midst of reading a large file."""

    def __init__(self) -> None:
        self.packs: list[Packed] = []
        self.small: list[tuple[str, bytes]] = []
        self.files: list[Stored] = []
        self.lookups = self.commits = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def known(self, digests: list[str]) -> set[str]:
        self.lookups += 1
        self.meanwhile()
        found = {chunk.digest for pack in self.packs for chunk in pack.chunks} | {name for name, _ in self.small}
        return found & set(digests)

    def commit(self, packs: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]) -> None:
        self.commits += 1
        self.packs += packs
        self.small += small
        self.files += files


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(LocalBlobs(str(tmp_path / "packs")), str(tmp_path / "incoming"))


@pytest.fixture
def store(repository: Repository, index: Index) -> Callable[[dict[str, Any]], None]:
    return lambda files: repository.store(files.items(), index.known, index.commit)


Store = Callable[[dict[str, Any]], None]


def left(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def in_place(path: Path) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.write(NEW)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # of the same size, and looks as old as before


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(NEW)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def truncated(path: Path) -> None:
    os.truncate(path, 1_000)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("change", [in_place, replaced, truncated, grown])
def test_a_file_that_changes_once_while_it_is_read_is_read_again(
    store: Store, index: Index, change: Callable[[Path], None]
) -> None:
    path = Path("file")
    path.write_bytes(OLD)

    def meanwhile() -> None:
        index.meanwhile = lambda: None
        change(path)

    index.meanwhile = meanwhile
    store({"file": "file"})
    (file,) = index.files
    assert (file.digest, file.size) == (digest(path.read_bytes()), path.stat().st_size)


@pytest.mark.parametrize("change", [in_place, grown])
def test_a_file_that_keeps_changing_is_refused_and_leaves_nothing(
    store: Store, index: Index, change: Callable[[Path], None]
) -> None:
    Path("file").write_bytes(OLD)
    index.meanwhile = lambda: change(Path("file"))
    with pytest.raises(FileChanged, match="file"):
        store({"file": "file"})
    assert (index.commits, left("packs"), left("incoming")) == (0, [], [])


def test_a_file_that_goes_away_while_it_is_read_is_named(store: Store, index: Index) -> None:
    Path("file").write_bytes(OLD)
    index.meanwhile = lambda: Path("file").unlink(missing_ok=True)
    with pytest.raises(MissingFile, match="'file' went away"):
        store({"file": "file"})
    assert (index.commits, left("packs"), left("incoming")) == (0, [], [])


def test_a_stream_that_raises_midway_leaves_nothing_of_any_file(
    store: Store, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 48_000_000:
                # Some packs are finished by now and lie where packs lie.
                assert left("packs")
                raise ConnectionError("the line went dead")
            return super().read(min(size or 0, 1_000_000))

    with pytest.raises(ConnectionError, match="the line went dead"):
        store({"one": b"small", "two": Breaking(LONG)})
    assert (index.commits, left("packs"), left("incoming")) == (0, [], [])


def test_packs_are_on_disk_before_the_index_is_told_and_stay_whatever_it_answers(
    repository: Repository, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)

    def commit(packed: list[Packed], small: object, files: object) -> None:
        assert left("packs") == sorted(pack.name for pack in packed)
        assert len(packed) > 3
        assert {pack.name: pack.size for pack in packed} == repository.blobs.list()
        raise TimeoutError("no answer: it may have been done or not")

    with pytest.raises(TimeoutError):
        repository.store([("file", OLD)], index.known, commit)
    assert len(left("packs")) > 3


def test_the_index_is_not_told_while_a_pack_is_still_being_synced(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 6_000_000)
    committed, early = threading.Event(), []

    class Slow(LocalBlobs):
        def put(self, name: str, source: str) -> None:
            if threading.current_thread() is not threading.main_thread():
                early.append(committed.wait(0.3))  # a chance for the commit to overtake
            super().put(name, source)

    def commit(packed: list[Packed], small: object, files: object) -> None:
        committed.set()
        assert len(packed) == len(left("packs")) == 2

    repository = Repository(Slow(str(tmp_path / "packs")), str(tmp_path / "incoming"))
    repository.store([("file", OLD)], index.known, commit)
    assert early == [False]


def test_a_pack_that_cannot_be_kept_is_an_error_and_the_others_go_too(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)

    class Full(LocalBlobs):
        def put(self, name: str, source: str) -> None:
            if self.list():
                raise OSError("the disk is full")
            super().put(name, source)

    repository = Repository(Full(str(tmp_path / "packs")), str(tmp_path / "incoming"))
    with pytest.raises(OSError, match="the disk is full"):
        repository.store([("file", OLD)], index.known, index.commit)
    assert (index.commits, left("packs"), left("incoming")) == (0, [], [])


def test_many_small_files_go_in_few_look_ups_and_one_pack(store: Store, index: Index) -> None:
    contents = {f"{number}": random.Random(number).randbytes(1_500) for number in range(2_500)}
    store(contents)
    assert (index.lookups, index.commits, len(index.packs)) == (3, 1, 1)
    assert sum(len(data) for _, data in index.small) <= SMALL_TOTAL
    assert [file.digest for file in index.files] == [digest(data) for data in contents.values()]
    store(contents)
    assert len(index.packs) == 1, "all of it was known"


def test_equal_files_of_one_batch_are_kept_once(store: Store, index: Index) -> None:
    store({"a": OLD, "b": OLD, "c": b"small", "d": b"small", "e": b""})
    assert sum(chunk.size for pack in index.packs for chunk in pack.chunks) == len(OLD)
    assert [name for name, _ in index.small] == [digest(b"small")]
    assert index.files[4].chunks == []


def test_a_stream_may_give_less_than_it_is_asked_for(store: Store, index: Index) -> None:
    out, into = os.pipe()

    def write() -> None:
        with open(into, "wb") as pipe:
            pipe.write(OLD)

    writer = threading.Thread(target=write)
    writer.start()
    with open(out, "rb", buffering=0) as pipe:
        store({"piped": pipe})
    writer.join()
    assert index.files[0].digest == digest(OLD)


def test_what_dead_writers_left_is_swept_and_what_living_ones_write_is_not(store: Store, index: Index) -> None:
    os.makedirs("incoming")
    dead, alive = Path("incoming", "d" * 32 + ".pack.tmp"), Path("incoming", "a" * 32 + ".pack.tmp")
    dead.write_bytes(b"half")
    with alive.open("wb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        store({"file": OLD})
        assert left("incoming") == [alive.name]
    store({"file": NEW})
    assert left("incoming") == []


def test_only_one_act_is_behind_and_what_it_raises_comes_to_light() -> None:
    before = set(threading.enumerate())
    behind, release, done = Behind(), threading.Event(), []
    behind.start(lambda: (release.wait(), done.append(1)))
    assert done == []
    release.set()
    behind.start(lambda: done.append(2))
    behind.wait()
    assert done == [1, 2]

    def fail() -> None:
        raise OSError("no")

    behind.start(fail)
    with pytest.raises(OSError, match="no"):
        behind.start(lambda: done.append(3))
    behind.wait()
    assert done == [1, 2]
    behind.start(fail)
    behind.end()
    assert set(threading.enumerate()) <= before


def test_a_full_pack_is_in_the_index_before_the_next_is_full_and_the_files_come_last(
    repository: Repository, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)
    told: list[tuple[list[str], int]] = []

    def commit(packed: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]) -> None:
        assert set(left("packs")) >= {pack.name for pack in packed}, "on disk before it is named"
        told.append(([pack.name for pack in packed], len(files)))
        index.commit(packed, small, files)

    repository.store([("file", OLD)], index.known, commit, repository.blobs.delete)
    assert [len(names) for names, _ in told] == [1] * len(told)
    assert [count for _, count in told] == [0] * (len(told) - 1) + [1]
    assert len(told) > 3
    assert sorted(name for names, _ in told for name in names) == left("packs")


def test_a_failure_takes_the_packs_that_were_named_early_away_again(
    repository: Repository, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)

    def forget(name: str) -> None:
        index.packs = [pack for pack in index.packs if pack.name != name]
        repository.blobs.delete(name)

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 48_000_000:
                assert index.packs, "some are named by now"
                raise ConnectionError("the line went dead")
            return super().read(min(size or 0, 1_000_000))

    with pytest.raises(ConnectionError):
        repository.store([("file", Breaking(LONG))], index.known, index.commit, forget)
    assert (index.packs, index.files, left("packs"), left("incoming")) == ([], [], [], [])


def test_a_pack_that_the_index_refuses_goes_away_with_the_others(
    repository: Repository, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 2_000_000)

    def commit(packed: list[Packed], small: object, files: object) -> None:
        if index.packs:
            raise NotFound("the run was deleted meanwhile")
        index.packs += packed

    with pytest.raises(NotFound, match="deleted meanwhile"):
        repository.store([("file", OLD)], index.known, commit, repository.blobs.delete)
    assert (left("packs"), left("incoming")) == ([], [])


def test_of_two_failures_the_first_is_raised_and_neither_leaves_anything(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", 5_000_000)  # one is full, and one begun
    source_failed, under_way = threading.Event(), threading.Event()

    def commit(packed: object, small: object, files: object) -> None:
        under_way.set()
        assert source_failed.wait(60)
        raise ValueError("none of ours: a bug, a full database")

    def forget(name: str) -> None:
        repository.blobs.delete(name)
        raise ValueError("here, too")

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert under_way.wait(60)
            source_failed.set()
            raise ConnectionError("the line went dead")

    before = set(threading.enumerate())
    with pytest.raises(ConnectionError, match="went dead"):
        repository.store([("file", OLD), ("stream", Breaking())], lambda digests: set(), commit, forget)
    assert (left("packs"), left("incoming"), set(threading.enumerate()) - before) == ([], [], set())


def test_a_pack_of_very_many_short_chunks_is_handed_over_before_its_footer_is_too_long(
    repository: Repository, store: Store, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "FULL_COUNT", 1_000)
    monkeypatch.setattr(batches, "SMALL_TOTAL", 0)
    store({str(number): b"%60d" % number for number in range(2_500)})
    assert sorted(len(pack.chunks) for pack in index.packs) == [500, 1_000, 1_000]


def test_what_is_read_once_more_is_told_once(repository: Repository, index: Index) -> None:
    told: list[int] = []

    def commit(packs: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]) -> None:
        if not index.commits:
            index.commits = 1
            raise ContentGone("pruned meanwhile")
        index.commit(packs, small, files)

    repository.store([("small", b"small"), ("file", OLD)], index.known, commit, told=told.append)
    assert sum(told) == 5 + len(OLD)
    assert {file.size for file in index.files} == {5, len(OLD)}
