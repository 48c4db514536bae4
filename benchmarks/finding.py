"""A search among 10,000 runs of 10 params and 10 metrics: a metric and a param filtered, ordered by a metric, 100 results, warm."""

from __future__ import annotations

from benchmarks.course import Course
from benchmarks.measure import Failed
from benchmarks.table import Row, missing


def search(course: Course) -> list[Row]:
    """Median wall of a warm search, and its CPU."""
    figure, count = "search of 10,000 runs, warm", course.size(10_000, 500)
    rows = []
    for name in ("runstone", "mlflow"):
        if name not in course.pythons:
            rows.append(missing(figure, name, "ms"))
            continue
        folder = course.place()
        try:
            filled = course.perform(name, "fill", count, folder).figures
            found = course.perform(name, "search", count, folder).figures
        except Failed as error:
            course.say(str(error))
            rows.append(missing(figure, name, "ms", "failed"))
            continue
        note = f"{found['found']} found" + (f"; filled in {filled['wall']:.0f} s" if filled else "; filled with SQL")
        bar = 10.0 if name == "runstone" else None
        rows.append(Row(figure, name, found["wall"] * 1000, "ms", bar, found["cpu"], note))
        course.clear(folder)
    spent = {row.contender: row.cpu for row in rows if row.cpu}
    if len(spent) == 2:
        share = spent["runstone"] / spent["mlflow"]
        rows.append(Row("search, share of MLflow's CPU", "runstone", share, "", 1 / 50))
    return rows
