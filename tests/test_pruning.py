"""Space comes back: what nothing needs is freed, what anything needs stays, and what will go is said before."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
from pathlib import Path

import pytest
from tests.support.terminals import Command

import runstone
from runstone.errors import InvalidParameter, NotFound, RunstoneError, StorageBusy
from runstone.operations.pruning import Pruned

pytestmark = pytest.mark.everywhere


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's clients may be storing at any time; here none is."""
    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "0")


@pytest.fixture
def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / ("served" if (tmp_path / "served").exists() else ".runstone")


def fresh(size: int, seed: list[int] = [0]) -> bytes:  # noqa: B006  # counts
    seed[0] += 1
    return random.Random(f"{size} {seed[0]}").randbytes(size)


def packed(store: Path) -> int:
    return sum(path.stat().st_size for path in (store / "packs").iterdir())


def new_run(client: runstone.Client, **files: bytes) -> str:
    run_id: str = client.create_run("0").info.run_id
    client.log_files(run_id, files)
    return run_id


def test_what_a_deleted_file_alone_had_is_freed_and_what_others_share_is_not(
    client: runstone.Client, store: Path
) -> None:
    shared, own = fresh(2_000_000), fresh(3_000_000)
    one, two = new_run(client, own=own, shared=shared), new_run(client, shared=shared)
    before = packed(store)
    assert client.prune() == Pruned(), "nothing to do"
    client.delete_artifact(one, "own")
    client.delete_artifact(one, "shared")
    plan = client.plan_prune()
    assert packed(store) == before, "a plan changes nothing"
    assert abs(plan.freed - len(own)) < 40_000
    done = client.prune()
    assert abs((before - packed(store)) - len(own)) < 40_000
    assert abs(done.freed - plan.freed) < 300_000, "as it was said, but for pages of the database"
    assert client.read_artifact(two, "shared") == shared
    assert client.verify() == []
    assert client.prune() == Pruned()


def test_a_pack_that_is_mostly_dead_is_written_anew_and_one_that_is_mostly_needed_is_not(
    client: runstone.Client, store: Path
) -> None:
    mostly_dead = [fresh(300_000) for _ in range(10)]
    mostly_needed = [fresh(300_000) for _ in range(10)]
    run_id = new_run(client, **{f"d{number}": data for number, data in enumerate(mostly_dead)})
    client.log_files(run_id, {f"n{number}": data for number, data in enumerate(mostly_needed)})
    names = {path.name for path in (store / "packs").iterdir()}
    assert len(names) == 2
    for number in range(8):
        client.delete_artifact(run_id, f"d{number}")
    for number in range(2):
        client.delete_artifact(run_id, f"n{number}")
    plan = client.plan_prune()
    assert (plan.fragments.count, plan.whole.count) == (1, 0)
    assert abs(plan.left - 600_000) < 40_000
    done = client.prune()
    assert done.rewritten == 1
    assert abs(packed(store) - (2 + 10) * 300_000) < 40_000
    assert len(names & {path.name for path in (store / "packs").iterdir()}) == 1
    for number, data in enumerate([None] * 8 + mostly_dead[8:]):
        assert data is None or client.read_artifact(run_id, f"d{number}") == data
    assert client.verify() == []
    assert client.usage().prunable == pytest.approx(600_000, abs=40_000)


def test_chunks_that_lie_compressed_are_moved_as_they_lie(client: runstone.Client, store: Path) -> None:
    table = b"".join(b"%d,a line of a table,%d\n" % (number, number * 7) for number in range(40_000))
    run_id = new_run(client, table=table, noise=fresh(3_000_000))
    client.delete_artifact(run_id, "noise")
    assert client.prune().rewritten == 1
    assert packed(store) < len(table) // 2
    assert client.read_artifact(run_id, "table") == table
    assert client.verify() == []


def test_deleted_runs_models_and_experiments_go_when_they_were_kept_for_long_enough(
    client: runstone.Client, store: Path
) -> None:
    experiment = client.create_experiment("gone")
    run_id = client.create_run(experiment, run_name="old").info.run_id
    other = new_run(client, x=b"stays")
    client.log_metric(run_id, "loss", 1.0)
    client.log_param(run_id, "p", "1")
    client.log_bytes(run_id, fresh(1_000_000), "model.pt")
    model = client.create_logged_model(experiment, "m", run_id, {"t": "1"}, {"p": "1"})
    client.delete_logged_model(model.model_id)
    client.delete_experiment(experiment)
    plan = client.plan_prune()
    assert (plan.removals, plan.files) == ([], 0)
    assert plan.younger == 2  # the experiment only when it has nothing any more
    assert plan.kept_deleted == 1_000_000
    assert client.prune() == Pruned()
    client.restore_experiment(experiment)
    assert client.read_artifact(run_id, "model.pt")
    client.delete_experiment(experiment)
    assert {removal.kind for removal in client.plan_prune(0).removals} == {"run", "model", "experiment"}
    done = client.prune(0)
    assert (done.runs, done.models, done.experiments) == (1, 1, 1)
    assert done.freed > 900_000
    for missing in (
        lambda: client.get_run(run_id),
        lambda: client.get_experiment(experiment),
        lambda: client.get_logged_model(model.model_id),
    ):
        with pytest.raises(RunstoneError) as error:
            missing()
        assert error.value.error_code == NotFound.code
    assert client.read_artifact(other, "x") == b"stays"
    client.create_experiment("gone")


def test_a_run_s_number_is_no_other_s_when_it_is_gone(client: runstone.Client) -> None:
    first, last = new_run(client), new_run(client)
    client.delete_run(last)
    assert client.prune(0).runs == 1
    assert client.get_run_numbers([first, last, new_run(client)]) == [1, 0, 3]


def test_a_deleted_run_that_a_registered_version_is_made_of_stays(client: runstone.Client) -> None:
    run_id = new_run(client, model=b"weights")
    client.create_registered_model("m")
    client.create_model_version("m", f"runs:/{run_id}/model", run_id)
    client.delete_run(run_id)
    assert client.plan_prune(0).removals == []
    assert client.prune(0) == Pruned()
    assert client.read_artifact(run_id, "model") == b"weights"
    client.delete_model_version("m", "1")
    assert client.prune(0).runs == 1


@pytest.mark.folder
def test_every_table_that_says_something_of_a_run_a_model_or_an_experiment_is_known(store: Path) -> None:
    """A table that is added and not named in store/removing.py would keep a run from being removed."""
    from runstone.store import removing

    runstone.Client().create_run("0")
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        refer = {
            (name, row[2]) for name in tables for row in database.execute(f"PRAGMA foreign_key_list({name})").fetchall()
        }
    for table, statements in (
        ("run", removing._OF_RUN),
        ("logged_model", removing._OF_MODEL),
        ("experiment", removing._OF_EXPERIMENT),
    ):
        cleared = {statement.split()[2] for statement in statements}
        assert {name for name, of in refer if of == table} - {"run", "logged_model"} <= cleared


def test_what_an_upload_that_broke_off_has_left_stays_until_it_is_old(
    client: runstone.Client, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_run(client, x=fresh(1_000_000))
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database, database:
        database.execute("DELETE FROM artifact")
        database.execute("DELETE FROM content_chunk")
        database.execute("DELETE FROM content")
    assert client.plan_prune().unfinished == 1_000_000
    assert client.prune() == Pruned()
    assert packed(store) > 1_000_000
    monkeypatch.setenv("RUNSTONE_KEEP_UNFINISHED", "0")
    if store.name == "served":
        assert client.prune().packs == 0, "somebody may be sending it just now"
        with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database, database:
            database.execute("UPDATE pack SET creation_time = creation_time - 3600000")
    assert client.prune().packs == 1
    assert packed(store) == 0
    assert client.list_artifacts(run_id) == []


def test_files_that_no_row_names_and_what_dead_writers_left_go(
    client: runstone.Client, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run(client, x=fresh(1_000_000))
    stray, left = store / "packs" / ("a" * 32 + ".pack"), store / "incoming" / ("b" * 32 + ".pack.tmp")
    stray.write_bytes(b"x" * 1000)
    left.write_bytes(b"y" * 500)
    client.prune()
    assert (stray.exists(), left.exists()) == (True, False), "whoever stores may be about to name it"
    os.utime(stray, (0, 0))
    done = client.prune()
    assert (done.freed, stray.exists()) == (1000, False)
    assert client.verify() == []


def test_a_damaged_chunk_is_not_copied_and_the_rest_goes_on(client: runstone.Client, store: Path) -> None:
    run_id = new_run(client, dead=fresh(1_000_000), damaged=fresh(200_000))
    other = new_run(client, dead=fresh(1_000_000), good=(good := fresh(200_000)))
    (first,) = (
        sqlite3.connect(store / "runstone.db")
        .execute(
            "SELECT pack.name || ' ' || offset FROM chunk JOIN pack ON pack.id = chunk.pack JOIN content_chunk AS c ON c.chunk = chunk.id"
            " JOIN artifact ON artifact.content = c.content WHERE path = 'damaged'"
        )
        .fetchone()
    )
    name, offset = first.split()
    with (store / "packs" / name).open("r+b") as file:
        file.seek(int(offset) + 5)
        file.write(b"flip")
    client.delete_artifact(run_id, "dead")
    client.delete_artifact(other, "dead")
    done = client.prune()
    assert (done.rewritten, len(done.problems)) == (1, 1)
    assert name in done.problems[0]
    assert (store / "packs" / name).exists()
    assert client.read_artifact(other, "good") == good
    assert len(client.verify()) == 1


def test_the_databases_own_pages_come_back(client: runstone.Client, store: Path) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {f"f{number}": fresh(15_000) for number in range(60)})
    client.log_files(run_id, {f"g{number}": fresh(15_000) for number in range(60)})
    database = store / "runstone.db"
    client.prune()
    client.delete_artifact(run_id, "f1")
    log = store / "runstone.db-wal"
    before = database.stat().st_size + log.stat().st_size
    for file in client.list_artifacts(run_id):
        client.delete_artifact(run_id, file.path)
    steps: list[Pruned] = []
    done = client.prune(progress=steps.append)
    assert done.freed > 1_000_000
    assert len(steps) <= 3, "many pages in each"
    assert database.stat().st_size + log.stat().st_size < before - 1_000_000


@pytest.mark.folder
def test_a_store_of_an_older_runstone_gives_its_pages_back_too(tmp_path: Path) -> None:
    client = runstone.Client(tmp_path / "store")
    run_id = new_run(client, **{f"f{number}": fresh(15_000) for number in range(60)})
    with contextlib.closing(sqlite3.connect(tmp_path / "store" / "runstone.db")) as database:
        database.execute("PRAGMA auto_vacuum=NONE")
        database.execute("VACUUM")
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    for file in client.list_artifacts(run_id):
        client.delete_artifact(run_id, file.path)
    assert client.prune().freed > 400_000
    assert (tmp_path / "store" / "runstone.db").stat().st_size < 600_000
    with contextlib.closing(sqlite3.connect(tmp_path / "store" / "runstone.db")) as database:
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,), "from now on a part at a time"
    assert client.verify() == []


@pytest.mark.folder
def test_beside_somebody_who_stores_what_is_dead_is_marked_and_freed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runstone.repository import writing
    from runstone.repository.unfinished import unlock

    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "900")
    client = runstone.Client(tmp_path / "store")
    run_id = new_run(client, x=(data := fresh(1_000_000)))
    client.delete_artifact(run_id, "x")
    lock = writing.hold(str(tmp_path / "store" / "incoming"))
    assert client.plan_prune().storing
    done = client.prune()
    assert (done.packs, done.waiting) == (0, 1_000_000)
    assert done.until > 0
    client.log_bytes(run_id, data, "y")
    unlock(lock)
    done = client.prune()
    assert (done.packs, done.waiting) == (1, 0), "the first pack: what was stored anew lies in another"
    assert client.read_artifact(run_id, "y") == data


@pytest.mark.folder
def test_large_contents_are_forgotten_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runstone.store import pruning

    monkeypatch.setattr(pruning, "_LARGE", 1_500_000)
    client = runstone.Client(tmp_path / "store")
    run_id = new_run(client, **{f"f{number}": fresh(1_000_000) for number in range(5)})
    for number in range(5):
        client.delete_artifact(run_id, f"f{number}")
    steps: list[int] = []
    client.prune(progress=lambda done: steps.append(done.contents))
    assert steps == [2, 4, 5]
    assert packed(tmp_path / "store") == 0


@pytest.mark.parametrize("seconds", [float("nan"), -1, -1e-9, float("inf"), 1e308])
def test_a_span_that_is_none_is_refused(client: runstone.Client, seconds: float) -> None:
    run_id = new_run(client, x=b"x")
    client.delete_run(run_id)
    for ask in (client.prune, client.plan_prune):
        with pytest.raises(RunstoneError) as error:
            ask(seconds)
        assert error.value.error_code == InvalidParameter.code
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"


@pytest.mark.folder
def test_two_do_not_prune_at_once(tmp_path: Path) -> None:
    from runstone.operations import pruning
    from runstone.operations.engine import Engine

    client = runstone.Client(tmp_path / "store")
    engine = Engine(str(tmp_path / "store"))
    with pruning._alone(engine), pytest.raises(StorageBusy, match="by somebody else"):
        client.prune()
    engine.close()


def test_the_terminal_says_what_would_go_and_does_it_only_when_told(
    client: runstone.Client, store: Path, command: Command
) -> None:
    run_id = new_run(client, x=fresh(1_000_000))
    kept = new_run(client, y=fresh(500_000))
    client.delete_run(kept)
    client.delete_artifact(run_id, "x")
    before = packed(store)
    code, out, told = command("prune")
    assert (code, told) == (0, "Nothing was changed: in a pipe nobody can be asked. Add --yes to carry it out.\n")
    assert "to be freed  1 MB" in out
    assert "hold 500 KB" in out
    assert "--keep-deleted 0" in out
    assert command("prune", "--dry-run")[0] == 0
    assert json.loads(command("prune", "--json")[1])["plan"]["kept_deleted"] == 500_000
    assert packed(store) == before
    said = "prune through the server instead" in command("prune", "--dry-run", "--keep-deleted", "0")[1]
    assert said == (store.name == ".runstone"), "who knows of no plain files says so"
    assert command("prune", "--keep-deleted", "30")[0] == 2
    assert command("prune", "--dry-run", "--yes", "--json")[0] == 2
    code, out, _ = command("prune", "--yes")
    assert code == 0
    assert "freed  1 MB: 1 packs deleted" in out
    done = json.loads(command("prune", "--yes", "--json", "--keep-deleted", "0s")[1])["pruned"]
    assert (done["runs"], done["packs"]) == (1, 1)
    assert packed(store) == 0
