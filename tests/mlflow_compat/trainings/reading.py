"""What the trainings read back through MLflow's own client, as plain JSON, beside what they wrote. Needs only MLflow, 2.x or 3.x."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

THIRD = int(mlflow.__version__.split(".")[0]) >= 3

# What MLflow sets by itself and what is of this machine; what a script sets stays.
_OWN_TAGS = ("mlflow.", "runstone.", "estimator_")


def say(written: dict[str, Any], read: dict[str, Any]) -> None:
    """The last line of every training: what it wrote and what it read, which test_trainings.py compares."""
    print("\n" + json.dumps({"written": plain(written), "read": plain(read)}))


def plain(value: Any) -> Any:
    """A value as JSON; floats as their texts, for NaN is no JSON and every digit counts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    return repr(float(value))


def model_place(name: str) -> dict[str, str]:
    """How `log_model` is told a model's name: 3.x calls it `name`, 2.x `artifact_path`."""
    return {"name": name} if THIRD else {"artifact_path": name}


def run(run_id: str) -> dict[str, Any]:
    """A run: name, status, params, last values of metrics, the tags that a script set, inputs."""
    found = MlflowClient().get_run(run_id)
    assert found.info.end_time is None or found.info.end_time >= found.info.start_time
    return {
        "name": found.info.run_name,
        "status": found.info.status,
        "params": found.data.params,
        "metrics": found.data.metrics,
        "tags": {key: value for key, value in found.data.tags.items() if not key.startswith(_OWN_TAGS)},
        "inputs": [
            [
                each.dataset.name,
                each.dataset.digest,
                each.dataset.source_type,
                {tag.key: tag.value for tag in each.tags},
            ]
            for each in found.inputs.dataset_inputs
        ],
    }


def history(run_id: str, key: str) -> list[list[Any]]:
    """Steps and values of a metric, in the order in which the server gives them."""
    return [[point.step, point.value] for point in MlflowClient().get_metric_history(run_id, key)]


def files(run_id: str, path: str | None = None) -> dict[str, str]:
    """Digests of a run's files, by path, as they come out of a download."""
    here = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path or ""))
    return digests(here)


def digests(folder: Path) -> dict[str, str]:
    """Digests of the files in a folder here."""
    found = sorted(each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): digest(each.read_bytes()) for each in found}


def digest(data: bytes) -> str:
    """A short name of some bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def listed(run_id: str, path: str | None = None) -> list[list[Any]]:
    """Everything that a listing shows below a path: path and size of each file, folders by their path alone."""
    found: list[list[Any]] = []
    for each in MlflowClient().list_artifacts(run_id, path):
        found += [[each.path], *listed(run_id, each.path)] if each.is_dir else [[each.path, each.file_size or 0]]
    return found


def logged_models(run_id: str) -> list[dict[str, Any]]:
    """The models that a run logged (3.x; a 2.x server knows none): name, status, type, params, metrics, tags, the number of files."""
    if not THIRD:
        return []
    client = MlflowClient()
    experiment_id = client.get_run(run_id).info.experiment_id
    found = client.search_logged_models([experiment_id], filter_string=f"source_run_id = '{run_id}'")
    outputs = {each.model_id: each.step for each in client.get_run(run_id).outputs.model_outputs}
    described = []
    for model in sorted(found, key=lambda model: (model.name, outputs[model.model_id])):
        again = client.get_logged_model(model.model_id)
        assert again.artifact_location == model.artifact_location
        folder = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}")
        described.append(
            {
                "name": again.name,
                "status": str(again.status),
                "step": outputs[model.model_id],
                "type": again.model_type,
                "params": again.params,
                "metrics": {each.key: each.value for each in again.metrics or []},
                "files": sorted(os.listdir(folder)),
                "tags": {key: value for key, value in again.tags.items() if not key.startswith(_OWN_TAGS)},
            }
        )
    return described
