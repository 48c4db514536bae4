"""A dataset that is only named: where it is, not what is in it. Its digest is over those facts, so it says nothing of the data."""

from __future__ import annotations

import json
from typing import Any

from runstone.data import sources
from runstone.data.dataset import DEFAULT_NAME, Dataset
from runstone.data.digest import Digest
from runstone.data.schema import TensorDatasetSchema
from runstone.types.schema import Schema


class MetaDataset(Dataset):
    """A dataset known by its source alone; under the alias `mlflow.data.meta_dataset.MetaDataset`.

    Args:
        source: a path, a URI or a DatasetSource.
        name: 'dataset' unless given.
        digest: one of your own; over source, name and schema unless given.
        schema: what its columns or tensors are.
    """

    def __init__(
        self,
        source: Any,
        name: str | None = None,
        digest: str | None = None,
        schema: Schema | TensorDatasetSchema | None = None,
    ) -> None:
        place = sources.resolve(source)
        if digest is None:
            facts = Digest("meta")
            facts.text(place._get_source_type(), place.to_json(), name or DEFAULT_NAME)
            facts.text(json.dumps(None if schema is None else schema.to_dict()))
            digest = facts.finish()
        super().__init__(digest, place, name, schema)
