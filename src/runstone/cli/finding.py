"""Which store, run and experiment are meant by what a person types."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import click

from runstone.client import Client
from runstone.entities import Experiment, Run, ViewType
from runstone.errors import InvalidParameter, NotFound
from runstone.fluent.location import client, get_tracking_uri
from runstone.transport.discovery import STORE_NAME, is_store, resolve

if TYPE_CHECKING:
    from runstone.entities.model_registry import ModelVersion

# A run may be named by this many of its id's first characters, or more.
SHORTEST = 4
LATEST = "latest"
_ADDRESSES = ("models:/", "runs:/", "mlflow-artifacts:/")
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
# NAME@ALIAS, NAME/3, NAME/latest, and a logged model's id.
_VERSION = re.compile(rf"[^/]+@[^/]+|[^/]+/(?:\d+|latest)|{_MODEL_ID.pattern}")


def reader() -> Client:
    """The store, for a command that does not make one: it must be there already. Raises NotFound saying where it was looked for."""
    address = get_tracking_uri()
    if not is_store(address):
        raise NotFound(
            f"There is no store at {address.removeprefix('file://')}. Log a run first, or name another store with --store PATH."
        )
    return client()


def other_store(to: str) -> str:
    """A folder that is no store means the one in it, which `cd` to the folder finds."""
    address = resolve(to)
    if is_store(address) or os.path.basename(address) == STORE_NAME:
        return to
    return os.path.join(address.removeprefix("file://"), STORE_NAME)


def find_run(store: Client, name: str) -> Run:
    """The run of that id, of that unique start of an id, or of that unique name; `latest` is the one started last. Raises NotFound."""
    everywhere = all_experiments(store)
    try:
        return store.get_run(name)
    except (NotFound, InvalidParameter):  # a name need not look like an id
        pass
    found = store.search_runs(everywhere, f"run_name = {_quoted(name)}", ViewType.ALL, 2)
    if not found and len(name) >= SHORTEST and name.isalnum():
        found = store.search_runs(everywhere, f"run_id LIKE '{name}%'", ViewType.ALL, 2)
    if not found and name == LATEST:
        found = store.search_runs(everywhere, "", ViewType.ACTIVE_ONLY, 1)
    if not found:
        raise NotFound(f"There is no run {name!r}. `runstone runs` lists them with their ids.")
    if len(found) > 1:
        ids = ", ".join(run.info.run_id[:12] for run in found)
        raise NotFound(f"Several runs are called {name!r}. Say which by the start of its id: {ids}, ...")
    return found[0]


def find_experiment(store: Client, name: str) -> Experiment:
    """The experiment of that name, or else of that id; deleted ones too. Raises NotFound."""
    found = store.get_experiment_by_name(name)
    if found is None and name.isascii() and name.isdigit():
        return store.get_experiment(name)
    if found is None:
        raise NotFound(f"There is no experiment {name!r}. `runstone experiments` lists them.")
    return found


def model_address(word: str) -> str:
    """The address of the model that is meant: a path of this machine, or an address in the store (`in_store`).

    Raises NotFound for what is neither; UsageError where it may be both.
    """
    if in_store(word):
        return word
    if word.startswith("file:/"):
        return unquote(urlsplit(word).path)
    if word.startswith(("/", "./", "../")) or word in (".", ".."):
        return word
    is_version, is_here = _VERSION.fullmatch(word) is not None, os.path.lexists(word)
    if is_version and is_here:
        raise click.UsageError(f"{word!r} is here, and may be a model of the store: write ./{word} or models:/{word}.")
    if not is_version and not is_here:
        if _is_registered(word):
            raise NotFound(
                f"{word!r} is a registered model. Say which version: {word}/latest, {word}/NUMBER or {word}@ALIAS."
            )
        raise NotFound(
            f"There is no {word!r} here, and it is no model's address. Write a path, NAME/3, NAME@ALIAS, models:/MODEL_ID or runs:/RUN_ID/PATH."
        )
    return f"models:/{word}" if is_version else word


def _is_registered(word: str) -> bool:
    """Whether a registered model has that name; False where there is no store to ask."""
    try:
        reader().get_registered_model(word)
    except (NotFound, InvalidParameter):
        return False
    return True


def find_version(store: Client, version: str) -> ModelVersion:
    """The version that NAME/3, NAME@ALIAS or NAME/latest means. Raises NotFound, InvalidParameter."""
    from runstone.models.locating import locate

    found = locate(store, f"models:/{plain(version)}").version if is_version(version) else None
    if found is None:
        raise click.UsageError(f"{version!r} does not say which version: write NAME/3, NAME@ALIAS or NAME/latest.")
    return store.get_model_version(found.name, found.number)


def is_version(word: str) -> bool:
    """Whether a word says a version, rather than a registered model, a logged one or a run's."""
    name = plain(word)
    return ("@" in name or "/" in name) and not name.startswith("runs:/") and not is_model_id(name.partition("/")[0])


def plain(word: str) -> str:
    """A model's address without the `models:/` that may stand before it."""
    return word.removeprefix("models:/")


def readable_model(word: str) -> str:
    """The address of the model that is meant (`model_address`), for a command that makes no store: one in a store is in one that is there."""
    address = model_address(word)
    if in_store(address):
        reader()
    return address


def is_model_id(word: str) -> bool:
    """Whether a word is a logged model's id by its form."""
    return _MODEL_ID.fullmatch(word) is not None


def in_store(address: str) -> bool:
    """Whether a model's address is one in the store."""
    return address.startswith(_ADDRESSES)


def all_experiments(store: Client) -> list[str]:
    """The ids of all experiments, deleted ones too."""
    return [experiment.experiment_id for experiment in experiments(store, ViewType.ALL)]


def experiments(store: Client, view: ViewType, filter_string: str = "") -> list[Experiment]:
    """All experiments of a kind that a filter lets through."""
    found: list[Experiment] = []
    token: str | None = None
    while True:
        page = store.search_experiments(view, 1000, filter_string, None, token)
        found.extend(page)
        token = page.token
        if token is None:
            return found


def _quoted(name: str) -> str:
    return f"'{name}'" if "'" not in name else f'"{name}"'
