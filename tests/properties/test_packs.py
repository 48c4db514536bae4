"""Packs: what a footer says is what was put in, whatever is cut off or flipped is noticed, and the index can be made from packs."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runstone
from runstone.errors import CorruptData
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import digest
from runstone.repository.packs import MAGIC, Packed, PackWriter, read_pack

CHUNKS = st.lists(st.binary(min_size=1, max_size=2000), min_size=1, max_size=20)


@contextmanager
def packed(chunks: list[bytes]) -> Iterator[tuple[LocalBlobs, Packed, Path]]:
    """A pack of these chunks: where it lies, what its writer says of it, its file."""
    with tempfile.TemporaryDirectory() as folder:
        blobs = LocalBlobs(os.path.join(folder, "packs"))
        writer = PackWriter(os.path.join(folder, "incoming"))
        for chunk in chunks:
            writer.add(digest(chunk), chunk)
        writer.finish(blobs)
        assert os.listdir(os.path.join(folder, "incoming")) == []
        yield blobs, writer.pack, Path(folder, "packs", writer.pack.name)


@settings(max_examples=30, deadline=None)
@given(chunks=CHUNKS)
def test_a_pack_says_what_is_in_it_and_where(chunks: list[bytes]) -> None:
    with packed(chunks) as (blobs, written, path):
        size = path.stat().st_size
        found = read_pack(blobs, written.name, size)
        assert found == Packed(written.name, size, written.chunks)
        assert [blobs.get(found.name, chunk.offset, chunk.size) for chunk in found.chunks] == chunks
        assert [chunk.digest for chunk in found.chunks] == [digest(chunk) for chunk in chunks]


@settings(max_examples=40, deadline=None)
@given(chunks=CHUNKS, place=st.floats(0, 1, exclude_max=True))
def test_a_pack_that_was_cut_short_is_noticed(chunks: list[bytes], place: float) -> None:
    with packed(chunks) as (blobs, written, path):
        size = int(place * path.stat().st_size)
        os.truncate(path, size)
        with pytest.raises(CorruptData, match=written.name):
            read_pack(blobs, written.name, size)


@settings(max_examples=60, deadline=None)
@given(chunks=CHUNKS, place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_by_the_footer_or_by_the_chunks_digest(
    chunks: list[bytes], place: float, bit: int
) -> None:
    with packed(chunks) as (blobs, written, path):
        data = bytearray(path.read_bytes())
        at = int(place * len(data))
        data[at] ^= 1 << bit
        path.write_bytes(data)
        footer_start = len(MAGIC) + sum(map(len, chunks))
        if len(MAGIC) <= at < footer_start:
            found = read_pack(blobs, written.name, len(data)).chunks
            wrong = [c for c in found if digest(blobs.get(written.name, c.offset, c.size)) != c.digest]
            assert [c.offset <= at < c.offset + c.size for c in wrong] == [True]
        else:
            with pytest.raises(CorruptData, match=written.name):
                read_pack(blobs, written.name, len(data))


def test_the_index_can_be_made_again_from_the_packs(tmp_path: Path) -> None:
    with runstone.start_run():
        for seed, size in enumerate((3_000_000, 200_000, 3_000_000)):
            Path(f"{seed}.bin").write_bytes(random.Random(seed).randbytes(size))
            runstone.log_artifact(f"{seed}.bin")
        runstone.log_artifact("0.bin", "again")
    database = sqlite3.connect(tmp_path / ".runstone" / "runstone.db")
    index = set(
        database.execute(
            "SELECT pack.name, pack.size, chunk.digest, chunk.offset, chunk.size FROM chunk JOIN pack ON pack.id = chunk.pack"
        )
    )
    database.close()
    blobs = LocalBlobs(str(tmp_path / ".runstone" / "packs"))
    packs = [read_pack(blobs, name, size) for name, size in blobs.list().items()]
    assert len(packs) == 3
    assert index == {(p.name, p.size, chunk.digest, chunk.offset, chunk.size) for p in packs for chunk in p.chunks}
