"""Params, metrics and tags of the active run. `log_metric` is the one function that a training loop feels: keep its path short."""

from __future__ import annotations

import sys
from time import time_ns
from typing import Any

from runstone import journal
from runstone.client import active_model, waiting
from runstone.client.waiting import RunOperations
from runstone.entities import Metric, Param, RunTag
from runstone.fluent.bonds import Bonds
from runstone.fluent.location import client
from runstone.fluent.session import _held, _local, active_run, require_run, target
from runstone.operations import rules


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log one point of a metric to the active run. When this returns, `kill -9` cannot lose the point.

    Args:
        key: letters, digits, '_', '-', '.', ' ', ':' and '/'.
        value: a number; numpy and torch scalars, bools and numeric texts too. NaN and infinities are kept as such.
        step: 0 unless given; any 64-bit integer, in any order.
        synchronous: taken for MLflow's sake; False returns something to wait for, which is done already.
        timestamp: ms since 1970; now unless given.
        run_id: another run than the active one.
        model_id: the logged model that the point is of; unless given the active one, else those that the run made at this step.
        dataset: the dataset that the point was measured on; the run is told that it used it.

    Raises:
        InvalidParameter: the key, value, step or timestamp is not as said above.
    """
    if timestamp is None:
        timestamp = time_ns() // 1_000_000
    if run_id is None:
        stack = _local.stack
        run_id = (stack[-1] if stack else require_run()).info.run_id
    held = _held.get(run_id)
    model_id = model_id or active_model.active.model_id
    if held is not None and dataset is None and model_id is None and not held.bonds.made:
        held.journal.append(key, value, timestamp, 0 if step is None else step)
    else:
        _log_bound(run_id, {key: value}, timestamp, step, model_id, dataset)
    return RunOperations() if not synchronous and (synchronous is False or waiting.asynchronous) else None


def log_metrics(
    metrics: dict[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log a point of several metrics at one step: all, or, where one is not valid, none. See `log_metric`."""
    rules.check_mapping("log_metrics", metrics)
    if timestamp is None:
        timestamp = time_ns() // 1_000_000
    if run_id is None:
        run_id = require_run().info.run_id
    _log_bound(run_id, metrics, timestamp, step, model_id or active_model.active.model_id, dataset)
    return RunOperations.where(synchronous)


def _log_bound(
    run_id: str, metrics: dict[str, float], timestamp: int, step: int | None, model_id: str | None, dataset: Any
) -> None:
    """Log points of a run and of what they are bound to, and tell the run what it used for that, as MLflow does."""
    held = _held.get(run_id)
    store = client() if held is None else held.store
    bonds = Bonds(store.get_run(run_id)) if held is None else held.bonds
    models = [model_id] if model_id else bonds.made_at(step)
    name = digest = None
    if dataset is not None:
        from runstone.fluent.inputs import entity

        known = dataset if hasattr(dataset, "digest") else entity(dataset)
        name, digest = known.name, known.digest
    # Of several models there is a point that is the run's own: so it is told of once.
    for owner in models if len(models) == 1 else [None, *models]:
        if held is not None:
            held.journal.append_many(metrics, timestamp, 0 if step is None else step, owner, name, digest)
        else:
            points = [Metric(key, value, timestamp, step or 0, owner, name, digest) for key, value in metrics.items()]
            store.log_batch(run_id, metrics=points)
    bonds.use(store, run_id, models, dataset)


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param of the active run, kept as `str(value)`; the value given comes back.

    Raises InvalidParameter when the run has it with another value: start another run, or take another key.
    """
    store, chosen = target()
    return store.log_param(chosen, key, value, synchronous)


def log_params(
    params: dict[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    """Log params of the active run, each kept as `str(value)`."""
    rules.check_mapping("log_params", params)
    store, chosen = target(run_id)
    return store.log_batch(
        chosen, params=[Param(key, str(value)) for key, value in params.items()], synchronous=synchronous
    )


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag of the active run (kept as `str(value)`), in place of one of the same key."""
    store, chosen = target()
    return store.set_tag(chosen, key, value, synchronous)


def set_tags(tags: dict[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """Set tags of the active run."""
    rules.check_mapping("set_tags", tags)
    store, chosen = target()
    return store.log_batch(
        chosen, tags=[RunTag(key, str(value)) for key, value in tags.items()], synchronous=synchronous
    )


def delete_tag(key: str) -> None:
    """Take a tag of the active run away. Raises NotFound where there is none."""
    store, chosen = target()
    store.delete_tag(chosen, key)


def flush_async_logging() -> None:
    """Return when every point logged so far is in the store (it was safe from `kill -9` before)."""
    journal.flush_all()


def flush_artifact_async_logging() -> None:
    """Wait for files that were logged with `wait=False`. All others are in the store when the call that logged them returns.

    Raises what became of one that could not be stored.
    """
    background = sys.modules.get("runstone.client.background")
    run = active_run()
    if background is not None and run is not None:
        store, run_id = target(run.info.run_id)
        background.finish(store, run_id)


def metric_frame(run_id: str | None = None, keys: list[str] | None = None) -> Any:
    """The points of a run's metrics as a pandas DataFrame: key, step, timestamp, value.

    Args:
        run_id: the active run unless given.
        keys: all of the run's metrics unless given.
    """
    store, chosen = target(run_id)
    return store.metric_frame(chosen, keys)
