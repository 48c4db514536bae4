"""The registry as users hold it: registered models, their versions, tags and aliases, in MLflow's wire shape."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from runstone.entities import Entity, Metric, _Named, _Renaming
from runstone.entities.logged_models import LoggedModelParameter

STAGES = ("None", "Staging", "Production", "Archived")
# MLflow's names for them
STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION, STAGE_ARCHIVED = ALL_STAGES = list(STAGES)


class ModelVersionStatus(_Named):
    """Where the registration of a version stands."""

    PENDING_REGISTRATION = 1
    FAILED_REGISTRATION = 2
    READY = 3

    @classmethod
    def all_status(cls) -> list[str]:
        """The name of every status."""
        return list(cls.__members__)


class RegisteredModelTag(Entity, omit_defaults=False):
    """A label on a registered model."""

    key: str
    value: str


class ModelVersionTag(Entity, omit_defaults=False):
    """A label on a version."""

    key: str
    value: str


class RegisteredModelAlias(Entity, omit_defaults=False):
    """A name that points to one of a registered model's versions, and may be moved."""

    alias: str
    version: str


class ModelVersion(Entity, metaclass=_Renaming):
    """A version of a registered model. `source` is what was registered: a logged model, or files of a run."""

    ARGUMENTS: ClassVar = {"tags": "_tags"}

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int | None = None
    description: str | None = None
    user_id: str | None = None
    current_stage: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: str = msgspec.field(default_factory=lambda: "READY")
    status_message: str | None = None
    _tags: list[ModelVersionTag] = msgspec.field(default_factory=list, name="tags")
    run_link: str | None = None
    aliases: list[str] = msgspec.field(default_factory=list)
    model_id: str | None = None
    params: list[LoggedModelParameter] | None = None
    metrics: list[Metric] | None = None
    deployment_job_state: Any = None

    def __post_init__(self) -> None:
        self._tags, self.aliases = self._tags or [], self.aliases or []

    def __iter__(self) -> Any:
        return ((name, getattr(self, name)) for name in sorted((*self.__struct_encode_fields__,)))

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return {tag.key: tag.value for tag in self._tags}


class RegisteredModel(Entity, metaclass=_Renaming):
    """A name under which versions of a model are kept. `latest_versions` holds the newest of each stage."""

    ARGUMENTS: ClassVar = {"tags": "_tags", "aliases": "_aliases"}

    name: str
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = msgspec.field(default_factory=list)
    _tags: list[RegisteredModelTag] = msgspec.field(default_factory=list, name="tags")
    _aliases: list[RegisteredModelAlias] = msgspec.field(default_factory=list, name="aliases")
    deployment_job_id: str | None = None
    deployment_job_state: Any = None

    def __post_init__(self) -> None:
        self.latest_versions = self.latest_versions or []
        self._tags, self._aliases = self._tags or [], self._aliases or []

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return {tag.key: tag.value for tag in self._tags}

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to version."""
        return {alias.alias: alias.version for alias in self._aliases}


class RegistryChange(Entity):
    """One change in the registry, ours: who changed what of a registered model or of one of its versions, and when (ms).

    `kind` is created, renamed, deleted, description, tag, alias, stage, protected or unprotected; `key` names the tag, the alias or its pattern;
    `old` and `new` are None where there was or is no value: made or deleted, a version's source and a registered model's name; of a protection,
    the users who may move the aliases all the same, '' where nobody may. `user_id` is '' where a server made the change: it does not know who asks.
    """

    kind: str
    time: int
    user_id: str
    version: str | None = None
    key: str | None = None
    old: str | None = None
    new: str | None = None
