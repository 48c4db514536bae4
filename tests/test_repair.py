"""Repair: what is damaged comes back from another store or from the files, checked; what nobody has is told."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.within import ServerWithin

import runstone
from runstone.errors import InvalidParameter, MissingFile, WrongFileKind
from runstone.transport import discovery

LARGE = random.Random(1).randbytes(3_000_000)
TABLE = b"".join(b"%d,%d\n" % (number, number * number) for number in range(60_000))
SMALL = {f"small/{number}": random.Random(number).randbytes(3_000) for number in range(5)}


def fill(place: str | Path) -> str:
    client = runstone.Client(place)
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {"large.bin": LARGE, "table.csv": TABLE, **SMALL})
    return run_id


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Path, Path, str]:
    """A store, another one with the same bytes (in packs of its own), and the run in the first."""
    fill(tmp_path / "second")
    return tmp_path / "first", tmp_path / "second", fill(tmp_path / "first")


def close(store: Path) -> None:
    transport = discovery._opened.pop(str(store))
    if transport is not None:
        transport.close()


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 64]))


def places(store: Path, name: str) -> list[tuple[str, int, int]]:
    """The pack, the place and the length of each chunk of a file."""
    with closing(sqlite3.connect(store / "runstone.db")) as database:
        return database.execute(
            "SELECT pack.name, chunk.offset, CASE stored WHEN 0 THEN chunk.size ELSE stored END FROM artifact JOIN content_chunk"
            " ON content_chunk.content = artifact.content JOIN chunk ON chunk.id = chunk JOIN pack ON pack.id = chunk.pack"
            " WHERE path = ? ORDER BY position",
            (name,),
        ).fetchall()


def damage_all(store: Path) -> None:
    """A bit of every chunk and of every footer; of the small ones too, in the database."""
    for name in ("large.bin", "table.csv"):
        for pack, offset, length in places(store, name):
            flip(store / "packs" / pack, offset + length // 2)
    for pack in (store / "packs").iterdir():
        flip(pack, pack.stat().st_size - 50)
    with closing(sqlite3.connect(store / "runstone.db")) as database:
        database.execute("UPDATE chunk SET data = zeroblob(length(data)) WHERE data IS NOT NULL")
        database.commit()


def is_whole(store: Path, run_id: str) -> bool:
    client = runstone.Client(store)
    files = {"large.bin": LARGE, "table.csv": TABLE, **SMALL}
    return client.verify() == [] and all(client.read_artifact(run_id, name) == data for name, data in files.items())


def test_every_damaged_chunk_comes_back_from_another_store(stores: tuple[Path, Path, str]) -> None:
    first, second, run_id = stores
    damage_all(first)
    client = runstone.Client(first)
    damaged = client.verify()
    assert {damage.path for damage in damaged} == {"large.bin", "table.csv", *SMALL}
    before = set((first / "packs").iterdir())
    done = client.repair(second)
    assert (done.repaired, done.left) == (damaged, [])
    assert done.chunks >= len(SMALL) + 3
    assert is_whole(first, run_id)
    assert before.isdisjoint((first / "packs").iterdir())  # what was damaged is gone
    assert client.repair(second) == ([], [], 0, 0)


def test_a_lost_pack_comes_back(stores: tuple[Path, Path, str]) -> None:
    first, second, run_id = stores
    shutil.rmtree(first / "packs")
    assert runstone.Client(first).repair(runstone.Client(second)).left == []
    assert is_whole(first, run_id)


def test_a_pack_whose_footer_alone_is_damaged_is_written_anew_from_itself(
    tmp_path: Path, stores: tuple[Path, Path, str]
) -> None:
    first, _, run_id = stores
    for pack in (first / "packs").iterdir():
        flip(pack, pack.stat().st_size - 50)
    (tmp_path / "nothing").mkdir()
    client = runstone.Client(first)
    assert all(damage.path.startswith("packs/") for damage in client.verify())
    done = client.repair(tmp_path / "nothing")
    assert (done.left, done.chunks) == ([], 0)
    assert is_whole(first, run_id)


def test_a_dry_run_says_what_could_come_back_and_changes_nothing(stores: tuple[Path, Path, str]) -> None:
    first, second, _ = stores
    damage_all(first)
    client = runstone.Client(first)
    before = {path: path.read_bytes() for path in (first / "packs").iterdir()}
    done = client.repair(second, dry_run=True)
    assert done.left == []
    assert done.repaired == client.verify()
    assert {path: path.read_bytes() for path in (first / "packs").iterdir()} == before


def test_what_the_second_store_lacks_or_has_damaged_too_is_left_and_told(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    run_id = fill(first)
    client, other = runstone.Client(first), runstone.Client(second)
    there = other.create_run("0").info.run_id
    other.log_files(there, {"large.bin": LARGE, **{name: SMALL[name] for name in list(SMALL)[:3]}})
    (damaged, *_) = places(second, "large.bin")
    flip(second / "packs" / damaged[0], damaged[1] + 10)
    damage_all(first)
    done = client.repair(second)
    assert {damage.path for damage in done.repaired} == set(list(SMALL)[:3])
    assert {damage.path for damage in done.left} == {"large.bin", "table.csv", *list(SMALL)[3:]}
    assert {damage.path for damage in client.verify()} == {damage.path for damage in done.left}
    # What did come back is not asked for again, and the rest may come from yet another place.
    fill(tmp_path / "third")
    assert client.repair(tmp_path / "third").left == []
    assert is_whole(first, run_id)


def test_several_places_are_asked_in_their_order(tmp_path: Path) -> None:
    first = tmp_path / "first"
    run_id = fill(first)
    (tmp_path / "large.bin").write_bytes(LARGE)
    other = runstone.Client(tmp_path / "second")
    other.log_files(other.create_run("0").info.run_id, {"table.csv": TABLE, **SMALL})
    damage_all(first)
    client = runstone.Client(first)
    told: list[int] = []
    done = client.repair([tmp_path / "large.bin", other], progress=told.append)
    assert done.left == []
    assert is_whole(first, run_id)
    # The file that was given, what was verified, and what was written anew.
    assert sum(told) >= 3 * len(LARGE)


def test_a_store_is_not_repaired_from_itself(
    tmp_path: Path, stores: tuple[Path, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, _ = stores
    client = runstone.Client(first)
    (tmp_path / "link").symlink_to(first)
    monkeypatch.chdir(first)
    for itself in (client, first, tmp_path / "link", f"file://{first}", first / "packs", "."):
        with pytest.raises(InvalidParameter, match="is to be repaired"):
            client.repair(itself)
    server = ServerWithin(tmp_path / "second")
    try:
        with pytest.raises(InvalidParameter, match="is to be repaired"):
            runstone.Client(server.url).repair(server.url)
    finally:
        server.stop()


def test_files_come_back_from_the_files_themselves(tmp_path: Path, stores: tuple[Path, Path, str]) -> None:
    first, _, run_id = stores
    damage_all(first)
    folder = tmp_path / "files"
    (folder / "small").mkdir(parents=True)
    for name, data in {"renamed.bin": LARGE, "table.csv": TABLE, **SMALL}.items():
        (folder / name).write_bytes(data)
    (folder / "small" / "3").write_bytes(b"another")
    client = runstone.Client(first)
    done = client.repair(folder)
    assert [damage.path for damage in done.left] == ["small/3"]
    (folder / "it").write_bytes(SMALL["small/3"])
    assert client.repair(folder / "it").left == []
    assert is_whole(first, run_id)


def test_a_server_repairs_and_is_repaired_from(tmp_path: Path) -> None:
    run_id = fill(tmp_path / "first")
    damage_all(tmp_path / "first")
    fill(tmp_path / "second")
    servers = [ServerWithin(tmp_path / "first"), ServerWithin(tmp_path / "second")]
    try:
        client = runstone.Client(servers[0].url)
        assert {damage.path for damage in client.verify()} == {"large.bin", "table.csv", *SMALL}
        assert client.repair(servers[1].url).left == []
        assert client.verify() == []
        assert client.read_artifact(run_id, "large.bin") == LARGE
    finally:
        for server in servers:
            server.stop()
    assert is_whole(tmp_path / "first", run_id)


def test_a_place_that_is_not_there_is_said_and_no_store_is_made_of_it(
    tmp_path: Path, stores: tuple[Path, Path, str]
) -> None:
    with pytest.raises(MissingFile, match="no store at"):
        runstone.Client(stores[0]).repair(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(WrongFileKind, match="neither a file nor a folder"):
        runstone.Client(stores[0]).repair("/dev/null")


def test_damage_of_the_database_itself_is_left(stores: tuple[Path, Path, str]) -> None:
    first, second, _ = stores
    runstone.Client(first)
    close(first)
    with closing(sqlite3.connect(first / "runstone.db")) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("DELETE FROM sqlite_master WHERE name = 'run_mirror'")
        database.commit()
    done = runstone.Client(first).repair(second)
    assert any("run_mirror" in damage.problem for damage in done.left)
    assert done.repaired == []


def test_a_quick_verification_reads_no_file(stores: tuple[Path, Path, str]) -> None:
    first, _, _ = stores
    client = runstone.Client(first)
    pack, offset, _ = places(first, "large.bin")[0]
    flip(first / "packs" / pack, offset + 5)
    assert client.verify(quick=True) == []
    assert [damage.path for damage in client.verify()] == ["large.bin"]
    (first / "packs" / pack).unlink()
    assert [damage.path for damage in client.verify(quick=True)] == [f"packs/{pack}"]
