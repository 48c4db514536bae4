"""The active experiment, and MLflow's module-level functions on experiments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runstone import settings
from runstone.connection import within
from runstone.entities import Experiment, LifecycleStage
from runstone.errors import AlreadyExists, InvalidParameter, NotFound, RunstoneError
from runstone.fluent.location import client
from runstone.journal.shipping import warn_once
from runstone.journal.waiting import BY_NAME, is_passing
from runstone.operations import rules

DEFAULT_ID = "0"

_active_id: str | None = None


def set_experiment(experiment_name: str | None = None, experiment_id: str | None = None) -> Experiment:
    """Make an experiment the active one: new runs go there. One that is named and missing is made.

    Raises:
        InvalidParameter: both or neither were given, or the experiment is deleted.
        NotFound: no experiment has that id.
    """
    global _active_id
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidParameter("set_experiment takes an experiment_name or an experiment_id: give exactly one of them.")
    if experiment_id is not None:
        experiment = _by_id(experiment_id)
    else:
        assert experiment_name is not None
        experiment = _get_or_create(experiment_name)
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidParameter(
            f"Cannot set a deleted experiment {experiment.name!r} as the active experiment. Restore it with "
            f"restore_experiment({experiment.experiment_id!r}), or take another name."
        )
    _active_id = experiment.experiment_id
    settings.EXPERIMENT_ID.write(_active_id)
    settings.EXPERIMENT_NAME.write(None)  # what this process inherited; its children are to follow the call
    return experiment


def active_experiment_id() -> str:
    """Where a new run goes: what set_experiment said, else the environment, else the Default experiment."""
    if _active_id is not None:
        return _active_id
    name = settings.EXPERIMENT_NAME.read()
    if name:
        return _get_or_create(name).experiment_id
    number = settings.EXPERIMENT_ID.read()
    if not number:
        return DEFAULT_ID
    try:
        return _by_id(number).experiment_id
    except NotFound:
        raise InvalidParameter(
            f"The environment names the experiment {number!r} ({settings.EXPERIMENT_ID.name}), and there is none in {client().tracking_uri}."
        ) from None


def _by_id(number: str) -> Experiment:
    return _unless_away(lambda: client().get_experiment(number), str(number))


def _get_or_create(name: str) -> Experiment:
    rules.check_experiment_name(name)
    return _unless_away(lambda: _found_or_made(name), BY_NAME + name, name)


def _unless_away(ask: Callable[[], Experiment], deferred: str, name: str = "") -> Experiment:
    """What the store says; while a server is away, a stand-in that is resolved when what refers to it is shipped."""
    if not client()._is_server or settings.OFFLINE.read() != "auto":
        return ask()
    try:
        with within(settings.OFFLINE_AFTER.read()):
            return ask()
    except RunstoneError as error:
        if not is_passing(error):
            raise
        warn_once(error)
        return Experiment(deferred, name, "")


def _found_or_made(name: str) -> Experiment:
    found = client().get_experiment_by_name(name)
    if found is not None:
        return found
    try:
        return client().get_experiment(client().create_experiment(name))
    except AlreadyExists:
        # another process made it between the two calls
        found = client().get_experiment_by_name(name)
        if found is None:
            raise
        return found


def create_experiment(name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None) -> str:
    """Make an experiment; its id comes back. Raises AlreadyExists for a name in use, also by a deleted one."""
    return client().create_experiment(name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """The experiment of that id, deleted or not. Raises NotFound."""
    return client().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment of that name, deleted or not; None where there is none."""
    return client().get_experiment_by_name(name)


def search_experiments(
    view_type: int = 1,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """The experiments that a filter lets through (its language: docs/search.md), all of them unless `max_results` says so."""
    found: list[Experiment] = []
    token = None
    while max_results is None or len(found) < max_results:
        size = 1000 if max_results is None else min(1000, max_results - len(found))
        page = client().search_experiments(view_type, size, filter_string, order_by, token)
        found.extend(page)
        token = page.token
        if token is None:
            break
    return found


def delete_experiment(experiment_id: str) -> None:
    """Delete an experiment and its runs; `restore_experiment` brings them back."""
    client().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Undo `delete_experiment`."""
    client().restore_experiment(experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the active experiment (kept as `str(value)`)."""
    client().set_experiment_tag(active_experiment_id(), key, value)


def set_experiment_tags(tags: dict[str, Any]) -> None:
    """Set tags of the active experiment."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Take a tag of the active experiment away. Raises NotFound where there is none."""
    client().delete_experiment_tag(active_experiment_id(), key)
