"""What can be asked of experiments. Messages in MLflow's wire shape; the rules; the order of the store's calls."""

from __future__ import annotations

import msgspec

from runstone.entities import Experiment, ExperimentTag, LifecycleStage
from runstone.errors import AlreadyExists, InvalidParameter, NotFound, RunStateError
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.locations import PROXY, check_location
from runstone.operations.table import Empty, operation
from runstone.store import experiments, experiments_read


class CreateExperiment(msgspec.Struct, omit_defaults=True):
    """`artifact_location` is where files go: below `mlflow-artifacts:/`, or in a place that the server was started with. None leaves it to it."""

    name: str | None = None
    artifact_location: str | None = None
    tags: list[ExperimentTag] = []


class ExperimentId(msgspec.Struct):
    """One experiment, by id."""

    experiment_id: str | None = None


class ExperimentName(msgspec.Struct):
    """One experiment, by name."""

    experiment_name: str | None = None


class ExperimentAnswer(msgspec.Struct):
    """One experiment."""

    experiment: Experiment


class UpdateExperiment(msgspec.Struct):
    """A new name."""

    experiment_id: str | None = None
    new_name: str | None = None


class SetExperimentTag(msgspec.Struct):
    """A tag for an experiment."""

    experiment_id: str | None = None
    key: str | None = None
    value: str = ""


class DeleteExperimentTag(msgspec.Struct):
    """A tag to take away."""

    experiment_id: str | None = None
    key: str | None = None


@operation("POST", "/mlflow/experiments/create", permission="edit")
def create_experiment(engine: Engine, request: CreateExperiment) -> ExperimentId:
    """A new experiment. Raises AlreadyExists for a name in use."""
    name = rules.check_experiment_name(request.name)
    tags = [_checked(tag.key, tag.value) for tag in request.tags]
    check_location(engine, request.artifact_location)
    with engine.database.write() as connection:
        now = engine.now()
        experiment = experiments.insert(connection, name, request.artifact_location, now, engine.locations.root)
        experiments.set_tags(connection, experiment, tags, now)
    return ExperimentId(str(experiment))


@operation("GET", "/mlflow/experiments/get", permission="read")
def get_experiment(engine: Engine, request: ExperimentId) -> ExperimentAnswer:
    """One experiment, deleted or not. Raises NotFound."""
    experiment = rules.check_experiment_id(request.experiment_id)
    with engine.database.read() as connection:
        experiments.require(connection, experiment)
        return ExperimentAnswer(experiments_read.load_experiments(connection, [experiment])[0])


@operation("GET", "/mlflow/experiments/get-by-name", permission="read")
def get_experiment_by_name(engine: Engine, request: ExperimentName) -> ExperimentAnswer:
    """One experiment, deleted or not. Raises NotFound."""
    if not request.experiment_name:
        raise rules.missing("experiment_name")
    with engine.database.read() as connection:
        experiment = experiments.find(connection, request.experiment_name)
        if experiment is None:
            raise NotFound(
                f"Could not find experiment with name '{request.experiment_name}'. Check the name, or create it."
            )
        return ExperimentAnswer(experiments_read.load_experiments(connection, [experiment])[0])


@operation("POST", "/mlflow/experiments/update", permission="edit")
def update_experiment(engine: Engine, request: UpdateExperiment) -> Empty:
    """Rename an experiment. Raises AlreadyExists for a name in use."""
    experiment = rules.check_experiment_id(request.experiment_id)
    if request.new_name in (None, ""):
        raise rules.missing("new_name")
    name = rules.check_experiment_name(request.new_name)
    with engine.database.write() as connection:
        old, _ = experiments.require(connection, experiment)
        if experiments_read.load_experiments(connection, [experiment])[0].lifecycle_stage != LifecycleStage.ACTIVE:
            raise RunStateError(
                f"Experiment {old!r} is deleted. Restore it with restore_experiment() before renaming it."
            )
        if name != old:
            _refuse_taken(engine, name)
            experiments.rename(connection, experiment, name, engine.now())
    return Empty()


def _refuse_taken(engine: Engine, name: str) -> None:
    with engine.database.read() as connection:
        try:
            experiments.refuse_taken(connection, name)
        except AlreadyExists as error:
            # MLflow's code for a rename is BAD_REQUEST, for a creation RESOURCE_ALREADY_EXISTS
            raise AlreadyExists(error.message, "BAD_REQUEST") from None


@operation("POST", "/mlflow/experiments/delete", permission="manage")
def delete_experiment(engine: Engine, request: ExperimentId) -> Empty:
    """Delete an experiment and its runs; both can be restored."""
    return _set_stage(engine, request, LifecycleStage.DELETED)


@operation("POST", "/mlflow/experiments/restore", permission="manage")
def restore_experiment(engine: Engine, request: ExperimentId) -> Empty:
    """Undo delete_experiment."""
    return _set_stage(engine, request, LifecycleStage.ACTIVE)


def _set_stage(engine: Engine, request: ExperimentId, stage: str) -> Empty:
    experiment = rules.check_experiment_id(request.experiment_id)
    with engine.database.write() as connection:
        experiments.require(connection, experiment)
        current = experiments_read.load_experiments(connection, [experiment])[0].lifecycle_stage
        if current == stage:
            raise NotFound(f"No Experiment with id={experiment} exists that is not {stage!r} already.")
        experiments.set_stage(connection, experiment, stage, engine.now())
    return Empty()


@operation("POST", "/mlflow/experiments/set-experiment-tag", permission="edit")
def set_experiment_tag(engine: Engine, request: SetExperimentTag) -> Empty:
    """Set a tag, in place of one of the same key."""
    experiment = rules.check_experiment_id(request.experiment_id)
    tag = _checked(request.key, request.value)
    with engine.database.write() as connection:
        experiments.require(connection, experiment, active=True)
        experiments.set_tags(connection, experiment, [tag], engine.now())
    return Empty()


@operation("POST", "/mlflow/experiments/delete-experiment-tag", permission="edit")
def delete_experiment_tag(engine: Engine, request: DeleteExperimentTag) -> Empty:
    """Take a tag away. Raises NotFound where there is none."""
    experiment = rules.check_experiment_id(request.experiment_id)
    if not request.key:
        raise rules.missing("key")
    key = request.key  # one that no tag could have is one that the experiment does not have
    with engine.database.write() as connection:
        experiments.require(connection, experiment, active=True)
        if not experiments.delete_tag(connection, experiment, key, engine.now()):
            raise NotFound(f"No tag with name: {key} in experiment with id {experiment}.")
    return Empty()


def _checked(key: str | None, value: str) -> tuple[str, str]:
    name = rules.check_key("tag", key)
    if len(value) > rules.EXPERIMENT_TAG_LENGTH:
        raise InvalidParameter(
            f"'value' exceeds the maximum length of {rules.EXPERIMENT_TAG_LENGTH} characters: the tag {name!r} has {len(value)}. Shorten it."
        )
    return name, value


def place_default(engine: Engine) -> None:
    """Have the experiment Default, while it is new, keep its artifacts where the operator wants those of new experiments."""
    if engine.locations.root != PROXY:
        with engine.database.write() as connection:
            experiments.move_default(connection, engine.locations.root)
