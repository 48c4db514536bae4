"""A stock MLflow server: the operations that are ours alone, said in MLflow's words. The others go as they are.

A run there has the id that the server gives it. One that was made here, while the server was away, has another: it is kept as a tag on
the run, which is looked for when an id is not known there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec

from runstone.entities import LifecycleStage, LoggedModelOutput, LoggedModelParameter, Metric, Run, RunStatus, RunTag
from runstone.errors import InvalidParameter, NotFound, NotServed, WrongAnswer
from runstone.operations import (
    artifacts,
    growing,
    logged_models,
    model_versions,
    outputs,
    owners,
    runs,
    search,
    series,
    store,
    storing,
)
from runstone.operations.table import Empty, Operation, Request, Response
from runstone.transport import stock_files
from runstone.transport.http import HttpTransport, encode

if TYPE_CHECKING:
    from runstone.repository.files import Repository

ID_TAG = "runstone.run_id"
# What one request to MLflow may hold.
MOST_METRICS = 1000
MOST_BYTES = 900_000
_LOGGED_MODELS = "/mlflow/logged-models"
_FILES = frozenset(
    {"list_artifacts", "get_tree", "find_chunks", "get_content", "get_contents", "read_growing", "adopt_growing"}
)


class StockTransport:
    """Operations carried out on a stock MLflow server.

    Args:
        http: the way there.
    """

    def __init__(self, http: HttpTransport) -> None:
        self.http = http
        self.uri, self.folder = http.uri, http.folder
        self._ids: dict[str, str] = {}

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry the operation out, translated where it is one of ours."""
        spoken: Callable[[Any], Any] | None = getattr(self, f"_{operation.name}", None)
        if spoken is None:
            if operation.path.startswith("/runstone/"):
                raise NotServed(
                    f"{self.uri} is a stock MLflow server, which has nothing for {operation.name!r}. A runstone server has."
                )
            spoken = partial(
                self._of_models if operation.path.startswith(_LOGGED_MODELS) else self.http.call, operation
            )
        run_id = getattr(request, "run_id", None)
        if not run_id or operation.name == "create_run":
            return spoken(request)
        try:
            return spoken(self._renamed(request, run_id))
        except NotFound:
            if run_id in self._ids or (found := self._find(run_id)) is None:
                raise
            self._ids[run_id] = found.info.run_id
        return spoken(self._renamed(request, run_id))

    def _renamed(self, request: Request, run_id: str) -> Request:
        known = self._ids.get(run_id)
        return request if known is None else msgspec.structs.replace(request, run_id=known)

    def _find(self, run_id: str, experiment_id: str | None = None) -> Run | None:
        """The run that was made under this id here."""
        quoted = run_id.replace("'", "")
        for page in [[experiment_id]] if experiment_id else self._experiments():
            asked = search.SearchRuns(page, f"tags.`{ID_TAG}` = '{quoted}'", "ALL", 1)
            found = self.http.call(search.search_runs, asked).runs
            if found:
                return found[0]
        return None

    def _experiments(self) -> Iterator[list[str]]:
        token: str | None = None
        while True:
            asked = search.SearchExperiments("ALL", 100, page_token=token)
            page = self.http.call(search.search_experiments, asked)
            if page.experiments:
                yield [experiment.experiment_id for experiment in page.experiments]
            token = page.next_page_token
            if not token:
                return

    def _create_run(self, request: runs.CreateRun) -> runs.RunAnswer:
        if not request.run_id:
            return self.http.call(runs.create_run, request)
        found = self._find(request.run_id, request.experiment_id)
        if found is None:  # else we made it before, and the answer was lost
            tags = [*request.tags, RunTag(ID_TAG, request.run_id)]
            asked = msgspec.structs.replace(request, run_id=None, tags=tags)
            found = self.http.call(runs.create_run, asked).run
        self._ids[request.run_id] = found.info.run_id
        return runs.RunAnswer(found)

    def _end_run(self, request: runs.EndRun) -> runs.RunInfoAnswer:
        info = self.http.call(runs.get_run, runs.GetRun(request.run_id)).run.info
        if RunStatus.is_terminated(RunStatus[info.status]):
            return runs.RunInfoAnswer(info)
        ended = runs.UpdateRun(run_id=request.run_id, status=request.status, end_time=request.end_time)
        return self.http.call(runs.update_run, ended)

    def _log_points(self, request: series.LogPoints) -> Empty:
        points = [point for given in request.series for point in _points(given)]
        for start in range(0, len(points), MOST_METRICS):
            self._log_metrics(request.run_id, points[start : start + MOST_METRICS])
        return Empty()

    def _log_metrics(self, run_id: str, points: list[Metric]) -> None:
        batch = runs.LogBatch(run_id, metrics=points)
        if len(points) > 1 and len(encode(batch)) > MOST_BYTES:
            half = len(points) // 2
            self._log_metrics(run_id, points[:half])
            self._log_metrics(run_id, points[half:])
        else:
            self.http.call(runs.log_batch, batch)

    def _log_model_output(self, request: outputs.LogModelOutput) -> Empty:
        run = self.http.call(runs.get_run, runs.GetRun(request.run_id)).run
        asked = logged_models.GetLoggedModel(request.model_id)
        known = self.http.call(logged_models.get_logged_model, asked).model.params
        params = [LoggedModelParameter(key, value) for key, value in run.data.params.items() if key not in known]
        if params:
            more = logged_models.LogLoggedModelParams(request.model_id, params)
            self.http.call(logged_models.log_logged_model_params, more)
        made = outputs.LogOutputs(request.run_id, [LoggedModelOutput(request.model_id, request.step)])
        self.http.call(outputs.log_outputs, made)
        points = [point for key in run.data.metrics for point in self._history(request.run_id, key)]
        measured = [point for point in points if point.step == request.step and not point.model_id]
        for point in measured:
            point.model_id = request.model_id
        for start in range(0, len(measured), MOST_METRICS):
            self._log_metrics(request.run_id, measured[start : start + MOST_METRICS])
        return Empty()

    def _get_metric_series(self, request: series.GetSeries) -> series.Series:
        import numpy

        points = self._history(request.run_id, request.key)
        points.sort(key=lambda point: (point.step, point.timestamp))
        columns = (
            numpy.array([point.step for point in points], "<i8"),
            numpy.array([point.timestamp for point in points], "<i8"),
            numpy.array([point.value for point in points], "<f8"),
        )
        return series.Series(*(column.data for column in columns))

    def _history(self, run_id: str, key: str) -> list[Metric]:
        found: list[Metric] = []
        token: str | None = None
        while True:
            asked = series.GetHistory(run_id, key, series.HISTORY_PAGE, token)
            page = self.http.call(series.get_metric_history, asked)
            found += page.metrics
            token = page.next_page_token
            if not token:
                return found

    def _get_metric_summaries(self, request: series.RunOfMetrics) -> series.MetricSummaries:
        run = self.http.call(runs.get_run, runs.GetRun(request.run_id)).run
        keys = sorted(run.data.metrics)
        return series.MetricSummaries([_summary(key, self._history(request.run_id, key)) for key in keys])

    def _of_models(self, operation: Operation[Request, Response], request: Request) -> Response:
        try:
            return self.http.call(operation, request)
        except WrongAnswer as error:
            next(self._experiments(), None)  # raises where it is no tracking server at all
            raise NotServed(
                f"{self.uri} has no logged models; MLflow's server has them from 3.0 on. Save the model into a folder (save_model), log that with "
                "log_artifacts(folder, 'model'), and register it as 'runs:/RUN_ID/model'."
            ) from error

    def _create_model_version(self, request: model_versions.CreateModelVersion) -> model_versions.ModelVersionAnswer:
        # MLflow wants to be told whose files a source means (from 3.17 on it refuses what is not), and notes the run only then.
        source, owner = request.source or "", _owner_of(request.source or "")
        if owners.is_model_id(owner):
            request = msgspec.structs.replace(request, model_id=request.model_id or owner)
        elif owner and not request.run_id:
            run_id = self.call(runs.get_run, runs.GetRun(owner)).run.info.run_id  # which may have another id there
            request = msgspec.structs.replace(request, run_id=run_id, source=source.replace(owner, run_id, 1))
        return self.http.call(model_versions.create_model_version, request)

    def _inspect_store(self, request: store.InspectStore) -> store.StoreState:
        next(self._experiments(), None)  # it answers
        return store.StoreState({}, 0)

    def _list_artifacts(self, request: artifacts.ListArtifacts) -> artifacts.Files:
        return stock_files.listed(self.http, request)

    def _get_tree(self, request: artifacts.TreeOf) -> artifacts.Tree:
        return stock_files.tree(self.http, request)

    def _find_chunks(self, request: storing.FindChunks) -> storing.Chunks:
        # There are no chunks. What is answered is where the run's files go, for `StockFiles.store` to send them there.
        if owners.is_model_id(request.run_id):
            asked = logged_models.GetLoggedModel(request.run_id)
            model = self.http.call(logged_models.get_logged_model, asked).model
            return storing.Chunks([stock_files.root_of(model.artifact_location, request.run_id, self.uri)])
        run = self.http.call(runs.get_run, runs.GetRun(request.run_id)).run
        if run.info.lifecycle_stage != LifecycleStage.ACTIVE:
            raise InvalidParameter(f"Run {request.run_id} is deleted. Bring it back with restore_run() first.")
        return storing.Chunks([stock_files.root_of(run.info.artifact_uri, request.run_id, self.uri)])

    def _get_content(self, request: artifacts.GetContent) -> artifacts.Content:
        # In place of a digest a file's place was given: it comes back as its one chunk.
        return artifacts.Content([artifacts.PlacedChunk(request.digest, 0)])

    def _get_contents(self, request: artifacts.GetContents) -> artifacts.SeveralContents:
        found = [artifacts.Content([artifacts.PlacedChunk(place, 0)]) for place in request.digests]
        return artifacts.SeveralContents(found)

    def _read_growing(self, request: growing.ReadGrowing) -> growing.Stretch:
        raise NotFound(f"Nothing grows on {self.uri}.")

    def _adopt_growing(self, request: growing.RunOfFiles) -> Empty:
        return Empty()

    def repository(self) -> Repository:
        """Files that are sent and fetched whole, as MLflow does."""
        return cast("Repository", stock_files.StockFiles(self.http.connection))


class PlainFilesTransport(StockTransport):
    """A server of ours whose operator wants artifacts as plain files: these go there as to a stock server, all else as to ours.

    Args:
        http: the way there.
    """

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry the operation out; what is about files, translated."""
        if operation.name in _FILES:
            return super().call(operation, request)
        return self.http.call(operation, request)


def _owner_of(source: str) -> str:
    """The run or logged model whose files a version's source names; '' where it is none of the two, as a version's copy."""
    scheme, _, rest = source.partition(":")
    parts = rest.lstrip("/").split("/")
    if (
        scheme == "mlflow-artifacts" and len(parts) > 3
    ):  # EXPERIMENT/RUN/artifacts/PATH, EXPERIMENT/models/ID/artifacts/PATH
        return parts[2] if parts[1] == "models" else parts[1]
    return parts[0] if scheme == "runs" or (scheme == "models" and len(parts) == 1 and "@" not in rest) else ""


def _points(given: series.SeriesPoints) -> list[Metric]:
    import numpy

    columns = (
        numpy.frombuffer(given.values, "<f8"), numpy.frombuffer(given.timestamps, "<i8"), numpy.frombuffer(given.steps, "<i8")
    )  # fmt: skip
    context = (given.model_id, given.dataset_name, given.dataset_digest)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Metric(given.key, value, timestamp, step, *context) for value, timestamp, step in rows]


def _summary(key: str, points: list[Metric]) -> series.MetricSummary:
    ordered = sorted(points, key=lambda point: (point.step, point.timestamp))
    numbers = [point.value for point in ordered if point.value == point.value]
    first, last = ordered[0], ordered[-1]
    return series.MetricSummary(
        key, len(ordered), last.step, last.timestamp, _number(last), first.step, first.timestamp, _number(first),
        min(numbers, default=None), max(numbers, default=None),
    )  # fmt: skip


def _number(point: Metric) -> float | None:
    return point.value if point.value == point.value else None
