"""What every place for packs promises. A new one is tested by a function that makes an empty one, and its line in BACKENDS."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from runstone.errors import CorruptData
from runstone.repository.blobs import Blobs
from runstone.repository.blobs.local import LocalBlobs


def local(folder: Path) -> Blobs:
    return LocalBlobs(str(folder / "packs"))


BACKENDS: dict[str, Callable[[Path], Blobs]] = {"local": local}

NAME, OTHER = "a" * 32 + ".pack", "b" * 32 + ".pack"


@pytest.fixture(params=BACKENDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], str]:
    """Makes a finished local file."""

    def make(data: bytes) -> str:
        path = tmp_path / f"{random.randrange(10**9)}.tmp"
        path.write_bytes(data)
        return str(path)

    return make


def test_an_empty_place_has_nothing(blobs: Blobs) -> None:
    assert blobs.list() == {}
    assert not blobs.has(NAME)
    with pytest.raises(CorruptData, match=f"{NAME} is missing"):
        blobs.get(NAME, 0, 1)


def test_what_was_put_is_there_and_its_source_is_gone(blobs: Blobs, source: Callable[[bytes], str]) -> None:
    path = source(b"content")
    blobs.put(NAME, path)
    assert blobs.has(NAME)
    assert blobs.list() == {NAME: 7}
    assert blobs.get(NAME, 0, 7) == b"content"
    assert not os.path.exists(path)


def test_ranges_are_exact(blobs: Blobs, source: Callable[[bytes], str]) -> None:
    data = random.Random(1).randbytes(3_000_000)
    blobs.put(NAME, source(data))
    for start, end in ((0, 0), (0, 1), (1, 2), (2_999_999, 3_000_000), (1_000, 2_500_000), (3_000_000, 3_000_000)):
        assert blobs.get(NAME, start, end - start) == data[start:end]


@pytest.mark.parametrize(("offset", "length"), [(0, 8), (7, 1), (6, 2), (100, 1)])
def test_a_range_beyond_the_end_is_damage(
    blobs: Blobs, source: Callable[[bytes], str], offset: int, length: int
) -> None:
    blobs.put(NAME, source(b"content"))
    with pytest.raises(CorruptData, match=f"{NAME} ends before byte {offset + length}"):
        blobs.get(NAME, offset, length)


def test_a_put_that_fails_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=NAME):
        blobs.put(NAME, str(tmp_path / "no such file"))
    assert blobs.list() == {}


def test_blobs_do_not_disturb_one_another(blobs: Blobs, source: Callable[[bytes], str]) -> None:
    blobs.put(NAME, source(b"one"))
    blobs.put(OTHER, source(b"another"))
    assert blobs.list() == {NAME: 3, OTHER: 7}
    blobs.delete(NAME)
    assert blobs.list() == {OTHER: 7}
    assert blobs.get(OTHER, 0, 7) == b"another"


def test_deleting_twice_is_deleting_once(blobs: Blobs, source: Callable[[bytes], str]) -> None:
    blobs.delete(NAME)
    blobs.put(NAME, source(b"content"))
    blobs.delete(NAME)
    blobs.delete(NAME)
    assert not blobs.has(NAME)
    with pytest.raises(CorruptData):
        blobs.get(NAME, 0, 1)


@pytest.mark.parametrize("name", ["", "../secret", "a/b", ".hidden", "a\0b", "/etc/passwd", "é.pack"])
def test_a_name_that_is_none_leads_nowhere(
    blobs: Blobs, tmp_path: Path, source: Callable[[bytes], str], name: str
) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    blobs.put(NAME, source(b"content"))
    for act in (
        lambda: blobs.get(name, 0, 1),
        lambda: blobs.has(name),
        lambda: blobs.delete(name),
        lambda: blobs.put(name, source(b"x")),
    ):
        with pytest.raises(CorruptData, match="not the name of a pack"):
            act()
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert list(blobs.list()) == [NAME]
