"""`runstone models`: the registry: registered models, their versions, aliases and tags, and what was changed of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from runstone.cli import copying, model_folders, scanning, shelving, signing
from runstone.cli.finding import find_version, is_model_id, is_version, plain, readable_model, reader
from runstone.cli.grouping import Group
from runstone.cli.history import show_changes
from runstone.cli.model_facts import described
from runstone.cli.output import age, for_people, json_option, moment, show, show_json
from runstone.cli.predicting import predict
from runstone.cli.serving import serve
from runstone.cli.webhooks import webhooks
from runstone.errors import Conflict, NotFound

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.model_registry import ModelVersion, RegisteredModel, RegistryChange

_LIMIT = click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="So many at the most."
)


@click.group(cls=Group)
def models() -> None:
    """Registered models.

    VERSION is NAME/3, NAME@ALIAS or NAME/latest; `models:/` before it is taken too. MODEL is a VERSION, models:/MODEL_ID (or the id alone),
    runs:/RUN_ID/PATH, or a folder here.
    """


for _command in (
    scanning.scan, model_folders.log_model, model_folders.register, model_folders.get, model_folders.lock, signing.keygen, signing.sign,
    signing.verify, serve, predict, webhooks, shelving.rm, shelving.rename, shelving.describe, copying.copy,
):  # fmt: skip
    models.add_command(_command)


@models.command()
@click.option("--logged", is_flag=True, help="Logged models, registered or not, those made last first.")
@_LIMIT
@json_option
def ls(logged: bool, limit: int, as_json: bool) -> None:
    """All registered models by name, with their newest versions and their aliases; or the logged models."""
    if logged:
        _say_more(shelving.show_logged(limit, as_json), limit)
        return
    found, more = _pages(reader().search_registered_models, "", None, limit)
    if as_json:
        show_json([model.to_dictionary() for model in found])
        return
    rows = [
        {
            "name": model.name,
            "latest": _latest(model),
            "aliases": ", ".join(f"{alias}={version}" for alias, version in sorted(model.aliases.items())),
            "updated": _when(model.last_updated_timestamp),
        }
        for model in found
    ]
    show(rows, False, "No registered models here: register_model(uri, name) makes one.", typed="name")
    _say_more(more, limit)


@models.command()
@click.argument("name")
@_LIMIT
@json_option
def versions(name: str, limit: int, as_json: bool) -> None:
    """The versions of NAME, the newest first."""
    store = reader()
    store.get_registered_model(name)  # raises for a name that is not there
    quote = '"' if "'" in name else "'"
    _show_versions(store, f"name = {quote}{name}{quote}", ["version_number DESC"], limit, as_json)


@models.command()
@click.argument("filter_string", metavar="FILTER", default="")
@click.option("--order-by", multiple=True, help='E.g. "version_number DESC"; may be given several times.')
@_LIMIT
@json_option
def search(filter_string: str, order_by: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Versions that FILTER lets through, e.g. "aliases = 'champion' AND metrics.accuracy > 0.9", those updated last first."""
    _show_versions(reader(), filter_string, list(order_by), limit, as_json)


def _show_versions(store: Client, text: str, order_by: list[str], limit: int, as_json: bool) -> None:
    found, more = _pages(store.search_model_versions, text, order_by, limit)
    if as_json:
        show_json([version.to_dictionary() for version in found])
        return
    rows = [
        {
            "version": f"{version.name}/{version.version}",
            "aliases": ", ".join(version.aliases),
            "tags": " ".join(f"{key}={value}" for key, value in sorted(version.tags.items())),
            "created": _when(version.creation_timestamp),
            "source": version.source,
        }
        for version in found
    ]
    show(rows, False, "No versions here.", typed="version")
    _say_more(more, limit)


@models.command("show")
@click.argument("version")
@json_option
def show_model(version: str, as_json: bool) -> None:
    """What is known of a version, with what was measured of the logged model behind it; by NAME alone, of a registered model; or of any MODEL."""
    store = reader()
    if (
        version.startswith(("models:/m-", "runs:/", "./", "../", "/", "file:/"))
        or version == "."
        or is_model_id(version)
    ):
        _show_saved(version, as_json)
        return
    if not is_version(version):
        _show_registered(_registered(store, version), as_json)
        return
    found = find_version(store, version)
    logged = store.get_logged_model(found.model_id) if found.model_id else None
    if as_json:
        import msgspec

        show_json({**found.to_dictionary(), "logged_model": msgspec.to_builtins(logged)})
        return
    facts: list[tuple[str, Any]] = [
        ("version", f"{found.name}/{found.version}"),
        ("aliases", ", ".join(found.aliases)),
        ("stage", None if found.current_stage == "None" else found.current_stage),
        ("description", found.description),
        ("created", moment(found.creation_timestamp)),
        ("by", found.user_id),
        ("source", found.source),
        ("run", found.run_id),
        ("logged model", found.model_id),
        *described(f"models:/{found.name}/{found.version}"),
        *((f"tag {key}", value) for key, value in sorted(found.tags.items())),
    ]
    if logged is not None:
        facts += [(f"param {key}", value) for key, value in sorted(logged.params.items())]
        facts += [
            (f"metric {point.key}" + (f" on {point.dataset_name}" if point.dataset_name else ""), point.value)
            for point in logged.metrics or ()
        ]
    _show_facts(facts)


def _registered(store: Client, name: str) -> RegisteredModel:
    try:
        return store.get_registered_model(plain(name))
    except NotFound as error:
        if os.path.lexists(name):
            raise NotFound(f"{error} A folder here is written ./{name}.") from None
        raise


def _show_saved(model: str, as_json: bool) -> None:
    from runstone.models.fetching import description

    address = readable_model(model)
    if as_json:
        show_json(description(address).to_dict())
    else:
        description(address)  # raises where there is none
        _show_facts([("model", model), *described(address)])


def _show_registered(model: RegisteredModel, as_json: bool) -> None:
    if as_json:
        show_json(model.to_dictionary())
        return
    _show_facts(
        [
            ("name", model.name),
            ("description", model.description),
            ("created", moment(model.creation_timestamp)),
            ("updated", moment(model.last_updated_timestamp)),
            ("latest", _latest(model)),
            *((f"alias {alias}", version) for alias, version in sorted(model.aliases.items())),
            *((f"tag {key}", value) for key, value in sorted(model.tags.items())),
        ]
    )


def _show_facts(facts: list[tuple[str, Any]]) -> None:
    show([{"what": what, "value": value} for what, value in facts if value not in (None, "")], False)


@models.command()
@click.argument("version")
@click.argument("alias")
@click.option("--delete", is_flag=True, help="Take the alias away.")
@click.option("--confirm", is_flag=True, help="Although it is protected.")
@json_option
def alias(version: str, alias: str, delete: bool, confirm: bool, as_json: bool) -> None:
    """Let ALIAS mean a version, in place of the one that it meant.

    With --delete no version has it any more; VERSION may be just NAME then, else it must be the version that ALIAS means.
    """
    store = reader()
    if delete:
        now = _without(store, version, alias, confirm)
    else:
        found = find_version(store, version)
        store.set_registered_model_alias(found.name, alias, found.version, confirm=confirm)
        now = store.get_model_version(found.name, found.version)
    if as_json:
        show_json(now.to_dictionary())
    else:
        print(f"{now.name}/{now.version}: {', '.join(now.aliases) or 'no aliases'}")


def _without(store: Client, version: str, alias: str, confirm: bool) -> ModelVersion:
    said = find_version(store, version) if is_version(version) else None
    name = said.name if said else plain(version)
    meant = store.get_model_version_by_alias(name, alias)
    if said is not None and said.version != meant.version:
        raise Conflict(
            f"{alias!r} means {name}/{meant.version}, not {name}/{said.version}: nothing was changed. To take it away: "
            f"runstone models alias {name}/{meant.version} {alias} --delete"
        )
    store.delete_registered_model_alias(name, alias, confirm=confirm)
    return store.get_model_version(name, meant.version)


@models.command()
@click.argument("name")
@click.argument("alias", default="")
@click.option("--user", "users", multiple=True, help="Who may move it all the same; may be repeated.")
@click.option("--off", is_flag=True, help="Protect it no more.")
@json_option
def protect(name: str, alias: str, users: tuple[str, ...], off: bool, as_json: bool) -> None:
    """Let nobody move ALIAS (`*` in it is any characters) of NAME without --confirm; without ALIAS, list what is protected."""
    store = reader()
    if off and (users or not alias):
        raise click.UsageError("--off takes NAME and ALIAS, and no --user.")
    if off:
        store.unprotect_alias(name, alias)
    elif alias:
        store.protect_alias(name, alias, list(users))
    found = store.get_alias_protections(name)
    show([{"alias": one, "users": ", ".join(may)} for one, may in found.items()], as_json, "No alias is protected.")


@models.command()
@click.argument("version")
@click.argument("tags", nargs=-1, metavar="KEY=VALUE...")
@click.option("--delete", multiple=True, metavar="KEY", help="Take this tag away; may be repeated.")
@json_option
def tag(version: str, tags: tuple[str, ...], delete: tuple[str, ...], as_json: bool) -> None:
    """Set tags of a version, or, by NAME alone, of a registered model."""
    wrong = next((text for text in tags if "=" not in text), None)
    if wrong is not None or not (tags or delete):
        raise click.UsageError(f"tag takes KEY=VALUE, not {wrong!r}." if wrong else "Say KEY=VALUE, or --delete KEY.")
    store, pairs = reader(), [text.split("=", 1) for text in tags]
    now: ModelVersion | RegisteredModel
    if is_version(version):
        found = find_version(store, version)
        for key, value in pairs:
            store.set_model_version_tag(found.name, found.version, key, value)
        for key in delete:
            store.delete_model_version_tag(found.name, found.version, key)
        now = store.get_model_version(found.name, found.version)
    else:
        name = plain(version)
        for key, value in pairs:
            store.set_registered_model_tag(name, key, value)
        for key in delete:
            store.delete_registered_model_tag(name, key)
        now = store.get_registered_model(name)
    if as_json:
        show_json(now.to_dictionary())
    else:
        print(f"{plain(version)}: {' '.join(f'{key}={value}' for key, value in sorted(now.tags.items())) or 'no tags'}")


@models.command()
@click.argument("version")
@json_option
def history(version: str, as_json: bool) -> None:
    """What was changed of NAME and its versions, or of one version: made and deleted, aliases moved and protected, tags and descriptions
    set; who, when, from what to what. What was deleted has its history still."""
    store = reader()
    name, _, number = plain(version).partition("/")
    changes = store.get_registry_changes(name, number) if number.isdecimal() else []
    if not changes and is_version(version):
        found = find_version(store, version)
        changes = store.get_registry_changes(found.name, found.version)
    elif not changes:
        changes = store.get_registry_changes(name)
    show_changes(changes, as_json, _told)


def _told(change: RegistryChange, value: str) -> str:
    """Of a protection, the users who may move the aliases all the same."""
    return value or "nobody" if change.kind in ("protected", "unprotected") else value


def _latest(model: RegisteredModel) -> str | None:
    numbers = [int(version.version) for version in model.latest_versions]
    return str(max(numbers)) if numbers else None


def _when(milliseconds: int | None) -> str | None:
    return age(milliseconds) if for_people() else moment(milliseconds)


def _pages(search: Callable[..., Any], text: str, order_by: list[str] | None, limit: int) -> tuple[list[Any], bool]:
    found: list[Any] = []
    token: str | None = None
    while len(found) < limit:
        page = search(text, min(limit - len(found), 1_000), order_by, token)
        found += page
        token = page.token
        if token is None:
            break
    return found, token is not None


def _say_more(more: bool, limit: int) -> None:
    if more:
        print(f"There are more: `--limit {limit * 10}` shows them.", file=sys.stderr)
