"""What names, numbers, stages and labels of logged and registered models may be. Knows nothing of the store."""

from __future__ import annotations

import posixpath
import re

from runstone import settings
from runstone.entities.model_registry import STAGES
from runstone.errors import InvalidParameter
from runstone.operations import rules

NAME_LENGTH = 256
LOGGED_NAME_LENGTH = 500
ALIAS_LENGTH = 255
TAG_LENGTH = 100_000
DESCRIPTION_LENGTH = 100_000
# of an id, a type, an address
SHORT_LENGTH = 2_048

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_ALIAS = re.compile(r"v\d+", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,19}")
_NOT_IN_LOGGED_NAMES = "/:.%\"'"
_STAGES = {stage.lower(): stage for stage in STAGES}


def required(field: str, value: object) -> str:
    """The text of a field that must be there, or InvalidParameter."""
    if value is None or value == "":
        raise rules.missing(field)
    if not isinstance(value, str):
        raise rules.invalid(field, value, "It takes a text.")
    rules.check_text(f"The {field}", value)
    return value


def optional(field: str, value: str | None) -> str | None:
    """A short text that need not be there, or InvalidParameter."""
    if value:
        rules.check_text(f"The {field}", value)
        if len(value) > SHORT_LENGTH:
            raise InvalidParameter(
                f"'{field}' exceeds the maximum length of {SHORT_LENGTH} characters: {value[:40]!r}... has {len(value)}. Shorten it."
            )
    return value


def check_model_id(model_id: str | None) -> str:
    """A logged model's id, of this store or another, or InvalidParameter."""
    required("model_id", model_id)
    return str(optional("model_id", model_id))


def check_model_name(name: str | None, field: str = "name") -> str:
    """A registered model's name, or InvalidParameter."""
    text = required(field, name)
    if not text.strip():
        raise rules.missing(field)
    rules.check_text("The model's name", text)
    if len(text) > NAME_LENGTH:
        raise InvalidParameter(
            f"'{field}' exceeds the maximum length of {NAME_LENGTH} characters: {text[:40]!r}... has {len(text)}. Shorten it."
        )
    if "/" in text or ":" in text:
        raise InvalidParameter(f"Invalid model name '{text}'. Names cannot contain '/' or ':'.")
    if "\0" in text or posixpath.normpath(text) != text or text in (".", ".."):
        raise rules.invalid(field, text, "A name must not read as another path. Choose another.")
    return text


def check_alias(alias: str | None) -> str:
    """An alias, or InvalidParameter."""
    text = required("alias", alias)
    if len(text) > ALIAS_LENGTH:
        raise InvalidParameter(
            f"'Registered model alias name' exceeds the maximum length of {ALIAS_LENGTH} characters: {text[:40]!r}... has {len(text)}."
        )
    if not _ALIAS.fullmatch(text):
        raise InvalidParameter(
            f"Invalid alias name: {text!r}. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    if text.lower() == "latest":
        raise InvalidParameter("'latest' alias name (case insensitive) is reserved. Choose another name.")
    if _VERSION_ALIAS.fullmatch(text):
        raise InvalidParameter(f"Version alias name '{text}' is reserved. Choose another name.")
    return text


def check_version(version: object) -> int:
    """A version's number, or InvalidParameter."""
    text = required("version", None if version is None else str(version))
    if not _NUMBER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise InvalidParameter(f"Parameter 'version' must be an integer, got '{text[:60]}'.")
    return int(text)


def check_stage(stage: str | None) -> str:
    """A stage under its own name, letter case aside; or InvalidParameter."""
    text = required("stage", stage)
    if text.lower() not in _STAGES:
        raise InvalidParameter(f"Invalid Model Version stage: {text[:60]}. Value must be one of {', '.join(STAGES)}.")
    return _STAGES[text.lower()]


def check_tag(key: str | None, value: str | None) -> tuple[str, str]:
    """A label of a registered model or of a version, or InvalidParameter."""
    required("key", key)
    name, text = rules.check_key("tag", key), value or ""
    rules.check_text(f"The tag {name!r}", text)
    if len(text) > TAG_LENGTH:
        raise InvalidParameter(f"'value' exceeds the maximum length of {TAG_LENGTH} characters: it has {len(text)}.")
    return name, text


def check_description(description: str | None) -> str | None:
    """A description, or InvalidParameter."""
    if description is not None:
        rules.check_text("The description", description)
        if len(description) > DESCRIPTION_LENGTH:
            raise InvalidParameter(
                f"'description' exceeds the maximum length of {DESCRIPTION_LENGTH} characters: it has {len(description)}."
            )
    return description


def check_logged_model_name(name: str) -> str:
    """A logged model's name, or InvalidParameter."""
    rules.check_text("The model's name", name)
    if not name or any(mark in name for mark in _NOT_IN_LOGGED_NAMES):
        marks = ", ".join(repr(mark) for mark in _NOT_IN_LOGGED_NAMES)
        raise InvalidParameter(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain the following "
            f"characters: ({marks})"
        )
    if len(name) > LOGGED_NAME_LENGTH:
        raise InvalidParameter(
            f"'name' exceeds the maximum length of {LOGGED_NAME_LENGTH} characters: {name[:40]!r}... has {len(name)}. Shorten it."
        )
    return name


def check_logged_model_label(kind: str, key: str | None, value: str | None) -> tuple[str, str]:
    """A tag or param (`kind` says which) of a logged model: any key, as MLflow takes it, or InvalidParameter."""
    name, text = required("key", key), value or ""
    rules.check_text(f"The {kind}'s key", name)
    rules.check_text(f"The {kind} {name!r}", text)
    most = settings.KEY_LIMIT.read()
    if len(name) > most or len(text) > TAG_LENGTH:
        raise InvalidParameter(
            f"The {kind} {name[:40]!r} needs a key of at most {most} and a value of at most {TAG_LENGTH} characters."
        )
    return name, text
