"""Logged models as users hold them: structs in MLflow's wire shape, shown under MLflow's Python names."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from runstone.entities import Entity, Metric


class LoggedModelStatus(enum.StrEnum):
    """Where a logged model stands: its files are still on their way, all there, or were not to be had."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    @staticmethod
    def is_finalized(status: object) -> bool:
        """Whether this status is an end."""
        return status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED)

    def to_int(self) -> int:
        """Its number on MLflow's wire."""
        return list(LoggedModelStatus).index(self)

    @classmethod
    def from_int(cls, status_int: int) -> LoggedModelStatus:
        """The status of a number on MLflow's wire. Raises ValueError for a number that is none."""
        statuses = list(cls)
        if not 0 <= status_int < len(statuses):
            raise ValueError(f"{status_int!r} is the number of no status: they go from 0 to {len(statuses) - 1}")
        return statuses[status_int]


# A status's name on MLflow's wire, and back.
WIRE_STATUSES = {
    LoggedModelStatus.UNSPECIFIED: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}
STATUSES = {name: status for status, name in WIRE_STATUSES.items()}


class LoggedModelTag(Entity, omit_defaults=False):
    """A label on a logged model."""

    key: str
    value: str


class LoggedModelParameter(Entity, omit_defaults=False):
    """One input of a logged model; its value does not change."""

    key: str
    value: str


class LoggedModelInfo(Entity):
    """A logged model's own facts, under the wire's names."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str | None = None
    source_run_id: str | None = None
    status_message: str | None = None
    tags: list[LoggedModelTag] = msgspec.field(default_factory=list)


class LoggedModelData(Entity):
    """What was logged for a model."""

    params: list[LoggedModelParameter] = msgspec.field(default_factory=list)
    metrics: list[Metric] = msgspec.field(default_factory=list)


class _Flat(msgspec.StructMeta):
    """Takes MLflow's arguments, which know no info and data; a decoder of the wire does not come this way."""

    def __call__(
        self,
        experiment_id: Any,
        model_id: str,
        name: str,
        artifact_location: str,
        creation_timestamp: int,
        last_updated_timestamp: int,
        model_type: str | None = None,
        source_run_id: str | None = None,
        status: LoggedModelStatus | int = LoggedModelStatus.READY,
        status_message: str | None = None,
        tags: list[LoggedModelTag] | dict[str, str] | None = None,
        params: list[LoggedModelParameter] | dict[str, str] | None = None,
        metrics: list[Metric] | None = None,
    ) -> Any:
        known = LoggedModelStatus.from_int(status) if isinstance(status, int) else LoggedModelStatus(status)
        info = LoggedModelInfo(
            model_id, experiment_id, name, creation_timestamp, last_updated_timestamp, artifact_location, WIRE_STATUSES[known],
            model_type, source_run_id, status_message, _pairs(LoggedModelTag, tags),
        )  # fmt: skip
        return self.of(info, LoggedModelData(_pairs(LoggedModelParameter, params), metrics or []))  # type: ignore[attr-defined]


def _pairs(kind: Any, given: Any) -> list[Any]:
    return [kind(key, value) for key, value in given.items()] if isinstance(given, dict) else list(given or [])


class LoggedModel(Entity, metaclass=_Flat):
    """A model that was logged: what it is (`info`) and what was measured of it (`data`)."""

    info: LoggedModelInfo
    data: LoggedModelData = msgspec.field(default_factory=LoggedModelData)

    @classmethod
    def of(cls, info: LoggedModelInfo, data: LoggedModelData) -> LoggedModel:
        """The model of these facts."""
        made: LoggedModel = msgspec.StructMeta.__call__(cls, info, data)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return LoggedModel.of, (self.info, self.data)

    def __iter__(self) -> Any:
        return ((name, getattr(self, name)) for name in _PROPERTIES)

    def to_dictionary(self) -> dict[str, Any]:
        """Every fact but the URI, which follows from the id; the status as its number."""
        return {**{name: value for name, value in self if name != "model_uri"}, "status": self.status.to_int()}

    @property
    def experiment_id(self) -> str:
        """Where it belongs."""
        return self.info.experiment_id

    @property
    def model_id(self) -> str:
        """`m-` and 32 hexadecimal digits."""
        return self.info.model_id

    @property
    def name(self) -> str:
        """Its name; several models may bear it."""
        return self.info.name

    @property
    def artifact_location(self) -> str:
        """Where its files are."""
        return self.info.artifact_uri

    @property
    def creation_timestamp(self) -> int:
        """When it was made, in ms."""
        return self.info.creation_timestamp_ms

    @property
    def last_updated_timestamp(self) -> int:
        """When its status last changed, in ms."""
        return self.info.last_updated_timestamp_ms

    @property
    def model_type(self) -> str | None:
        """What its maker called its type."""
        return self.info.model_type

    @property
    def source_run_id(self) -> str | None:
        """The run that made it."""
        return self.info.source_run_id

    @property
    def status(self) -> LoggedModelStatus:
        """Where it stands."""
        return STATUSES.get(self.info.status, LoggedModelStatus.UNSPECIFIED)

    @property
    def status_message(self) -> str | None:
        """Why it stands there."""
        return self.info.status_message

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return {tag.key: tag.value for tag in self.info.tags}

    @property
    def params(self) -> dict[str, str]:
        """Key to value."""
        return {param.key: param.value for param in self.data.params}

    @property
    def metrics(self) -> list[Metric] | None:
        """The points that were measured of it, by time."""
        return self.data.metrics

    @property
    def model_uri(self) -> str:
        """`models:/` and its id."""
        return f"models:/{self.model_id}"


_PROPERTIES = sorted(name for name, value in vars(LoggedModel).items() if isinstance(value, property))
