"""`runstone runs`: list, show, compare, delete, restore."""

from __future__ import annotations

from typing import Any

import click

from runstone.cli.output import find_run, reader, show, time
from runstone.entities import Run
from runstone.errors import NotFound


@click.group(invoke_without_command=True)
@click.option("--filter", "filter_string", default="", help="e.g. \"metrics.loss < 0.1 and params.model = 'forest'\"")
@click.option("--order-by", multiple=True, help='e.g. "metrics.loss ASC"; may be given several times.')
@click.option("--experiment", help="Its name; the Default experiment unless given.")
@click.option("--all", "everywhere", is_flag=True, help="Of every experiment.")
@click.option("--deleted", is_flag=True, help="The deleted ones.")
@click.option("--limit", default=30, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def runs(
    context: click.Context,
    filter_string: str,
    order_by: tuple[str, ...],
    experiment: str | None,
    everywhere: bool,
    deleted: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List runs, the newest first; or show, compare, delete, restore some."""
    if context.invoked_subcommand:
        return
    store = reader()
    if everywhere:
        ids = [found.experiment_id for found in store.search_experiments(view_type=3)]
    elif experiment:
        found_experiment = store.get_experiment_by_name(experiment)
        if found_experiment is None:
            raise NotFound(f"There is no experiment {experiment!r}. `runstone runs --all` lists the runs of all.")
        ids = [found_experiment.experiment_id]
    else:
        ids = ["0"]
    found = store.search_runs(ids, filter_string, 2 if deleted else 1, limit, list(order_by))
    show(
        [_row(run, as_json) for run in found], as_json, "No runs here. `runstone runs --all` looks in every experiment."
    )


def _row(run: Run, whole: bool) -> dict[str, Any]:
    info = run.info
    row: dict[str, Any] = {
        "run_id": info.run_id,
        "name": info.run_name,
        "status": info.status,
        "started": time(info.start_time),
    }
    if whole:
        return {**row, "metrics": run.data.metrics, "params": run.data.params, "tags": run.data.tags}
    metrics = ", ".join(f"{key}={value:.4g}" for key, value in list(run.data.metrics.items())[:4])
    return {**row, "metrics": metrics}


@runs.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show_run(run: str, as_json: bool) -> None:
    """All that is known of a run."""
    store = reader()
    found = find_run(store, run)
    if as_json:
        import json

        print(json.dumps(found.to_dictionary(), indent=2))
        return
    facts: dict[str, Any] = {
        **dict(found.info),
        "start_time": time(found.info.start_time),
        "end_time": time(found.info.end_time),
    }
    rows = [{"kind": "run", "name": name, "value": value} for name, value in facts.items()]
    for kind in ("params", "metrics", "tags"):
        rows += [
            {"kind": kind, "name": name, "value": value} for name, value in sorted(getattr(found.data, kind).items())
        ]
    rows += [
        {"kind": "artifact", "name": file.path, "value": file.file_size}
        for file in store.list_artifacts(found.info.run_id)
    ]
    show(rows, False, "")


@runs.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Also what is the same in all.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def compare(names: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Params, metrics and tags side by side: what differs."""
    store = reader()
    found = [find_run(store, name) for name in names]
    rows = []
    for kind in ("params", "metrics", "tags"):
        columns = [getattr(run.data, kind) for run in found]
        for key in sorted({key for column in columns for key in column}):
            values = [column.get(key) for column in columns]
            if everything or len(set(values)) > 1:
                labels = [f"{run.info.run_name} ({run.info.run_id[:6]})" for run in found]
                rows.append({"kind": kind, "name": key, **dict(zip(labels, values, strict=True))})
    show(rows, as_json, "They differ in nothing.")


@runs.command()
@click.argument("names", nargs=-1, required=True)
def delete(names: tuple[str, ...]) -> None:
    """Delete runs; restore brings them back."""
    store = reader()
    for name in names:
        store.delete_run(find_run(store, name).info.run_id)
        print(f"deleted {name}; `runstone runs restore {name}` brings it back")


@runs.command()
@click.argument("names", nargs=-1, required=True)
def restore(names: tuple[str, ...]) -> None:
    """Bring deleted runs back."""
    store = reader()
    for name in names:
        store.restore_run(find_run(store, name).info.run_id)
        print(f"restored {name}")
