"""The client's methods on experiments. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.client.ordering import clauses
from runstone.client.runs import view_name
from runstone.entities import Experiment, ExperimentTag, PagedList
from runstone.errors import NotFound
from runstone.operations import experiments

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import experiment_activity, pulse


def create_experiment(
    self: Client, name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None
) -> str:
    """Make an experiment; its id comes back. Raises AlreadyExists for a name in use, also by a deleted one."""
    labels = [ExperimentTag(key, str(value)) for key, value in (tags or {}).items()]
    location = None if artifact_location is None else str(artifact_location)
    request = experiments.CreateExperiment(name, location, labels)
    answer = self._transport.call(experiments.create_experiment, request)
    assert answer.experiment_id is not None
    return answer.experiment_id


def get_experiment(self: Client, experiment_id: str) -> Experiment:
    """The experiment of that id, deleted or not. Raises NotFound."""
    return self._transport.call(experiments.get_experiment, experiments.ExperimentId(str(experiment_id))).experiment


def get_experiment_by_name(self: Client, name: str) -> Experiment | None:
    """The experiment of that name, deleted or not; None where there is none."""
    if not name:
        return None
    try:
        return self._transport.call(experiments.get_experiment_by_name, experiments.ExperimentName(name)).experiment
    except NotFound:
        return None


def rename_experiment(self: Client, experiment_id: str, new_name: str) -> None:
    """Give an experiment another name."""
    self._transport.call(experiments.update_experiment, experiments.UpdateExperiment(str(experiment_id), new_name))


def delete_experiment(self: Client, experiment_id: str) -> None:
    """Delete an experiment and its runs; `restore_experiment` brings them back."""
    self._transport.call(experiments.delete_experiment, experiments.ExperimentId(str(experiment_id)))


def restore_experiment(self: Client, experiment_id: str) -> None:
    """Undo `delete_experiment`."""
    self._transport.call(experiments.restore_experiment, experiments.ExperimentId(str(experiment_id)))


def set_experiment_tag(self: Client, experiment_id: str, key: str, value: Any) -> None:
    """Set a tag (kept as `str(value)`)."""
    self._transport.call(
        experiments.set_experiment_tag, experiments.SetExperimentTag(str(experiment_id), key, str(value))
    )


def delete_experiment_tag(self: Client, experiment_id: str, key: str) -> None:
    """Take a tag away. Raises NotFound where there is none."""
    self._transport.call(experiments.delete_experiment_tag, experiments.DeleteExperimentTag(str(experiment_id), key))


def search_experiments(
    self: Client,
    view_type: int = 1,
    max_results: int | None = 1000,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
    page_token: str | None = None,
) -> PagedList[Experiment]:
    """The experiments that a filter lets through (its language: docs/search.md), a page at a time, last made first."""
    from runstone.operations import search

    request = search.SearchExperiments(
        view_type=view_name(view_type),
        max_results=1000 if max_results is None else max_results,
        filter=filter_string or "",
        order_by=clauses(order_by),
        page_token=page_token or None,
    )
    answer = self._transport.call(search.search_experiments, request)
    return PagedList(answer.experiments, answer.next_page_token or None)


def get_experiment_activity(self: Client) -> list[experiment_activity.Activity]:
    """How many runs each experiment has, how many are under way, when the newest began (ms); one without runs is not told of."""
    from runstone.operations import experiment_activity
    from runstone.operations.table import Empty

    return self._transport.call(experiment_activity.get_experiment_activity, Empty()).experiments


def get_pulse(self: Client, experiment_ids: list[str]) -> pulse.Pulse:
    """Which runs of these experiments are under way, how many points they have, when the last came (ms)."""
    from runstone.operations import pulse

    return self._transport.call(pulse.get_pulse, pulse.GetPulse(experiment_ids))
