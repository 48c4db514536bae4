"""What users hold: runs, experiments, metrics, files, datasets, as structs in MLflow's wire shape. Knows nothing of stores.

A list that MLflow's Python shows as a dict (metrics, params, tags) is kept as the wire's list and shown as a dict.
Times are milliseconds since 1970 (UTC). The structs that stand in a run by the hundred hold texts and numbers only, so Python's
search for cycles (gc) may pass them over. On the wire, what is None or an empty list is left out; a default that must be said all the
same is a factory's.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

if TYPE_CHECKING:
    from runstone.entities.logged_models import LoggedModel as LoggedModel
    from runstone.entities.logged_models import LoggedModelParameter as LoggedModelParameter
    from runstone.entities.logged_models import LoggedModelStatus as LoggedModelStatus
    from runstone.entities.logged_models import LoggedModelTag as LoggedModelTag
    from runstone.entities.webhook import Webhook as Webhook
    from runstone.entities.webhook import WebhookAction as WebhookAction
    from runstone.entities.webhook import WebhookEntity as WebhookEntity
    from runstone.entities.webhook import WebhookEvent as WebhookEvent
    from runstone.entities.webhook import WebhookStatus as WebhookStatus
    from runstone.entities.webhook import WebhookTestResult as WebhookTestResult

Item = TypeVar("Item")


class _Named(enum.IntEnum):
    @classmethod
    def to_string(cls, status: int) -> str:
        """The name of a number; raises ValueError for a number that is none of these."""
        return cls(status).name

    @classmethod
    def from_string(cls, status_str: str) -> int:
        """The number of a name; raises ValueError for a name that is none of these."""
        if status_str not in cls.__members__:
            raise ValueError(f"{status_str!r} is none of {', '.join(cls.__members__)}")
        return int(cls[status_str])


class RunStatus(_Named):
    """Where a run stands."""

    RUNNING = 1
    SCHEDULED = 2
    FINISHED = 3
    FAILED = 4
    KILLED = 5

    @classmethod
    def is_terminated(cls, status: int) -> bool:
        """Whether a run of this status has ended."""
        return status in (cls.FINISHED, cls.FAILED, cls.KILLED)

    @classmethod
    def all_status(cls) -> list[int]:
        """Every status."""
        return [int(status) for status in cls]


class ViewType(_Named):
    """Which of the active and the deleted a listing shows."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The name of a number, in small letters; raises ValueError for a number that is none of these."""
        return cls(view_type).name.lower()

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of a name in small letters; raises ValueError for a name that is none of these."""
        return _Named.from_string.__func__(cls, view_str.upper())  # type: ignore[attr-defined, no-any-return]


class SourceType(_Named):
    """What kind of program made a run."""

    NOTEBOOK = 1
    JOB = 2
    PROJECT = 3
    LOCAL = 4
    UNKNOWN = 5


class LifecycleStage:
    """Active, or deleted but kept (and so restorable)."""

    ACTIVE = "active"
    DELETED = "deleted"


class PagedList(list[Item]):
    """A page of results; `token` asks for the next one and is None on the last."""

    def __init__(self, items: Any = (), token: str | None = None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[Item]:
        """The page as a plain list."""
        return list(self)


class Entity(msgspec.Struct, omit_defaults=True, kw_only=False):
    """What every entity can do."""

    def to_dictionary(self) -> dict[str, Any]:
        """The entity as plain dicts and lists."""
        return {name: _plain(value) for name, value in self}

    def __iter__(self) -> Any:
        # dict(entity) gives name and value pairs, as MLflow's entities do
        return ((name, getattr(self, name)) for name in self.__struct_encode_fields__)


def _plain(value: Any) -> Any:
    if isinstance(value, Entity):
        return value.to_dictionary()
    return [_plain(item) for item in value] if isinstance(value, list) else value


class _Renaming(msgspec.StructMeta):
    """Takes MLflow's names for a constructor's arguments where the fields bear others."""

    def __call__(self, *args: Any, **given: Any) -> Any:
        if not given:
            return super().__call__(*args)
        fields: dict[str, str] = self.ARGUMENTS  # type: ignore[attr-defined]
        return super().__call__(*args, **{fields.get(name, name): value for name, value in given.items()})


class Metric(Entity, gc=False):
    """One point of a metric. `timestamp` in ms; `value` may be NaN or infinite."""

    key: str
    value: float
    timestamp: int
    step: int = msgspec.field(default_factory=int)
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class Param(Entity, omit_defaults=False, gc=False):
    """One input of a run; its value does not change."""

    key: str
    value: str


class RunTag(Entity, omit_defaults=False, gc=False):
    """A label on a run."""

    key: str
    value: str


class ExperimentTag(Entity, omit_defaults=False):
    """A label on an experiment."""

    key: str
    value: str


class InputTag(Entity, omit_defaults=False):
    """A label on a dataset's use by a run; `mlflow.data.context` says what it was used for."""

    key: str
    value: str


class Dataset(Entity):
    """A dataset as the store knows it: `source`, `schema` and `profile` are JSON text."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        """Every fact, also those that are None."""
        return dict(self)


class DatasetInput(Entity):
    """A dataset that a run used, and how."""

    dataset: Dataset
    tags: list[InputTag] = []

    def __post_init__(self) -> None:
        self.tags = self.tags or []

    def to_dictionary(self) -> dict[str, Any]:
        """The dataset, and the tags as a dict."""
        return {"dataset": self.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in self.tags}}


class LoggedModelInput(Entity):
    """A logged model that a run used."""

    model_id: str


class LoggedModelOutput(Entity):
    """A logged model that a run made at a step."""

    model_id: str
    step: int = msgspec.field(default_factory=int)


class RunInputs(Entity):
    """What went into a run."""

    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[LoggedModelInput] = []

    def __post_init__(self) -> None:
        self.model_inputs = self.model_inputs or []


class RunOutputs(Entity):
    """What came out of a run besides its artifacts."""

    model_outputs: list[LoggedModelOutput] = []


class RunInfo(Entity):
    """A run's own facts."""

    run_id: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int | None = None
    end_time: int | None = None
    lifecycle_stage: str = msgspec.field(default_factory=lambda: LifecycleStage.ACTIVE)
    artifact_uri: str | None = None
    run_name: str | None = None
    run_uuid: str = ""
    """MLflow's older name for run_id, which clients in R and Java read; on the wire, and not among the facts that `dict(info)` gives."""

    def __post_init__(self) -> None:
        self.run_uuid = self.run_id

    def __iter__(self) -> Any:
        return ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "run_uuid")

    def __repr__(self) -> str:
        return f"RunInfo({', '.join(f'{name}={value!r}' for name, value in self)})"


class RunData(Entity, metaclass=_Renaming):
    """What a run logged: `metrics` holds the latest value of each key."""

    ARGUMENTS: ClassVar = {"metrics": "_metric_objs", "params": "_params", "tags": "_tags"}

    _metric_objs: list[Metric] = msgspec.field(default_factory=list, name="metrics")
    _params: list[Param] = msgspec.field(default_factory=list, name="params")
    _tags: list[RunTag] = msgspec.field(default_factory=list, name="tags")

    def __post_init__(self) -> None:
        self._metric_objs, self._params, self._tags = self._metric_objs or [], self._params or [], self._tags or []

    @property
    def metrics(self) -> dict[str, float]:
        """Key to latest value."""
        return {metric.key: metric.value for metric in self._metric_objs}

    @property
    def params(self) -> dict[str, str]:
        """Key to value."""
        return {param.key: param.value for param in self._params}

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return {tag.key: tag.value for tag in self._tags}


class Run(Entity, metaclass=_Renaming):
    """A run: what it is (`info`), what it logged (`data`), what it used and made."""

    ARGUMENTS: ClassVar = {"run_info": "info", "run_data": "data", "run_inputs": "inputs", "run_outputs": "outputs"}

    info: RunInfo
    data: RunData
    inputs: RunInputs = msgspec.field(default_factory=RunInputs)
    outputs: RunOutputs = msgspec.field(default_factory=RunOutputs)

    def __post_init__(self) -> None:
        self.inputs, self.outputs = self.inputs or RunInputs(), self.outputs or RunOutputs()


class Experiment(Entity, metaclass=_Renaming):
    """A named group of runs."""

    ARGUMENTS: ClassVar = {"tags": "_tags"}
    DEFAULT_EXPERIMENT_NAME: ClassVar = "Default"

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str = msgspec.field(default_factory=lambda: LifecycleStage.ACTIVE)
    _tags: list[ExperimentTag] = msgspec.field(default_factory=list, name="tags")
    creation_time: int | None = None
    last_update_time: int | None = None

    def __post_init__(self) -> None:
        self._tags = self._tags or []

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return {tag.key: tag.value for tag in self._tags}


class FileInfo(Entity):
    """A file or folder among a run's artifacts; `file_size` in bytes, None for a folder.

    `digest` (algorithm:hex, over the whole file) is runstone's own; it is None for a folder and for a file still growing. So is `executable`,
    whether whoever logged it might run it, as a script or a program.
    """

    path: str
    is_dir: bool
    file_size: int | None = None
    digest: str | None = None
    executable: bool = False


_LOGGED_MODELS = ("LoggedModel", "LoggedModelParameter", "LoggedModelStatus", "LoggedModelTag")
_WEBHOOKS = ("Webhook", "WebhookAction", "WebhookEntity", "WebhookEvent", "WebhookStatus", "WebhookTestResult")


def __getattr__(name: str) -> object:
    # Models and webhooks are loaded when they are asked for: a run without one does not pay for them.
    if name in _WEBHOOKS:
        from runstone.entities import webhook

        return getattr(webhook, name)
    if name not in _LOGGED_MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from runstone.entities import logged_models

    return getattr(logged_models, name)
