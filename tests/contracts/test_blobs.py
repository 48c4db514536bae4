"""What every place for packs promises. A new one is tested by a function that makes an empty one, and its line in BACKENDS."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.servers import Server, serve

from runstone.connection import Connection
from runstone.errors import CorruptData
from runstone.repository.blobs import Blobs, Range
from runstone.repository.blobs.http import HttpBlobs
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import digest
from runstone.repository.packs import MAGIC, PackWriter


def local(folder: Path, server: Callable[[], Server]) -> Blobs:
    return LocalBlobs(str(folder / "packs"))


def http(folder: Path, server: Callable[[], Server]) -> Blobs:
    blobs = HttpBlobs(Connection(server().url))
    for name in blobs.list():
        blobs.delete(name)
    return blobs


BACKENDS: dict[str, Callable[[Path, Callable[[], Server]], Blobs]] = {"local": local, "http": http}

NAME, OTHER = "a" * 32 + ".pack", "b" * 32 + ".pack"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Server]:
    """A server, started when it is first asked for."""
    running: list[Server] = []

    def start() -> Server:
        if not running:
            running.append(serve(tmp_path_factory.mktemp("blobs") / "store"))
        return running[0]

    yield start  # type: ignore[misc]
    for one in running:
        one.stop()


@pytest.fixture(params=BACKENDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path, server: Callable[[], Server]) -> Blobs:
    return BACKENDS[request.param](tmp_path, server)


Source = Callable[[bytes], tuple[str, bytes]]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Makes a finished local pack with these bytes in it; its path, and all of its bytes."""

    def make(data: bytes) -> tuple[str, bytes]:
        writer = PackWriter(str(tmp_path / "made"))
        for start in range(0, len(data), 1_000_000):
            writer.add(digest(data[start : start + 1_000_000]), data[start : start + 1_000_000])
        writer.finish(LocalBlobs(str(tmp_path / "done")))
        path = tmp_path / "done" / writer.pack.name
        return str(path), path.read_bytes()

    return make


def test_an_empty_place_has_nothing(blobs: Blobs) -> None:
    assert blobs.list() == {}
    assert blobs.size(NAME) is None
    with pytest.raises(CorruptData, match=f"{NAME} is missing"):
        blobs.get(NAME, 0, 1)


def test_what_was_put_is_there_and_its_source_is_gone(blobs: Blobs, source: Source) -> None:
    path, whole = source(b"content")
    blobs.put(NAME, path)
    assert blobs.size(NAME) == len(whole)
    assert blobs.list() == {NAME: len(whole)}
    assert blobs.get(NAME, 0, len(whole)) == whole
    assert blobs.get(NAME, len(MAGIC), 7) == b"content"
    assert not os.path.exists(path)


def test_a_place_that_indexes_by_itself_takes_bytes_as_well(blobs: Blobs, source: Source) -> None:
    if not blobs.indexed:
        return
    whole = source(random.Random(1).randbytes(3_000_000))[1]
    blobs.put(NAME, [memoryview(whole)[:2_000_000], whole[2_000_000:]])
    assert blobs.list() == {NAME: len(whole)}
    assert blobs.get(NAME, 0, len(whole)) == whole


def test_ranges_are_exact(blobs: Blobs, source: Source) -> None:
    path, whole = source(random.Random(1).randbytes(3_000_000))
    blobs.put(NAME, path)
    end = len(whole)
    for start, stop in ((0, 0), (0, 1), (1, 2), (end - 1, end), (1_000, 2_500_000), (end, end)):
        assert blobs.get(NAME, start, stop - start) == whole[start:stop]


def test_gathered_ranges_come_in_the_order_asked_for(blobs: Blobs, source: Source) -> None:
    kept = {}
    for number, name in enumerate((NAME, OTHER)):
        path, kept[name] = source(random.Random(number).randbytes(20_000_000))
        blobs.put(name, path)
    dice = random.Random(3)
    places = [(dice.choice((NAME, OTHER)), dice.randrange(19_000_000), dice.randrange(1_000_000)) for _ in range(40)]
    places += [(NAME, start, 500_000) for start in range(0, 20_000_000, 500_000)]  # back to back
    wanted = [Range(*place) for place in places]
    gathered = list(blobs.gather(iter(wanted)))
    assert gathered == [kept[name][start : start + length] for name, start, length in wanted]
    assert list(blobs.gather([])) == []


def test_gathering_stops_where_something_is_missing(blobs: Blobs, source: Source) -> None:
    path, whole = source(b"content")
    blobs.put(NAME, path)
    pieces = blobs.gather([Range(NAME, 0, 8), Range(OTHER, 0, 1), Range(NAME, 0, 8)])
    assert next(pieces) == whole[:8]
    with pytest.raises(CorruptData, match=f"{OTHER} is missing"):
        next(pieces)


@pytest.mark.parametrize(("before", "length"), [(0, 1), (1, 2), (100, 101), (-100, 1)])
def test_a_range_beyond_the_end_is_damage(blobs: Blobs, source: Source, before: int, length: int) -> None:
    path, whole = source(bytes(200))
    blobs.put(NAME, path)
    offset = len(whole) - before
    with pytest.raises(CorruptData, match=f"{NAME} ends before byte {offset + length}"):
        blobs.get(NAME, offset, length)


def test_a_put_that_fails_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=NAME):
        blobs.put(NAME, str(tmp_path / "no such file"))
    assert blobs.list() == {}


def test_blobs_do_not_disturb_one_another(blobs: Blobs, source: Source) -> None:
    one, two = source(b"one"), source(b"another")
    blobs.put(NAME, one[0])
    blobs.put(OTHER, two[0])
    assert blobs.list() == {NAME: len(one[1]), OTHER: len(two[1])}
    blobs.delete(NAME)
    assert blobs.list() == {OTHER: len(two[1])}
    assert blobs.get(OTHER, 0, len(two[1])) == two[1]


def test_deleting_twice_is_deleting_once(blobs: Blobs, source: Source) -> None:
    blobs.delete(NAME)
    blobs.put(NAME, source(b"content")[0])
    blobs.delete(NAME)
    blobs.delete(NAME)
    assert blobs.size(NAME) is None
    with pytest.raises(CorruptData):
        blobs.get(NAME, 0, 1)


@pytest.mark.parametrize("name", ["", "../secret", "a/b", ".hidden", "a\0b", "/etc/passwd", "é.pack"])
def test_a_name_that_is_none_leads_nowhere(blobs: Blobs, tmp_path: Path, source: Source, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    blobs.put(NAME, source(b"content")[0])
    for act in (
        lambda: blobs.get(name, 0, 1),
        lambda: list(blobs.gather([Range(name, 0, 1)])),
        lambda: blobs.size(name),
        lambda: blobs.delete(name),
        lambda: blobs.put(name, source(b"x")[0]),
    ):
        with pytest.raises(CorruptData, match="not the name of a pack"):
            act()
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert list(blobs.list()) == [NAME]
