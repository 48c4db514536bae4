"""A model is copied to another store: its files as they are, its params, tags and metrics, and where it came from. What broke off goes on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from runstone.addresses import masked
from runstone.client import Client
from runstone.entities import LoggedModelOutput, Metric
from runstone.errors import AlreadyExists, InvalidParameter
from runstone.fluent.location import client
from runstone.models.locating import Place, locate
from runstone.models.logging import DEFAULT_NAME

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
    experiment_id: str | None = None,
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
        experiment_id: of the other store, where the logged model is to belong; the one that is called as its experiment here, made
            where it is missing, unless said.
        source: the store that it is copied from; the current one unless said.

    Raises:
        NotFound: there is no such model.
        InvalidParameter: no name is said for a model that has none here, or it is a folder of this machine.
        CorruptData: a file is not as it was stored.
    """
    here, there = source or client(), Client(to)
    place = locate(here, model_uri)
    name = name or (place.version.name if place.version else None)
    if name is None and place.owner is not None:
        raise InvalidParameter(
            f"{model_uri!r} is not a version, so it has no name to be registered under there. Say one: copy_model(..., name=...), or --name "
            "NAME in the terminal; or copy it without registering it: copy_logged_model(...), in the terminal without --name."
        )
    original = _Original.of(here, model_uri, place)
    copy = _copied(here, there, original, experiment_id, name)
    assert name is not None
    version = _registered(here, there, place, copy, original.address, name)
    for alias in aliases:
        there.set_registered_model_alias(name, alias, version.version)
    return there.get_model_version(name, version.version)


def copy_logged_model(
    model_uri: str,
    to: str | os.PathLike[str] | None = None,
    *,
    experiment_id: str | None = None,
    source: Client | None = None,
) -> LoggedModel:
    """Copy a model to another store, or to another experiment of this one, without registering it; the new logged model.

    What goes along, what is checked and what is found again is as with `copy_model`. Within a store no byte is stored twice.

    Args:
        model_uri: models:/MODEL_ID, runs:/RUN/PATH, models:/NAME/3 or models:/NAME@ALIAS.
        to: the other store, as for `copy_model`; the very store of the model unless said.
        experiment_id: where the copy is to belong; in another store the experiment that is called as the model's here, made where it is
            missing, unless said.
        source: the store that it is copied from; the current one unless said.

    Raises:
        NotFound: there is no such model, or experiment.
        InvalidParameter: the model is a folder of this machine, or in that very experiment already.
        CorruptData: a file is not as it was stored.
    """
    here = source or client()
    there = here if to is None else Client(to)
    original = _Original.of(here, model_uri, locate(here, model_uri))
    stays = experiment_id is None or str(experiment_id) == original.experiment_id
    if stays and original.logged is not None and here.tracking_uri == there.tracking_uri:
        raise InvalidParameter(
            f"{model_uri!r} is in experiment {original.experiment_id} of this store already. Say another store, or another experiment: "
            "copy_logged_model(..., experiment_id=...), or --to and --experiment-id in the terminal."
        )
    return _copied(here, there, original, experiment_id)


class _Original(NamedTuple):
    """What is copied: whose files, which of them, in which experiment; the logged model where it is one; the tag of its copies."""

    owner: str
    path: str
    experiment_id: str
    logged: LoggedModel | None
    address: str

    @staticmethod
    def of(here: Client, model_uri: str, place: Place) -> _Original:
        owner = place.owner
        if owner is None:
            raise InvalidParameter(
                f"{model_uri!r} is a folder of this machine. Log it first, then copy what was logged."
            )
        logged = here.get_logged_model(owner) if owner.startswith("m-") else None
        experiment = logged.experiment_id if logged else here.get_run(owner).info.experiment_id
        address = f"{'models' if logged else 'runs'}:/{f'{owner}/{place.path}'.rstrip('/')}"
        return _Original(owner, place.path, experiment, logged, f"{masked(here.tracking_uri)} {address}")


def _copied(
    here: Client, there: Client, original: _Original, experiment_id: str | None, name: str | None = None
) -> LoggedModel:
    """The logged model over there, with its files: one that an earlier copy made, where it did."""
    logged, origin = original.logged, original.address
    experiment = _experiment(here, there, original) if experiment_id is None else str(experiment_id)
    copy = _begun(there, experiment, origin)
    if copy is not None and str(copy.status) == "READY":
        return copy
    if copy is None:
        # of files of a run: as their folder is called
        called = logged.name if logged else name or original.path.rpartition("/")[2] or DEFAULT_NAME
        run = there.create_run(experiment, run_name=f"copy of {name or called}", tags={COPIED_FROM: origin})
        copy = there.create_logged_model(
            experiment,
            called,
            run.info.run_id,
            {**(logged.tags if logged else {}), COPIED_FROM: origin},
            logged.params if logged else {},
            logged.model_type if logged else None,
        )
    with tempfile.TemporaryDirectory(prefix="runstone-copy-") as above:
        there.log_artifacts(copy.model_id, here.download_artifacts(original.owner, original.path, above))
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


def _experiment(here: Client, there: Client, original: _Original) -> str:
    """The experiment over there that is called as the model's here."""
    name = here.get_experiment(original.experiment_id).name
    with contextlib.suppress(AlreadyExists):
        return there.create_experiment(name)
    found = there.get_experiment_by_name(name)
    assert found is not None
    return found.experiment_id


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
