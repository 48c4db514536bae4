"""What can be asked of protected aliases: who may move the aliases of a pattern, and that nobody else does so without saying that it is meant."""

from __future__ import annotations

import re

import msgspec

from runstone.errors import Forbidden, InvalidParameter
from runstone.operations import model_rules, rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import alias_protection, registered_models
from runstone.store.database import Connection
from runstone.store.registry_changes import Author

MOST_USERS = 100
_PATTERN = re.compile(r"[\w\-*]{1,255}")
_STARS = 4


class ProtectAlias(msgspec.Struct, omit_defaults=True):
    """Aliases of a registered model, `*` being any characters, and who may move them without confirming it."""

    name: str | None = None
    alias: str | None = None
    users: list[str] = []


class UnprotectAlias(msgspec.Struct, omit_defaults=True):
    """A pattern that was protected."""

    name: str | None = None
    alias: str | None = None


class ProtectionsOf(msgspec.Struct, omit_defaults=True):
    """One registered model, by name."""

    name: str | None = None


class Protection(msgspec.Struct):
    """A pattern of aliases, and who may move them without confirming it."""

    alias: str
    users: list[str]


class Protections(msgspec.Struct):
    """All of a registered model, by pattern."""

    protections: list[Protection]


@operation("POST", "/runstone/registry/protect-alias", permission="manage")
def protect_alias(engine: Engine, request: ProtectAlias) -> Empty:
    """Let nobody but these users move or take away the aliases of a pattern, unless it is confirmed."""
    name, pattern = model_rules.check_model_name(request.name), _pattern(request.alias)
    rules.check_limit("users", len(request.users), MOST_USERS)
    users = sorted({model_rules.required("users", user) for user in request.users})
    if any(len(user) > model_rules.NAME_LENGTH or not user.isprintable() for user in users):
        raise InvalidParameter(f"A user's name is a printable text of at most {model_rules.NAME_LENGTH} characters.")
    with engine.database.write() as connection:
        model = registered_models.require(connection, name)
        alias_protection.protect(connection, model, pattern, users, Author(engine.user(), engine.now()))
    return Empty()


@operation("POST", "/runstone/registry/unprotect-alias", permission="manage")
def unprotect_alias(engine: Engine, request: UnprotectAlias) -> Empty:
    """Let everybody move the aliases of a pattern again; one that is not protected is no mistake."""
    name, pattern = model_rules.check_model_name(request.name), _pattern(request.alias)
    with engine.database.write() as connection:
        model = registered_models.require(connection, name)
        alias_protection.unprotect(connection, model, pattern, Author(engine.user(), engine.now()))
    return Empty()


@operation("GET", "/runstone/registry/protections", permission="read")
def get_alias_protections(engine: Engine, request: ProtectionsOf) -> Protections:
    """Which aliases of a registered model are protected. Raises NotFound."""
    name = model_rules.check_model_name(request.name)
    with engine.database.read() as connection:
        found = alias_protection.protections(connection, registered_models.require(connection, name))
    return Protections([Protection(pattern, users) for pattern, users in found])


def check_move(connection: Connection, model: int, alias: str, author: Author, confirmed: bool) -> None:
    """Raises Forbidden where an alias is protected from whoever asks, who did not confirm."""
    protected = None if confirmed else _protected(connection, model, alias, author)
    if protected:
        raise Forbidden(
            f"{protected}. If it is meant: confirm=True, or "
            "`runstone models alias VERSION ALIAS --confirm` (with --delete to take it away)."
        )


def check_loss(connection: Connection, model: int, version: int | None, author: Author, lost: str = "deleted") -> None:
    """Raises Forbidden where a protected alias points to a version, or to any of the model's, that whoever asks would delete or rename: who
    asks for the alias by the model's name would get nothing, or what somebody else registers under that name."""
    for alias in alias_protection.aliases_of(connection, model, version):
        protected = _protected(connection, model, alias, author)
        if protected:
            kept = "the registered model" if version is None else f"version {version}"
            raise Forbidden(
                f"{protected}; {kept} is not {lost} while it has that alias. "
                "If it is meant: move it or take it away first, with confirm=True or `runstone models alias VERSION ALIAS --confirm` (--delete)."
            )


def _protected(connection: Connection, model: int, alias: str, author: Author) -> str | None:
    """Who may move an alias, where that is not whoever asks."""
    for pattern, users in alias_protection.guarding(connection, model, alias):
        if not author.user_id or author.user_id not in users:
            who = (
                f"only {', '.join(users)} may move it or take it away"
                if users
                else "nobody moves it or takes it away unasked"
            )
            by = "" if pattern == alias else f" (by the pattern {pattern!r})"
            return f"The alias {alias!r} is protected{by}: {who}"
    return None


def _pattern(alias: str | None) -> str:
    text = model_rules.required("alias", alias)
    if not _PATTERN.fullmatch(text) or text.count("*") > _STARS:
        raise InvalidParameter(
            f"Invalid pattern of aliases: {text[:60]!r}. It is an alias (letters, digits, '_', '-'), with at most {_STARS} '*' for any characters."
        )
    return text
