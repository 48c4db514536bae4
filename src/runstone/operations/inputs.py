"""What can be asked of what runs used: datasets and logged models. Messages in MLflow's wire shape; the rules."""

from __future__ import annotations

import msgspec

from runstone.entities import DatasetInput, LoggedModelInput
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import inputs, model_links, runs

# The wire's limits, in characters.
LENGTHS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
MOST_EXPERIMENTS = 20
MOST_SUMMARIES = 1_000
TAG_KEY_LENGTH = 255
TAG_VALUE_LENGTH = 500


class LogInputs(msgspec.Struct, omit_defaults=True):
    """Datasets and logged models that a run used."""

    run_id: str | None = None
    datasets: list[DatasetInput] = []
    models: list[LoggedModelInput] = []


class SearchDatasets(msgspec.Struct, omit_defaults=True):
    """Experiments whose datasets are asked for."""

    experiment_ids: list[str] = []


class DatasetSummary(msgspec.Struct, omit_defaults=True):
    """A dataset that runs of an experiment used, and what for."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class DatasetSummaries(msgspec.Struct, omit_defaults=True):
    """Datasets, by experiment, name, digest and context."""

    dataset_summaries: list[DatasetSummary] = []


@operation("POST", "/mlflow/runs/log-inputs", permission="edit")
def log_inputs(engine: Engine, request: LogInputs) -> Empty:
    """Say that a run used these datasets and logged models; saying it again changes nothing."""
    run_id = rules.check_run_id(request.run_id)
    rules.check_limit("datasets", len(request.datasets), 1_000)
    rules.check_limit("models", len(request.models), 1_000)
    models = [model_rules.check_model_id(model.model_id) for model in request.models]
    for number, used in enumerate(request.datasets):
        _check(used, number)
    with engine.database.write() as connection:
        run = runs.require(connection, run_id, active=True)
        inputs.add(connection, run, request.datasets)
        model_links.add_inputs(connection, run, models)
    return Empty()


@operation("POST", "/mlflow/experiments/search-datasets", permission="read")
def search_datasets(engine: Engine, request: SearchDatasets) -> DatasetSummaries:
    """The datasets that the active runs of some experiments used."""
    if not request.experiment_ids:
        raise InvalidParameter("SearchDatasets request must specify at least one experiment_id.")
    if len(request.experiment_ids) > MOST_EXPERIMENTS:
        raise InvalidParameter(
            f"SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids. Received {len(request.experiment_ids)} experiment_ids."
        )
    numbers = [rules.check_experiment_id(experiment_id) for experiment_id in request.experiment_ids]
    with engine.database.read() as connection:
        found = inputs.summaries(connection, numbers, MOST_SUMMARIES)
    return DatasetSummaries(
        [DatasetSummary(str(number), name, digest, context or None) for number, name, digest, context in found]
    )


def _check(used: DatasetInput, number: int) -> None:
    for field, limit in LENGTHS.items():
        text = getattr(used.dataset, field)
        if field in ("name", "digest", "source") and not text:
            raise rules.missing(f"datasets[{number}].dataset.{field}")
        if text is not None and len(text) > limit:
            raise InvalidParameter(
                f"'{field}' exceeds the maximum length of {limit} characters: the dataset's has {len(text)}. Shorten it."
            )
    for tag in used.tags:
        if not tag.key:
            raise rules.missing(f"datasets[{number}].tags.key")
        for field, text, limit in (("key", tag.key, TAG_KEY_LENGTH), ("value", tag.value, TAG_VALUE_LENGTH)):
            if len(text) > limit:
                raise InvalidParameter(
                    f"'{field}' exceeds the maximum length of {limit} characters: the input tag's has {len(text)}. Shorten it."
                )
