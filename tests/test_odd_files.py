"""Odd files, in and out of a folder's store and a server's: a name in every script, empty, sparse, and many (names that only look
odd, and modes, are in test_names_and_modes.py)."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

import pytest

import runstone

pytestmark = pytest.mark.everywhere


@pytest.fixture
def run_id() -> str:
    return runstone.start_run().info.run_id


def scripts() -> list[str]:
    """A letter of each block of Unicode that has one, as a name."""
    found: dict[str, str] = {}
    for point in range(0x20, 0x20000, 7):
        letter = chr(point)
        if unicodedata.category(letter).startswith("L"):
            found.setdefault(unicodedata.name(letter, "").split(" ")[0], letter)
    return sorted(found.values())


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def round_trip(run_id: str, folder: Path, fetched: Path) -> None:
    """A folder that is logged comes back, name for name and byte for byte."""
    client = runstone.Client()
    client.log_artifacts(run_id, str(folder), "odd")
    client.download_artifacts(run_id, "odd", str(fetched))
    assert tree(fetched / "odd") == tree(folder)


def test_names_of_every_script_come_back_as_they_went_in(run_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    (folder / "deep" / "👩🏽‍🔬").mkdir(parents=True)
    for name in scripts():
        (folder / name).write_text(name)
        (folder / "deep" / "👩🏽‍🔬" / name).write_text(name)
    round_trip(run_id, folder, tmp_path / "fetched")
    listed = {file.path for file in runstone.Client().list_artifacts(run_id, "odd") if not file.is_dir}
    assert listed == {f"odd/{name}" for name in scripts()}


def test_files_without_a_byte_come_back_among_others(run_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    (folder / "a").mkdir(parents=True)
    for number in range(300):
        (folder / f"{number}.log").touch()
        (folder / "a" / f"{number}.txt").write_bytes(b"x" * (number % 3))
    round_trip(run_id, folder, tmp_path / "fetched")
    assert runstone.Client().read_artifact(run_id, "odd/7.log") == b""


def test_a_sparse_file_is_stored_in_next_to_nothing_and_comes_back_whole(run_id: str, tmp_path: Path) -> None:
    client, path, size = runstone.Client(), tmp_path / "sparse", 300_000_000
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(123_456_789)
        file.write(b"the only bytes of it")
    client.log_artifact(run_id, str(path))
    fetched = Path(client.download_artifacts(run_id, "sparse", str(tmp_path / "fetched")))
    with path.open("rb") as one, fetched.open("rb") as other:
        while data := one.read(1 << 22):
            assert other.read(len(data)) == data
        assert other.read() == b""
    stored = sum(pack.stat().st_size for pack in tmp_path.rglob("*.pack"))
    assert stored < 3_000_000


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=pytest.mark.soak)])
def test_many_small_files_come_back_from_few_packs(run_id: str, tmp_path: Path, count: int) -> None:
    folder, chance = tmp_path / "many", random.Random(1)
    for number in range(count):
        place = folder / str(number % 50)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.bin").write_bytes(chance.randbytes(4_096))
    round_trip(run_id, folder, tmp_path / "fetched")
    assert len(list(tmp_path.rglob("*.pack"))) <= 3


def test_a_file_that_is_deleted_while_it_is_open_is_logged_as_what_it_was(run_id: str, tmp_path: Path) -> None:
    path, data = tmp_path / "short-lived", os.urandom(900_000)
    path.write_bytes(data)
    with path.open("rb") as file:
        path.unlink()
        runstone.Client().log_stream(run_id, file, "kept")
    assert runstone.Client().read_artifact(run_id, "kept") == data
