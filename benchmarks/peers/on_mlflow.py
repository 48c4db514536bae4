"""MLflow (full or skinny) as the benchmarks use it. The 10,000 runs and the long series are put straight into its database.

MLflow itself would take most of an hour to log them; what is measured is its own reading of them.
"""

from __future__ import annotations

import filecmp
import importlib.util
import os
import shutil
import sqlite3
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

import mlflow
from tasks import (
    each_file,
    folder_bytes,
    log_until_killed,
    main,
    repeatedly,
    sources,
    timed_calls,
    value_at,
    values,
    values_at,
    values_by_key,
    whole,
)

FILTER = "metrics.metric_3 > 0.5 AND params.param_4 = '7'"


def _store(folder: str) -> None:
    os.chdir(folder)
    if "BENCH_URI" in os.environ:  # a server's
        mlflow.set_tracking_uri(os.environ["BENCH_URI"])
    elif importlib.util.find_spec("sqlalchemy") is None:  # skinny has no database: folders of files
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        mlflow.set_tracking_uri(f"file://{folder}/mlruns")
    else:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.search_experiments()  # makes its tables: seconds, once, that shall not count as the points' cost


def log_metric(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    with mlflow.start_run():
        return timed_calls(lambda step: mlflow.log_metric("loss", 0.5, step=step), count, folder)


def points(folder: str, count: int) -> dict[str, Any]:
    _store(folder)

    def act() -> None:
        with mlflow.start_run():
            for step in range(count):
                mlflow.log_metric("loss", value_at(step), step=step)

    return {**whole(act, lambda: values(count)), "bytes": folder_bytes(folder)}


def keys(folder: str, count: int) -> dict[str, Any]:
    _store(folder)

    def act() -> None:
        with mlflow.start_run():
            for step in range(count):
                mlflow.log_metrics(values_at(step), step=step)

    return whole(act, lambda: values_by_key(count))


def kill(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    mlflow.start_run()
    return log_until_killed(lambda step: mlflow.log_metric("loss", 0.5, step=step), folder, count)


def kill_async(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    mlflow.start_run()
    return log_until_killed(lambda step: mlflow.log_metric("loss", 0.5, step=step, synchronous=False), folder, count)


def logged(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    client = mlflow.MlflowClient()
    run = client.search_runs(["0"], max_results=1)[0]
    history = client.get_metric_history(run.info.run_id, "loss")
    return {"kept": len({point.step for point in history if point.step < count})}


def series(folder: str, count: int) -> dict[str, Any]:
    """Read a metric of `count` points."""
    _store(folder)
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    with sqlite3.connect(os.path.join(folder, "mlflow.db")) as database:
        database.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', ?, ?, ?, ?, 0)",
            ((value_at(step), step, run_id, step) for step in range(count)),
        )
    return repeatedly(lambda: client.get_metric_history(run_id, "loss"), 2)


def fill(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    client = mlflow.MlflowClient()
    template = client.create_run("0").info.run_id
    database = sqlite3.connect(os.path.join(folder, "mlflow.db"))
    columns = [row[1] for row in database.execute("PRAGMA table_info(runs)")]
    row = list(database.execute("SELECT * FROM runs WHERE run_uuid = ?", (template,)).fetchone())
    place = columns.index("run_uuid")
    runs, params, metrics = [], [], []
    for number in range(count):
        run_id = f"{number:032x}"
        runs.append((*row[:place], run_id, *row[place + 1 :]))
        params += [(f"param_{k}", str((number * 7 + k) % 20), run_id) for k in range(10)]
        metrics += [(f"metric_{k}", (number * 37 + k * 11) % 1009 / 1009, 1, 0, 0, run_id) for k in range(10)]
    with database:
        database.executemany(f"INSERT INTO runs VALUES ({','.join('?' * len(row))})", runs)
        database.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
        for table in ("metrics", "latest_metrics"):
            database.executemany(
                f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
                metrics,
            )
    return {}


def search(folder: str, count: int) -> dict[str, Any]:
    _store(folder)

    def act() -> int:
        return len(
            mlflow.search_runs(
                ["0"], filter_string=FILTER, order_by=["metrics.metric_5 DESC"], max_results=100, output_format="list"
            )
        )

    return {"found": act(), **repeatedly(act, 3)}


def artifact(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    path = os.path.join(folder, "big")
    with mlflow.start_run():
        first = whole(lambda: mlflow.log_artifact(path))
    with mlflow.start_run():
        again = whole(lambda: mlflow.log_artifact(path))
    return {"first": first, "again": again}


def files(folder: str, count: int) -> dict[str, Any]:
    """Log each file of the sources in a run of its own."""
    _store(folder)
    client = mlflow.MlflowClient()
    return each_file(lambda path: client.log_artifact(client.create_run("0").info.run_id, path), folder)


def tree(folder: str, count: int) -> dict[str, Any]:
    """Log the folder of the sources as it is."""
    _store(folder)
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    return whole(lambda: client.log_artifacts(run_id, sources()))


def upload(folder: str, count: int) -> dict[str, Any]:
    """Log `folder`/big to the server that MLFLOW_TRACKING_URI names, in a run whose id is kept in the folder."""
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    found = whole(lambda: client.log_artifact(run_id, os.path.join(folder, "big")))
    with open(os.path.join(folder, "run"), "w") as file:
        file.write(run_id)
    return found


def download(folder: str, count: int) -> dict[str, Any]:
    """Get it back, and look whether it is whole."""
    with open(os.path.join(folder, "run")) as file:
        run_id = file.read()
    target = os.path.join(folder, "down")
    os.makedirs(target)
    found = whole(lambda: mlflow.MlflowClient().download_artifacts(run_id, "big", target))
    same = filecmp.cmp(os.path.join(folder, "big"), os.path.join(target, "big"), shallow=False)
    shutil.rmtree(target)
    if not same:
        raise SystemExit("what came down is not what went up")
    return found


TASKS = (
    log_metric,
    points,
    keys,
    kill,
    kill_async,
    logged,
    series,
    fill,
    search,
    artifact,
    files,
    tree,
    upload,
    download,
)

if __name__ == "__main__":
    main({task.__name__: task for task in TASKS})
