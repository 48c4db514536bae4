"""Who holds how many bytes, in SQL: the links from files to contents to chunks, as columns. Knows nothing of how they are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone.store.database import Connection

if TYPE_CHECKING:
    import numpy

# Bytes that a chunk takes where it lies.
STORED = "CASE chunk.stored WHEN 0 THEN chunk.size ELSE chunk.stored END"


class Links(NamedTuple):
    """Columns: contents and their sizes; chunks, with their sizes as they were logged and as they lie, and their packs (0 is the database);
    which content has which chunk, by content. Rows are named by the store's own numbers."""

    content: numpy.ndarray[Any, Any]
    content_size: numpy.ndarray[Any, Any]
    chunk: numpy.ndarray[Any, Any]
    chunk_size: numpy.ndarray[Any, Any]
    chunk_stored: numpy.ndarray[Any, Any]
    chunk_pack: numpy.ndarray[Any, Any]
    of_content: numpy.ndarray[Any, Any]
    of_chunk: numpy.ndarray[Any, Any]


class Owner(NamedTuple):
    """A run, a logged model, or a version of a named artifact: its id and name, its experiment (None: it is in none), its lifecycle stage."""

    id: str
    name: str
    experiment: int | None
    stage: str


def files(connection: Connection) -> Iterator[tuple[str, str, int]]:
    """All files: owner, path, content; by owner."""
    return connection.execute("SELECT owner, path, content FROM artifact ORDER BY owner, path")


def links(connection: Connection) -> Links:
    """What the files' contents are made of."""
    contents = _columns(connection, "SELECT id, size FROM content ORDER BY id", 2)
    chunks = _columns(connection, f"SELECT id, size, {STORED}, COALESCE(pack, 0) FROM chunk ORDER BY id", 4)
    pairs = _columns(connection, "SELECT content, chunk FROM content_chunk ORDER BY content", 2)
    return Links(*contents, *chunks, *pairs)


def packs(connection: Connection) -> list[tuple[int, str, int, int]]:
    """All packs: row, name, size in bytes, and when they were made (ms)."""
    return connection.execute("SELECT id, name, size, creation_time FROM pack").fetchall()


def condemned(connection: Connection) -> numpy.ndarray[Any, Any]:
    """The chunks that are condemned (see store/pruning.py)."""
    return _columns(connection, "SELECT chunk FROM condemned", 1)[0]


def owners(connection: Connection) -> dict[str, Owner]:
    """All runs, logged models and versions, by what they are called as owners."""
    found = {
        f"runs/{run_id}": Owner(run_id, *facts)
        for run_id, *facts in connection.execute("SELECT run_id, run_name, experiment, lifecycle_stage FROM run")
    }
    for model_id, *facts in connection.execute("SELECT model_id, name, experiment, lifecycle_stage FROM logged_model"):
        found[f"models/{model_id}"] = Owner(model_id, *facts)
    for named, number, name in connection.execute(
        "SELECT n.id, v.version, n.name FROM artifact_version AS v JOIN named_artifact AS n ON n.id = v.named_artifact"
    ):
        found[f"named/{named}/{number}"] = Owner(f"{name}:v{number}", name, None, "active")
    return found


def experiments(connection: Connection) -> dict[int, str]:
    """The names of all experiments, by id."""
    return dict(connection.execute("SELECT experiment_id, name FROM experiment"))


def _columns(connection: Connection, query: str, count: int) -> list[numpy.ndarray[Any, Any]]:
    import numpy

    # Row by row into the array: as a list of tuples, a million links would take a hundred megabytes.
    table = numpy.fromiter(connection.execute(query), numpy.dtype([(f"c{place}", "<i8") for place in range(count)]))
    return [numpy.ascontiguousarray(table[f"c{place}"]) for place in range(count)]
