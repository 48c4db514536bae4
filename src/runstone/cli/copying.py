"""`runstone models copy`: a model in another store, in another experiment, or under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runstone.cli.finding import find_version, in_store, is_version, other_store, reader
from runstone.cli.output import json_option, show_json

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.model_registry import ModelVersion


@click.command()
@click.argument("version")
@click.option(
    "--to",
    metavar="STORE",
    help="The other store: a server's address or a folder, in whose .runstone it is, or is made. This one unless said.",
)
@click.option(
    "--name", help="Of the registered model there; a version's own unless said, else the copy is not registered."
)
@click.option("--alias", "aliases", multiple=True, help="That is to mean the copy; may be repeated.")
@click.option("--experiment-id", help="Of the logged model there; the experiment called as its own here unless said.")
@json_option
def copy(
    version: str, to: str | None, name: str | None, aliases: tuple[str, ...], experiment_id: str | None, as_json: bool
) -> None:
    """Copy a model to another store, files and all, or within this one under another NAME or to another experiment.

    VERSION may also be models:/MODEL_ID (or the id alone) or runs:/RUN_ID/PATH: copied without --name, it is a logged model there and
    no version. What broke off goes on, called again.
    """
    store, registered = reader(), is_version(version)
    if to is None and name is None and experiment_id is None:
        raise click.UsageError("Say --to STORE, or --name or --experiment-id for a copy in this store.")
    if name is None and (to is None or not registered):
        if aliases:
            raise click.UsageError("--alias is of a registered model. Say its --name.")
        _copy_logged(store, version, to, experiment_id, as_json)
        return
    if to is None:
        assert name is not None
        made = _copy_version(store, version, name, aliases, experiment_id)
    else:
        from runstone.models.copying import copy_model

        uri, there = _address(version), other_store(to)
        made = copy_model(uri, there, name, aliases=aliases, experiment_id=experiment_id, source=store)
    if as_json:
        show_json(made.to_dictionary())
    else:
        print(f"{made.name}/{made.version}{': ' * bool(made.aliases)}{', '.join(made.aliases)}")


def _copy_logged(store: Client, version: str, to: str | None, experiment_id: str | None, as_json: bool) -> None:
    from runstone.models.copying import copy_logged_model

    there = None if to is None else other_store(to)
    made = copy_logged_model(_address(version), there, experiment_id=experiment_id, source=store)
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(made))
    else:
        print(f"models:/{made.model_id}")


def _copy_version(
    store: Client, version: str, name: str, aliases: tuple[str, ...], experiment_id: str | None
) -> ModelVersion:
    if experiment_id is not None:
        raise click.UsageError("Within this store say --name for a version, or --experiment-id for a logged model.")
    found = find_version(store, version)
    made = store.copy_model_version(f"models:/{found.name}/{found.version}", name)
    for alias in aliases:
        store.set_registered_model_alias(name, alias, made.version)
    return store.get_model_version(name, made.version)


def _address(version: str) -> str:
    return version if in_store(version) else f"models:/{version}"
