"""Datasets that runs use: what they are (a digest over all the data), where they came from, what they look like.

MLflow calls it `mlflow.data`. pandas, polars and numpy are imported when data of theirs are touched. Knows of no run and no store.
"""

from __future__ import annotations

from typing import Any

from runstone.data import sources
from runstone.data.dataset import Dataset
from runstone.data.meta_dataset import MetaDataset
from runstone.data.numpy_dataset import NumpyDataset, from_numpy
from runstone.data.pandas_dataset import PandasDataset, from_pandas
from runstone.data.path_dataset import PathDataset, from_path
from runstone.data.polars_dataset import PolarsDataset, from_polars
from runstone.data.sources import (
    CodeDatasetSource,
    DatasetSource,
    HTTPDatasetSource,
    LocalArtifactDatasetSource,
    RecordedDatasetSource,
)
from runstone.errors import InvalidParameter

__all__ = [
    "CodeDatasetSource",
    "Dataset",
    "DatasetSource",
    "HTTPDatasetSource",
    "LocalArtifactDatasetSource",
    "MetaDataset",
    "NumpyDataset",
    "PandasDataset",
    "PathDataset",
    "PolarsDataset",
    "RecordedDatasetSource",
    "from_numpy",
    "from_pandas",
    "from_path",
    "from_polars",
    "get_source",
]


def get_source(dataset: Any) -> DatasetSource:
    """Where data came from; `.load()` on it fetches them back where they are a file here or at an http(s) address.

    Args:
        dataset: a dataset of this module, one that a run recorded (an entity, or one of `run.inputs.dataset_inputs`), or a run
            that used just one.

    Raises:
        InvalidParameter: it is none of these, or the run used no dataset or several.
    """
    from runstone import entities

    if isinstance(dataset, entities.Run):
        inputs = dataset.inputs.dataset_inputs
        found = {(used.dataset.source_type, used.dataset.source) for used in inputs}
        if len(found) != 1:
            names = ", ".join(repr(used.dataset.name) for used in inputs) or "none"
            raise InvalidParameter(
                f"The run {dataset.info.run_id} used {len(found)} sources of data (datasets: {names}): give one of run.inputs.dataset_inputs."
            )
        return sources.recorded(*found.pop())
    if isinstance(dataset, entities.DatasetInput):
        dataset = dataset.dataset
    if isinstance(dataset, entities.Dataset):
        return sources.recorded(dataset.source_type, dataset.source)
    if isinstance(dataset, Dataset):
        return dataset.source
    raise InvalidParameter(
        f"get_source takes a dataset, a DatasetInput of run.inputs.dataset_inputs, or a run; got a {type(dataset).__name__}."
    )
