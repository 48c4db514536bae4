"""`runstone experiments`: list, create, rename, delete, restore."""

from __future__ import annotations

import sys

import click

from runstone.cli.finding import experiments as search
from runstone.cli.finding import find_experiment, reader
from runstone.cli.grouping import Group
from runstone.cli.output import json_option, moment, show, show_json
from runstone.entities import ViewType
from runstone.fluent.location import client


@click.group(cls=Group)
def experiments() -> None:
    """Experiments. Without a command: list them (see `runstone experiments list --help`).

    EXPERIMENT is its name or id.
    """


@experiments.command("list")
@click.option("--filter", "filter_string", default="", help="E.g. \"name LIKE 'vision-%'\".")
@click.option("--deleted", is_flag=True, help="The deleted ones instead.")
@json_option
def list_experiments(filter_string: str, deleted: bool, as_json: bool) -> None:
    """List experiments, the newest first."""
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found = search(reader(), view, filter_string)
    if as_json:
        show_json([experiment.to_dictionary() for experiment in found])
        return
    rows = [
        {
            "id": experiment.experiment_id,
            "name": experiment.name,
            "created": moment(experiment.creation_time),
            "changed": moment(experiment.last_update_time),
            "tags": ", ".join(f"{key}={value}" for key, value in experiment.tags.items()),
        }
        for experiment in found
    ]
    show(rows, False, "No experiments here.")


@experiments.command()
@click.argument("name")
@json_option
def create(name: str, as_json: bool) -> None:
    """Make an experiment called NAME, and a store for it where there is none."""
    _tell(client().create_experiment(name), name, "active", as_json)


@experiments.command()
@click.argument("experiment")
@click.argument("name")
@json_option
def rename(experiment: str, name: str, as_json: bool) -> None:
    """Call EXPERIMENT by another NAME."""
    store = reader()
    found = find_experiment(store, experiment)
    store.rename_experiment(found.experiment_id, name)
    _tell(found.experiment_id, name, found.lifecycle_stage, as_json)


@experiments.command()
@click.argument("experiment")
@json_option
def delete(experiment: str, as_json: bool) -> None:
    """Delete an experiment and its runs; `restore` brings them back."""
    store = reader()
    found = find_experiment(store, experiment)
    store.delete_experiment(found.experiment_id)
    _tell(found.experiment_id, found.name, "deleted", as_json)
    if not as_json:
        print(f"Undo: runstone experiments restore {found.experiment_id}", file=sys.stderr)


@experiments.command()
@click.argument("experiment")
@json_option
def restore(experiment: str, as_json: bool) -> None:
    """Bring a deleted experiment and its runs back."""
    store = reader()
    found = find_experiment(store, experiment)
    store.restore_experiment(found.experiment_id)
    _tell(found.experiment_id, found.name, "active", as_json)


def _tell(experiment_id: str, name: str, stage: str, as_json: bool) -> None:
    show([{"experiment_id": experiment_id, "name": name, "lifecycle_stage": stage}], as_json)
