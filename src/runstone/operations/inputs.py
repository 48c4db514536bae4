"""What can be asked of the datasets that runs used. Messages in MLflow's wire shape; the rules."""

from __future__ import annotations

import msgspec

from runstone.entities import DatasetInput, LoggedModelInput
from runstone.errors import InvalidParameter, NotServed
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import inputs, runs

# The wire's limits, in characters.
LENGTHS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
TAG_KEY_LENGTH = 255
TAG_VALUE_LENGTH = 500


class LogInputs(msgspec.Struct, omit_defaults=True):
    """Datasets that a run used."""

    run_id: str | None = None
    datasets: list[DatasetInput] = []
    models: list[LoggedModelInput] = []


@operation("POST", "/mlflow/runs/log-inputs", permission="edit")
def log_inputs(engine: Engine, request: LogInputs) -> Empty:
    """Say that a run used these datasets; saying it again changes nothing."""
    run_id = rules.check_run_id(request.run_id)
    rules.check_limit("datasets", len(request.datasets), 1_000)
    if request.models:
        raise NotServed("log_inputs(models=...): logged models are not part of this runstone yet. Leave `models` out.")
    for number, used in enumerate(request.datasets):
        _check(used, number)
    with engine.database.write() as connection:
        inputs.add(connection, runs.require(connection, run_id, active=True), request.datasets)
    return Empty()


def _check(used: DatasetInput, number: int) -> None:
    for field, limit in LENGTHS.items():
        text = getattr(used.dataset, field)
        if field in ("name", "digest", "source") and not text:
            raise rules.missing(f"datasets[{number}].dataset.{field}")
        if text is not None and len(text) > limit:
            raise InvalidParameter(
                f"'{field}' exceeds the maximum length of {limit} characters: the dataset's has {len(text)}. Shorten it."
            )
    for tag in used.tags:
        if not tag.key:
            raise rules.missing(f"datasets[{number}].tags.key")
        for field, text, limit in (("key", tag.key, TAG_KEY_LENGTH), ("value", tag.value, TAG_VALUE_LENGTH)):
            if len(text) > limit:
                raise InvalidParameter(
                    f"'{field}' exceeds the maximum length of {limit} characters: the input tag's has {len(text)}. Shorten it."
                )
