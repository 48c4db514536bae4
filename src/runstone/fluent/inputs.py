"""Datasets that the active run used; MLflow's names and arguments."""

from __future__ import annotations

from typing import Any

from runstone.entities import Dataset, DatasetInput, InputTag, LoggedModelInput
from runstone.errors import InvalidParameter
from runstone.fluent.session import target
from runstone.operations.inputs import LENGTHS
from runstone.warning import warn

CONTEXT_TAG = "mlflow.data.context"


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: dict[str, str] | None = None,
    model: LoggedModelInput | None = None,
) -> None:
    """Log that the active run used a dataset. Used for two things, it is logged twice; logged twice for one, it is there once.

    Args:
        dataset: what `runstone.data.from_pandas` and its kin give.
        context: what it was used for, e.g. 'training' or 'test'.
        tags: labels on this use of it.
        model: a logged model that the run used.
    """
    log_inputs([dataset], [context], [tags], [model])


def log_inputs(
    datasets: list[Any] | None = None,
    contexts: list[str | None] | None = None,
    tags_list: list[dict[str, str] | None] | None = None,
    models: list[LoggedModelInput | None] | None = None,
) -> None:
    """Log several datasets at once, all or none; the lists go in step. See `log_input`."""
    sets = datasets or []
    uses, labels = contexts or [None] * len(sets), tags_list or [None] * len(sets)
    if not len(sets) == len(uses) == len(labels):
        raise InvalidParameter(
            f"log_inputs was given {len(sets)} datasets, {len(uses)} contexts and {len(labels)} tags: give as many of each."
        )
    inputs = [
        _input(dataset, use, label)
        for dataset, use, label in zip(sets, uses, labels, strict=True)
        if dataset is not None
    ]
    used = [model for model in models or [] if model is not None]
    store, chosen = target()
    store.log_inputs(chosen, inputs, used or None)


def _input(dataset: Any, context: str | None, tags: dict[str, str] | None) -> DatasetInput:
    labels = {key: str(value) for key, value in (tags or {}).items()}
    if context is not None:
        labels[CONTEXT_TAG] = str(context)
    return DatasetInput(entity(dataset), [InputTag(key, value) for key, value in labels.items()])


def entity(dataset: Any) -> Dataset:
    """What a run notes of a dataset. Raises InvalidParameter for what is none."""
    if isinstance(dataset, Dataset):
        return dataset
    if not hasattr(dataset, "_to_mlflow_entity"):
        raise InvalidParameter(
            f"A {type(dataset).__name__} is no dataset: make one with runstone.data.from_pandas, from_polars, from_numpy or from_path."
        )
    noted: Dataset = dataset._to_mlflow_entity()
    for field in ("schema", "profile"):
        text = getattr(noted, field)
        if text is not None and len(text) > LENGTHS[field]:
            # a table of ten thousands of columns is no reason to stop a training
            warn(
                f"The {field} of the dataset {noted.name!r} is left out: it has {len(text)} characters, the limit is {LENGTHS[field]}."
            )
            setattr(noted, field, None)
    return noted
