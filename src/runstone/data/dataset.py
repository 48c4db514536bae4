"""What every dataset is: a name, a digest, where it came from, and what it looks like. Holds nothing of any library of data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runstone.data import sources
from runstone.data.schema import TensorDatasetSchema
from runstone.errors import InvalidParameter
from runstone.types.schema import Schema

if TYPE_CHECKING:
    from runstone import entities

DEFAULT_NAME = "dataset"


class Dataset:
    """A dataset in hand, ready to be logged. `digest`, `schema` and `profile` say what the data were when it was made.

    Args:
        digest: over all the data.
        source: where the data came from: a DatasetSource, a path, a URI; None: the code that runs.
        name: 'dataset' unless given.
        schema: what its columns or tensors are; None where that cannot be said.
        profile: how much there is of it.
    """

    def __init__(
        self,
        digest: str,
        source: Any = None,
        name: str | None = None,
        schema: Schema | TensorDatasetSchema | None = None,
        profile: dict[str, Any] | None = None,
    ) -> None:
        self.name = DEFAULT_NAME if name is None else name
        self.digest = digest
        self.source = sources.resolve(source)
        self.schema = schema
        self.profile = profile
        for field in ("name", "digest"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value:
                raise InvalidParameter(f"The {field} of a dataset is a text that is not empty; got {value!r}.")

    @property
    def source_type(self) -> str:
        """What kind of place the data came from: local, http, s3, code, ..."""
        return self.source._get_source_type()

    def to_dict(self) -> dict[str, str | None]:
        """The facts in MLflow's shape; source, schema and profile are JSON texts."""
        schema = self.schema
        columns = {"mlflow_colspec": schema.to_dict()} if isinstance(schema, Schema) else schema and schema.to_dict()
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source_type,
            "schema": None if columns is None else json.dumps(columns),
            "profile": None if self.profile is None else json.dumps(self.profile),
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict())

    def _to_mlflow_entity(self) -> entities.Dataset:
        from runstone import entities

        facts: dict[str, Any] = self.to_dict()
        return entities.Dataset(**facts)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.digest} from {self.source!r}>"
