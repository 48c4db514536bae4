"""Any one bit of a store flips on its disk: `verify` finds it, or it lay where nothing is kept, which is proved by reading everything."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support import scripts

import runstone
from runstone.client.verification import Damage
from runstone.errors import RunstoneError
from runstone.store import checking
from runstone.transport import discovery

FILL = """
import io, os, random, signal, sys
import runstone
from runstone.data import from_numpy
from runstone.entities import LoggedModelOutput, Metric
import numpy

chance = random.Random(7)
runstone.set_tracking_uri("store")
client = runstone.Client("store")
client.create_experiment("second", tags={"team": "red", "why": "x" * 200})
for number in range(12):
    with runstone.start_run(run_name=f"run {number}", tags={f"tag {n}": "y" * 40 for n in range(10)}) as run:
        runstone.log_params({f"param {n}": f"{chance.random()}" * 5 for n in range(40)})
        client.log_batch(run.info.run_id, metrics=[Metric(f"m{n}", chance.random(), n, n) for n in range(40)])
        client.log_batch(run.info.run_id, metrics=[Metric("loss", chance.random(), n, n) for n in range(500)])
        runstone.log_text("words " * 400 + str(number), "small.txt")
        client.log_files(run.info.run_id, {f"few/{n}": chance.randbytes(900) for n in range(20)})
        runstone.log_stream(io.BytesIO(chance.randbytes(700_000)), "large.bin")
        runstone.log_stream(io.BytesIO(b"".join(b"%d,%d;" % (n, n * n) for n in range(40_000))), "table.csv")
        runstone.log_artifact(io.BytesIO(b"rows %d" % (number // 2)), "rows", name=f"data {number % 3}", aliases=[f"alias-{number}"])
        runstone.use_artifact(f"data {number % 3}:latest")
        runstone.log_input(from_numpy(numpy.arange(9), name="nine"), "training", {"kind": "test"})
        model = runstone.initialize_logged_model("model", params={"depth": "3"}, tags={"kind": "forest"})
        runstone.log_outputs([LoggedModelOutput(model.model_id, number)])
        client.log_metric(run.info.run_id, "score", 0.5, model_id=model.model_id)
    runstone.finalize_logged_model(model.model_id, "READY")
    runstone.register_model(f"models:/{model.model_id}", "registered", tags={"by": "us"})
client.update_registered_model("registered", "what it is " * 20)
client.set_registered_model_alias("registered", "best", "3")
client.update_artifact_version("data 0", description="what it is " * 9, tags={f"key {n}": "z" * 30 for n in range(9)})
"""
# The same, and the process is killed with its last transactions in the log.
KILLED = FILL + "client.set_tag(run.info.run_id, 'late', 'yes')\nos.kill(os.getpid(), signal.SIGKILL)\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    code, _, err = scripts.run(folder, FILL)
    assert code == 0, err
    return folder / "store"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    code, _, err = scripts.run(folder, KILLED)
    assert code == -signal.SIGKILL, err
    assert (folder / "store" / "runstone.db-wal").stat().st_size
    return folder / "store"


def flip(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        (byte,) = file.read(1)
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def verified(store: Path) -> list[Damage]:
    """What `verify` finds of a store that nobody has open; an error that it ends with is found damage."""
    try:
        return runstone.Client(store).verify()
    except RunstoneError as error:
        return [Damage("", "runstone.db", error.message)]
    finally:
        transport = discovery._opened.pop(str(store))
        if transport is not None:
            transport.close()


def everything(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, as they lie in the tables themselves."""
    with closing(sqlite3.connect(store / "runstone.db")) as database:
        database.text_factory = bytes
        names = [name.decode() for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: list(database.execute(f"SELECT * FROM {name} NOT INDEXED")) for name in names}


def flips(store: Path, count: int, seed: int) -> Iterator[tuple[Path, int]]:
    """Places in a store: one in two in the database or its log, the others in its packs."""
    chance = random.Random(seed)
    names = ("runstone.db", "runstone.db-wal")  # a log that was taken over is empty
    database = [path for path in sorted(store.iterdir()) if path.name in names and path.stat().st_size]
    packs = sorted((store / "packs").iterdir())
    for number in range(count):
        files = packs if number % 2 else database
        file = files[number // 2 % len(files)]
        # One in five in the last part of a pack, where its footer is.
        size = file.stat().st_size
        first = max(0, size - 2_000) if file in packs and number % 5 == 0 else 0
        yield file.relative_to(store), chance.randrange(first * 8, size * 8)


def find(store: Path, folder: Path, count: int, seed: int) -> None:
    copy = folder / "copy"
    shutil.copytree(store, copy)
    assert verified(copy) == []
    expected = everything(copy)
    shutil.rmtree(copy)
    found = harmless = 0
    for number, (file, bit) in enumerate(flips(store, count, seed)):
        copy = folder / f"copy-{number}"
        shutil.copytree(store, copy)
        flip(copy / file, bit)
        if verified(copy):
            found += 1
        else:
            # Only free pages, gaps between rows and counters that nobody reads are let pass: all that was stored is there.
            assert file.name.startswith("runstone.db"), f"bit {bit} of {file} flipped unseen"
            assert everything(copy) == expected, f"bit {bit} of {file} flipped unseen"
            harmless += 1
        shutil.rmtree(copy)
    print(f"{found} of {count} flips found, {harmless} lay where nothing is kept")
    assert found > count * 0.5


def test_a_flipped_bit_anywhere_is_found(kept: Path, tmp_path: Path) -> None:
    find(kept, tmp_path, 40, seed=1)


def test_a_flipped_bit_in_what_a_killed_process_left_in_its_log_is_found(killed: Path, tmp_path: Path) -> None:
    find(killed, tmp_path, 20, seed=2)


@pytest.mark.parametrize("count", [1, 4, pytest.param(40, marks=pytest.mark.soak)])
def test_bits_that_flip_in_packs_come_back_from_a_second_store(kept: Path, tmp_path: Path, count: int) -> None:
    chance = random.Random(count)
    for number in range(6):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(kept, copy)
        packs = sorted((copy / "packs").iterdir())
        for _ in range(count):
            file = chance.choice(packs)
            flip(file, chance.randrange(file.stat().st_size * 8))
        found = verified(copy)
        assert found
        done = runstone.Client(copy).repair(kept)
        assert done.left == []
        assert set(found) <= set(done.repaired)
        assert verified(copy) == []
        assert everything(copy)["artifact"] == everything(kept)["artifact"]
        shutil.rmtree(copy)


@pytest.mark.soak
def test_a_thousand_flipped_bits_are_found(kept: Path, killed: Path, tmp_path: Path) -> None:
    find(kept, tmp_path / "kept", 700, seed=3)
    find(killed, tmp_path / "killed", 300, seed=4)


def test_every_value_of_every_table_is_written_twice_or_compared_otherwise(kept: Path) -> None:
    with closing(sqlite3.connect(f"file:{kept}/runstone.db?mode=ro", uri=True)) as database:
        for name in checking.tables(database):
            columns = {column[1]: bool(column[5]) for column in database.execute(f"PRAGMA table_info({name})")}
            (made,) = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            clustered = "WITHOUT ROWID" in made
            twice: set[str | None] = set()
            for _, index, _, origin, partial in database.execute(f"PRAGMA index_list({name})").fetchall():
                if not partial and not (clustered and origin == "pk"):  # that one is the table itself
                    twice |= {column[2] for column in database.execute(f"PRAGMA index_xinfo({index})")}
            if twice and not clustered:
                twice |= {column for column, key in columns.items() if key}
            once = columns.keys() - twice - checking.COMPARED.get(name, frozenset())
            assert not once, f"{name}: {once} could flip unseen. Put them in an index of their own, as mirrors.py does."
