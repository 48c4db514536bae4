"""What comes over the wire before a table of runs is seen, and when it is seen: 10,000 runs of 20 columns, servers warm, caches empty and full."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import partial

from benchmarks.measure import Sample, interleaved, median
from benchmarks.server import filling
from benchmarks.server.serving import Servers, Serving
from benchmarks.table import Row, missing
from benchmarks.ui.windows import first_rows, transferred, window

_COLUMNS = "%0A".join([f"m.metric_{k}" for k in range(10)] + [f"p.param_{k}" for k in range(10)])


def opening(servers: Servers) -> list[Row]:
    """Scripts and styles in kilobytes, and milliseconds to the first rows."""
    count = servers.course.size(10_000, 300)
    names = [name for name in servers.names() if name in ("runstone", "mlflow")]
    for name in names:
        servers.course.say(f"  filling {name} with {count:,} runs")
        filling.runs(servers[name], count)
        if name == "mlflow":
            _tag(servers[name])
    found = interleaved({name: partial(_opened, servers, name) for name in names}, servers.course.size(6, 2))
    share = {name: median([one.figures["rows"] for one in found[name][1:]]) for name in names if found[name]}
    sizes, rows = "scripts and styles before the first rows, compressed", f"first rows of {count:,} x 20 painted"
    table = []
    for figure, key, unit, bar in ((sizes, "bytes", "kB", 250.0), (rows, "rows", "ms", 400.0)):
        for name in ("runstone", "mlflow"):
            samples = found.get(name, [])[1:]
            if not samples:
                table.append(missing(figure, name, unit))
                continue
            value = median([one.figures[key] for one in samples]) or 0.0
            note = (
                f"with an empty cache {median([one.figures['cold'] for one in samples]):,.0f} ms"
                if key == "rows"
                else ""
            )
            table.append(Row(figure, name, value, unit, bar if name == "runstone" else None, None, note))
    ours, theirs = share.get("runstone"), share.get("mlflow")
    if ours and theirs:
        table.append(Row(f"{rows}, share of MLflow's", "runstone", ours / theirs, "", 1 / 10))
    return table


def _tag(server: Serving) -> None:
    """Give each run a tag, as each has that MLflow's client made: its page breaks at a run without any."""
    with closing(sqlite3.connect(os.path.join(server.folder, "mlflow.db"))) as database, database:
        database.execute(
            "INSERT OR IGNORE INTO tags (key, value, run_uuid) SELECT 'mlflow.user', 'ada', run_uuid FROM runs"
        )


def _opened(servers: Servers, name: str) -> Sample:
    url = servers[name].url
    address = f"{url}/#/experiments/0?columns={_COLUMNS}" if name == "runstone" else f"{url}/#/experiments/0/runs"
    with window() as page:
        size = transferred(page, address)
        cold = float(page.evaluate("window.__seen.rows"))
        warm = first_rows(page, address)
    return Sample(warm / 1000, 0.0, 0, {"bytes": size / 1000, "cold": cold, "rows": warm})
