"""`runstone models`: logged models listed; versions and models deleted, renamed, described."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.asking import agreed, yes_option
from runstone.cli.finding import experiments, find_version, is_model_id, is_version, plain, reader
from runstone.cli.output import age, for_people, json_option, moment, show, show_json
from runstone.entities import ViewType

if TYPE_CHECKING:
    from runstone.entities.model_registry import ModelVersion


def show_logged(limit: int, as_json: bool) -> bool:
    """Print the logged models of all experiments, those made last first; whether there are more."""
    store = reader()
    places = {one.experiment_id: one.name for one in experiments(store, ViewType.ACTIVE_ONLY)}
    found: list[Any] = []
    token: str | None = None
    while places and len(found) < limit:
        page = store.search_logged_models(list(places), max_results=min(limit - len(found), 50), page_token=token)
        found += page
        token = page.token
        if token is None:
            break
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(found))
        return token is not None
    rows = [
        {
            "model": model.model_id,
            "name": model.name,
            "status": str(model.status),
            "experiment": places.get(model.experiment_id, model.experiment_id),
            "run": (model.source_run_id or "")[:8] if for_people() else model.source_run_id,
            "created": age(model.creation_timestamp) if for_people() else moment(model.creation_timestamp),
        }
        for model in found
    ]
    show(rows, False, "No logged models here: log_model(...) makes one.", typed="model")
    return token is not None


@click.command()
@click.argument("chosen", nargs=-1, required=True, metavar="MODEL...")
@yes_option
@json_option
def rm(chosen: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Delete versions (NAME/3, NAME@ALIAS), logged models (models:/MODEL_ID), or, by NAME alone, registered models with all their versions.

    Versions and registered models go for good; the logged models behind them stay. On a terminal it asks; elsewhere it needs --yes.
    """
    store = reader()
    # Each by what it means now, before any is gone: `latest` means another one then.
    versions: dict[str, ModelVersion] = {}
    logged: dict[str, str] = {}
    names: dict[str, str] = {}
    for word in chosen:
        name = plain(word)
        if is_model_id(name):
            logged[name] = f"the logged model {name} ({store.get_logged_model(name).name})"
        elif is_version(word):
            version = find_version(store, word)
            versions[f"{version.name}/{version.version}"] = version
        else:
            names[store.get_registered_model(name).name] = f"{name} with all its versions"
    told = [f"{one} ({', '.join(version.aliases)})" if version.aliases else one for one, version in versions.items()]
    if not agreed(f"Delete {', '.join([*told, *logged.values(), *names.values()])}?", yes):
        return 1
    for version in versions.values():
        store.delete_model_version(version.name, version.version)
    for model_id in logged:
        store.delete_logged_model(model_id)
    for name in names:
        store.delete_registered_model(name)
    deleted = [*versions, *logged, *names]
    if as_json:
        show_json({"deleted": deleted})
    else:
        print(f"deleted: {', '.join(deleted)}", file=sys.stderr)
    return 0


@click.command()
@click.argument("name")
@click.argument("new_name")
@json_option
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Give the registered model NAME another name; its versions, aliases and tags go with it."""
    model = reader().rename_registered_model(plain(name), new_name)
    if as_json:
        show_json(model.to_dictionary())
    else:
        print(model.name)


@click.command()
@click.argument("version")
@click.argument("text")
@json_option
def describe(version: str, text: str, as_json: bool) -> None:
    """Set the description of a version, or, by NAME alone, of a registered model; an empty TEXT takes it away."""
    store, name = reader(), plain(version)
    if is_version(version):
        found = find_version(store, version)
        now: Any = store.update_model_version(found.name, found.version, text)
    else:
        now = store.update_registered_model(name, text)
    if as_json:
        show_json(now.to_dictionary())
    else:
        print(f"{name}: {now.description or 'no description'}")
