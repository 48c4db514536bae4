"""Named artifacts while their server is away: file and name wait here, in this order; what is used must be there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.away import hasty, ours, proxy, server, sync, synced  # noqa: F401
from tests.support.points import until
from tests.support.unreliable import Proxy

import runstone
from runstone.client import Client, spool
from runstone.errors import NotServed, Unreachable
from runstone.operations.artifact_versions import LogArtifactVersion


@pytest.mark.parametrize("server", ["ours"], indirect=True)
def test_a_version_that_is_logged_while_the_server_is_away_is_made_later(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        for number in range(3):
            Path("files").mkdir(exist_ok=True)
            Path("files", f"{number}.txt").write_text(f"{number}")
        Path("one.txt").write_text("before")
        assert runstone.log_artifact("one.txt", name="one") is not None
        proxy.down()
        Path("one.txt").write_text("meanwhile")
        Path("one.txt").chmod(0o755)
        assert runstone.log_artifact("one.txt", name="one", aliases=["best"]) is None
        assert runstone.log_artifact("files", "deep", name="files") is None
        with pytest.raises(Unreachable):
            runstone.use_artifact("one")
    assert sync(proxy.url).returncode == 1
    proxy.up()
    until(lambda: synced(proxy.url))
    client = Client(proxy.url)
    found = client.get_artifact_version("one:best")
    assert (found.reference, found.read(), found.info.produced_by) == ("one:v1", b"meanwhile", [run.info.run_id])
    assert found.files[0].executable
    assert [file.path for file in client.get_artifact_version("files").files] == ["0.txt", "1.txt", "2.txt"]
    assert not spool.has_files(client._folder, run.info.run_id)


def keeps(text: str, name: str | None = None, aliases: list[str] | None = None) -> None:
    Path("model.bin").write_text(text)
    assert runstone.log_artifact("model.bin", name=name, aliases=aliases) is None


@pytest.mark.parametrize("server", ["ours"], indirect=True)
def test_each_version_is_of_what_was_logged_with_it_while_the_server_was_away(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        Path("model.bin").write_text("before")
        runstone.log_artifact("model.bin")
        proxy.down()
        keeps("unnamed")
        keeps("one", "model", ["best"])
        keeps("two", "model")
        keeps("other", "another")
        keeps("later")
        keeps("last")
        names = [file.name for file in Path(Client()._folder, "files").iterdir() if file.suffix != ".turn"]
        assert len([name for name in names if name.startswith(run.info.run_id)]) == 7  # three versions, four files
        proxy.up()
    client = Client(proxy.url)
    until(lambda: client.settle() == [] and not spool.has_files(client._folder, run.info.run_id))
    found = [(version.reference, version.read()) for version in client.search_artifact_versions("model")]
    assert found == [("model:v1", b"two"), ("model:v0", b"one")]
    assert client.get_artifact_version("model:best").reference == "model:v0"
    assert client.get_artifact_version("another").read() == b"other"
    assert client.read_artifact(run.info.run_id, "model.bin") == b"last"
    assert not spool.has_files(client._folder, run.info.run_id)


def test_a_file_of_a_folder_that_waits_to_be_a_version_keeps_its_place(tmp_path: Path) -> None:
    run_id, place = "0" * 32, tmp_path / "files"
    request = LogArtifactVersion(run_id, "name", "folder")
    spool.put(str(tmp_path), run_id, [("folder/a", b"1"), ("folder/b", b"1")])
    spool.put_version(str(tmp_path), request)
    spool.put(str(tmp_path), run_id, [("folder/a", b"2"), ("folder/b", b"2"), ("folder/b", b"3")])
    spool.put(str(tmp_path), run_id, [("folder/a", b"4")])
    waiting = sorted(place.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    bytes_of = [file.read_bytes().split(b"\n", 1)[1] for file in waiting if not file.name.endswith(".turn")]
    assert bytes_of == [b"1", b"1", b"", b"3", b"4"]
    assert len({file.stat().st_mtime_ns for file in waiting}) == len(waiting)


@pytest.mark.parametrize("server", ["ours"], indirect=True)
def test_a_name_does_not_pass_its_file_that_still_waits(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        spool.put(Client()._folder, run.info.run_id, [("last.txt", b"old")])  # as if logged while the server was away
        Path("last.txt").write_text("new")
        runstone.log_artifact("last.txt", name="last")  # at once or later, by when the file has been sent
    assert Client().get_artifact_version("last").read() == b"new"


@pytest.mark.compat
@pytest.mark.parametrize("server", ["stock"], indirect=True)
def test_a_stock_server_has_no_versions_and_that_is_said(proxy: Proxy) -> None:
    Path("one.txt").write_text("x")
    with runstone.start_run(), pytest.raises(NotServed):
        runstone.log_artifact("one.txt", name="one")


@pytest.mark.compat
@pytest.mark.parametrize("server", ["stock"], indirect=True)
def test_a_version_that_waits_for_a_server_without_versions_is_refused_and_kept_beside_the_rest(proxy: Proxy) -> None:
    from runstone.journal import rejected

    with runstone.start_run() as run:
        proxy.down()
        Path("one.txt").write_text("x")
        assert runstone.log_artifact("one.txt", name="one") is None
        proxy.up()
    client = Client()
    until(lambda: client.settle() == [] and rejected(client._folder) != [])
    assert client.read_artifact(run.info.run_id, "one.txt") == b"x"
    (refused,) = rejected(client._folder)
    assert "stock MLflow server" in str(refused)
