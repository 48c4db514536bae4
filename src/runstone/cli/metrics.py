"""`runstone metrics`: a table of a run's metrics, or a plot of one in the terminal."""

from __future__ import annotations

from typing import Any

import click

from runstone.cli.output import find_run, reader, show

WIDTH, HEIGHT = 72, 18


@click.command()
@click.argument("run")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def metrics(run: str, key: str | None, as_json: bool) -> None:
    """A run's metrics; with KEY, a plot of that one by step."""
    store = reader()
    run_id = find_run(store, run).info.run_id
    if key is None:
        rows = [
            {
                "key": s.key,
                "last": s.last,
                "min": s.min,
                "max": s.max,
                "first": s.first,
                "count": s.count,
                "last step": s.last_step,
            }
            for s in store.get_metric_summaries(run_id)
        ]
        show(rows, as_json, "This run has no metrics.")
        return
    series = store.get_metric_series(run_id, key)
    if as_json:
        columns = (series.step.tolist(), series.timestamp.tolist(), series.value.tolist())
        show(
            [dict(zip(("step", "timestamp", "value"), point, strict=True)) for point in zip(*columns, strict=True)],
            True,
            "",
        )
    elif len(series.step) == 0:
        print(f"This run has no metric {key!r}. `runstone metrics {run}` lists those it has.")
    else:
        print(plot(key, series.step, series.value))


def plot(title: str, step: Any, value: Any) -> str:
    """A metric by step as text: a column of the screen shows the mean of its points, in cells of 2 x 4 braille dots."""
    import numpy

    finite = numpy.isfinite(value)
    step, value = step[finite].astype(float), value[finite]
    if len(value) == 0:
        return f"{title}: no finite values"
    low, high = float(value.min()), float(value.max())
    span, reach = (high - low) or 1.0, (step.max() - step.min()) or 1.0
    columns = numpy.minimum((step - step.min()) / reach * (WIDTH * 2), WIDTH * 2 - 1).astype(int)
    totals, counts = numpy.zeros(WIDTH * 2), numpy.zeros(WIDTH * 2)
    numpy.add.at(totals, columns, value)
    numpy.add.at(counts, columns, 1)
    dots = [[0] * WIDTH for _ in range(HEIGHT)]
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    for column in numpy.flatnonzero(counts).tolist():
        line = round((high - totals[column] / counts[column]) / span * (HEIGHT * 4 - 1))
        dots[line // 4][column // 2] |= bits[column % 2][line % 4]
    lines = ["".join(chr(0x2800 + cell) for cell in row) for row in dots]
    labels = [f"{high:.6g}", *[""] * (HEIGHT - 2), f"{low:.6g}"]
    body = [f"{label:>12} ┤{line}" for label, line in zip(labels, lines, strict=True)]
    foot = f"{'':>13}└{'─' * WIDTH}\n{'':>14}{step.min():<{WIDTH // 2}.6g}{step.max():>{WIDTH // 2}.6g}"
    return "\n".join([f"{title} ({len(value)} points)", *body, foot])
