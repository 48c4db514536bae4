"""What was measured of logged models: points that name one, in the series of their runs; and the summary of each that search reads."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING

from runstone.entities import Metric
from runstone.store import points
from runstone.store.database import Connection
from runstone.store.points import Batch

if TYPE_CHECKING:
    from runstone.store.series import Context

# Points of one metric on one dataset that a model shows at the most, the last ones: its run has them all.
SHOWN = 1_000
# Ids in one query.
_MANY = 500


def update(connection: Connection, contexts: Sequence[Context], batch: Batch) -> None:
    """Take in new points; `contexts` says whose each group of the batch is. Points of models that are not here stay their run's."""
    for place, context in enumerate(contexts):
        if not context.model_id:
            continue
        group = batch.group(place)
        last = _last(group)
        value = float(group.value[last])
        connection.execute(
            "INSERT INTO logged_model_metric (logged_model, key, dataset_name, dataset_digest, last_timestamp, last_step, last_value)"
            " SELECT id, ?, ?, ?, ?, ?, ? FROM logged_model WHERE model_id = ?"
            " ON CONFLICT (logged_model, key, dataset_name, dataset_digest) DO UPDATE SET"
            " last_timestamp = excluded.last_timestamp, last_step = excluded.last_step, last_value = excluded.last_value"
            " WHERE (excluded.last_timestamp, excluded.last_step) >= (last_timestamp, last_step)",
            (
                context.key, context.dataset_name, context.dataset_digest, int(group.timestamp[last]), int(group.step[last]),
                None if value != value else value, context.model_id,
            ),
        )  # fmt: skip


def _last(group: points.Points) -> int:
    """The place of the greatest (timestamp, step); of those that are equal in both, the one that came last."""
    import numpy

    return int(numpy.lexsort((numpy.arange(len(group.step)), group.step, group.timestamp))[-1])


def load(connection: Connection, model_ids: Sequence[str]) -> dict[str, list[Metric]]:
    """The points of these models, by time; no entry for a model without any."""
    marks = ",".join("?" * len(model_ids))
    rows = connection.execute(
        "SELECT series.id, series.key, series.model_id, series.dataset_name, series.dataset_digest, run.run_id"
        " FROM series JOIN run ON run.id = series.run"
        f" WHERE series.model_id <> '' AND series.model_id IN ({marks}) ORDER BY series.id",
        model_ids,
    ).fetchall()
    found: dict[str, list[Metric]] = {}
    for series, key, model_id, dataset_name, dataset_digest, run_id in rows:
        shown = found.setdefault(model_id, [])
        for step, timestamp, value in _points(connection, series):
            shown.append(
                Metric(key, value, timestamp, step, model_id, dataset_name or None, dataset_digest or None, run_id)
            )
    for shown in found.values():
        shown.sort(key=lambda point: (point.timestamp, point.step))
    return found


def latest(connection: Connection, model_ids: Sequence[str]) -> dict[str, list[Metric]]:
    """The latest value of each metric of these models on each dataset, by key; no entry for a model without any."""
    found: dict[str, list[Metric]] = {}
    for start in range(0, len(model_ids), _MANY):
        some = model_ids[start : start + _MANY]
        rows = connection.execute(
            "SELECT l.model_id, m.key, m.last_value, m.last_timestamp, m.last_step, m.dataset_name, m.dataset_digest"
            " FROM logged_model AS l JOIN logged_model_metric AS m ON m.logged_model = l.id"
            f" WHERE l.model_id IN ({','.join('?' * len(some))}) ORDER BY m.key, m.dataset_name, m.dataset_digest",
            some,
        )
        for model_id, key, value, timestamp, step, dataset_name, dataset_digest in rows:
            point = Metric(
                key, nan if value is None else value, timestamp, step, model_id, dataset_name or None, dataset_digest or None
            )  # fmt: skip
            found.setdefault(model_id, []).append(point)
    return found


def _points(connection: Connection, series: int) -> list[tuple[int, int, float]]:
    """The last points of a series, in the order of their arrival."""
    taken: list[tuple[int, int, float]] = []
    for (data,) in connection.execute(
        "SELECT data FROM series_chunk WHERE series = ? ORDER BY number DESC", (series,)
    ).fetchall():
        chunk = points.decode(data)
        columns = (column[-SHOWN:].tolist() for column in chunk)
        taken = [*zip(*columns, strict=True), *taken]
        if len(taken) >= SHOWN:
            break
    return taken[-SHOWN:]
