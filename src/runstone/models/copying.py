"""A model is copied to another store: its files as they are, its params, tags and metrics, and where it came from. What broke off goes on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runstone.addresses import masked
from runstone.client import Client
from runstone.entities import LoggedModelOutput, Metric
from runstone.errors import AlreadyExists, InvalidParameter
from runstone.fluent.location import client
from runstone.models.locating import Place, locate

if TYPE_CHECKING:
    from runstone.entities import LoggedModel
    from runstone.entities.model_registry import ModelVersion

# On a copy: the store and the address in it that it was copied from.
COPIED_FROM = "runstone.copied_from"


def copy_model(
    model_uri: str,
    to: str | os.PathLike[str],
    name: str | None = None,
    *,
    aliases: Sequence[str] = (),
    experiment_id: str = "0",
    source: Client | None = None,
) -> ModelVersion:
    """Copy a model to another store and register it there; the new version.

    Every file is checked by its digest when it is read, and is stored byte for byte, the MLmodel file too; between two stores of runstone
    only chunks travel that are not there yet. With it go the logged model's params, tags and metrics, and the version's tags and
    description. The tag `runstone.copied_from` says where it came from. Called again after it broke off it goes on where it was; called
    again when all is there, it changes nothing but the aliases.

    Args:
        model_uri: models:/NAME/3, models:/NAME@ALIAS, models:/MODEL_ID, or runs:/RUN/PATH.
        to: the other store: a folder, or a server's address, also of an MLflow server (3.0 or later).
        name: of the registered model there, made where it is missing; the same as here unless said.
        aliases: that are to point to the new version.
        experiment_id: of the other store, where the logged model is to belong.
        source: the store that it is copied from; the current one unless said.

    Raises:
        NotFound: there is no such model.
        InvalidParameter: no name is said for a model that has none here, or it is a folder of this machine.
        CorruptData: a file is not as it was stored.
    """
    here, there = source or client(), Client(to)
    place = locate(here, model_uri)
    if place.owner is None:
        raise InvalidParameter(f"{model_uri!r} is a folder of this machine. Log it first, then copy what was logged.")
    name = name or (place.version.name if place.version else None)
    if name is None:
        raise InvalidParameter(
            f"{model_uri!r} is not a version, so it has no name to be registered under there. Say one: copy_model(..., name=...), or --name NAME in the terminal."
        )
    logged = here.get_logged_model(place.owner) if place.owner.startswith("m-") else None
    address = f"{place.owner}/{place.path}".rstrip("/")
    origin = f"{masked(here.tracking_uri)} {f'models:/{address}' if logged else f'runs:/{address}'}"
    copy = _copied(here, there, place, logged, origin, str(experiment_id), name)
    version = _registered(here, there, place, copy, origin, name)
    for alias in aliases:
        there.set_registered_model_alias(name, alias, version.version)
    return there.get_model_version(name, version.version)


def _copied(
    here: Client, there: Client, place: Place, logged: LoggedModel | None, origin: str, experiment_id: str, name: str
) -> LoggedModel:
    """The logged model over there, with its files: one that an earlier copy made, where it did."""
    copy = _begun(there, experiment_id, origin)
    if copy is not None and str(copy.status) == "READY":
        return copy
    if copy is None:
        run = there.create_run(experiment_id, run_name=f"copy of {name}", tags={COPIED_FROM: origin})
        copy = there.create_logged_model(
            experiment_id,
            logged.name if logged else name,
            run.info.run_id,
            {**(logged.tags if logged else {}), COPIED_FROM: origin},
            logged.params if logged else {},
            logged.model_type if logged else None,
        )
    assert place.owner is not None
    with tempfile.TemporaryDirectory(prefix="runstone-copy-") as above:
        there.log_artifacts(copy.model_id, here.download_artifacts(place.owner, place.path, above))
    run_id = copy.source_run_id
    assert run_id is not None
    points = [
        Metric(
            point.key, point.value, point.timestamp, point.step, copy.model_id, point.dataset_name, point.dataset_digest
        )
        for point in (logged.metrics if logged else None) or ()
    ]
    there.log_batch(run_id, points)
    there.log_outputs(run_id, [LoggedModelOutput(copy.model_id, 0)])
    copy = there.finalize_logged_model(copy.model_id, "READY")
    there.set_terminated(run_id)
    return copy


def _begun(there: Client, experiment_id: str, origin: str) -> LoggedModel | None:
    quote = '"' if "'" in origin else "'"
    found = there.search_logged_models([experiment_id], f"tags.`{COPIED_FROM}` = {quote}{origin}{quote}", max_results=1)
    return found[0] if found else None


def _registered(here: Client, there: Client, place: Place, copy: LoggedModel, origin: str, name: str) -> ModelVersion:
    """The version over there; what an earlier copy registered, where it did."""
    if place.version is None:
        tags, description = {}, None
        of, text = {}, None
    else:
        version = here.get_model_version(place.version.name, place.version.number)
        model = here.get_registered_model(place.version.name)
        tags, description, of, text = version.tags, version.description, model.tags, model.description
    with contextlib.suppress(AlreadyExists):
        there.create_registered_model(name, of, text)
    quote = '"' if "'" in name else "'"
    uri = f"models:/{copy.model_id}"
    for known in there.search_model_versions(f"name = {quote}{name}{quote}"):
        if copy.model_id == known.model_id or known.source == uri:  # MLflow's server keeps no model_id
            return known
    labels = {**tags, COPIED_FROM: origin}
    return there.create_model_version(name, uri, tags=labels, description=description, model_id=copy.model_id)
