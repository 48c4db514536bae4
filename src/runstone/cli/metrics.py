"""`runstone metrics`: a table of a run's metrics, or a plot of some in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import Any

import click

from runstone.cli.finding import find_run, reader
from runstone.cli.output import console, for_people, json_option, moment, show, show_json, show_lines, span
from runstone.client import Client
from runstone.client.series import MetricSeries
from runstone.entities import Run
from runstone.errors import NotFound

_HEIGHT = 17
# No plot is wider than this: beyond it the eye loses the line.
_WIDEST = 120


@click.command()
@click.argument("run")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--log", is_flag=True, help="A logarithmic y axis.")
@click.option("--x", type=click.Choice(["step", "time"]), default="step", show_default=True, help="The x axis.")
@json_option
def metrics(run: str, keys: tuple[str, ...], log: bool, x: str, as_json: bool) -> None:
    """A run's metrics; with KEYs a plot of those, where a person reads, and their points elsewhere.

    RUN is a run's id, the first 4 or more characters of one, its name, or `latest`.
    """
    store = reader()
    found = find_run(store, run)
    if not keys:
        _summaries(store, found, as_json)
        return
    series = {key: store.get_metric_series(found.info.run_id, key) for key in dict.fromkeys(keys)}
    for key, points in series.items():
        if len(points.step) == 0:
            raise NotFound(
                f"Run {found.info.run_name!r} has no metric {key!r}. `runstone metrics {run}` lists those it has."
            )
    if as_json:
        show_json(
            [
                {"key": key, **{name: column.tolist() for name, column in points._asdict().items()}}
                for key, points in series.items()
            ]
        )
    elif for_people():
        _plot(found, series, log, by_time=x == "time")
    else:
        show_lines(
            ("key", "step", "timestamp", "value"),
            (
                (key, *point)
                for key, points in series.items()
                for point in zip(*(column.tolist() for column in points), strict=True)
            ),
        )


def _summaries(store: Client, run: Run, as_json: bool) -> None:
    rows = [
        {
            "key": summary.key,
            "last": summary.last,
            "min": summary.min,
            "max": summary.max,
            "first": summary.first,
            "count": summary.count,
            "last step": summary.last_step,
        }
        for summary in store.get_metric_summaries(run.info.run_id)
    ]
    show(rows, as_json, "This run has no metrics.")


def _plot(run: Run, series: dict[str, MetricSeries], log: bool, by_time: bool) -> None:
    from rich.text import Text

    from runstone.cli.plot import Line, Paper, legend, plot

    out = console()
    braille = (sys.stdout.encoding or "").lower().startswith("utf")
    paper = Paper(
        min(shutil.get_terminal_size().columns, _WIDEST), _HEIGHT, braille, bool(out.color_system) and not out.no_color
    )
    lines = [Line(key, *_axes(points, by_time)) for key, points in series.items()]
    out.print(f"{run.info.run_name}: {', '.join(_title(key, points, log) for key, points in series.items())}")
    if len(lines) > 1:
        out.print(Text.assemble(*legend([line.name for line in lines], paper)))
    for row in plot(lines, paper, log, _clock(min(float(line.x[0]) for line in lines)) if by_time else _step):
        out.print(Text.assemble(*row), soft_wrap=True)


def _axes(points: MetricSeries, by_time: bool) -> tuple[Any, Any]:
    if not by_time:
        return points.step.astype(float), points.value
    order = points.timestamp.argsort(kind="stable")
    return points.timestamp[order].astype(float), points.value[order]


def _title(key: str, points: MetricSeries, log: bool) -> str:
    import numpy

    odd = numpy.flatnonzero(~numpy.isfinite(points.value))
    notes = [f"{len(points.value):,} point{'' if len(points.value) == 1 else 's'}", f"last {points.value[-1]:.6g}"]
    if len(odd):
        notes.append(f"{len(odd):,} not finite, the first at step {points.step[odd[0]]}")
    if log and (below := int((points.value <= 0).sum())):
        notes.append(f"{below:,} not positive, left out")
    return f"{key} ({', '.join(notes)})"


def _step(place: float) -> str:
    return f"{place:.0f}"


def _clock(first: float) -> Callable[[float], str]:
    """The time of the first point, and of others how much later they are."""
    return lambda place: moment(int(place)) or "" if place == first else f"+{span(int(place - first))}"
