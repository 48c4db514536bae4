"""MLflow's module-level functions on logged models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from runstone.client import active_model
from runstone.errors import InvalidParameter
from runstone.fluent.experiments import active_experiment_id
from runstone.fluent.location import client
from runstone.fluent.session import active_run, target

if TYPE_CHECKING:
    import pandas

    from runstone.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
    from runstone.operations.forecast import Expiry

EXTERNAL_TAG = "mlflow.model.isExternal"

_last_id: str | None = None


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Make a logged model, PENDING until `finalize_logged_model`. It is the active run's and in its experiment, unless said.

    Args:
        name: two words and a number unless said.
        source_run_id: the run that makes it.
        tags: labels, beside those that say who made it with what.
        params: its params.
        model_type: what its kind is called.
        experiment_id: where it belongs.
    """
    from runstone.fluent.recorder import facts

    global _last_id
    run = active_run()
    if source_run_id is None and run is not None:
        source_run_id = run.info.run_id
    if experiment_id is None:
        experiment_id = run.info.experiment_id if run is not None else active_experiment_id()
    known = {key: value for key, value in facts().items() if key.startswith("mlflow.")}
    labels = {**known, **(tags or {})}
    made = client().create_logged_model(experiment_id, name, source_run_id, labels, params, model_type)
    _last_id = made.model_id
    return made


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Make a logged model whose files are kept elsewhere, READY at once. The arguments are `initialize_logged_model`'s."""
    labels = {EXTERNAL_TAG: "true", **(tags or {})}
    made = initialize_logged_model(name, source_run_id, labels, params, model_type, experiment_id)
    return finalize_logged_model(made.model_id, "READY")


def finalize_logged_model(model_id: str, status: Literal["READY", "FAILED"] | LoggedModelStatus) -> LoggedModel:
    """Say that a model's files are there (READY), or will not come (FAILED)."""
    return client().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """The model, with what was measured of it. Raises NotFound."""
    return client().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model that this program made last; None where it made none."""
    return None if _last_id is None else get_logged_model(_last_id)


def log_model_params(params: dict[str, str], model_id: str | None = None) -> None:
    """Log params of a model, the active one unless said. Raises InvalidParameter for one that had another value."""
    model_id = model_id or active_model.active.model_id
    if not model_id:
        raise InvalidParameter(f"`model_id` must be a non-empty string, but got {model_id!r}")
    client().log_model_params(model_id, params)


def log_outputs(models: list[LoggedModelOutput] | None = None) -> None:
    """Say that the active run made these models, each at a step."""
    if models is None:
        raise InvalidParameter("log_outputs needs a list of LoggedModelOutput entities: got None.")
    store, run_id = target()
    store.log_outputs(run_id, models)


def keep_best_models(
    name: str,
    *,
    keep_best: int | None = None,
    metric: str | None = None,
    mode: Literal["min", "max"] | None = None,
    keep_last: int | None = None,
    run_id: str | None = None,
    dry_run: bool = False,
) -> list[Expiry]:
    """Delete those of the active run's logged models that are neither among the best nor the last. See `Client.keep_best_models`.

    Raises:
        InvalidParameter: no run is active, and none is named.
    """
    if run_id is None and active_run() is None:
        raise InvalidParameter(
            "No run is active, and keep_best_models deletes the models of one. Call it within start_run(), or name the run: run_id=..."
        )
    store, run_id = target(run_id)
    return store.keep_best_models(
        run_id, name, keep_best=keep_best, metric=metric, mode=mode, keep_last=keep_last, dry_run=dry_run
    )


def set_logged_model_tags(model_id: str, tags: dict[str, Any]) -> None:
    """Set tags of a model (kept as `str(value)`)."""
    client().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Take a tag of a model away. Raises NotFound where there is none."""
    client().delete_logged_model_tag(model_id, key)


@overload
def search_logged_models(
    experiment_ids: list[str] | None = ..., filter_string: str | None = ..., datasets: list[dict[str, str]] | None = ...,
    max_results: int | None = ..., order_by: list[dict[str, Any]] | None = ..., *, output_format: Literal["list"],
) -> list[LoggedModel]: ...  # fmt: skip
@overload
def search_logged_models(
    experiment_ids: list[str] | None = ..., filter_string: str | None = ..., datasets: list[dict[str, str]] | None = ...,
    max_results: int | None = ..., order_by: list[dict[str, Any]] | None = ..., output_format: str = ...,
) -> pandas.DataFrame: ...  # fmt: skip
def search_logged_models(
    experiment_ids: list[str] | None = None,
    filter_string: str | None = None,
    datasets: list[dict[str, str]] | None = None,
    max_results: int | None = None,
    order_by: list[dict[str, Any]] | None = None,
    output_format: str = "pandas",
) -> Any:
    """The models that a filter lets through (its language: docs/search.md).

    Args:
        experiment_ids: where to look; the active experiment unless said.
        filter_string: e.g. "metrics.accuracy > 0.9 AND params.kind = 'forest'".
        datasets: what the filter's metrics are to have been measured on: dicts of dataset_name and, if need be, dataset_digest.
        max_results: at most so many; all unless said.
        order_by: dicts of field_name and, if need be, ascending, dataset_name and dataset_digest.
        output_format: 'pandas' for a DataFrame, 'list' for LoggedModel objects.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidParameter(
            f"Unsupported output format: {output_format!r}. Supported string values are 'pandas' or 'list'"
        )
    found: list[LoggedModel] = []
    token = None
    ids = experiment_ids or [active_experiment_id()]
    while max_results is None or len(found) < max_results:
        size = 100 if max_results is None else min(100, max_results - len(found))
        page = client().search_logged_models(ids, filter_string, datasets, size, order_by, token)
        found.extend(page)
        token = page.token
        if token is None:
            break
    return found if output_format == "list" else _frame(found)


def _frame(models: list[LoggedModel]) -> pandas.DataFrame:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "search_logged_models gives a pandas DataFrame: `pip install pandas`, or ask for output_format='list'."
        ) from error

    rows = [{**model.to_dictionary(), "status": str(model.status)} for model in models]
    return pandas.DataFrame(rows)
