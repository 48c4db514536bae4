"""The client's methods on what runs used and made: datasets and logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runstone.entities import DatasetInput, LoggedModelInput, LoggedModelOutput
from runstone.operations import inputs

if TYPE_CHECKING:
    from runstone.client import Client


def log_inputs(
    self: Client,
    run_id: str,
    datasets: Sequence[DatasetInput] | None = None,
    models: Sequence[LoggedModelInput] | None = None,
) -> None:
    """Say that a run used these datasets and logged models; saying it again changes nothing."""
    self._transport.call(inputs.log_inputs, inputs.LogInputs(run_id, list(datasets or []), list(models or [])))


def log_outputs(self: Client, run_id: str, models: list[LoggedModelOutput]) -> None:
    """Say that a run made these logged models, each at a step; saying it again changes nothing."""
    from runstone.operations import outputs

    self._transport.call(outputs.log_outputs, outputs.LogOutputs(run_id, list(models)))


def log_model_output(self: Client, run_id: str, model_id: str, step: int = 0) -> None:
    """Say that a run made a logged model at a step: the run's params are the model's too, and what the run has measured at that step of
    no model was measured of this one. Saying it again changes nothing."""
    from runstone.operations import outputs

    self._transport.call(outputs.log_model_output, outputs.LogModelOutput(run_id, model_id, step))
