"""A registry of 10,000 models with 10 versions each: how long an alias, a page of a list and a page of a search take. `python -m benchmarks.registry`."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import runstone
from benchmarks.table import Row, lines
from runstone.client import Client
from runstone.operations.engine import Engine
from runstone.store import model_versions, registered_models
from runstone.store.database import Connection
from runstone.store.model_versions import Origin
from runstone.store.registry_changes import Author

if TYPE_CHECKING:
    from benchmarks.models import Course

MODELS, VERSIONS, TIMES = 10_000, 10, 10
# Milliseconds.
BARS = {"alias": 5.0, "list": 20.0, "search": 20.0}


def fill(folder: str, models: int) -> None:
    """A store with that registry, whose versions are of logged models, each measured."""
    engine = Engine(folder)
    with engine.database.write() as connection:
        for number in range(models):
            author = Author("somebody", 1_700_000_000_000 + number)
            model = registered_models.insert(connection, f"model-{number:05}", None, author)
            registered_models.set_tags(connection, model, [("team", f"team-{number % 50}")], author)
            for count in range(1, VERSIONS + 1):
                model_id = measured(connection, number * VERSIONS + count, author.time)
                origin = Origin(
                    f"models:/{model_id}", f"mlflow-artifacts:/0/models/{model_id}/artifacts", None, model_id
                )
                version = model_versions.insert(connection, model, origin, None, None, author)
                model_versions.set_tags(connection, version, [("stage", f"s{count}")], author)
            registered_models.set_alias(connection, model, "champion", VERSIONS, author)
    engine.close()


def measured(connection: Connection, number: int, now: int) -> str:
    """A logged model of its own for a version, with a metric from 0 to 1 and a param; its id."""
    model_id = f"m-{number:032x}"
    row = connection.execute(
        "INSERT INTO logged_model (model_id, experiment, name, status, artifact_uri, creation_timestamp, last_updated_timestamp)"
        " VALUES (?, 0, 'model', 'READY', ?, ?, ?)",
        (model_id, f"mlflow-artifacts:/0/models/{model_id}/artifacts", now, now),
    ).lastrowid
    accuracy = number * 7_919 % 100_003 / 100_003
    connection.execute(
        "INSERT INTO logged_model_metric (logged_model, key, dataset_name, dataset_digest, last_timestamp, last_step, last_value)"
        " VALUES (?, 'accuracy', '', '', 0, 0, ?)",
        (row, accuracy),
    )
    connection.execute(
        "INSERT INTO logged_model_param (logged_model, key, value) VALUES (?, 'depth', ?)", (row, str(number % 200))
    )
    return model_id


def asked(client: Client, models_there: int) -> dict[str, tuple[str, Callable[[], object]]]:
    """What is measured: its name, the bar that it is under, and the call."""
    name = f"model-{models_there // 2:05}"
    models, versions = client.search_registered_models, client.search_model_versions
    far, deep = models(max_results=models_there // 10).token, versions(max_results=models_there * VERSIONS // 2).token
    return {
        "resolve an alias": ("alias", lambda: client.get_model_version_by_alias(name, "champion")),
        "list models, first page of 100": ("list", lambda: models(max_results=100)),
        "list models, deep page of 100": ("list", lambda: models(max_results=100, page_token=far)),
        "models by name prefix": ("search", lambda: models("name LIKE 'model-07%'", 100)),
        "models by tag": ("search", lambda: models("tags.team = 'team-7'", 100)),
        "models by alias": ("search", lambda: models("aliases = 'champion'", 100)),
        "models by an alias that none has": ("search", lambda: models("aliases = 'nobody'", 100)),
        "models, as MLflow's client asks": ("search", lambda: models("tag.`mlflow.prompt.is_prompt` = 'false'", 100)),
        "models last updated": ("search", lambda: models(None, 100, ["last_updated_timestamp DESC"])),
        "list versions, first page of 100": ("list", lambda: versions(max_results=100)),
        "list versions, deep page of 100": ("list", lambda: versions(max_results=100, page_token=deep)),
        "versions of a model": ("search", lambda: versions(f"name = '{name}'", 100)),
        "versions by alias": ("search", lambda: versions("aliases = 'champion'", 100)),
        "versions by an alias that none has": ("search", lambda: versions("aliases = 'nobody'", 100)),
        "versions by metric, many": ("search", lambda: versions("metrics.accuracy > 0.5", 100)),
        "versions by metric, few": ("search", lambda: versions("metrics.accuracy > 0.9995", 100)),
        "versions by metric, none": ("search", lambda: versions("metrics.accuracy > 2", 100)),
        "versions by param": ("search", lambda: versions("params.depth = '7'", 100)),
        "versions by tag": ("search", lambda: versions("tags.stage = 's3'", 100)),
        "versions of a logged model": (
            "search",
            lambda: versions(f"model_id = '{versions(max_results=1)[0].model_id}'", 100),
        ),
        "champions of a metric": ("search", lambda: versions("aliases = 'champion' AND metrics.accuracy > 0.9", 100)),
    }


def registry(course: Course) -> list[Row]:
    """Wall of an alias, of pages of lists and of searches through our client, on a store in a folder."""
    return _measured(os.path.join(course.folder, "registry"), MODELS // 20 if course.quick else MODELS)


def _measured(folder: str, models: int) -> list[Row]:
    fill(folder, models)
    rows = []
    for what, (bar, call) in asked(runstone.Client(folder), models).items():
        call()
        times = []
        for _ in range(TIMES):
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) * 1000)
        figure = f"{what}, of {models:,} models of {VERSIONS} versions"
        rows.append(Row(figure, "runstone", statistics.median(times), "ms", BARS[bar]))
    return rows


def main() -> int:
    """Measure, print a table, and say by the exit code whether all is within its bar."""
    with tempfile.TemporaryDirectory(prefix="runstone-registry-") as folder:
        rows = _measured(folder, MODELS)
    print("\n".join(lines(rows)))
    return int(any(row.verdict == "MISSED" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
