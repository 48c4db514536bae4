"""`runstone runs`: list, show, compare, delete, restore."""

from __future__ import annotations

import sys
from typing import Any

import click

from runstone.cli.finding import experiments, find_experiment, find_run, reader
from runstone.cli.grouping import Group
from runstone.cli.output import age, for_people, json_option, moment, show, show_json, size, span, text
from runstone.client import Client, run_models
from runstone.entities import Run, ViewType

# Tags that say where a run came from: they differ from run to run and tell little, so `compare` shows them only when asked.
_OWN_TAGS = ("mlflow.", "runstone.")
_SAME = "They differ in nothing."


@click.group(cls=Group)
def runs() -> None:
    """Runs. Without a command: list them (see `runstone runs list --help`).

    RUN is a run's id, the first 4 or more characters of one, its name, or `latest`.
    """


@runs.command("list")
@click.option("--filter", "filter_string", default="", help="E.g. \"metrics.loss < 0.1 and params.model = 'forest'\".")
@click.option("--order-by", multiple=True, help='E.g. "metrics.loss ASC"; may be given several times.')
@click.option("--experiment", help="Only of this one, by name or id.")
@click.option("--deleted", is_flag=True, help="The deleted ones instead.")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
def list_runs(
    filter_string: str, order_by: tuple[str, ...], experiment: str | None, deleted: bool, limit: int, as_json: bool
) -> None:
    """List runs of all experiments, the newest first."""
    store = reader()
    names = {found.experiment_id: found.name for found in experiments(store, ViewType.ALL)}
    ids = [find_experiment(store, experiment).experiment_id] if experiment else list(names)
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found, more = _search(store, ids, filter_string, view, limit, list(order_by))
    if as_json:
        show_json([run.to_dictionary() for run in found])
        return
    rows = [_row(run, names[run.info.experiment_id]) for run in found]
    show(rows, False, "No runs here.", {"name": 0.4, "experiment": 0.25, "metrics": 0.35})
    if more:
        print(f"There are more: `--limit {limit * 10}` shows them, `--filter` narrows.", file=sys.stderr)


def _search(
    store: Client, ids: list[str], filter_string: str, view: ViewType, limit: int, order_by: list[str]
) -> tuple[list[Run], bool]:
    found: list[Run] = []
    token: str | None = None
    while len(found) < limit:
        page = store.search_runs(ids, filter_string, view, min(1000, limit - len(found)), order_by, token)
        found.extend(page)
        token = page.token
        if token is None:
            break
    return found, token is not None


def _row(run: Run, experiment: str) -> dict[str, Any]:
    info = run.info
    ran = None if info.end_time is None or info.start_time is None else info.end_time - info.start_time
    if for_people():
        return {
            "run": info.run_id[:8],
            "name": info.run_name,
            "experiment": experiment,
            "status": info.status,
            "age": age(info.start_time),
            "took": span(ran),
            "metrics": " ".join(f"{key}={value:.4g}" for key, value in run.data.metrics.items()),
        }
    return {
        "run_id": info.run_id,
        "name": info.run_name,
        "experiment": experiment,
        "status": info.status,
        "started": moment(info.start_time),
        "seconds": span(ran),
        "metrics": " ".join(f"{key}={value!r}" for key, value in run.data.metrics.items()),
    }


@runs.command("show")
@click.argument("run")
@json_option
def show_run(run: str, as_json: bool) -> None:
    """All that is known of a run."""
    store = reader()
    found = find_run(store, run)
    if as_json:
        show_json(found.to_dictionary())
        return
    facts: dict[str, Any] = {
        **dict(found.info),
        "start_time": moment(found.info.start_time),
        "end_time": moment(found.info.end_time),
    }
    rows = [{"kind": "run", "name": name, "value": value} for name, value in facts.items() if value is not None]
    for kind in ("param", "metric", "tag"):
        values = getattr(found.data, f"{kind}s")
        rows += [{"kind": kind, "name": name, "value": values[name]} for name in sorted(values)]
    rows += [
        {"kind": "dataset", "name": used.dataset.name, "value": used.dataset.digest}
        for used in found.inputs.dataset_inputs
    ]
    rows += [
        {
            "kind": "artifact",
            "name": file.path + ("/" if file.is_dir else ""),
            "value": size(file.file_size) if for_people() else file.file_size,
        }
        for file in store.list_artifacts(found.info.run_id)
    ]
    rows += [
        {"kind": "model", "name": model.name, "value": model.model_uri}
        for model in run_models.logged_by(store, found.info.run_id)
    ]
    show(rows, False)


@runs.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Also what is the same in all, and tags that runstone set.")
@json_option
def compare(names: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Runs side by side: what differs. A metric is its last value, NAME.min and NAME.max over all its points."""
    store = reader()
    found = _found(store, names)
    if len(found) < 2:
        raise click.UsageError("One run has nothing to be compared with. Name two or more that differ.")
    sides = [_side(store, run) for run in found]
    rows = []
    for kind, name in dict.fromkeys(key for side in sides for key in side):
        values = [side.get((kind, name)) for side in sides]
        own = kind == "tag" and name.startswith(_OWN_TAGS)
        if everything or (len(set(map(repr, values))) > 1 and not own):
            rows.append((kind, name, values))
    if as_json:
        ids = [run.info.run_id for run in found]
        show_json(
            [{"kind": kind, "name": name, "values": dict(zip(ids, values, strict=True))} for kind, name, values in rows]
        )
        return
    if for_people():
        _compared(found, rows)
        return
    titles = [run.info.run_id for run in found]
    lines = [{"kind": kind, "name": name, **dict(zip(titles, values, strict=True))} for kind, name, values in rows]
    show(lines, False, _SAME)


def _compared(found: list[Run], rows: list[tuple[str, str, list[Any]]]) -> None:
    """For people: which run is which, then a column a run, with names as the search language has them."""
    titles = [run.info.run_id[:8] for run in found]
    for title, run in zip(titles, found, strict=True):
        print(f"{title}  {text(run.info.run_name)}")
    print()
    named = [("" if kind == "run" else f"{kind}s.", name, values) for kind, name, values in rows]
    parts = {"": 0.4, **dict.fromkeys(titles, 0.6 / len(titles))}
    show(
        [{"": prefix + name, **dict(zip(titles, values, strict=True))} for prefix, name, values in named],
        False,
        _SAME,
        parts,
    )


def _side(store: Client, run: Run) -> dict[tuple[str, str], Any]:
    info = run.info
    ran = None if info.end_time is None or info.start_time is None else info.end_time - info.start_time
    side: dict[tuple[str, str], Any] = {("run", "status"): info.status, ("run", "duration"): span(ran)}
    side |= {("param", key): value for key, value in sorted(run.data.params.items())}
    for summary in store.get_metric_summaries(info.run_id):
        side["metric", summary.key] = summary.last
        if summary.count > 1:
            side["metric", f"{summary.key}.min"] = summary.min
            side["metric", f"{summary.key}.max"] = summary.max
    return side | {("tag", key): value for key, value in sorted(run.data.tags.items())}


@runs.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@json_option
def delete(names: tuple[str, ...], as_json: bool) -> None:
    """Delete runs; `restore` brings them back."""
    store = reader()
    found = _found(store, names)  # all are known before the first is touched
    for run in found:
        store.delete_run(run.info.run_id)
    _changed(found, "deleted", as_json)


@runs.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@json_option
def restore(names: tuple[str, ...], as_json: bool) -> None:
    """Bring deleted runs back."""
    store = reader()
    found = _found(store, names)
    for run in found:
        store.restore_run(run.info.run_id)
    _changed(found, "active", as_json)


def _found(store: Client, names: tuple[str, ...]) -> list[Run]:
    """The runs that are named, each once."""
    return list({run.info.run_id: run for run in (find_run(store, name) for name in names)}.values())


def _changed(found: list[Run], stage: str, as_json: bool) -> None:
    rows = [{"run_id": run.info.run_id, "name": run.info.run_name, "lifecycle_stage": stage} for run in found]
    show(rows, as_json)
    if stage == "deleted" and not as_json:
        print(f"Undo: runstone runs restore {' '.join(run.info.run_id[:12] for run in found)}", file=sys.stderr)
