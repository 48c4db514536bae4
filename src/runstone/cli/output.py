"""Tables for people, plain lines for pipes, JSON for programs; which store, and which run is meant by a name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from runstone.client import Client
from runstone.entities import Run
from runstone.errors import NotFound
from runstone.fluent.location import client, get_tracking_uri


def reader() -> Client:
    """The store, for a command that only reads: it must be there already. Raises NotFound saying where it was looked for."""
    folder = get_tracking_uri().removeprefix("file://")
    if not os.path.isdir(folder):
        raise NotFound(f"There is no store at {folder}. Log a run first, or name another store with --store PATH.")
    return client()


def find_run(store: Client, name: str) -> Run:
    """The run of that id, unique start of an id (4 characters or more), or unique name. Raises NotFound."""
    try:
        return store.get_run(name)
    except NotFound:
        pass
    quoted = name.replace("'", "")
    ids = [experiment.experiment_id for experiment in store.search_experiments(view_type=3)]
    prefix = f"run_id LIKE '{quoted}%' or " if len(quoted) >= 4 else ""
    found = store.search_runs(ids, f"{prefix}run_name = '{quoted}'", 3, 3)
    if len(found) != 1:
        what = "several runs are" if found else "no run is"
        raise NotFound(f"{what} called {name!r}. `runstone runs --all` lists them with their ids.")
    return found[0]


def show(rows: Sequence[dict[str, Any]], as_json: bool, empty: str) -> None:
    """Print rows of the same keys: JSON when asked, a table on a terminal, tab-separated lines in a pipe."""
    if as_json:
        print(json.dumps(list(rows), indent=2, default=str))
    elif not rows:
        print(empty, file=sys.stderr)
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(*rows[0], box=None, header_style="bold")
        for row in rows:
            table.add_row(*(_text(value) for value in row.values()))
        Console().print(table)
    else:
        print("\t".join(rows[0]))
        for row in rows:
            print("\t".join(_text(value) for value in row.values()))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def time(milliseconds: int | None) -> str | None:
    """A time in UTC, to the second."""
    from datetime import datetime

    return (
        None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    )
