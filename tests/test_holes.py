"""Files with holes: logged as the zeros they hold, without fetching them."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runstone
from runstone.repository import chunks, holes
from runstone.repository.chunks import LEAST, MOST, WINDOW, Cutter, begin

MEBIBYTE = 1024 * 1024


def sparse(path: Path, size: int, data: dict[int, bytes]) -> Path:
    """A file of `size` bytes of which these, by their places, were written."""
    with path.open("wb") as file:
        file.truncate(size)
        for place, some in data.items():
            file.seek(place)
            file.write(some)
    return path


def read_all(path: Path, step: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        read_into, found, buffer = holes.reading(file), [], memoryview(bytearray(step))
        while count := read_into(buffer):
            found.append(bytes(buffer[:count]))
        return b"".join(found)


@settings(max_examples=50, deadline=None)
@given(
    size=st.integers(0, 40) | st.integers(0, 3_000_000),
    places=st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 300_000)), max_size=4),
    step=st.integers(1000, 5_000_000),
)
def test_a_file_with_holes_reads_as_any_other(
    tmp_path_factory: pytest.TempPathFactory, size: int, places: list[tuple[int, int]], step: int
) -> None:
    data = {place: random.Random(place).randbytes(count) for place, count in places}
    path = sparse(tmp_path_factory.getbasetemp() / "sparse", size, data)
    assert read_all(path, step) == path.read_bytes()


def test_a_hole_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sparse(tmp_path / "sparse", 50 * MEBIBYTE, {20 * MEBIBYTE: b"x" * 5000})
    if path.stat().st_blocks * 512 >= MEBIBYTE:
        return  # a file system without holes
    read: list[int] = []
    real = os.preadv

    def preadv(descriptor: int, buffers: list[memoryview], place: int) -> int:
        read.append(real(descriptor, buffers, place))
        return read[-1]

    monkeypatch.setattr(os, "preadv", preadv)
    content = read_all(path, 3_000_000)
    assert content == bytes(20 * MEBIBYTE) + b"x" * 5000 + bytes(30 * MEBIBYTE - 5000)
    assert sum(read) < 1_000_000


def test_what_is_appended_behind_a_last_hole_is_read(tmp_path: Path) -> None:
    path = sparse(tmp_path / "sparse", 5 * MEBIBYTE, {0: b"start"})
    with path.open("rb", buffering=0) as file:
        read_into, buffer = holes.reading(file), memoryview(bytearray(MEBIBYTE))
        found = [bytes(buffer[: read_into(buffer)]) for _ in range(3)]
        with path.open("ab") as more:
            more.write(b"more")
        while count := read_into(buffer):
            found.append(bytes(buffer[:count]))
    assert b"".join(found) == path.read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {0: b"start"},
        {100 * MEBIBYTE - 3: b"end"},
        {70_000_001: b"x" * 3_000_000, 75_000_000: b"y"},
    ],
    ids=["nothing", "start", "end", "midst"],
)
def test_a_file_with_holes_is_logged_as_what_it_holds(tmp_path: Path, data: dict[int, bytes]) -> None:
    path = sparse(tmp_path / "sparse", 100 * MEBIBYTE, data)
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, path)
    (file,) = client.list_artifacts(run_id)
    assert (file.file_size, file.digest) == (100 * MEBIBYTE, chunks.digest(path.read_bytes()))
    packed = tmp_path / "store" / "packs"
    assert sum(pack.stat().st_size for pack in packed.iterdir()) < 4_000_000
    target = client.download_artifacts(run_id, "sparse", str(tmp_path / "out"))
    assert Path(target).read_bytes() == path.read_bytes()


def cut(data: bytes, cutter: Cutter) -> list[bytes]:
    stream = io.BytesIO(data)
    return [bytes(one) for group in cutter.cut(begin(stream.readinto, LEAST), stream.readinto) for one in group]


NOISE = random.Random(9).randbytes(3 * MEBIBYTE)
RUNS = st.lists(
    st.one_of(
        st.tuples(st.just(b""), st.sampled_from([1, LEAST, MOST - 1, MOST, MOST + 1, WINDOW, 2 * WINDOW])),
        st.tuples(st.just(b""), st.integers(1, 3 * MOST)),
        st.tuples(st.just(NOISE), st.integers(1, len(NOISE))),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(runs=RUNS)
def test_zeros_are_cut_where_they_would_be_if_they_were_looked_at(runs: list[tuple[bytes, int]]) -> None:
    data = b"".join(noise[:size] if noise else bytes(size) for noise, size in runs)
    if len(data) <= LEAST:
        return
    looked_at: Callable[..., bool] = lambda *_: False  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "_may_be_zero", looked_at)
        expected = cut(data, Cutter())
    assert [len(one) for one in cut(data, Cutter())] == [len(one) for one in expected]
    assert b"".join(cut(data, Cutter())) == data
