"""What can be asked of runs, their params and tags. Messages in MLflow's wire shape; the rules; the order of the store's calls."""

from __future__ import annotations

import os

import msgspec

from runstone import settings
from runstone.entities import LifecycleStage, Metric, Param, Run, RunInfo, RunStatus, RunTag
from runstone.errors import Conflict, InvalidParameter, NotFound
from runstone.operations import names, rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import experiments, removing, runs, runs_read
from runstone.store.database import Connection

RUN_NAME_TAG, _USER_TAG = "mlflow.runName", "mlflow.user"
# By name, and by number as protocol buffers may write it.
_STATUSES = {key: status.name for status in RunStatus for key in (status.name, str(int(status)))}


class CreateRun(msgspec.Struct, omit_defaults=True):
    """`start_time` in ms, None is now. A run without a name is given one; so is a run without an id (ours: MLflow's never have one)."""

    experiment_id: str | None = None
    user_id: str = ""
    run_name: str | None = None
    start_time: int | None = None
    tags: list[RunTag] = []
    run_id: str | None = None


class RunAnswer(msgspec.Struct, omit_defaults=True):
    """One run."""

    run: Run


class GetRun(msgspec.Struct, omit_defaults=True):
    """One run, by id (`run_uuid` is the wire's older name for it)."""

    run_id: str | None = None
    run_uuid: str | None = None


class RunId(msgspec.Struct):
    """One run, by id."""

    run_id: str | None = None


class UpdateRun(msgspec.Struct, omit_defaults=True):
    """What is None stays as it is. `status` by name or number, `end_time` in ms."""

    run_id: str | None = None
    run_uuid: str | None = None
    status: str | int | None = None
    end_time: int | None = None
    run_name: str | None = None


class RunInfoAnswer(msgspec.Struct):
    """A run's own facts."""

    run_info: RunInfo


class EndRun(msgspec.Struct):
    """End a run unless it has ended; `end_time` in ms, None is now."""

    run_id: str | None = None
    status: str = "FINISHED"
    end_time: int | None = None


class SetTag(msgspec.Struct):
    """A tag for a run."""

    run_id: str | None = None
    key: str | None = None
    value: str = ""
    run_uuid: str | None = None


class DeleteTag(msgspec.Struct):
    """A tag to take away."""

    run_id: str | None = None
    key: str | None = None


class LogParam(msgspec.Struct):
    """A param of a run."""

    run_id: str | None = None
    key: str | None = None
    value: str = ""
    run_uuid: str | None = None


class LogBatch(msgspec.Struct, omit_defaults=True):
    """Metric points, params and tags of a run, all or none."""

    run_id: str | None = None
    metrics: list[Metric] = []
    params: list[Param] = []
    tags: list[RunTag] = []


@operation("POST", "/mlflow/runs/create", permission="edit")
def create_run(engine: Engine, request: CreateRun) -> RunAnswer:
    """A new run, RUNNING. Raises NotFound for a missing experiment, InvalidParameter for a deleted one, AlreadyExists for an id in use."""
    experiment = rules.check_experiment_id(request.experiment_id)
    name, tags = checked_creation(request)
    user = rules.fit("tag", _USER_TAG, request.user_id, settings.TAG_LIMIT)
    run_id = rules.check_run_id(request.run_id) if request.run_id else new_run_id()
    start = engine.now() if request.start_time is None else request.start_time
    with engine.database.write() as connection:
        runs.refuse_taken(connection, run_id)
        _, location = experiments.require(connection, experiment, active=True)
        uri = f"{location}/{run_id}/artifacts"
        run = runs.insert(connection, run_id, experiment, name, user, start, uri)
        runs.set_tags(connection, run, tags)
        return RunAnswer(_load(connection, run))


@operation("GET", "/mlflow/runs/get", permission="read")
def get_run(engine: Engine, request: GetRun) -> RunAnswer:
    """One run, deleted or not, with the latest value of each metric."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    with engine.reading_points() as connection:
        return RunAnswer(_load(connection, runs.require(connection, run_id)))


@operation("POST", "/mlflow/runs/update", permission="edit")
def update_run(engine: Engine, request: UpdateRun) -> RunInfoAnswer:
    """Change a run's status, end time or name; RUNNING opens an ended run again."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    status = None if request.status is None else check_status(request.status)
    name = _checked_name(request.run_name)
    with engine.database.write() as connection:
        run = runs.require(connection, run_id, active=True)
        runs.update(connection, run, status=status, end_time=request.end_time, name=name)
        if status == "RUNNING" and request.end_time is None:
            runs.reopen(connection, run)
        if name:
            runs.set_tags(connection, run, [(RUN_NAME_TAG, name)])
        return RunInfoAnswer(runs_read.load_info(connection, run))


@operation("POST", "/runstone/runs/end", permission="edit")
def end_run(engine: Engine, request: EndRun) -> RunInfoAnswer:
    """End a run; one that has ended keeps its status. (Ours: several processes may each say how the run they shared ended.)"""
    run_id = rules.check_run_id(request.run_id)
    status = check_status(request.status)
    with engine.database.write() as connection:
        run = runs.require(connection, run_id)
        runs.end_if_running(connection, run, status, engine.now() if request.end_time is None else request.end_time)
        return RunInfoAnswer(runs_read.load_info(connection, run))


@operation("POST", "/mlflow/runs/delete", permission="edit")
def delete_run(engine: Engine, request: RunId) -> Empty:
    """Delete a run; it can be restored."""
    return _set_stage(engine, request, LifecycleStage.DELETED)


@operation("POST", "/mlflow/runs/restore", permission="edit")
def restore_run(engine: Engine, request: RunId) -> Empty:
    """Undo delete_run. Raises Conflict for a run that pruning is removing for good."""
    return _set_stage(engine, request, LifecycleStage.ACTIVE)


def _set_stage(engine: Engine, request: RunId, stage: str) -> Empty:
    run_id = rules.check_run_id(request.run_id)
    with engine.database.write() as connection:
        put_stage(connection, run_id, stage, engine.now())
    return Empty()


def put_stage(connection: Connection, run_id: str, stage: str, now: int) -> None:
    """Delete (softly) or restore a run. Raises NotFound; Conflict for one that pruning is removing for good."""
    run = runs.require(connection, run_id)
    if stage == LifecycleStage.ACTIVE and f"runs/{run_id}" in removing.begun(connection):
        raise Conflict(
            f"The run {run_id} is being removed for good, and some of its files are gone: it cannot be restored. `runstone prune` ends it."
        )
    runs.set_stage(connection, run, stage, now)


@operation("POST", "/mlflow/runs/set-tag", permission="edit")
def set_tag(engine: Engine, request: SetTag) -> Empty:
    """Set a tag, in place of one of the same key."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    tag = checked_tag(request.key, request.value)
    with engine.database.write() as connection:
        put_tags(connection, runs.require(connection, run_id, active=True), [tag])
    return Empty()


@operation("POST", "/mlflow/runs/delete-tag", permission="edit")
def delete_tag(engine: Engine, request: DeleteTag) -> Empty:
    """Take a tag away. Raises NotFound where there is none."""
    run_id = rules.check_run_id(request.run_id)
    if not request.key:
        raise rules.missing("key")
    key = request.key  # one that no tag could have is one that the run does not have
    with engine.database.write() as connection:
        if not runs.delete_tag(connection, runs.require(connection, run_id, active=True), key):
            raise NotFound(
                f"No tag with name: {key} in run with id {run_id}. `runstone runs show {run_id}` lists its tags."
            )
    return Empty()


@operation("POST", "/mlflow/runs/log-parameter", permission="edit")
def log_param(engine: Engine, request: LogParam) -> Empty:
    """Log a param. The same value again is no change; another value is an InvalidParameter."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    param = _checked_param(request.key, request.value)
    with engine.database.write() as connection:
        _add_params(connection, run_id, runs.require(connection, run_id, active=True), [param])
    return Empty()


@operation("POST", "/mlflow/runs/log-batch", permission="edit")
def log_batch(engine: Engine, request: LogBatch) -> Empty:
    """Log points, params and tags in one transaction: all or none."""
    from runstone.operations.series import store_metrics

    run_id = rules.check_run_id(request.run_id)
    most, setting = settings.BATCH_LIMIT.read(), settings.BATCH_LIMIT.name
    rules.check_limit("metrics", len(request.metrics), most, setting)
    rules.check_limit("params", len(request.params), most // 10, setting)
    rules.check_limit("tags", len(request.tags), most // 10, setting)
    total = len(request.metrics) + len(request.params) + len(request.tags)
    rules.check_limit("metrics, params, and tags", total, most, setting)
    params = [_checked_param(param.key, param.value, number) for number, param in enumerate(request.params)]
    keys = [key for key, _ in params]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidParameter(
            f"Duplicate parameter keys have been submitted: {twice!r} stands twice in one batch. Send it once."
        )
    tags = [checked_tag(tag.key, tag.value, number) for number, tag in enumerate(request.tags)]
    with engine.database.write() as connection:
        run = runs.require(connection, run_id, active=True)
        _add_params(connection, run_id, run, params)
        put_tags(connection, run, tags)
        if request.metrics:
            store_metrics(engine, connection, run, request.metrics)
    return Empty()


def checked_creation(request: CreateRun) -> tuple[str, list[tuple[str, str]]]:
    """The name of a run that is to be made, given one where it has none, and its tags. Raises InvalidParameter."""
    tags = [checked_tag(tag.key, tag.value) for tag in request.tags]
    tagged = dict(tags).get(RUN_NAME_TAG)
    given = _checked_name(request.run_name)
    if given and tagged and given != tagged:
        raise InvalidParameter(
            f"run_name={given!r} and the tag {RUN_NAME_TAG}={tagged!r} name the run differently. Give one of them."
        )
    name = given or tagged or names.random_name()
    if not tagged:
        tags.append((RUN_NAME_TAG, name))
    return name, tags


def _checked_name(name: str | None) -> str | None:
    """A run's name, cut to what the tag that says it may have; None for none."""
    return rules.fit("tag", RUN_NAME_TAG, name, settings.TAG_LIMIT) if name else None


def check_said(request: object) -> None:
    """Raise InvalidParameter for params or tags that could never be taken, as far as that can be said without the store."""
    if isinstance(request, LogParam):
        _checked_param(request.key, request.value)
    elif isinstance(request, SetTag):
        checked_tag(request.key, request.value)
    elif isinstance(request, LogBatch):
        for param in request.params:
            _checked_param(param.key, param.value)
        for tag in request.tags:
            checked_tag(tag.key, tag.value)


def new_run_id() -> str:
    """An id that no other run has."""
    return os.urandom(16).hex()


def check_status(status: object) -> str:
    """A status's name, or InvalidParameter. The wire may say its number too."""
    if not isinstance(status, str | int) or str(status) not in _STATUSES:
        raise rules.invalid("status", status, f"Give one of {', '.join(RunStatus.__members__)}.")
    return _STATUSES[str(status)]


def _load(connection: Connection, run: int) -> Run:
    return runs_read.load_runs(connection, [run])[0]


def checked_tag(key: str | None, value: str, number: int | None = None) -> tuple[str, str]:
    """A tag's key and its value, cut to what a tag may have. Raises InvalidParameter."""
    name = rules.check_key("tag", key, number)
    return name, rules.fit("tag", name, value, settings.TAG_LIMIT)


def _checked_param(key: str | None, value: str, number: int | None = None) -> tuple[str, str]:
    name = rules.check_key("param", key, number)
    return name, rules.fit("param", name, value, settings.PARAM_LIMIT)


def put_tags(connection: Connection, run: int, tags: list[tuple[str, str]]) -> None:
    """Set a run's tags; the one that holds its name renames it."""
    runs.set_tags(connection, run, tags)
    name = dict(tags).get(RUN_NAME_TAG)
    if name:
        runs.update(connection, run, status=None, end_time=None, name=name)


def _add_params(connection: Connection, run_id: str, run: int, params: list[tuple[str, str]]) -> None:
    conflict = runs.add_params(connection, run, params)
    if conflict is not None:
        key, old, new = conflict
        raise InvalidParameter(
            f"Changing param values is not allowed. Param with key={key!r} was already logged with value={old!r} for run ID={run_id!r}. "
            f"Attempted logging new value {new!r}. Start another run, or log it under another key."
        )
