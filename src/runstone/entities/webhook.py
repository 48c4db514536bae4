"""Webhooks as users hold them, in MLflow's wire shape: what is told of which events, and what became of what was told."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

import msgspec

from runstone.entities import Entity, _Renaming
from runstone.errors import InvalidParameter

# What webhooks are told of.
EVENTS = (
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
)
# What MLflow's are told of besides: prompts and budgets, which are not here.
_ELSEWHERE = (
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
    "budget_policy.exceeded",
)
_KNOWN = (*EVENTS, *_ELSEWHERE)


class WebhookStatus(enum.StrEnum):
    """Whether a webhook is told of anything."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"

    def is_active(self) -> bool:
        """Whether it is."""
        return self is WebhookStatus.ACTIVE


class WebhookEntity(enum.StrEnum):
    """What an event is about."""

    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    MODEL_VERSION_TAG = "model_version_tag"
    MODEL_VERSION_ALIAS = "model_version_alias"
    PROMPT = "prompt"
    PROMPT_VERSION = "prompt_version"
    PROMPT_TAG = "prompt_tag"
    PROMPT_VERSION_TAG = "prompt_version_tag"
    PROMPT_ALIAS = "prompt_alias"
    BUDGET_POLICY = "budget_policy"


class WebhookAction(enum.StrEnum):
    """What happened to it."""

    CREATED = "created"
    DELETED = "deleted"
    SET = "set"
    UPDATED = "updated"
    EXCEEDED = "exceeded"


class WebhookEvent(Entity, metaclass=_Renaming, omit_defaults=False):
    """An event that a webhook is told of; `str(event)` is "model_version.created" and the like. Raises InvalidParameter for what is none of MLflow's."""

    ARGUMENTS: ClassVar = {"entity": "_entity", "action": "_action"}

    # In capitals on the wire, in small letters in Python: as MLflow has it.
    _entity: str = msgspec.field(name="entity")
    _action: str = msgspec.field(name="action")

    def __post_init__(self) -> None:
        self._entity, self._action = str(self._entity).upper(), str(self._action).upper()
        if str(self) not in _KNOWN:
            raise InvalidParameter(
                f"There is no event {str(self)[:60]!r} here. Webhooks are told of: {', '.join(EVENTS)}."
            )

    @classmethod
    def from_str(cls, event_str: str) -> WebhookEvent:
        """The event of "model_version.created" and the like."""
        entity, _, action = str(event_str).partition(".")
        return cls(entity, action)

    @property
    def entity(self) -> WebhookEntity:
        """What it is about."""
        return WebhookEntity(self._entity.lower())

    @property
    def action(self) -> WebhookAction:
        """What happened."""
        return WebhookAction(self._action.lower())

    def __str__(self) -> str:
        return f"{self._entity}.{self._action}".lower()

    def __hash__(self) -> int:
        return hash(str(self))


class WebhookDelivery(Entity):
    """One event on its way to one webhook, ours. Times in ms.

    `state` is waiting, delivered or given up; `response_status` is what the receiver said last, `problem` why the last attempt failed.
    """

    delivery_id: str
    webhook_id: str
    event: str
    creation_timestamp: int
    state: str
    attempts: int = msgspec.field(default_factory=int)
    last_attempt: int | None = None
    next_attempt: int | None = None
    response_status: int | None = None
    problem: str | None = None


class Webhook(Entity):
    """Where events are sent. Its `secret` is taken, and never given back; `last_delivery` (ours) is the one that was tried last."""

    webhook_id: str
    name: str
    url: str
    events: list[WebhookEvent]
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    status: WebhookStatus = msgspec.field(default_factory=lambda: WebhookStatus.ACTIVE)
    secret: str | None = None
    last_delivery: WebhookDelivery | None = None


class WebhookTestResult(Entity):
    """What became of a webhook's test. There is never a `response_body`: what a receiver answers is not given to whoever asks."""

    success: bool = msgspec.field(default_factory=bool)
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


def events_of(given: Any) -> list[WebhookEvent]:
    """Events from their names, or as they are; each once, in their order here. Raises InvalidParameter."""
    texts = [given] if isinstance(given, str) else list(given or ())
    found = {str(one if isinstance(one, WebhookEvent) else WebhookEvent.from_str(str(one))) for one in texts}
    return [WebhookEvent.from_str(event) for event in _KNOWN if event in found]
