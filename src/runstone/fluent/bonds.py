"""What a run's points are bound to: the models that it made, at their steps, and whatever model or dataset they name, which it used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runstone.entities import DatasetInput, LoggedModelInput

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import Run


class Bonds:
    """What one run made and used, as far as this process knows. `made` is the models by the step of each."""

    __slots__ = ("_datasets", "_models", "made")

    def __init__(self, run: Run) -> None:
        self.made: dict[int, list[str]] = {}
        self._models: set[str] = set()
        self._datasets: set[tuple[str, str]] = set()
        for made in run.outputs.model_outputs if run.outputs else ():
            self.add(made.model_id, made.step)
        if run.inputs:
            self._models |= {used.model_id for used in run.inputs.model_inputs}
            self._datasets |= {(used.dataset.name, used.dataset.digest) for used in run.inputs.dataset_inputs}

    def add(self, model_id: str, step: int) -> None:
        """The run made a model at a step: points of that step, logged from now on, are that model's too."""
        if model_id not in self.made.setdefault(step, []):
            self.made[step].append(model_id)
        self._models.add(model_id)

    def made_at(self, step: Any) -> Sequence[str]:
        """The models of a step; none of a step that is no number, which is refused elsewhere."""
        try:
            return self.made.get(0 if step is None else step, ())
        except TypeError:
            return ()

    def use(self, store: Client, run_id: str, models: Sequence[str], dataset: Any) -> None:
        """Say on the run that it used these models, unless it made them, and this dataset; once each."""
        from runstone.fluent.inputs import entity

        fresh = [model_id for model_id in models if model_id not in self._models]
        known = dataset is None or (dataset.name, dataset.digest) in self._datasets
        if fresh or not known:
            datasets = [] if known else [DatasetInput(entity(dataset), [])]
            store.log_inputs(run_id, datasets, [LoggedModelInput(model_id) for model_id in fresh])
            self._models.update(fresh)
            self._datasets |= {(used.dataset.name, used.dataset.digest) for used in datasets}
