"""How versions of named artifacts are spelt: NAME, NAME:vN, NAME:ALIAS, NAME@DIGEST. The one version that a spelling means, in a store."""

from __future__ import annotations

import re
from typing import NamedTuple

from runstone.errors import InvalidParameter, NotFound
from runstone.operations import model_rules, rules
from runstone.store import artifact_versions
from runstone.store.artifact_versions import LATEST, Version
from runstone.store.database import Connection

NAME_LENGTH = 250
ALIAS_LENGTH = 128
# Digits of a digest that must be given at least.
_SHORTEST = 8
# Names, versions or aliases that an error lists.
_MOST_NAMED = 5
_NAME = re.compile(r"\w(?:[\w.\- /]*[\w.\-])?")
_ALIAS = re.compile(r"[\w.\-]+")
_NUMBER = re.compile(r"v([0-9]{1,15})", re.IGNORECASE)
_KINDS = ("blake3", "blake3-tree", "blake3-executable")
_DIGEST = re.compile(r"(?:(blake3|blake3-tree|blake3-executable):)?([0-9a-f]{1,64})")


class Reference(NamedTuple):
    """A name, and which of its versions: by a number, an alias, or the beginning of a digest; one of them is given."""

    name: str
    number: int | None = None
    alias: str | None = None
    digest: str | None = None


def check_name(name: str | None) -> str:
    """The name of an artifact, or InvalidParameter."""
    text = model_rules.required("name", name)
    if len(text) > NAME_LENGTH:
        raise InvalidParameter(
            f"'name' exceeds the maximum length of {NAME_LENGTH} characters: {text[:40]!r}... has {len(text)}. Shorten it."
        )
    if not _NAME.fullmatch(text) or "//" in text:
        raise rules.invalid(
            "name",
            text,
            "An artifact's name is letters, digits, '_', '-', '.', ' ' and '/'; ':' and '@' stand behind it.",
        )
    return text


def check_alias(alias: str | None) -> str:
    """An alias that people may set, or InvalidParameter."""
    text = model_rules.required("alias", alias)
    if len(text) > ALIAS_LENGTH or not _ALIAS.fullmatch(text):
        raise rules.invalid(
            "alias", text, f"An alias is letters, digits, '_', '-' and '.', {ALIAS_LENGTH} at the most."
        )
    if text.lower() == LATEST:
        raise rules.invalid("alias", text, f"{LATEST!r} moves by itself, to what was logged last. Choose another.")
    if _NUMBER.fullmatch(text):
        raise rules.invalid("alias", text, "It reads as a version's number. Choose another.")
    return text


def parse(reference: str | None) -> Reference:
    """What a reference says, or InvalidParameter."""
    text = model_rules.required("reference", reference)
    name, at, digest = text.partition("@")
    if at:
        match = _DIGEST.fullmatch(digest.lower())
        if match is None or len(match[2]) < _SHORTEST:
            raise rules.invalid(
                "reference", text, f"Behind '@' stands a digest, or {_SHORTEST} or more of its first digits."
            )
        return Reference(check_name(name), digest=digest.lower())
    name, _, chosen = text.partition(":")
    check_name(name)
    number = _NUMBER.fullmatch(chosen)
    if number is not None:
        return Reference(name, number=int(number[1]))
    chosen = chosen or LATEST
    if not _ALIAS.fullmatch(chosen):
        raise rules.invalid("reference", text, "Behind ':' stands a version's number (v0, v1, ...) or an alias.")
    return Reference(name, alias=LATEST if chosen.lower() == LATEST else chosen)


def require(connection: Connection, reference: str | None) -> Version:
    """The version that a reference means. Raises NotFound, and InvalidParameter where it may mean two."""
    said = parse(reference)
    named = require_name(connection, said.name)
    found: Version | None
    if said.number is not None:
        found = artifact_versions.find(connection, named, "version", said.number)
    elif said.alias is not None:
        found = artifact_versions.aliased(connection, named, said.alias)
    else:
        found = _by_digest(connection, named, str(said.digest))
    if found is None:
        raise NotFound(
            f"There is no artifact version {str(reference)[:300]!r}. {_told(connection, named)} "
            f"`runstone versions ls {said.name}` lists them."
        )
    return found


def require_name(connection: Connection, name: str) -> int:
    """The row of a name. Raises NotFound."""
    named = artifact_versions.find_name(connection, name)
    if named is None:
        there = [one for one, _, _ in artifact_versions.names(connection, "", _MOST_NAMED + 1)]
        known = f"There are {_listed(there)}: `runstone versions ls` lists them" if there else "There are none yet"
        raise NotFound(f"There is no named artifact {name!r}. {known}; log_artifact(..., name={name!r}) makes it.")
    return named


def _told(connection: Connection, named: int) -> str:
    """A sentence on which versions and aliases a name has."""
    versions, aliases = artifact_versions.spellings(connection, named, _MOST_NAMED + 1)
    if not versions:
        return "All its versions were deleted."
    called = [f"{alias} (v{number})" for alias, number in aliases]
    return f"Its versions are {_listed([f'v{number}' for number in versions])}, its aliases {_listed(called)}."


def _listed(names: list[str]) -> str:
    return ", ".join([*names[:_MOST_NAMED], *["..."] * (len(names) > _MOST_NAMED)])


def _by_digest(connection: Connection, named: int, digest: str) -> Version | None:
    starts = [digest] if ":" in digest else [f"{kind}:{digest}" for kind in _KINDS]
    found = [version for start in starts for version in artifact_versions.with_digest_like(connection, named, start)]
    if len(found) > 1:
        raise InvalidParameter(f"Two versions have a digest that begins with {digest!r}. Give more of it.")
    return found[0] if found else None
