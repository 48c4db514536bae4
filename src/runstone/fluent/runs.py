"""MLflow's module-level functions on runs that are not about the active one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from runstone.entities import Run
from runstone.errors import InvalidParameter
from runstone.fluent.experiments import active_experiment_id
from runstone.fluent.location import client
from runstone.warning import warn

if TYPE_CHECKING:
    import pandas


def get_run(run_id: str) -> Run:
    """The run, with the latest value of each metric. Raises NotFound."""
    return client().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that this one is nested in, or None."""
    return client().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Delete a run; `restore_run` brings it back."""
    client().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Undo `delete_run`."""
    client().restore_run(run_id)


@overload
def search_runs(
    experiment_ids: list[str] | None = ..., filter_string: str = ..., run_view_type: int = ..., max_results: int = ...,
    order_by: list[str] | None = ..., *, output_format: Literal["list"], search_all_experiments: bool = ...,
    experiment_names: list[str] | None = ...,
) -> list[Run]: ...  # fmt: skip
@overload
def search_runs(
    experiment_ids: list[str] | None = ..., filter_string: str = ..., run_view_type: int = ..., max_results: int = ...,
    order_by: list[str] | None = ..., output_format: str = ..., search_all_experiments: bool = ...,
    experiment_names: list[str] | None = ...,
) -> pandas.DataFrame: ...  # fmt: skip
def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = 1,
    max_results: int = 100_000,
    order_by: list[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> Any:
    """The runs that a filter lets through (its language: docs/search.md).

    Args:
        experiment_ids: where to look; the active experiment unless these, `experiment_names` or `search_all_experiments` say.
        filter_string: e.g. "metrics.loss < 0.1 and params.model = 'forest'".
        run_view_type: active runs (1), deleted ones (2) or all (3).
        max_results: at most so many.
        order_by: e.g. ["metrics.loss ASC"].
        output_format: 'pandas' for a DataFrame (columns run_id, ..., metrics.*, params.*, tags.*), 'list' for Run objects.
        search_all_experiments: look in all of them.
        experiment_names: where to look, by name.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidParameter(f"Unsupported output format: {output_format!r}. Give 'pandas' or 'list'.")
    if experiment_ids and experiment_names:
        raise InvalidParameter("Only experiment_ids or experiment_names can be used, not both. Leave one of them out.")
    ids = _experiments(experiment_ids, experiment_names, search_all_experiments)
    found: list[Run] = []
    token: str | None = None
    while ids and len(found) < max_results:
        size = min(1000, max_results - len(found))
        page = client().search_runs(ids, filter_string, run_view_type, size, order_by, token)
        found.extend(page)
        token = page.token
        if token is None:
            break
    return found if output_format == "list" else _frame(found)


def _experiments(ids: list[str] | None, names: list[str] | None, everywhere: bool) -> list[str]:
    if ids:
        return ids
    if names:
        found = {name: client().get_experiment_by_name(name) for name in names}
        if missing := [name for name, experiment in found.items() if experiment is None]:
            warn(
                f"There is no experiment {', '.join(map(repr, missing))}: nothing is found there. `runstone experiments` lists those that there are."
            )
        return [experiment.experiment_id for experiment in found.values() if experiment is not None]
    if everywhere:
        from runstone.fluent.experiments import search_experiments

        return [experiment.experiment_id for experiment in search_experiments(view_type=1)]
    return [active_experiment_id()]


def _frame(runs: list[Run]) -> pandas.DataFrame:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "search_runs gives a pandas DataFrame: `pip install pandas`, or ask for output_format='list'."
        ) from error

    columns: dict[str, Any] = {
        name: [getattr(run.info, name) for run in runs]
        for name in ("run_id", "experiment_id", "status", "artifact_uri")
    }
    for name in ("start_time", "end_time"):
        columns[name] = pandas.to_datetime([getattr(run.info, name) for run in runs], unit="ms", utc=True)
    for kind, missing in (("metrics", float("nan")), ("params", None), ("tags", None)):
        data = [getattr(run.data, kind) for run in runs]
        keys = dict.fromkeys(key for item in data for key in item)
        for key in keys:
            columns[f"{kind}.{key}"] = [item.get(key, missing) for item in data]
    return pandas.DataFrame(columns)
