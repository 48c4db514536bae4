"""What can be searched. Messages in MLflow's wire shape; the limits; what each search is bounded by."""

from __future__ import annotations

import msgspec

from runstone import settings
from runstone.entities import Experiment, Run
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import experiments_read, runs_read
from runstone.store.search.conditions import Fragment
from runstone.store.search.names import EXPERIMENTS, RUNS
from runstone.store.search.order import Term
from runstone.store.search.query import page

# Experiments of one search: SQLite takes 32,766 values, some of which a filter needs.
_EXPERIMENTS = 30_000
_STAGES = {"ACTIVE_ONLY": ["active"], "DELETED_ONLY": ["deleted"], "ALL": ["active", "deleted"]}
# By name, and by number as protocol buffers may write it.
_VIEWS = {key: stages for number, (name, stages) in enumerate(_STAGES.items(), 1) for key in (name, str(number))}


class SearchRuns(msgspec.Struct, omit_defaults=True):
    """`filter` in the language of docs/search.md; `order_by` texts such as 'metrics.loss DESC'."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"
    max_results: int = 1000
    order_by: list[str] = []
    page_token: str | None = None


class RunsPage(msgspec.Struct, omit_defaults=True):
    """A page of runs; no token on the last."""

    runs: list[Run] = []
    next_page_token: str | None = None


class SearchExperiments(msgspec.Struct, omit_defaults=True):
    """As SearchRuns, for experiments."""

    view_type: str | int = "ACTIVE_ONLY"
    max_results: int = 1000
    filter: str = ""
    order_by: list[str] = []
    page_token: str | None = None


class ExperimentsPage(msgspec.Struct, omit_defaults=True):
    """A page of experiments; no token on the last."""

    experiments: list[Experiment] = []
    next_page_token: str | None = None


@operation("POST", "/mlflow/runs/search", permission="read")
def search_runs(engine: Engine, request: SearchRuns) -> RunsPage:
    """Runs of some experiments; ties by start time, newest first, then by id."""
    numbers = [rules.experiment_number(experiment_id) for experiment_id in request.experiment_ids]
    stages, count = stages_of(request.run_view_type), _count(request.max_results)
    scope = runs_scope(numbers, stages)
    ties = [Term("run.start_time", True, True), Term("run.run_id", False, False)]
    with engine.reading_points() as connection:
        found, token = page(connection, RUNS, scope, request.filter, request.order_by, ties, count, request.page_token)
        return RunsPage(runs_read.load_runs(connection, found), token)


@operation("POST", "/mlflow/experiments/search", permission="read", also=(("GET", "/mlflow/experiments/search"),))
def search_experiments(engine: Engine, request: SearchExperiments) -> ExperimentsPage:
    """Experiments, the newest first unless said; ties by id."""
    stages, count = _stages("view_type", request.view_type), _count(request.max_results)
    scope: Fragment = (f"experiment.lifecycle_stage IN ({_marks(stages)})", list(stages))
    ties = [Term("experiment.experiment_id", True, False)]
    if not request.order_by:
        ties.insert(0, Term("experiment.creation_time", True, False))
    with engine.database.read() as connection:
        found, token = page(
            connection, EXPERIMENTS, scope, request.filter, request.order_by, ties, count, request.page_token
        )
        return ExperimentsPage(experiments_read.load_experiments(connection, found), token)


def runs_scope(experiments: list[int], stages: list[str]) -> Fragment:
    """The condition that a run is of one of these experiments, and in one of these stages. Raises InvalidParameter for too many."""
    if len(experiments) > _EXPERIMENTS:
        raise rules.invalid("experiment_ids", f"{len(experiments)} ids", f"Search {_EXPERIMENTS} at a time.")
    return (
        f"run.experiment IN ({_marks(experiments)}) AND run.lifecycle_stage IN ({_marks(stages)})", [*experiments, *stages]
    )  # fmt: skip


def stages_of(view: object) -> list[str]:
    """The stages of a run_view_type. Raises InvalidParameter for none."""
    return _stages("run_view_type", view)


def _marks(values: list[int] | list[str]) -> str:
    return ",".join("?" * len(values))


def _stages(field: str, view: object) -> list[str]:
    if str(view) not in _VIEWS:
        raise rules.invalid(field, view, f"Give one of {', '.join(_STAGES)}.")
    return _VIEWS[str(view)]


def _count(count: int) -> int:
    most = settings.PAGE_LIMIT.read()
    if not isinstance(count, int) or not 0 < count <= most:
        raise rules.invalid(
            "max_results", count, f"It must be an integer from 1 to {most}, which is {settings.PAGE_LIMIT.name}."
        )
    return count
