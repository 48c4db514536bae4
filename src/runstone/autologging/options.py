"""What was asked for, for one library: `autolog`'s arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """`autolog`'s arguments for one library; those that only this one has are in `own`.

    Attributes:
        flavor: the library's name among the flavors.
        log_input_examples: keep the first rows of the training data with the model.
        log_model_signatures: tell what the model takes and gives.
        log_models: log the trained model.
        log_datasets: log what was trained and evaluated on.
        exclusive: record nothing in runs that the user started.
        silent: no warnings.
        registered_model_name: registers each model under it.
        extra_tags: of runs that are started here.
        own: the other arguments, by name.
    """

    flavor: str
    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    exclusive: bool = False
    silent: bool = False
    registered_model_name: str | None = None
    extra_tags: Mapping[str, Any] | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
