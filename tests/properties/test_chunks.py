"""Cutting: whatever the bytes and however they come, the chunks join to them and are cut at the same places, for good."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator

import blake3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runstone.repository import chunks
from runstone.repository.chunks import AVERAGE, LEAST, MOST, WINDOW, Cutter, Hasher, ReadInto, begin, digest

CUTTER = Cutter()


def cut(data: bytes, sizes: Iterator[int] | None = None) -> list[bytes]:
    """The chunks of `data`, when each read gives as many bytes as `sizes` says, or as many as there is room for."""
    stream = io.BytesIO(data)

    def read_into(buffer: memoryview) -> int:
        return stream.readinto(buffer[: next(sizes)] if sizes else buffer)

    first = begin(read_into, len(data))
    if len(first) <= LEAST:
        return [first] if first else []
    return [bytes(chunk) for group in CUTTER.cut(first, read_into) for chunk in group]


def content(seed: int, size: int) -> bytes:
    """Bytes that no library's version changes: SHAKE-128 of the seed."""
    return hashlib.shake_128(str(seed).encode()).digest(size)


def reference(data: bytes) -> list[int]:
    """The lengths of the chunks, after docs/format-artifacts.md and nothing else."""
    gear = [int.from_bytes(hashlib.md5(bytes([byte]) * 64).digest()[:8], "big") for byte in range(256)]
    hard, easy = 0x0000_D917_4753_7000, 0x0000_D903_1353_0000
    lengths = []
    while data:
        end = min(len(data), MOST)
        cut, mark = end, 0
        if len(data) > LEAST:
            for position in range(LEAST, end // 2 * 2):
                mark = ((mark << 1) + gear[data[position]]) & 0xFFFF_FFFF_FFFF_FFFF
                if mark & (hard if position < min(AVERAGE, len(data) // 2 * 2) else easy) == 0:
                    cut = position
                    break
        lengths.append(cut)
        data = data[cut:]
    return lengths


def test_the_cuts_of_a_known_stream_never_move() -> None:
    assert [len(chunk) for chunk in cut(content(1, 3_000_000))] == [
        156_435, 159_007, 168_122, 148_270, 138_669, 131_510, 185_864, 152_089, 145_280, 145_231, 144_429, 208_589, 139_378,
        131_363, 136_926, 138_428, 135_777, 132_728, 144_572, 152_293, 5_040,
    ]  # fmt: skip


def test_the_format_page_says_enough_to_cut_alike() -> None:
    data = content(2, 2_000_001)
    assert [len(chunk) for chunk in cut(data)] == reference(data)


@pytest.mark.parametrize("size", [0, 1, LEAST, LEAST + 1, AVERAGE, MOST, MOST + 1, WINDOW - 1, WINDOW, WINDOW + 1])
@pytest.mark.parametrize("kind", ["random", "zeros", "period"])
def test_chunks_join_to_the_content_and_keep_their_sizes(size: int, kind: str) -> None:
    data = {"random": content(size, size), "zeros": bytes(size), "period": (b"0123456789" * (size // 10 + 1))[:size]}[
        kind
    ]
    found = cut(data)
    assert b"".join(found) == data
    assert all(LEAST <= len(chunk) <= MOST for chunk in found[:-1])
    assert all(0 < len(chunk) <= MOST for chunk in found)


@settings(max_examples=30, deadline=None)
@given(size=st.integers(0, 2 * WINDOW), seed=st.integers(0, 5), steps=st.randoms(use_true_random=False))
@example(size=WINDOW + MOST, seed=0, steps=random.Random(0))
def test_cuts_do_not_depend_on_how_the_bytes_come(size: int, seed: int, steps: random.Random) -> None:
    data = content(seed, size)

    def sizes() -> Iterator[int]:
        while True:
            yield steps.choice((1, 4096, 65_536, 1_000_000, WINDOW))

    assert cut(data, sizes()) == cut(data)


@settings(max_examples=20, deadline=None)
@given(place=st.integers(0, 5_999_999), change=st.binary(min_size=0, max_size=100), cut_out=st.integers(0, 100))
def test_a_local_change_changes_few_chunks(place: int, change: bytes, cut_out: int) -> None:
    edited = BEFORE[:place] + change + BEFORE[place + cut_out :]
    # One as a rule; more where the change makes or takes a cut, until the cuts behind it meet the old ones again.
    assert sum(digest(chunk) not in KNOWN for chunk in cut(edited)) <= 4


BEFORE = content(3, 6_000_000)
KNOWN = {digest(chunk) for chunk in cut(BEFORE)}


def test_a_digest_is_the_one_that_b3sum_prints_however_it_is_taken() -> None:
    data = content(4, 5_000_000)
    name = "blake3:" + blake3.blake3(data).hexdigest()
    whole = Hasher()
    for start in range(0, len(data), 777_777):
        whole.add(data[start : start + 777_777])
    assert digest(data) == whole.name == name


def test_the_format_page_names_the_limits_that_the_code_has() -> None:
    assert (chunks.ALGORITHM, LEAST, AVERAGE, MOST) == ("blake3", 64 * 1024, 128 * 1024, 2 * 1024 * 1024)


def test_a_small_content_is_read_in_a_small_buffer() -> None:
    asked: list[int] = []

    def counted(read: ReadInto) -> ReadInto:
        def read_into(buffer: memoryview) -> int:
            asked.append(len(buffer))
            return read(buffer)

        return read_into

    assert begin(counted(io.BytesIO(b"abc").readinto), 3) == b"abc"
    assert max(asked) <= 4
    assert begin(counted(io.BytesIO(b"longer than thought").readinto), 3) == b"longer than thought"
    assert begin(counted(io.BytesIO(bytes(LEAST + 5)).readinto), 3) == bytes(LEAST + 1)
