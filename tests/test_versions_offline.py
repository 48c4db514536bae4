"""Named artifacts while their server is away: file and name wait here, in this order; what is used must be there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.away import ended, hasty, ours, proxy, server, stock, sync  # noqa: F401
from tests.support.unreliable import Proxy

import runstone
from runstone.client import Client, spool
from runstone.errors import NotServed, Unreachable


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
    assert sync(proxy.url).returncode == 0
    client = Client(proxy.url)
    found = client.get_artifact_version("one:best")
    assert (found.reference, found.read(), found.info.produced_by) == ("one:v1", b"meanwhile", [run.info.run_id])
    assert found.files[0].executable
    assert [file.path for file in client.get_artifact_version("files").files] == ["0.txt", "1.txt", "2.txt"]
    assert not spool.has_files(client._folder, run.info.run_id)


@pytest.mark.parametrize("server", ["ours"], indirect=True)
def test_a_name_does_not_pass_its_file_that_still_waits(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        spool.put(Client()._folder, run.info.run_id, [("last.txt", b"old")])  # as if logged while the server was away
        Path("last.txt").write_text("new")
        runstone.log_artifact("last.txt", name="last")  # at once or later, by when the file has been sent
    assert Client().get_artifact_version("last").read() == b"new"


@pytest.mark.compat
@pytest.mark.parametrize("server", ["stock"], indirect=True)
def test_a_stock_server_has_no_versions_and_that_is_said(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_OFFLINE_AFTER", "20")
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
    client.settle()
    assert client.read_artifact(run.info.run_id, "one.txt") == b"x"
    (refused,) = rejected(client._folder)
    assert "stock MLflow server" in str(refused)
