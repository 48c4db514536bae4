"""The client's method on the datasets that runs used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runstone.entities import DatasetInput, LoggedModelInput
from runstone.operations import inputs

if TYPE_CHECKING:
    from runstone.client import Client


def log_inputs(
    self: Client,
    run_id: str,
    datasets: Sequence[DatasetInput] | None = None,
    models: Sequence[LoggedModelInput] | None = None,
) -> None:
    """Say that a run used these datasets; saying it again changes nothing."""
    self._transport.call(inputs.log_inputs, inputs.LogInputs(run_id, list(datasets or []), list(models or [])))
