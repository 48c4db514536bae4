"""The client's methods on what stored models say of themselves. One typed method per operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import model_description, model_measures


def describe_model(
    self: Client, model_id: str | None = None, *, name: str | None = None, version: str | int | None = None
) -> model_description.ModelDescription:
    """What a stored model's files say of it: its MLmodel, its requirements, whether it is signed. Raises NotFound.

    Args:
        model_id: a logged model's.
        name: or a registered model's, and
        version: the number of a version of it.
    """
    from runstone.operations import model_description

    return self._transport.call(model_description.describe_model, _named(model_id, name, version))


def scan_model(
    self: Client, model_id: str | None = None, *, name: str | None = None, version: str | int | None = None
) -> model_description.ModelScan:
    """What would run when a stored model is loaded; the store looks, and runs nothing. Raises NotFound. Arguments as `describe_model` has them."""
    from runstone.operations import model_description

    return self._transport.call(model_description.scan_model, _named(model_id, name, version))


def get_model_measures(self: Client, model_ids: list[str]) -> list[model_measures.Measured]:
    """The params of some logged models, and the latest value of each metric on each dataset; a model that is not there is left out."""
    from runstone.operations import model_measures

    return self._transport.call(
        model_measures.get_model_measures, model_measures.GetModelMeasures(list(model_ids))
    ).models


def _named(model_id: str | None, name: str | None, version: str | int | None) -> model_description.DescribeModel:
    from runstone.operations import model_description

    return model_description.DescribeModel(model_id, name, None if version is None else str(version))
