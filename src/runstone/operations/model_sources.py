"""What a model version may be made of: only what is this store's own, named by an address that is read once and never decoded.

A source is stored and handed to clients, who download what it names. Were it any path or address, a server would read files for whoever
asks (the class of a dozen advisories on MLflow). So it is one of these, each in its plainest spelling:

    models:/<model id>                      a logged model
    models:/<name>/<version>, <name>@alias  a version, copied with where it came from
    runs:/<run id>/<path>                   files of a run
    <artifact URI of a run or model>/<path> the same, by where they are
"""

from __future__ import annotations

import re

from runstone.errors import InvalidParameter
from runstone.operations import model_rules
from runstone.store import logged_models, model_versions, registered_models, runs
from runstone.store.database import Connection
from runstone.store.model_versions import Origin

SOURCE_LENGTH = 2_048
_MODEL_ID = re.compile(r"m-[0-9a-zA-Z]{1,64}")
_OWN = ("models:/", "runs:/", "mlflow-artifacts:/")
# What some reader of addresses takes for something else than a name: escapes, queries, fragments, parameters, other separators.
_ODD = re.compile(r"[%?#;\\\x00-\x1f\x7f]")


def origin_of(connection: Connection, source: str | None, run_id: str | None, model_id: str | None) -> Origin:
    """Where a version comes from. Raises InvalidParameter for a source that is not this store's own, NotFound for one that is not there.

    Args:
        connection: within a transaction.
        source: what is to be registered.
        run_id: the run that made it, where the caller says so; else it is the source's own.
        model_id: the logged model, likewise.
    """
    text = model_rules.required("source", source)
    _check_spelling(text)
    if text.startswith("models:/"):
        origin = _of_model(connection, text)
    elif text.startswith("runs:/"):
        origin = _of_run(connection, text)
    else:
        origin = _of_location(connection, text)
    _agree("run_id", text, run_id, origin.run_id)
    _agree("model_id", text, model_id, origin.model_id)
    # An empty text, which is how MLflow's wire says nothing, stays one.
    return origin._replace(run_id=run_id or origin.run_id or run_id, model_id=model_id or origin.model_id)


def _check_spelling(source: str) -> None:
    odd = _ODD.search(source)
    if len(source) > SOURCE_LENGTH:
        raise _refused(source, f"it is longer than {SOURCE_LENGTH} characters")
    if odd:
        raise _refused(source, f"it holds {odd[0]!r}")
    scheme = next((scheme for scheme in _OWN if source.startswith(scheme)), None)
    path = source.removeprefix(scheme) if scheme else source.partition(":")[2].lstrip("/") or source.lstrip("/")
    parts = path.split("/")
    if not {"", ".", ".."}.isdisjoint(parts):
        raise _refused(source, "its path is not in its simplest form")


def _of_model(connection: Connection, source: str) -> Origin:
    named = source.removeprefix("models:/")
    if _MODEL_ID.fullmatch(named):
        row = logged_models.find(connection, named)
        if row is None:
            raise _refused(source, "there is no such model")
        logged = logged_models.load_logged_models(connection, [row])[0]
        return Origin(source, logged.artifact_location, logged.source_run_id or None, named)
    name, at, alias = named.partition("@")
    if at:
        model = registered_models.require(connection, name)
        number = registered_models.aliased(connection, model, alias)
        if number is None:
            raise InvalidParameter(
                f"Registered model alias {alias} not found. get_registered_model({name!r}).aliases, or `runstone models show`, lists them."
            )
    else:
        name, _, version = name.partition("/")
        registered_models.require(connection, name)
        number = model_rules.check_version(version)
    copied = model_versions.origin(connection, model_versions.require(connection, name, number))
    return copied._replace(source=source)


def _of_run(connection: Connection, source: str) -> Origin:
    run_id, _, path = source.removeprefix("runs:/").partition("/")
    if runs.find(connection, run_id) is None:
        raise _refused(source, "there is no such run")
    if not path:
        raise _refused(source, "it names no path among the run's artifacts")
    return Origin(source, source, run_id, None)


def _of_location(connection: Connection, source: str) -> Origin:
    """By where files are: among those of a run or of a logged model, whose id is a part of the address."""
    for part in source.split("/"):
        run = runs.find(connection, part)
        if run is not None and _within(source, runs.artifact_uri(connection, part)):
            return Origin(source, source, part, None)
        model = logged_models.find(connection, part)
        if model is not None and _within(source, logged_models.artifact_uri(connection, model)):
            return Origin(source, source, None, part)
    raise _refused(source, "it is not among the artifacts of a run or model of this store")


def _within(source: str, location: str) -> bool:
    return source == location or source.startswith(location.rstrip("/") + "/")


def _agree(field: str, source: str, said: str | None, found: str | None) -> None:
    if said and found and said != found:
        raise InvalidParameter(
            f"Invalid model version source: '{source}'. The {field} request parameter must identify the resource that contains the "
            f"source: it is {said!r}, the source's is {found!r}."
        )


def _refused(source: str, why: str) -> InvalidParameter:
    return InvalidParameter(
        f"Invalid model version source: {source[:200]!r}: {why}. Give models:/<model id>, runs:/<run id>/<path> or the artifact URI of a "
        "run or a logged model of this store; log files to a run first, then register them."
    )
