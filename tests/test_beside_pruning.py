"""Readers and writers while what they rely on is pruned: readers go on where the bytes are by then, writers store what is gone once more."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.errors import ContentGone, CorruptData, NotFound
from runstone.operations import artifacts, storing
from runstone.operations.engine import Engine
from runstone.repository import writing
from runstone.repository.files import Repository, repository_in
from runstone.repository.packs import PackWriter
from runstone.store import pruning

LARGE = random.Random(11).randbytes(6_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def client(folder: Path) -> runstone.Client:
    return runstone.Client(folder)


@pytest.fixture
def run_id(client: runstone.Client) -> str:
    run_id: str = client.create_run("0").info.run_id
    client.log_bytes(run_id, LARGE, "large")
    return run_id


def move_all(folder: Path) -> None:
    """Let every packed chunk lie in a new pack, and delete the old ones."""
    engine = Engine(str(folder))
    repository = repository_in(str(folder))
    for name in repository.blobs.list():
        with engine.database.write() as connection:
            (row,) = connection.execute("SELECT id FROM pack WHERE name = ?", (name,)).fetchone()
            writer, moved = PackWriter(repository.folder), []
            for chunk in pruning.chunks_in(connection, row):
                moved.append((writer.pack.size, chunk.id, row))
                data = repository.blobs.get(name, chunk.offset, chunk.stored or chunk.size)
                writer.add_stored(chunk.digest, chunk.size, chunk.stored, chunk.codec, data)
            writer.finish(repository.blobs)
            pruning.move(connection, writer.pack.name, writer.pack.size, 1, moved)
            assert [found for found, _ in pruning.forget_empty_packs(connection)] == [name]
        repository.blobs.delete(name)
    engine.close()


def test_a_reader_goes_on_in_the_pack_that_took_the_place_of_the_one_it_was_told_of(
    folder: Path, client: runstone.Client, run_id: str
) -> None:
    pieces = client.stream_artifact(run_id, "large")
    data = next(pieces)
    move_all(folder)
    data += next(pieces)
    move_all(folder)
    assert data + b"".join(pieces) == LARGE
    file = client.open_artifact(run_id, "large")
    file.seek(100)
    assert file.read(10) == LARGE[100:110]
    move_all(folder)
    file.seek(-10, io.SEEK_END)
    assert file.read() == LARGE[-10:]
    assert client.verify() == []


def test_a_chunk_that_is_nowhere_is_damage_however_often_it_is_asked_for(
    folder: Path, client: runstone.Client, run_id: str
) -> None:
    pieces = client.stream_artifact(run_id, "large")
    next(pieces)
    for pack in (folder / "packs").iterdir():
        pack.unlink()
    with pytest.raises(CorruptData, match=r"'large' of run .* is lost.*is missing"):
        list(pieces)


def test_a_content_that_was_deleted_since_it_was_listed_does_not_read_as_empty(
    folder: Path, client: runstone.Client, run_id: str
) -> None:
    (file,) = client.list_artifacts(run_id)
    client.delete_artifact(run_id, "large")
    engine = Engine(str(folder))
    with engine.database.write() as connection:
        assert pruning.forget_contents(connection, 1, 100) == 1
    engine.close()
    with pytest.raises(NotFound, match="deleted meanwhile"):
        client._transport.call(artifacts.get_content, artifacts.GetContent(file.digest))
    empty = client.create_run("0").info.run_id
    client.log_bytes(empty, b"", "empty")
    assert client.read_artifact(empty, "empty") == b""


def _prune_once(folder: Path) -> Any:
    """Delete all chunks that nothing needs, when it is called for the first time."""
    done = []

    def prune() -> None:
        if done:
            return
        done.append(True)
        engine = Engine(str(folder))
        with engine.database.write() as connection:
            pruning.forget_contents(connection, 1, 100)
            assert pruning.sweep(connection, 1, 1000) > 0
            names = pruning.forget_empty_packs(connection)
        for name, _ in names:
            repository_in(str(folder)).blobs.delete(name)
        engine.close()

    return prune


@pytest.mark.parametrize("kind", ["bytes", "file", "stream"])
def test_what_was_known_and_is_pruned_before_it_is_named_is_stored_once_more(
    folder: Path, client: runstone.Client, run_id: str, kind: str
) -> None:
    client.delete_artifact(run_id, "large")
    Path("here").write_bytes(LARGE)
    prune = _prune_once(folder)
    stream = io.BytesIO(b"before" + LARGE)
    stream.seek(6)
    source: Any = {"bytes": LARGE, "file": "here", "stream": stream}[kind]

    class Late(Repository):
        """Another's pruning falls between what is known and what is named."""

        def _store(self, sources: Any, known: Any, commit: Any, *rest: Any) -> None:
            def committing(packs: Any, small: Any, files: Any) -> None:
                if files:
                    prune()
                commit(packs, small, files)

            super()._store(sources, known, committing, *rest)

    local = repository_in(str(folder))
    client._opened_repository = Late(local.blobs, local.folder)
    client.log_files(run_id, {"again": source})
    assert client.read_artifact(run_id, "again") == LARGE
    assert client.verify() == []


def test_a_stream_that_cannot_go_back_is_an_error_that_says_to_log_again(
    folder: Path, client: runstone.Client, run_id: str
) -> None:
    class Once(io.RawIOBase):
        def __init__(self) -> None:
            self.inner = io.BytesIO(LARGE)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            return self.inner.readinto(buffer)

    client.delete_artifact(run_id, "large")
    prune = _prune_once(folder)
    engine = Engine(str(folder))
    commit = storing._commit

    def late(engine: Engine, owner: str, request: storing.CommitArtifacts) -> None:
        if request.files:
            prune()
        commit(engine, owner, request)

    storing._commit = late
    try:
        with pytest.raises(ContentGone, match="Log it again"):
            storing.store_streams(engine, f"runs/{run_id}", [("once", Once())])
    finally:
        storing._commit = commit
    assert client.list_artifacts(run_id) == []


def test_a_condemned_chunk_counts_as_unknown_and_what_is_stored_anew_is_not_swept(
    folder: Path, client: runstone.Client, run_id: str
) -> None:
    client.delete_artifact(run_id, "large")
    engine = Engine(str(folder))
    with engine.database.write() as connection:
        pruning.forget_contents(connection, 1, 100)
        digests = [digest for (digest,) in connection.execute("SELECT digest FROM chunk")]
    with engine.database.read() as connection:
        from runstone.store import artifacts as stored

        assert len(digests) > 5
        assert stored.known(connection, digests) == {}
    client.log_bytes(run_id, LARGE, "anew")
    with engine.database.write() as connection:
        assert pruning.sweep(connection, 2**62, 1000) == 0
        assert len(pruning.forget_empty_packs(connection)) == 1
    engine.close()
    assert client.read_artifact(run_id, "anew") == LARGE


def test_who_stores_is_seen_and_nobody_is_kept_out_then(folder: Path, run_id: str) -> None:
    incoming = str(folder / "incoming")
    with writing.keeping_out(incoming) as alone:
        assert alone
    with writing.storing(incoming), writing.storing(incoming), writing.keeping_out(incoming) as alone:
        assert not alone
    server = Engine(str(folder), serving=True)
    with writing.keeping_out(incoming) as alone:
        assert not alone, "a server's clients may be storing"
    server.close()
    with writing.keeping_out(incoming) as alone:
        assert alone
