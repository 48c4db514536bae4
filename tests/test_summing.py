"""What a server is told of a content is compared with the bytes, however they lie."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from runstone.errors import CorruptData
from runstone.operations.artifacts import PlacedChunk
from runstone.repository import unfinished
from runstone.repository.batch import Stored
from runstone.repository.chunks import digest
from runstone.repository.files import Place, repository_in
from runstone.repository.packs import Packed
from runstone.repository.summing import joins

DATA = random.Random(1).randbytes(5_000_000)
TABLE = b"a row of a table\n" * 20_000


def stored(folder: Path, data: bytes) -> list[PlacedChunk]:
    """Where the chunks of a content are, in order."""
    places: list[PlacedChunk] = []

    def commit(packs: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]) -> None:
        found = {
            chunk.digest: PlacedChunk(
                chunk.digest, chunk.size, pack.name, chunk.offset, None, chunk.stored, chunk.codec
            )
            for pack in packs
            for chunk in pack.chunks
        }
        places.extend(found[name] for file in files for name in file.chunks)

    repository_in(str(folder)).store([("file", data)], lambda digests: set(), commit)
    return places


def nowhere_else(digests: list[str]) -> list[Place]:
    return []


@pytest.mark.parametrize("data", [DATA, TABLE + DATA + TABLE, DATA * 2], ids=["plain", "some compressed", "repeated"])
def test_chunks_that_join_to_the_content_pass(tmp_path: Path, data: bytes) -> None:
    assert joins(repository_in(str(tmp_path)), stored(tmp_path, data), digest(data), "it", nowhere_else)


@pytest.mark.parametrize(
    "change", [lambda places: places[1:], lambda places: places[::-1], lambda places: [*places, places[0]]]
)
def test_other_chunks_than_the_contents_do_not(tmp_path: Path, change: object) -> None:
    places = stored(tmp_path, DATA)
    assert not joins(repository_in(str(tmp_path)), change(places), digest(DATA), "it", nowhere_else)  # type: ignore[operator]


def test_a_flipped_bit_is_an_error_that_names_the_chunk(tmp_path: Path) -> None:
    places = stored(tmp_path, DATA)
    (pack,) = (tmp_path / "packs").iterdir()
    flipped = bytearray(pack.read_bytes())
    flipped[(places[3].offset or 0) + 5] ^= 1
    pack.write_bytes(flipped)
    with pytest.raises(CorruptData, match=places[3].digest):
        joins(repository_in(str(tmp_path)), places, digest(DATA), "it", nowhere_else)


def test_chunks_that_were_moved_meanwhile_are_found_where_they_are(tmp_path: Path) -> None:
    places = stored(tmp_path, DATA)
    (pack,) = (tmp_path / "packs").iterdir()
    moved = "0" * 32 + ".pack"
    shutil.move(pack, pack.with_name(moved))
    now = {
        place.digest: PlacedChunk(place.digest, place.size, moved, place.offset, None, place.stored, place.codec)
        for place in places
    }
    assert joins(
        repository_in(str(tmp_path)), places, digest(DATA), "it", lambda digests: [now[name] for name in digests]
    )


def test_many_pieces_are_written_in_their_order(tmp_path: Path) -> None:
    pieces = [memoryview(os.urandom(size % 7)) for size in range(5_000)]
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    unfinished.write_all(descriptor, pieces)
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"".join(pieces)
