"""Named artifacts: versions by digest, aliases that move, who made and who used them; on a folder and on a server."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

import runstone
from runstone.client import versioning
from runstone.errors import Conflict, InvalidParameter, NotFound
from runstone.operations.artifact_versions import LogArtifactVersion

pytestmark = pytest.mark.everywhere


def write(name: str, text: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


def logged(text: str, name: str = "dataset", **more: object) -> runstone.client.version_files.ArtifactVersion:
    with runstone.start_run():
        version = runstone.log_artifact(write("data.csv", text), name=name, **more)  # type: ignore[arg-type]
    assert version is not None
    return version


def test_a_file_that_is_logged_under_a_name_is_its_next_version() -> None:
    first, second = logged("a,b\n1,2\n"), logged("a,b\n3,4\n")
    assert (first.reference, second.reference) == ("dataset:v0", "dataset:v1")
    assert first.digest != second.digest
    assert (second.version, second.aliases, second.info.size, second.info.file_count) == ("v1", ["latest"], 8, 1)
    assert [file.path for file in second.files] == ["data.csv"]
    assert second.read() == b"a,b\n3,4\n"
    assert client().get_artifact_version("dataset:v0").read() == b"a,b\n1,2\n"


def test_the_same_bytes_are_the_same_version_and_both_producers_are_known() -> None:
    first = logged("one")
    logged("two")
    with runstone.start_run() as run:
        again = runstone.log_artifact(write("other name.csv", "one"), "folder", name="dataset")
    assert again is not None
    assert again.reference == "dataset:v0"
    assert again.info.produced_by == [*first.info.produced_by, run.info.run_id]
    # what was logged last is the latest
    assert client().get_artifact_version("dataset").reference == "dataset:v0"
    assert [version.reference for version in client().search_artifact_versions("dataset")] == [
        "dataset:v1",
        "dataset:v0",
    ]


def test_a_folder_is_a_version_by_the_paths_and_digests_in_it(tmp_path: Path) -> None:
    for number in range(3):
        write(f"images/deep/{number}.txt", f"image {number}")
    with runstone.start_run():
        first = runstone.log_artifact("images", name="images")
        same = runstone.log_artifact("images", "elsewhere", name="images")
    Path("images/deep/2.txt").rename("images/deep/3.txt")
    with runstone.start_run():
        renamed = runstone.log_artifact("images", name="images")
    assert first is not None
    assert same is not None
    assert renamed is not None
    assert (first.reference, same.reference, renamed.reference) == ("images:v0", "images:v0", "images:v1")
    assert first.digest.startswith("blake3-tree:")
    assert [file.path for file in first.files] == ["deep/0.txt", "deep/1.txt", "deep/2.txt"]
    place = Path(first.download(str(tmp_path / "there")))
    assert place == tmp_path / "there"
    assert (place / "deep" / "1.txt").read_text() == "image 1"
    with first.open("deep/2.txt") as file:
        file.seek(6)
        assert file.read() == b"2"


def test_what_lay_in_the_runs_folder_before_is_no_part_of_a_version() -> None:
    with runstone.start_run():
        runstone.log_text("stale", "images/old.txt")
        write("images/new.txt", "new")
        version = runstone.log_artifact("images", name="images")
    assert version is not None
    assert [file.path for file in version.files] == ["new.txt"]


def test_a_use_is_recorded_by_the_run_and_every_reference_finds_the_version() -> None:
    logged("one", aliases=["best", "candidate"])
    latest = logged("two")
    digest = latest.digest
    hexadecimal = digest.partition(":")[2]
    with runstone.start_run() as run:
        for reference in ("dataset", "dataset:latest", "dataset:v1", f"dataset@{digest}", f"dataset@{hexadecimal[:8]}"):
            assert runstone.use_artifact(reference).reference == "dataset:v1"
        used = runstone.use_artifact("dataset:best")
    assert (used.reference, used.aliases) == ("dataset:v0", ["best", "candidate"])
    assert used.info.used_by == [run.info.run_id]
    assert client().get_artifact_version("dataset:v1").info.used_by == [run.info.run_id]
    with runstone.start_run() as other:
        assert client().use_artifact(other.info.run_id, "dataset:v0").info.used_by == [
            run.info.run_id,
            other.info.run_id,
        ]


@pytest.mark.parametrize(
    "reference", ["dataset:v7", "dataset:no-such", "dataset@00000000", "nothing:latest", "nothing"]
)
def test_a_version_that_is_not_there_is_said(reference: str) -> None:
    logged("one")
    with runstone.start_run(), pytest.raises(NotFound, match=reference.partition(":")[0].partition("@")[0]):
        runstone.use_artifact(reference)


@pytest.mark.parametrize(
    "reference", ["", ":v1", "@12345678", "a:b:c", "dataset@xyz", "dataset@1234", "a//b", "../a", " a", "a\n", "a\0b"]
)
def test_a_reference_that_cannot_be_is_refused(reference: str) -> None:
    with pytest.raises(InvalidParameter):
        client().get_artifact_version(reference)


@pytest.mark.parametrize("alias", ["latest", "Latest", "v3", "V3", "a b", "a:b", "", "x" * 129])
def test_an_alias_that_cannot_be_is_refused_before_anything_is_logged(alias: str) -> None:
    with runstone.start_run() as run, pytest.raises(InvalidParameter):
        runstone.log_artifact(write("data.csv", "x"), name="dataset", aliases=[alias])
    assert client().list_artifacts(run.info.run_id) == []


def test_mistakes_with_names_are_said_before_anything_is_logged() -> None:
    write("data.csv", "x")
    with runstone.start_run() as run:
        for mistaken in (
            {"name": "a:b"},
            {"aliases": ["best"]},
            {"name": "a", "aliases": "best"},
        ):
            with pytest.raises(InvalidParameter):
                runstone.log_artifact("data.csv", **mistaken)  # type: ignore[arg-type]
    assert client().list_artifacts(run.info.run_id) == []
    with pytest.raises(NotFound, match="missing"):
        client().log_artifact_version(logged("x").info.produced_by[0], "missing.csv", "dataset")


def test_aliases_move_and_every_move_is_noted() -> None:
    logged("one", aliases=["best"])
    logged("two", aliases=["best"])
    assert client().get_artifact_version("dataset:v0").aliases == []
    assert client().get_artifact_version("dataset:best").reference == "dataset:v1"
    client().set_artifact_alias("dataset:v0", "best")
    client().delete_artifact_alias("dataset", "best")
    client().delete_artifact_alias("dataset", "best")
    moves = [
        (change.key, change.old, change.new)
        for change in client().get_artifact_changes("dataset")
        if change.kind == "alias"
    ]
    assert moves == [
        ("latest", None, "v0"),
        ("best", None, "v0"),
        ("latest", "v0", "v1"),
        ("best", "v0", "v1"),
        ("best", "v1", "v0"),
        ("best", "v0", None),
    ]
    created = client().get_artifact_changes("dataset")[0]
    assert (created.kind, created.version) == ("created", 0)
    assert created.time > 0


def test_labels_are_set_and_versions_are_found_by_them() -> None:
    first = logged("one")
    logged("two")
    logged("three", name="Other/data set")
    run_id = first.info.produced_by[0]
    changed = client().update_artifact_version("dataset:v0", description="the first", tags={"rows": 12, "by": "me"})
    assert (changed.description, changed.tags) == ("the first", {"rows": "12", "by": "me"})
    assert client().update_artifact_version("dataset:v0", delete_tags=["by"]).tags == {"rows": "12"}

    def found(**said: object) -> list[str]:
        return [version.reference for version in client().search_artifact_versions(**said)]  # type: ignore[arg-type]

    assert found(tags={"rows": "12"}) == ["dataset:v0"]
    assert found(tags={"rows": "13"}) == []
    assert found(pattern="DATA SET") == ["Other/data set:v0"]
    assert found(run_id=run_id) == ["dataset:v0"]
    assert found() == ["Other/data set:v0", "dataset:v1", "dataset:v0"]
    names = client().list_artifact_names()
    assert [(name.name, name.versions, name.latest.version) for name in names] == [
        ("Other/data set", 1, 0),
        ("dataset", 2, 1),
    ]
    page = client().search_artifact_versions(max_results=2)
    assert [version.reference for version in page] == ["Other/data set:v0", "dataset:v1"]
    rest = client().search_artifact_versions(max_results=2, page_token=page.token)
    assert ([version.reference for version in rest], rest.token) == (["dataset:v0"], None)


def test_two_versions_are_compared_by_their_files() -> None:
    for number in range(3):
        write(f"files/{number}", f"{number}")
    with runstone.start_run():
        runstone.log_artifact("files", name="files")
    Path("files/0").unlink()
    write("files/1", "changed")
    write("files/3", "new")
    with runstone.start_run():
        runstone.log_artifact("files", name="files")
    diff = client().diff_artifact_versions("files:v0", "files")
    assert [file.path for file in diff.added] == ["3"]
    assert [file.path for file in diff.removed] == ["0"]
    assert [(change.path, change.old.file_size, change.new.file_size) for change in diff.changed] == [("1", 1, 7)]


def test_a_version_that_is_needed_is_deleted_only_when_it_is_forced() -> None:
    logged("one", aliases=["best"])
    logged("two")
    with runstone.start_run():
        runstone.use_artifact("dataset:v1")
    with pytest.raises(Conflict, match="best"):
        client().delete_artifact_version("dataset:best")
    with pytest.raises(Conflict, match="1 run used it"):
        client().delete_artifact_version("dataset:v1")
    client().delete_artifact_version("dataset:v1", force=True)
    assert client().get_artifact_version("dataset:latest").reference == "dataset:v0"
    # a number is given once
    assert logged("two").reference == "dataset:v2"
    client().delete_artifact_alias("dataset", "best")
    client().delete_artifact_version("dataset:v0")
    with pytest.raises(NotFound):
        client().get_artifact_version("dataset:v0")
    assert [change.version for change in client().get_artifact_changes("dataset") if change.kind == "deleted"] == [1, 0]


def test_a_version_outlives_the_run_and_the_files_that_it_was_made_of() -> None:
    version = logged("kept")
    (run_id,) = version.info.produced_by
    client().delete_artifact(run_id, "data.csv")
    client().delete_run(run_id)
    client().prune(0)  # the run is gone for good
    with pytest.raises(NotFound):
        client().get_run(run_id)
    assert client().get_artifact_version("dataset").read() == b"kept"
    assert client().verify() == []
    client().delete_artifact_version("dataset:v0")
    client().prune(0)
    assert (client().usage().logical, client().usage().stored) == (0, 0)
    assert logged("next").reference == "dataset:v1"


def test_a_versions_bytes_are_stored_once_and_accounted_for_by_its_name() -> None:
    import random

    with runstone.start_run() as run:
        Path("big.bin").write_bytes(random.Random(1).randbytes(1_000_000))
        runstone.log_artifact("big.bin", name="big")
    found = client().usage()
    (share,) = found.versions
    assert (share.id, share.name, share.logical, share.unique) == ("big:v0", "big", 1_000_000, 0)
    client().delete_artifact(run.info.run_id, "big.bin")
    (share,) = client().usage().versions
    assert share.unique >= 1_000_000


def test_versions_that_are_not_waited_for_are_of_what_was_logged_then() -> None:
    with runstone.start_run():
        for epoch in range(5):
            write("checkpoint", f"epoch {epoch}")
            assert runstone.log_artifact("checkpoint", name="checkpoint", aliases=["newest"], wait=False) is None
        write("checkpoint", "waited for")
        runstone.log_artifact("checkpoint")
    found = client().search_artifact_versions("checkpoint")
    assert [version.read().decode() for version in found] == [f"epoch {epoch}" for epoch in range(4, -1, -1)]
    assert client().get_artifact_version("checkpoint:newest").version == "v4"


def test_a_deleted_run_makes_and_uses_nothing() -> None:
    (run_id,) = logged("one").info.produced_by
    client().delete_run(run_id)
    for refused in (
        lambda: client().use_artifact(run_id, "dataset"),
        lambda: client().log_artifact_version(run_id, "data.csv", "another"),
    ):
        with pytest.raises(InvalidParameter, match="active"):
            refused()
    assert [name.name for name in client().list_artifact_names()] == ["dataset"]


def test_producers_at_the_same_time_never_get_one_number_twice() -> None:
    store = client()
    runs = [store.create_run("0").info.run_id for _ in range(8)]
    got: list[str] = []

    def produce(number: int) -> None:
        for step in range(5):
            store.log_bytes(runs[number], f"{number} {step}".encode(), "file")
            got.append(store.log_artifact_version(runs[number], "file", "dataset").reference)

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=lambda reference: int(reference.partition(":v")[2])) == [f"dataset:v{n}" for n in range(40)]


def test_ranks_that_log_under_one_path_and_name_each_get_the_version_of_their_own_bytes(tmp_path: Path) -> None:
    store = client()
    run_id = store.create_run("0").info.run_id
    wrong: list[str] = []

    def produce(rank: int) -> None:
        for step in range(6):
            said = f"{rank} {step}".encode()
            if step % 2:
                version = store.log_artifact(run_id, io.BytesIO(said), "last.pt", name="last")
            else:
                (tmp_path / f"{rank}").mkdir(exist_ok=True)
                (tmp_path / f"{rank}" / "last.pt").write_bytes(said)
                version = store.log_artifact(run_id, str(tmp_path / f"{rank}" / "last.pt"), name="last")
            if version is None or version.read() != said:
                wrong.append(said.decode())

    threads = [threading.Thread(target=produce, args=(rank,)) for rank in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(store.search_artifact_versions("last", max_results=100)) == 24


def logs_over(monkeypatch: pytest.MonkeyPatch, run_id: str, path: str, times: int) -> list[str]:
    """Another rank logs other bytes under a path, so many times, each between the file of a call and its version."""
    told: list[str] = []
    make = versioning._make_or_keep

    def other_first(self: runstone.Client, request: LogArtifactVersion) -> object:
        if len(told) < times:
            self.log_bytes(run_id, b"another rank's", path)
            told.append(request.digest)
        return make(self, request)

    monkeypatch.setattr(versioning, "_make_or_keep", other_first)
    return told


def test_what_another_rank_logs_in_between_is_not_taken_for_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with runstone.start_run() as run:
        told = logs_over(monkeypatch, run.info.run_id, "folder/data.csv", 2)
        write("folder/data.csv", "a")
        write("folder/more.csv", "b")
        version = runstone.log_artifact("folder", name="dataset")
    assert version is not None
    assert [version.read(name) for name in ("data.csv", "more.csv")] == [b"a", b"b"]
    assert told == [version.digest] * 2


def test_a_stream_that_cannot_go_back_says_that_another_rank_logged_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with runstone.start_run() as run:
        logs_over(monkeypatch, run.info.run_id, "data.csv", 1)
        with pytest.raises(Conflict, match="logged anew meanwhile"):
            runstone.log_artifact(Once(b"a"), "data.csv", name="dataset")
    assert client().search_artifact_versions("dataset") == []


def test_a_text_that_is_no_unicode_is_refused_in_a_search() -> None:
    for search in ({"pattern": "\udc80"}, {"tags": {"a": "\udc80"}}):
        with pytest.raises(InvalidParameter, match="not valid Unicode"):
            client().search_artifact_versions(**search)  # type: ignore[arg-type]


def test_a_file_object_and_names_in_every_script_are_versions_too() -> None:
    with runstone.start_run():
        version = runstone.log_artifact(
            io.BytesIO(b"bytes"), "δεδομένα/数据🙂.bin", name="données 数据", aliases=["最好"]
        )
        assert version is not None
        assert runstone.use_artifact("données 数据:最好").read("数据🙂.bin") == b"bytes"
