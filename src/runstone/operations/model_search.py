"""What can be searched among logged models, registered models and versions. Messages in MLflow's wire shape; the limits."""

from __future__ import annotations

import msgspec

from runstone.entities import LoggedModel
from runstone.entities.model_registry import ModelVersion, RegisteredModel
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import logged_model_metrics, logged_models, model_versions, registered_models
from runstone.store.search.conditions import Fragment, OnDataset, measured_on
from runstone.store.search.names import LOGGED_MODELS, MODEL_VERSIONS, REGISTERED_MODELS
from runstone.store.search.order import ByField, Term
from runstone.store.search.query import page

MOST_LOGGED_MODELS = 1_000
MOST_REGISTERED_MODELS = 1_000
MOST_MODEL_VERSIONS = 200_000
MOST_DATASETS = 100


class DatasetFilter(msgspec.Struct, omit_defaults=True):
    """A dataset that metrics are to have been measured on; any of that name where no digest is said."""

    dataset_name: str | None = None
    dataset_digest: str | None = None


class OrderByField(msgspec.Struct, omit_defaults=True):
    """A name to order by, of a metric its latest value on a dataset where one is said."""

    field_name: str | None = None
    ascending: bool | None = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchLoggedModels(msgspec.Struct, omit_defaults=True):
    """`filter` in the language of docs/search.md; `datasets` narrow what its metrics mean. `latest` (ours) has of each metric on each dataset the
    latest value alone, where the answer has points else: a list of checkpoints may hold millions of them."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[DatasetFilter] = []
    max_results: int | None = None
    order_by: list[OrderByField] = []
    page_token: str | None = None
    latest: bool = False


class LoggedModelsPage(msgspec.Struct, omit_defaults=True):
    """A page of logged models; no token on the last."""

    models: list[LoggedModel] = []
    next_page_token: str | None = None


class SearchRegisteredModels(msgspec.Struct, omit_defaults=True):
    """`filter` in the language of docs/search.md; `order_by` texts such as 'name DESC'."""

    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] = []
    page_token: str | None = None


class RegisteredModelsPage(msgspec.Struct, omit_defaults=True):
    """A page of registered models; no token on the last."""

    registered_models: list[RegisteredModel] = []
    next_page_token: str | None = None


class SearchModelVersions(msgspec.Struct, omit_defaults=True):
    """`filter` in the language of docs/search.md; `order_by` texts such as 'version_number DESC'."""

    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] = []
    page_token: str | None = None


class ModelVersionsPage(msgspec.Struct, omit_defaults=True):
    """A page of versions; no token on the last."""

    model_versions: list[ModelVersion] = []
    next_page_token: str | None = None


@operation("POST", "/mlflow/logged-models/search", permission="read")
def search_logged_models(engine: Engine, request: SearchLoggedModels) -> LoggedModelsPage:
    """Logged models of some experiments, the newest first unless said; ties by creation, newest first, then by id."""
    if request.experiment_ids is None:
        raise rules.missing("experiment_ids")
    numbers = [rules.experiment_number(experiment_id) for experiment_id in request.experiment_ids]
    rules.check_limit("datasets", len(request.datasets), MOST_DATASETS)
    datasets = [_dataset(given.dataset_name, given.dataset_digest) for given in request.datasets]
    scope = f"logged_model.lifecycle_stage = 'active' AND logged_model.experiment IN ({','.join('?' * len(numbers))})"
    values: list[object] = list(numbers)
    if datasets:
        where, some = measured_on(datasets)
        scope += (
            f" AND EXISTS (SELECT 1 FROM logged_model_metric AS m WHERE m.logged_model = logged_model.id AND {where})"
        )
        values += some
    ties = [Term("logged_model.creation_timestamp", True, False), Term("logged_model.model_id", False, False)]
    order = [_by_field(field) for field in request.order_by]
    size = _count(request.max_results or 100, MOST_LOGGED_MODELS)
    text, token, limits = request.filter or "", request.page_token, (scope, values)
    with engine.reading_points() as connection:
        rows, following = page(connection, LOGGED_MODELS, limits, text, order, ties, size, token, datasets)
        models = logged_models.load_logged_models(connection, rows, points=not request.latest)
        if request.latest:
            measured = logged_model_metrics.latest(connection, [model.model_id for model in models])
            for model in models:
                model.data.metrics.extend(measured.get(model.model_id, []))
        return LoggedModelsPage(models, following)


@operation("GET", "/mlflow/registered-models/search", permission="read")
def search_registered_models(engine: Engine, request: SearchRegisteredModels) -> RegisteredModelsPage:
    """Registered models, by name unless said; ties by name."""
    size = 100 if request.max_results is None else _count(request.max_results, MOST_REGISTERED_MODELS)
    ties = [Term("registered_model.name", False, False)]
    text, order, token = request.filter or "", request.order_by, request.page_token
    with engine.database.read() as connection:
        rows, following = page(connection, REGISTERED_MODELS, _EVERYTHING, text, order, ties, size, token)
        return RegisteredModelsPage(registered_models.load_registered_models(connection, rows), following)


@operation("GET", "/mlflow/model-versions/search", permission="read")
def search_model_versions(engine: Engine, request: SearchModelVersions) -> ModelVersionsPage:
    """Versions, those updated last first unless said; ties by name, then by number, the greatest first."""
    size = 10_000 if request.max_results is None else _count(request.max_results, MOST_MODEL_VERSIONS)
    ties = [Term("registered_model.name", False, False), Term("model_version.version", True, False)]
    if not request.order_by:
        ties.insert(0, Term("model_version.last_updated_timestamp", True, False))
    text, order, token = request.filter or "", request.order_by, request.page_token
    # Points that wait must be in their series only where they are asked for.
    reading = engine.reading_points if "metric" in text else engine.database.read
    with reading() as connection:
        rows, following = page(connection, MODEL_VERSIONS, _EVERYTHING, text, order, ties, size, token)
        return ModelVersionsPage(model_versions.load_model_versions(connection, rows), following)


_EVERYTHING: Fragment = ("1", [])


def _dataset(name: str | None, digest: str | None) -> OnDataset:
    if not name:
        raise InvalidParameter("`dataset_name` in the `datasets` clause must be specified.")
    model_rules.required("dataset_name", name)
    return OnDataset(name, model_rules.optional("dataset_digest", digest) or "")


def _by_field(field: OrderByField) -> ByField:
    if not field.field_name:
        raise InvalidParameter("`field_name` in the `order_by` clause must be specified.")
    dataset = None
    if field.dataset_name or field.dataset_digest:
        dataset = _dataset(field.dataset_name, field.dataset_digest)
    return ByField(field.field_name, field.ascending is False, dataset)


def _count(count: int, most: int) -> int:
    if not isinstance(count, int) or not 0 < count <= most:
        raise InvalidParameter(
            f"Invalid value {count!r} for parameter 'max_results' supplied. It must be an integer from 1 to {most}."
        )
    return count
