"""What a saved model's description says, for people: its kinds, what it takes and gives, its size, what it needs."""

from __future__ import annotations

import contextlib
from typing import Any

from runstone.cli.output import size
from runstone.errors import NotFound

Facts = list[tuple[str, Any]]
# Columns that are named; of wider tables the rest is counted.
_COLUMNS = 12


def described(address: str) -> Facts:
    """The facts of a model's description; none where its files hold no description."""
    from runstone.models.fetching import description

    facts: Facts = []
    with contextlib.suppress(NotFound):
        model = description(address)
        facts += [
            ("flavors", ", ".join(sorted(model.flavors))),
            ("format of", model.mlflow_version and f"MLflow {model.mlflow_version}"),
            ("size", None if model.model_size_bytes is None else size(model.model_size_bytes)),
        ]
        if model.signature is not None:
            signature = model.signature
            facts += [("takes", _columns(signature.inputs)), ("gives", _columns(signature.outputs))]
            facts.append(("params", ", ".join(map(repr, signature.params or ()))))
    return facts


def _columns(schema: Any) -> str | None:
    if schema is None:
        return None
    specs = [repr(spec) for spec in schema]
    more = f", and {len(specs) - _COLUMNS} more" if len(specs) > _COLUMNS else ""
    return ", ".join(specs[:_COLUMNS]) + more
