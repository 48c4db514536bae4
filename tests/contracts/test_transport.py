"""What any transport of SEAM 1 must do, whichever it is: carry a request there and its answer back, both unharmed, or the error.

Another transport joins with a subclass of `Kind` in `KINDS`.
"""

from __future__ import annotations

import copy
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.servers import serve

from runstone.entities import ExperimentTag, Metric, Param, RunTag
from runstone.errors import AlreadyExists, BadRequest, ContentGone, InvalidParameter, NotFound, RunstoneError
from runstone.operations import artifacts, experiments, runs, search, series, store, storing
from runstone.operations.table import Operation
from runstone.repository.chunks import digest
from runstone.transport import Transport
from runstone.transport.discovery import open_transport
from runstone.transport.http import HttpTransport
from runstone.transport.local import LocalTransport


class Kind:
    """One kind of transport: `open()` gives one more to one and the same store."""

    tells_classes = True

    def open(self) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        """Take away what stands behind it."""


class Local(Kind):
    def __init__(self, folder: Path) -> None:
        self.folder = str(folder / "store")

    def open(self) -> LocalTransport:
        return LocalTransport(self.folder)


class Http(Kind):
    """Our own server, one for each test: it is up in a few tenths of a second."""

    # What comes back is known by its code, not by its class.
    tells_classes = False

    def __init__(self, folder: Path) -> None:
        self.server = serve(folder / "store", "--no-access-log")

    def open(self) -> HttpTransport:
        return HttpTransport(self.server.url)

    def close(self) -> None:
        self.server.stop()


KINDS = [Local, Http]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    made: Kind = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture
def transport(kind: Kind) -> Iterator[Transport]:
    opened = kind.open()
    yield opened
    opened.close()


@pytest.fixture
def run_id(transport: Transport) -> str:
    return new_run(transport)


def new_run(transport: Transport) -> str:
    return transport.call(runs.create_run, runs.CreateRun("0", run_name="a run")).run.info.run_id


def test_its_address_leads_to_the_same_store(transport: Transport, run_id: str) -> None:
    again = open_transport(transport.uri)
    assert again.uri == transport.uri
    assert again.call(runs.get_run, runs.GetRun(run_id)).run.info.run_name == "a run"


def test_what_one_wrote_another_reads_at_once(kind: Kind, transport: Transport, run_id: str) -> None:
    other = kind.open()
    for number in range(20):
        transport.call(runs.set_tag, runs.SetTag(run_id, "number", str(number)))
        found = other.call(runs.get_run, runs.GetRun(run_id)).run
        assert RunTag("number", str(number)) in found.data._tags
    other.close()


def requests(run_id: str) -> list[tuple[Operation[Any, Any], Any]]:
    """A course through the table, each request with all that it can hold."""
    tags = [RunTag("key", "välue \U0001f600\n\x00"), RunTag("empty", "")]
    points = [Metric("loss", 0.5, 1000, -(2**63), "m-1", "data", "digest"), Metric("loss", 1e308, 0, 2**63 - 1)]
    return [
        (experiments.create_experiment, experiments.CreateExperiment("new", None, [ExperimentTag("a", "b")])),
        (experiments.get_experiment, experiments.ExperimentId("0")),
        (experiments.get_experiment_by_name, experiments.ExperimentName("Default")),
        (experiments.update_experiment, experiments.UpdateExperiment("1", "renamed")),
        (experiments.set_experiment_tag, experiments.SetExperimentTag("1", "key", "value")),
        (experiments.delete_experiment_tag, experiments.DeleteExperimentTag("1", "key")),
        (experiments.delete_experiment, experiments.ExperimentId("1")),
        (experiments.restore_experiment, experiments.ExperimentId("1")),
        (runs.create_run, runs.CreateRun("0", "me", "name", 1000, tags)),
        (runs.update_run, runs.UpdateRun(run_id, status="FINISHED", end_time=2000, run_name="other")),
        (runs.log_param, runs.LogParam(run_id, "param", "value")),
        (runs.log_batch, runs.LogBatch(run_id, points, [Param("p", "é" * 6000)], tags)),
        (runs.set_tag, runs.SetTag(run_id, "tag", "x" * 8000)),
        (runs.delete_tag, runs.DeleteTag(run_id, "tag")),
        (series.log_metric, series.LogMetric(run_id, "loss", 0.25, 1001, 3)),
        (runs.get_run, runs.GetRun(run_id)),
        (runs.delete_run, runs.RunId(run_id)),
        (runs.restore_run, runs.RunId(run_id)),
        (runs.end_run, runs.EndRun(run_id, "KILLED")),
        (series.get_metric_history, series.GetHistory(run_id, "loss", 1)),
        (series.get_metric_series, series.GetSeries(run_id, "loss")),
        (series.get_metric_summaries, series.RunOfMetrics(run_id)),
        (storing.find_chunks, storing.FindChunks(run_id, ["blake3:none"])),
        (artifacts.list_artifacts, artifacts.ListArtifacts(run_id)),
        (artifacts.get_tree, artifacts.TreeOf(run_id)),
        (artifacts.get_small_tree, artifacts.SmallTreeOf(run_id)),
        (artifacts.list_contents, artifacts.ContentsAfter()),
        (search.search_runs, search.SearchRuns(["0"], "metrics.loss < 1", "ALL", 10, ["metrics.loss DESC"])),
        (search.search_experiments, search.SearchExperiments("ALL", 10, "name = 'Default'", ["name ASC"])),
        (store.inspect_store, store.InspectStore()),
    ]


def test_an_answer_is_of_the_rows_type_and_can_be_said_on_the_wire(transport: Transport, run_id: str) -> None:
    for operation, request in requests(run_id):
        before = copy.deepcopy(request)
        answer = transport.call(operation, request)
        assert type(answer) is operation.response, operation
        assert request == before, f"{operation} changed its caller's request"
        said = msgspec.json.encode(answer)
        assert msgspec.json.encode(msgspec.json.decode(said, type=operation.response)) == said, operation


@pytest.mark.parametrize(
    ("operation", "request_", "kind_", "code"),
    [
        (runs.get_run, runs.GetRun("f" * 32), NotFound, "RESOURCE_DOES_NOT_EXIST"),
        (runs.get_run, runs.GetRun("../etc"), InvalidParameter, "INVALID_PARAMETER_VALUE"),
        (experiments.create_experiment, experiments.CreateExperiment("Default"), AlreadyExists, "RESOURCE_ALREADY_EXISTS"),
        (search.search_runs, search.SearchRuns(["0"], "metrics.loss <"), InvalidParameter, "INVALID_PARAMETER_VALUE"),
        (artifacts.get_tree, artifacts.TreeOf("f" * 32), NotFound, "RESOURCE_DOES_NOT_EXIST"),
    ],
)  # fmt: skip
def test_an_error_comes_back_as_the_one_that_was_raised_there(
    transport: Transport, run_id: str, operation: Operation[Any, Any], request_: Any, kind_: type, code: str
) -> None:
    with pytest.raises(RunstoneError) as raised:
        transport.call(operation, request_)
    assert (type(raised.value), raised.value.error_code) == (kind_, code)
    assert raised.value.message
    assert transport.call(runs.get_run, runs.GetRun(run_id)).run.info.run_id == run_id, "it goes on working"


def test_an_error_may_bear_a_code_that_is_not_its_classs_own(kind: Kind, transport: Transport) -> None:
    transport.call(experiments.create_experiment, experiments.CreateExperiment("taken"))
    with pytest.raises(AlreadyExists if kind.tells_classes else BadRequest) as raised:
        transport.call(experiments.update_experiment, experiments.UpdateExperiment("0", "taken"))
    assert raised.value.error_code == BadRequest.code


def test_an_operation_that_fails_half_way_has_done_nothing(transport: Transport, run_id: str) -> None:
    transport.call(runs.log_param, runs.LogParam(run_id, "old", "1"))
    batch = runs.LogBatch(
        run_id, [Metric("loss", 1.0, 1, 1)], [Param("new", "1"), Param("old", "2")], [RunTag("t", "1")]
    )
    with pytest.raises(InvalidParameter):
        transport.call(runs.log_batch, batch)
    chunk = digest(b"abc")
    file = storing.NewFile("a", "blake3:a", 3, ["blake3:missing"])
    with pytest.raises(ContentGone):
        transport.call(storing.commit_artifacts, storing.CommitArtifacts(run_id, [], [(chunk, b"abc")], [file]))
    data = transport.call(runs.get_run, runs.GetRun(run_id)).run.data
    assert (data.params, data.metrics, "t" in data.tags) == ({"old": "1"}, {}, False)
    assert transport.call(storing.find_chunks, storing.FindChunks(run_id, [chunk])).digests == []


def test_columns_of_points_come_back_bit_by_bit(transport: Transport, run_id: str) -> None:
    steps = struct.pack("<4q", -(2**63), 0, 1, 2**63 - 1)
    times = struct.pack("<4q", 0, 1, 2, 2**62)
    values = struct.pack("<4d", float("inf"), -0.0, 5e-324, float("nan"))
    points = series.SeriesPoints("loss", steps, times, values)
    for _ in range(2):  # the second time changes nothing
        transport.call(series.log_points, series.LogPoints(run_id, [points]))
    answer = transport.call(series.get_metric_series, series.GetSeries(run_id, "loss"))
    assert (bytes(answer.steps), bytes(answer.timestamps), bytes(answer.values)) == (steps, times, values)


def test_threads_call_side_by_side(transport: Transport, run_id: str) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for round_ in range(10):
            key = f"{number}.{round_}"
            try:
                transport.call(runs.log_param, runs.LogParam(run_id, key, key))
                with pytest.raises(NotFound):
                    transport.call(runs.get_run, runs.GetRun(f"{number:032x}"))
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    keys = {f"{number}.{round_}" for number in range(8) for round_ in range(10)}
    assert set(transport.call(runs.get_run, runs.GetRun(run_id)).run.data.params) == keys
