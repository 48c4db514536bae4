"""Every test has a folder, an environment and a session of its own. Under CI=true nothing may be skipped."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.support.servers import Server
    from tests.support.terminals import Command, Ended

# How long an example takes says nothing here: the machine may be busy.
hypothesis.settings.register_profile("runstone", deadline=None)
hypothesis.settings.load_profile("runstone")

# As many tests run at once as there are processors: threads that share out a product of matrices would only wait for each other.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Whoever starts the tests in the background has them ignore Ctrl-C, and with them the processes that are to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder of its own, none of the machine's settings, and no run left active for the next test."""
    for name in list(os.environ):
        if name.startswith(("RUNSTONE_", "MLFLOW_")) and not name.startswith("RUNSTONE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RUNSTONE_QUIET", "1")
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    yield
    _leave_nothing()


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from tests.support import stores

    return stores.made(tmp_path_factory.mktemp("new"))


@pytest.fixture(autouse=True)
def quick_stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """New stores are copies of one, but where making them is what is tested."""
    # Tests of what the package loads must not find it loaded by us.
    if "runstone.store.database" in sys.modules and not {"contracts", "faults"} & set(request.path.parts):
        from tests.support import stores

        stores.copy(request.getfixturevalue("new_database"), monkeypatch)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process, as in a pipe."""

    from tests.support.terminals import Ended

    from runstone.cli import main

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["runstone", *arguments])
        capsys.readouterr()
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """MLflow's own server, which takes seconds to start: one for all tests that keep to runs, experiments and names of their own."""
    from tests.support.servers import MLFLOW, mlflow_server

    if not MLFLOW.exists():
        pytest.skip("the real MLflow is not installed: make .envs/mlflow/.ready")
    server = mlflow_server(tmp_path_factory.mktemp("stock") / "mlflow")
    yield server
    server.kill()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A file marked `everywhere` is tested on a store in a folder and on our server; a test in it that is marked `folder`, there only."""
    marked = metafunc.definition.get_closest_marker
    if marked("everywhere") and not marked("folder"):
        metafunc.parametrize("store_at", ["folder", "server"], indirect=True)


@pytest.fixture(autouse=True)
def store_at(request: pytest.FixtureRequest, alone: None, tmp_path: Path) -> Iterator[str]:
    """What kind of store the test's module-level functions speak to: the one in the working folder, or a server."""
    if getattr(request, "param", "folder") == "folder":
        yield "folder"
        return
    from tests.support.within import ServerWithin

    import runstone

    server = ServerWithin(tmp_path / "served")
    runstone.set_tracking_uri(server.url)
    yield "server"
    _leave_nothing()
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that cannot run is not one that passed: where CI says so, a skip is a failure that names its reason."""
    report = yield
    return _nothing_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that is passed over."""
    report = yield
    return _nothing_skipped(report)


def _nothing_skipped(report: Report) -> Report:
    if os.environ.get("CI") == "true" and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {reason}"
    return report


def _leave_nothing() -> None:
    # Only what is loaded can hold anything; tests of what the package loads must not find it loaded by us.
    session = sys.modules.get("runstone.fluent.session")
    if session is not None:
        session.end_all("FINISHED")
        session._last = None
    # What waits for a server that is gone by now must not be shipped, nor missed, by the tests that come.
    writer = sys.modules.get("runstone.journal.writer")
    if writer is not None:
        for journal in list(writer._open.values()):
            journal.give_back()
    experiments = sys.modules.get("runstone.fluent.experiments")
    if experiments is not None:
        experiments._active_id = None
    # Its pauses are those of the test that started it.
    shipping = sys.modules.get("runstone.journal.shipping")
    if shipping is not None:
        shipping.forget_drainer()
        shipping._chores.clear()
        shipping._warned = False
    location = sys.modules.get("runstone.fluent.location")
    if location is not None:
        location.set_tracking_uri(None)
        location._client = None
    # The port of a server that is gone may be another server's by the next test, of another kind, and with another folder here.
    discovery = sys.modules.get("runstone.transport.discovery")
    if discovery is not None:
        for server in discovery._servers.all():
            discovery._servers.pop(server.uri)
    for name in ("RUNSTONE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID"):
        os.environ.pop(name, None)
