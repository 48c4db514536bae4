"""Long files written past the page cache are the same bytes as any other way, on any file system."""

from __future__ import annotations

import errno
import os
import random
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runstone.repository import unbuffered
from runstone.repository.unbuffered import BLOCK, Unbuffered

CONTENT = random.Random(1).randbytes(3 * BLOCK)


def written(pieces: list[bytes]) -> bytes:
    with tempfile.TemporaryFile(buffering=0) as file:
        writer = Unbuffered(file.fileno())
        for piece in pieces:
            writer.write(piece)
        writer.finish()
        file.seek(0)
        return file.readall()


@settings(max_examples=30)
@given(st.lists(st.integers(0, BLOCK + 5_000), max_size=5))
def test_what_is_written_is_what_is_read(sizes: list[int]) -> None:
    pieces = [CONTENT[size : 2 * size] for size in sizes]
    assert written(pieces) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 4096])
def test_every_end_is_written(size: int) -> None:
    assert written([CONTENT[:size]]) == CONTENT[:size]


@pytest.mark.parametrize("refusal", ["asked", "done"])
def test_a_file_system_that_does_not_take_it_is_written_the_usual_way(
    monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    real_write, real_fcntl = os.write, unbuffered.fcntl.fcntl
    refused = []

    def write(descriptor: int, data: Any) -> int:
        if real_fcntl(descriptor, unbuffered.fcntl.F_GETFL) & unbuffered._DIRECT:
            refused.append(descriptor)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real_write(descriptor, data)

    def fcntl(descriptor: int, command: int, argument: int = 0) -> int:
        if command == unbuffered.fcntl.F_SETFL and argument & unbuffered._DIRECT:
            refused.append(descriptor)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real_fcntl(descriptor, command, argument)

    if refusal == "done":
        monkeypatch.setattr(os, "write", write)
    else:
        monkeypatch.setattr(unbuffered.fcntl, "fcntl", fcntl)
    assert written([CONTENT[: BLOCK + 7], CONTENT]) == CONTENT[: BLOCK + 7] + CONTENT
    assert len(refused) == 1


def test_a_write_that_takes_a_part_goes_on_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def write(descriptor: int, data: Any) -> int:
        return real(descriptor, memoryview(data)[:1_000_000] if len(data) > 1_000_000 else data)

    monkeypatch.setattr(os, "write", write)
    assert written([CONTENT]) == CONTENT
