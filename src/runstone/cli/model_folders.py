"""`runstone models`: get, log, register, lock: a model's files from the store and to it."""

from __future__ import annotations

import os
import sys

import click

from runstone.cli.asking import agreed, yes_option
from runstone.cli.fetching import counts_of, force_option, interruptible, refuse_empty, replacing, say
from runstone.cli.finding import find_experiment, find_run, in_store, model_address, readable_model, reader
from runstone.cli.output import json_option, show_json, text

_NAME = click.option("--name", default="model", show_default=True, help="What it is called.")
# Files that are named before somebody is asked.
_SHOWN = 10


@click.command()
@click.argument("model")
@click.argument("folder", metavar="DIR")
@force_option
@json_option
def get(model: str, folder: str, force: bool, as_json: bool) -> None:
    """Fetch MODEL's files into the folder DIR, which is made where it is missing.

    MODEL is NAME/3, NAME@ALIAS, models:/..., or runs:/RUN_ID/PATH. Every byte is checked; what is there already is left alone, and what
    was broken off goes on.
    """
    from runstone.client import fetching
    from runstone.models.locating import locate

    refuse_empty(model, folder)
    address, store = model_address(model), reader()
    place = locate(store, address)
    if place.owner is None:
        raise click.UsageError(f"{model!r} is a folder here already.")
    above = len(place.path) + 1 if place.path else 0
    with interruptible():
        files = [file._replace(name=file.info.path[above:]) for file in fetching.wanted(store, place.owner, place.path)]
        done = fetching.fetch_files(store, files, address, folder, None, place.owner, replacing(force, as_json))
    if as_json:
        show_json({"model": address, "path": done.path, "files": done.files, "bytes": counts_of(done)})
        return
    print(done.path)
    say(done)


@click.command("log")
@click.argument("folder", metavar="PATH")
@_NAME
@click.option("--run", metavar="RUN", help="The run whose output it is; none unless given.")
@click.option("--experiment", metavar="EXPERIMENT", help="Where it belongs: the run's, or Default, unless given.")
@click.option("--register", metavar="NAME", help="Register it under this name too.")
@yes_option
@json_option
def log_model(
    folder: str, name: str, run: str | None, experiment: str | None, register: str | None, yes: bool, as_json: bool
) -> int:
    """Log the saved model in the folder PATH, whoever saved it: its files as they are. Nothing of it is loaded.

    What would not be loaded from the folder, since it can run code and was not saved here, is named first: on a terminal it asks; elsewhere
    it needs --yes. Whoever loads it from the store runs it.
    """
    from runstone.fluent.location import client
    from runstone.models import log_saved_model

    if not _may_be_logged(folder, yes):
        return 1
    store = client()
    info = log_saved_model(
        folder,
        name,
        run_id=find_run(store, run).info.run_id if run else None,
        experiment_id=find_experiment(store, experiment).experiment_id if experiment else None,
        registered_model_name=register,
    )
    if as_json:
        version = info.registered_model_version
        show_json({"model_id": info.model_id, "model_uri": info.model_uri, "run_id": info.run_id, "version": version})
        return 0
    print(info.model_uri)
    if register:
        print(f"Registered as {register}/{info.registered_model_version}.", file=sys.stderr)
    return 0


def _may_be_logged(folder: str, yes: bool) -> bool:
    """Whether it is harmless or made here, or somebody vouches for it: from the store it will be loaded with a warning only."""
    from runstone.models.mlmodel import FILE_NAME
    from runstone.safety.trust import refused

    # A folder without is no model's, which logging says: nobody waits for a look at all of it.
    found = refused(folder) if os.path.isfile(os.path.join(folder, FILE_NAME)) else {}
    if not found:
        return True
    lines = [f"    {text(name)}: {words}" for name, words in list(found.items())[:_SHOWN]]
    lines += [f"    and {len(found) - _SHOWN} more files"] * (len(found) > _SHOWN)
    print("\n".join(["Loading this model can run code that was not saved here:", *lines]), file=sys.stderr)
    return agreed(
        "Do you trust who made it, and log it?", yes, "Nothing was logged: whoever loads it from the store runs that"
    )


@click.command()
@click.argument("model")
@click.argument("name")
@click.option("--alias", "aliases", multiple=True, help="That is to mean the new version; may be repeated.")
@json_option
def register(model: str, name: str, aliases: tuple[str, ...], as_json: bool) -> None:
    """Make MODEL the newest version of NAME, which is made where it is missing.

    MODEL is models:/MODEL_ID, runs:/RUN_ID/PATH, or another version: NAME/3, NAME@ALIAS.
    """
    from runstone.fluent.registry import register_model

    address, store = model_address(model), reader()
    if not in_store(address):
        raise click.UsageError(
            f"{model!r} is a folder here. `runstone models log {model} --register {name}` logs it and registers what was logged."
        )
    made = register_model(address, name)
    for alias in aliases:
        store.set_registered_model_alias(name, alias, made.version)
    made = store.get_model_version(name, made.version)
    if as_json:
        show_json(made.to_dictionary())
    else:
        print(f"{made.name}/{made.version}{': ' * bool(made.aliases)}{', '.join(made.aliases)}")


@click.command()
@click.argument("model")
@click.option("--tool", type=click.Choice(["uv", "pip"]), help="By which the index is asked; uv where it is here.")
@json_option
def lock(model: str, tool: str | None, as_json: bool) -> None:
    """Add the hashes of an index to the lock of MODEL's requirements, and keep it beside the model.

    MODEL is models:/MODEL_ID, runs:/RUN_ID/PATH or a folder here; not a registered version, which stays as it was registered.
    """
    from runstone.environments.lock import pins
    from runstone.models import lock_model_requirements

    address = readable_model(model)
    found = pins(lock_model_requirements(address, tool))
    hashes = sum(line.count("--hash=") for line in found.values())
    if as_json:
        show_json({"model": address, "distributions": len(found), "hashes": hashes})
    else:
        print(f"{address}: {len(found)} pinned, {hashes} hashes in requirements.lock")
