"""The client's methods on runs, params, tags and single points. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runstone import settings
from runstone.client import active_model
from runstone.client.ordering import clauses
from runstone.client.waiting import RunOperations
from runstone.entities import Metric, PagedList, Param, Run, RunStatus, RunTag
from runstone.errors import InvalidParameter, brief
from runstone.operations import runs

if TYPE_CHECKING:
    from runstone.client import Client

PARENT_TAG = "mlflow.parentRunId"
USER_TAG = "mlflow.user"


def create_run(
    self: Client,
    experiment_id: str,
    start_time: int | None = None,
    tags: dict[str, Any] | None = None,
    run_name: str | None = None,
    run_id: str | None = None,
) -> Run:
    """Make a run, RUNNING from `start_time` (ms; None is now). It is not made the active run, and nobody ends it but you.

    Args:
        experiment_id: where it belongs.
        start_time: ms since 1970.
        tags: labels, kept as text.
        run_name: two words and a number unless said.
        run_id: an id that the caller made; a new one unless said.
    """
    texts = {key: str(value) for key, value in (tags or {}).items()}
    request = runs.CreateRun(
        experiment_id=str(experiment_id),
        user_id=texts.get(USER_TAG, "unknown"),
        run_name=run_name,
        start_time=_now() if start_time is None else start_time,
        tags=[RunTag(key, value) for key, value in texts.items()],
        run_id=run_id,
    )
    return self._transport.call(runs.create_run, request).run


def get_run(self: Client, run_id: str) -> Run:
    """The run, with the latest value of each metric. Raises NotFound."""
    return self._transport.call(runs.get_run, runs.GetRun(run_id)).run


def get_parent_run(self: Client, run_id: str) -> Run | None:
    """The run that this one is nested in, or None."""
    parent = self.get_run(run_id).data.tags.get(PARENT_TAG)
    return None if parent is None else self.get_run(parent)


def delete_run(self: Client, run_id: str) -> None:
    """Delete a run; `restore_run` brings it back."""
    self._transport.call(runs.delete_run, runs.RunId(run_id))


def restore_run(self: Client, run_id: str) -> None:
    """Undo `delete_run`."""
    self._transport.call(runs.restore_run, runs.RunId(run_id))


def update_run(self: Client, run_id: str, status: str | None = None, name: str | None = None) -> None:
    """Change a run's status or name."""
    self._transport.call(runs.update_run, runs.UpdateRun(run_id=run_id, status=_status(status), run_name=name))


def set_terminated(self: Client, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
    """End a run: `status` is FINISHED unless said, `end_time` (ms) is now. Files that were logged without waiting are waited for.

    Raises what became of one of them that could not be stored; the run has ended then.
    """
    background = sys.modules.get("runstone.client.background")
    try:
        if background is not None:
            background.finish(self, run_id)
    finally:
        say_end(self, run_id, status, end_time)


def say_end(self: Client, run_id: str, status: str | None, end_time: int | None) -> None:
    """End a run, whatever is still on its way."""
    end = _now() if end_time is None else end_time
    request = runs.UpdateRun(run_id=run_id, status=_status(status) or "FINISHED", end_time=end)
    self._transport.call(runs.update_run, request)


def search_runs(
    self: Client,
    experiment_ids: Sequence[str] | str,
    filter_string: str = "",
    run_view_type: int = 1,
    max_results: int | None = 1000,
    order_by: list[str] | None = None,
    page_token: str | None = None,
) -> PagedList[Run]:
    """The runs of some experiments that a filter lets through (its language: docs/search.md), a page at a time.

    Raises:
        InvalidParameter: the filter does not parse; the message shows where and what would be valid there.
    """
    from runstone.operations import search

    if experiment_ids is None:
        raise InvalidParameter("search_runs needs the experiment_ids to look in. search_experiments() finds them.")
    request = search.SearchRuns(
        experiment_ids=[experiment_ids]
        if isinstance(experiment_ids, str)
        else [str(number) for number in experiment_ids],
        filter=filter_string or "",
        run_view_type=view_name(run_view_type),
        max_results=settings.PAGE_LIMIT.read() if max_results is None else max_results,
        order_by=clauses(order_by),
        page_token=page_token or None,
    )
    answer = self._transport.call(search.search_runs, request)
    return PagedList(answer.runs, answer.next_page_token or None)


def log_param(self: Client, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param (kept as `str(value)`); the value given comes back. Raises InvalidParameter when it had another value."""
    self._transport.call(runs.log_param, runs.LogParam(run_id, key, str(value)))
    return RunOperations.where(synchronous) or value


def set_tag(self: Client, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag (kept as `str(value)`)."""
    self._transport.call(runs.set_tag, runs.SetTag(run_id, key, str(value)))
    return RunOperations.where(synchronous)


def delete_tag(self: Client, run_id: str, key: str) -> None:
    """Take a tag away. Raises NotFound where there is none."""
    self._transport.call(runs.delete_tag, runs.DeleteTag(run_id, key))


def log_metric(
    self: Client,
    run_id: str,
    key: str,
    value: float,
    timestamp: int | None = None,
    step: int | None = None,
    synchronous: bool | None = None,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
    model_id: str | None = None,
) -> RunOperations | None:
    """Log one point of a metric; on disk in the store when this returns. `timestamp` in ms, now unless given; `step` 0.

    For many points `runstone.log_metric` is far cheaper: it writes to a journal and ships in batches.
    """
    if (dataset_name is None) != (dataset_digest is None):
        raise InvalidParameter(
            f"dataset_name={dataset_name!r} and dataset_digest={dataset_digest!r} name a dataset together: give both or none."
        )
    point = Metric(
        key,
        value,
        _now() if timestamp is None else timestamp,
        0 if step is None else step,
        model_id or active_model.active.model_id,
        dataset_name,
        dataset_digest,
    )
    self._transport.call(runs.log_batch, runs.LogBatch(run_id, metrics=[point]))
    return RunOperations.where(synchronous)


def log_batch(
    self: Client,
    run_id: str,
    metrics: Sequence[Metric] = (),
    params: Sequence[Param] = (),
    tags: Sequence[RunTag] = (),
    synchronous: bool | None = None,
) -> RunOperations | None:
    """Log points, params and tags together. Up to the wire's limits it is one transaction; more goes in parts.

    Points that name no model are of this thread's active one, if it has one.
    """
    if not (metrics or params or tags):
        return RunOperations.where(synchronous)
    for kind, given in ((Metric, metrics), (Param, params), (RunTag, tags)):
        wrong = next((item for item in given if not isinstance(item, kind)), None)
        if wrong is not None:
            raise InvalidParameter(f"log_batch takes a list of {kind.__name__} entities; this holds {brief(wrong)}.")
    texts = [Param(param.key, str(param.value)) for param in params]
    labels = [RunTag(tag.key, str(tag.value)) for tag in tags]
    points: list[Metric] = []
    if metrics:
        from runstone.operations.series import check_points

        points = check_points(metrics)
        for point in points:  # copies
            point.model_id = point.model_id or active_model.active.model_id
    if len(points) + len(texts) + len(labels) <= _LIMIT and len(texts) <= _SMALL and len(labels) <= _SMALL:
        self._transport.call(runs.log_batch, runs.LogBatch(run_id, points, texts, labels))
        return RunOperations.where(synchronous)
    for start in range(0, max(len(texts), len(labels)), _SMALL):
        part = slice(start, start + _SMALL)
        self._transport.call(runs.log_batch, runs.LogBatch(run_id, params=texts[part], tags=labels[part]))
    for start in range(0, len(points), _LIMIT):
        self._transport.call(runs.log_batch, runs.LogBatch(run_id, metrics=points[start : start + _LIMIT]))
    return RunOperations.where(synchronous)


# MLflow's wire takes so many things in one batch, and so many params or tags among them.
_LIMIT = 1000
_SMALL = 100


def _now() -> int:
    return time.time_ns() // 1_000_000


def _status(status: str | int | None) -> str | None:
    if isinstance(status, int):
        try:
            return RunStatus(status).name
        except ValueError:
            raise InvalidParameter(
                f"Invalid run status: {brief(status)}. Give one of {', '.join(RunStatus.__members__)}."
            ) from None
    return status


def view_name(view: int) -> str:
    from runstone.entities import ViewType

    try:
        return ViewType(view).name
    except ValueError:
        names = ", ".join(f"ViewType.{name} ({int(number)})" for name, number in ViewType.__members__.items())
        raise InvalidParameter(f"run_view_type={brief(view)} is none of {names}.") from None
