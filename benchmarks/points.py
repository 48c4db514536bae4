"""What a metric's points cost: a call on the training loop's thread, a million of them, a thousand keys, reading them as an array."""

from __future__ import annotations

from benchmarks.course import Course
from benchmarks.environments import PEERS
from benchmarks.measure import Failed, Sample, interleaved, median
from benchmarks.table import Row, missing

# Calls per peer in the full course: what each can do in some seconds. Figures of long tasks are scaled up from them.
_CALLS = {"mlflow": 300, "mlflow-skinny": 2000, "trackio": 20_000, "wandb": 20_000, "tensorboardx": 100_000}
_STEPS = {"mlflow": 5, "mlflow-skinny": 5, "trackio": 20, "wandb": 20, "tensorboardx": 100}


def _all(course: Course, task: str, sizes: dict[str, int], repeats: int) -> dict[str, list[Sample]]:
    contenders = {
        name: lambda n=name, s=size: course.perform(n, task, s)
        for name, size in sizes.items()
        if name in course.pythons
    }
    return interleaved(contenders, repeats)


def one_call(course: Course) -> list[Row]:
    """Median microseconds of log_metric over 100,000 calls, beside a bare 32-byte os.write in the same process."""
    figure = "log_metric, median of a call"
    shrink = course.size(1, 10)
    sizes = {"runstone": 100_000 // shrink, **{name: count // shrink for name, count in _CALLS.items()}}
    samples = _all(course, "log_metric", sizes, course.size(3, 1))
    rows = []
    for name in ("runstone", *PEERS):
        found = sorted((sample.figures for sample in samples.get(name, [])), key=lambda figures: figures["median"])
        if not found:
            rows.append(missing(figure, name, "us"))
            continue
        middle = found[
            len(found) // 2
        ]  # the call and the write of one process: the machine's pace differs between them
        value, write = middle["median"], middle["write"]
        note = (
            f"mean {middle['mean']:.1f}, p99 {middle['p99']:.1f}, most {middle['most']:,.0f} us; {sizes[name]:,} calls"
        )
        rows.append(Row(figure, name, value, "us", 2 * write if name == "runstone" else None, None, note))
        if name == "runstone":
            rows.append(Row(figure, "a bare 32-byte os.write", write, "us", note="in the same process, in turn"))
    return rows


def million(course: Course) -> list[Row]:
    """1,000,000 points of one metric until they are readable: CPU, and bytes of the store."""
    return _long(course, "points", "points of one metric, CPU for 1,000,000", 1_000_000, dict(_CALLS), 3.0, 1)


def many_keys(course: Course) -> list[Row]:
    """1,000 keys x 1,000 steps through log_metrics (or what a contender has in its place)."""
    return _long(course, "keys", "1,000 keys x 1,000 steps, CPU", 1000, dict(_STEPS), 3.0, 1000)


def _long(course: Course, task: str, figure: str, full: int, peers: dict[str, int], bar: float, per: int) -> list[Row]:
    shrink = course.size(1, 10)
    sizes = {"runstone": full // shrink, **{name: max(1, count // shrink) for name, count in peers.items()}}
    ours = {"runstone": sizes["runstone"]}
    samples = _all(course, task, ours, course.size(3, 1))
    samples.update(_all(course, task, {n: s for n, s in sizes.items() if n != "runstone"}, 1))
    rows, sizes_of_store = [], []
    for name in ("runstone", *PEERS):
        found = samples.get(name, [])
        if not found:
            rows.append(missing(figure, name, "s"))
            continue
        scale = full / sizes[name]
        value = (median([sample.figures["cpu"] for sample in found]) or 0.0) * scale
        whole = "" if name != "runstone" else f"; whole process {median([s.cpu for s in found]):.2f} s"
        wall = (median([sample.figures["wall"] for sample in found]) or 0.0) * scale
        note = f"wall {wall:,.1f} s{whole}" + (f"; scaled up from {sizes[name] * per:,} points" if scale > 1 else "")
        rows.append(Row(figure, name, value, "s", bar if name == "runstone" else None, None, note))
        if "bytes" in found[-1].figures:
            each = found[-1].figures["bytes"] / (sizes[name] * per)
            sizes_of_store.append(
                Row(
                    f"{task}: bytes a point in the store",
                    name,
                    each,
                    "B",
                    16.0 if name == "runstone" and task == "points" else None,
                )
            )
    return rows + sizes_of_store


def as_array(course: Course) -> list[Row]:
    """A series of 100,000 points, read as arrays (MLflow: as its list of objects), warm."""
    figure, count = "series of 100,000 points as an array", course.size(100_000, 10_000)
    rows = []
    folder = course.place()
    try:
        course.perform("runstone", "points", count, folder)
        found = course.perform("runstone", "logged", count, folder).figures
        note = f"first read, with opening the store: {found['first'] * 1000:.1f} ms"
        if found["kept"] != count:
            note += f"; {count - found['kept']} POINTS MISSING"
        rows.append(Row(figure, "runstone", found["wall"] * 1000, "ms", 10.0, found["cpu"], note))
    except Failed as error:
        course.say(str(error))
        rows.append(missing(figure, "runstone", "ms", "failed"))
    if "mlflow" in course.pythons:
        found = course.perform("mlflow", "series", count).figures
        rows.append(Row(figure, "mlflow", found["wall"] * 1000, "ms", None, found["cpu"], "a list of objects"))
    else:
        rows.append(missing(figure, "mlflow", "ms"))
    return rows
