"""Packs that others send, two of one name at a time: what is in the index lies where it says, whatever is sent, deleted or cut meanwhile."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runstone.errors import InvalidParameter
from runstone.operations import packs
from runstone.operations.engine import Engine
from runstone.repository.arriving import MOST_CHUNKS, MOST_PLAIN
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import MOST, digest
from runstone.repository.files import repository_in
from runstone.repository.packs import FULL_COUNT, FULL_PLAIN, MAGIC, TAIL, PackWriter
from runstone.store import artifacts

NAME = "a" * 32 + ".pack"
ONE, OTHER = os.urandom(200_000), os.urandom(200_000)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(str(tmp_path / "store"), serving=True)
    yield engine
    engine.close()


def a_pack(folder: Path, *chunks: bytes) -> bytes:
    writer = PackWriter(str(folder / "made"))
    for data in chunks:
        writer.add(digest(data), data)
    writer.finish(LocalBlobs(str(folder / "done")))
    return (folder / "done" / writer.pack.name).read_bytes()


def send(engine: Engine, data: bytes) -> None:
    """Have a pack taken in, as the server does."""
    pack = packs.arriving_pack(engine, NAME)
    if pack is not None:
        try:
            pack.write([memoryview(data)])
            packs.take_pack(engine, pack)
        finally:
            pack.close()


def is_where_the_index_says(engine: Engine, chunk: bytes) -> bool:
    with engine.database.read() as connection:
        _, size, pack, offset, *_ = artifacts.places(connection, [digest(chunk)])[digest(chunk)]
    return repository_in(engine.folder).blobs.get(str(pack), offset or 0, size) == chunk


def send_counted(engine: Engine, count: int, size: int) -> None:
    """Send a pack whose footer speaks of so many chunks, none of which is there."""
    footer = msgspec.json.encode([("", 8 + number, size, 1, "zstd") for number in range(count)])
    body = MAGIC + bytes(count) + footer + TAIL.pack(len(footer), zlib.crc32(footer), MAGIC)
    send(engine, body)


def test_a_footer_of_too_many_chunks_is_refused_before_it_is_read(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*what: Any, **how: Any) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(msgspec.json, "decode", decode)
    with pytest.raises(InvalidParameter, match=f"more than {MOST_CHUNKS} chunks"):
        send_counted(engine, MOST_CHUNKS + 1, 2)


def test_chunks_that_would_unpack_to_too_much_are_refused_before_any_is(engine: Engine) -> None:
    with pytest.raises(InvalidParameter, match=f"more than {MOST_PLAIN} bytes"):
        send_counted(engine, MOST_PLAIN // MOST + 1, MOST)


def test_a_pack_is_full_by_its_chunks_and_by_their_plain_bytes_too(tmp_path: Path) -> None:
    for size, count in ((1, FULL_COUNT), (MOST, FULL_PLAIN // MOST)):
        writer = PackWriter(str(tmp_path))
        for number in range(count):
            assert not writer.is_full(MOST), number
            writer.add_stored("", size, 1 if size > 1 else 0, "zstd" if size > 1 else "", b"x")
        assert writer.is_full(MOST)
        writer.abandon()


def test_a_second_pack_of_a_name_never_takes_the_place_of_the_first(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, real = [], LocalBlobs.put

    def put(self: LocalBlobs, name: str, source: str) -> None:
        real(self, name, source)
        # The name of what arrives is free again, and the index knows none of it yet.
        if name == NAME and not second:
            second.append(packs.arriving_pack(engine, name))

    monkeypatch.setattr(LocalBlobs, "put", put)
    send(engine, a_pack(tmp_path, ONE))
    (late,) = second
    assert late is not None
    late.write([memoryview(a_pack(tmp_path, OTHER))])
    packs.take_pack(engine, late)
    late.close()
    assert is_where_the_index_says(engine, ONE)
    assert os.listdir(repository_in(engine.folder).folder) == []


def test_a_pack_that_was_left_without_a_row_is_sent_again_under_its_name(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*what: Any) -> None:
        raise OSError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(artifacts, "add_pack", fail)
        with pytest.raises(OSError, match="no room"):
            send(engine, a_pack(tmp_path, OTHER))
    assert repository_in(engine.folder).blobs.size(NAME) is not None
    send(engine, a_pack(tmp_path, ONE))
    assert is_where_the_index_says(engine, ONE)


def test_a_pack_that_is_sent_while_one_of_its_name_is_deleted_stays(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(engine, a_pack(tmp_path, OTHER))
    real, sent = engine.database.write, []

    @contextmanager
    def write() -> Iterator[Any]:
        with real() as connection:
            yield connection
        if not sent:
            sent.append(NAME)
            send(engine, a_pack(tmp_path, ONE))

    monkeypatch.setattr(engine.database, "write", write)
    packs.delete_pack.function(engine, packs.PackName(NAME))
    assert sent
    assert is_where_the_index_says(engine, ONE)
