"""What can be asked of runs, experiments, logged models and the registry: entities, attributes, their columns. Knows nothing of conditions on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from runstone.store.search.grammar import Identifier
from runstone.store.search.tokens import mistake

METRIC, PARAM, TAG, DATASET, ATTRIBUTE = "metric", "param", "tag", "dataset", "attribute"
RUN_ENTITIES = {
    **dict.fromkeys(("metric", "metrics"), METRIC),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAM),
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("dataset", "datasets"), DATASET),
    **dict.fromkeys(("", "attribute", "attributes", "attr", "run"), ATTRIBUTE),
}
EXPERIMENT_ENTITIES = {
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("", "attribute", "attributes", "attr", "experiment"), ATTRIBUTE),
}
LOGGED_MODEL_ENTITIES = {
    **{name: entity for name, entity in RUN_ENTITIES.items() if entity in (METRIC, PARAM, TAG)},
    **dict.fromkeys(("", "attribute", "attributes", "attr", "model"), ATTRIBUTE),
}
REGISTRY_ENTITIES = {
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("", "attribute", "attributes", "attr"), ATTRIBUTE),
}
VERSION_ENTITIES = {
    **{name: entity for name, entity in RUN_ENTITIES.items() if entity in (METRIC, PARAM)},
    **REGISTRY_ENTITIES,
}
# The summary of a metric that a suffix asks for, and its column.
SUMMARIES = {"min": "min_value", "max": "max_value", "first": "first_value", "last": "last_value", "count": "count"}
DATASET_COLUMNS = {"name": "d.name", "digest": "d.digest", "context": "NULLIF(u.context, '')"}


class Attribute(NamedTuple):
    """A column of what is searched.

    `form` is text, number, duration (a number in ms), integer (a number that may stand in quotes), or id (one asked for as a text).
    `beside` is what follows FROM where it stands in rows of its own, several for one thing: nothing can be ordered by it.
    """

    column: str
    form: str
    nullable: bool = False
    beside: str = ""


_START, _END = Attribute("run.start_time", "number", True), Attribute("run.end_time", "number", True)
_NAME = Attribute("run.run_name", "text")
RUN_ATTRIBUTES = {
    "run_id": Attribute("run.run_id", "text"),
    **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _NAME),
    "status": Attribute("run.status", "text"),
    "user_id": Attribute("run.user_id", "text"),
    "artifact_uri": Attribute("run.artifact_uri", "text"),
    "experiment_id": Attribute("run.experiment", "id"),
    "lifecycle_stage": Attribute("run.lifecycle_stage", "text"),
    **dict.fromkeys(("start_time", "created", "Created"), _START),
    "end_time": _END,
    "duration": Attribute("(run.end_time - run.start_time)", "duration", True),
}
EXPERIMENT_ATTRIBUTES = {
    "name": Attribute("experiment.name", "text"),
    "experiment_id": Attribute("experiment.experiment_id", "id"),
    "lifecycle_stage": Attribute("experiment.lifecycle_stage", "text"),
    "artifact_location": Attribute("experiment.artifact_location", "text"),
    "creation_time": Attribute("experiment.creation_time", "number"),
    "last_update_time": Attribute("experiment.last_update_time", "number"),
}


_CREATED = Attribute("logged_model.creation_timestamp", "number")
_UPDATED = Attribute("logged_model.last_updated_timestamp", "number")
LOGGED_MODEL_ATTRIBUTES = {
    "name": Attribute("logged_model.name", "text"),
    "model_id": Attribute("logged_model.model_id", "text"),
    "model_type": Attribute("logged_model.model_type", "text", True),
    "status": Attribute("logged_model.status", "text"),
    "source_run_id": Attribute("logged_model.source_run_id", "text", True),
    "experiment_id": Attribute("logged_model.experiment", "id"),
    "artifact_location": Attribute("logged_model.artifact_uri", "text"),
    **dict.fromkeys(("creation_timestamp", "creation_time"), _CREATED),
    **dict.fromkeys(("last_updated_timestamp", "last_updated_time"), _UPDATED),
}
_ALIAS = Attribute(
    "a.alias", "text", False, "registered_model_alias AS a WHERE a.registered_model = registered_model.id"
)
# Asked of the version's own row: by the registered model's, SQLite would join that first, and everything else be asked before.
_ALIAS_OF_VERSION = _ALIAS._replace(
    beside="registered_model_alias AS a WHERE a.registered_model = model_version.registered_model AND a.version = model_version.version"
)
# From an alias to the version that it points to, as `v`.
ALIASES_LEAD = " CROSS JOIN model_version AS v ON v.registered_model = a.registered_model AND v.version = a.version"
_LAST_UPDATED = Attribute("registered_model.last_updated_timestamp", "number")
REGISTERED_MODEL_ATTRIBUTES = {
    "name": Attribute("registered_model.name", "text"),
    "description": Attribute("registered_model.description", "text", True),
    "creation_timestamp": Attribute("registered_model.creation_timestamp", "number"),
    **dict.fromkeys(("timestamp", "last_updated_timestamp"), _LAST_UPDATED),
    **dict.fromkeys(("aliases", "alias"), _ALIAS),
}
_NUMBER = Attribute("model_version.version", "integer")
MODEL_VERSION_ATTRIBUTES = {
    "name": Attribute("registered_model.name", "text"),
    **dict.fromkeys(("version_number", "version"), _NUMBER),
    "run_id": Attribute("model_version.run_id", "text", True),
    "model_id": Attribute("model_version.model_id", "text", True),
    **dict.fromkeys(("source_path", "source"), Attribute("model_version.source", "text")),
    "current_stage": Attribute("model_version.current_stage", "text"),
    "status": Attribute("model_version.status", "text"),
    "user_id": Attribute("model_version.user_id", "text", True),
    "description": Attribute("model_version.description", "text", True),
    "creation_timestamp": Attribute("model_version.creation_timestamp", "number"),
    "last_updated_timestamp": Attribute("model_version.last_updated_timestamp", "number"),
    **dict.fromkeys(("aliases", "alias"), _ALIAS_OF_VERSION),
}


class Kind(NamedTuple):
    """A kind of thing that is searched.

    Its table, what else is joined to each of its rows, and the column that names a row; what can be asked of it; the tables of its
    tags and params; what can be ordered by besides attributes; and tags that mean something, this value, where they are missing.
    """

    table: str
    row: str
    entities: dict[str, str]
    attributes: dict[str, Attribute]
    tags: str
    params: str = PARAM
    orders: frozenset[str] = frozenset()
    joined: str = ""
    presumed: Mapping[str, str] = {}


RUNS = Kind("run", "run.id", RUN_ENTITIES, RUN_ATTRIBUTES, "tag", orders=frozenset((METRIC, PARAM, TAG)))
EXPERIMENTS = Kind(
    "experiment", "experiment.experiment_id", EXPERIMENT_ENTITIES, EXPERIMENT_ATTRIBUTES, "experiment_tag"
)
LOGGED_MODELS = Kind(
    "logged_model", "logged_model.id", LOGGED_MODEL_ENTITIES, LOGGED_MODEL_ATTRIBUTES, "logged_model_tag",
    "logged_model_param", frozenset((METRIC, PARAM, TAG)),
)  # fmt: skip
# MLflow keeps prompts among the registered models and has every search of its clients leave them out by this tag.
_NO_PROMPT = {"mlflow.prompt.is_prompt": "false"}
REGISTERED_MODELS = Kind(
    "registered_model", "registered_model.id", REGISTRY_ENTITIES, REGISTERED_MODEL_ATTRIBUTES, "registered_model_tag",
    presumed=_NO_PROMPT,
)  # fmt: skip
MODEL_VERSIONS = Kind(
    "model_version", "model_version.id", VERSION_ENTITIES, MODEL_VERSION_ATTRIBUTES, "model_version_tag",
    joined=" JOIN registered_model ON registered_model.id = model_version.registered_model", presumed=_NO_PROMPT,
)  # fmt: skip


def entity_of(kind: Kind, left: Identifier, text: str) -> str:
    """What kind of thing a name names. Raises InvalidParameter, with a caret, for none."""
    if left.entity in kind.entities:
        return kind.entities[left.entity]
    names = [name for name in kind.entities if name]
    near = _near(left.entity, names)
    valid = f"did you mean {near}.{left.key}?" if near else f"expected one of {', '.join(names)}"
    raise mistake(text, left.place, f"Invalid entity type '{left.entity}'", valid)


def attribute_of(kind: Kind, left: Identifier, text: str) -> Attribute:
    """The attribute that a name without an entity means. Raises InvalidParameter, with a caret, for none."""
    if left.key in kind.attributes:
        return kind.attributes[left.key]
    near = _near(left.key, kind.attributes)
    others = [name for name in ("metrics", "params", "tags") if name in kind.entities]
    hint = (
        f"did you mean {near}?"
        if near
        else f"did you mean {' or '.join(f'{name}.{left.key}' for name in others)}?"
        if not left.entity
        else ""
    )
    problem = f"Invalid attribute key '{left.key}' specified"
    raise mistake(text, left.place, problem, f"{hint} Valid keys are {', '.join(kind.attributes)}".lstrip())


def dataset_column(left: Identifier, text: str) -> str:
    """The column of a dataset's name, digest or context. Raises InvalidParameter, with a caret, for another key."""
    if left.key in DATASET_COLUMNS:
        return DATASET_COLUMNS[left.key]
    raise mistake(
        text, left.place, f"Invalid dataset key '{left.key}' specified", f"valid keys are {', '.join(DATASET_COLUMNS)}"
    )


def _near(name: str, names: object) -> str | None:
    from difflib import get_close_matches

    folded = {known.lower(): known for known in reversed(list(names))}  # type: ignore[call-overload]
    found = get_close_matches(name.lower(), folded, 1)
    return folded[found[0]] if found else None
