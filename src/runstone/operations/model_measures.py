"""What was measured of several logged models, and their params: what a table of versions shows beside them, in one answer."""

from __future__ import annotations

import msgspec

from runstone.entities import Metric
from runstone.entities.logged_models import LoggedModelParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import logged_model_metrics, logged_models

MOST_MODELS = 1_000


class GetModelMeasures(msgspec.Struct, omit_defaults=True):
    """Logged models, by their ids; one that is not there is left out."""

    model_ids: list[str] = []


class Measured(msgspec.Struct, omit_defaults=True):
    """A logged model's params, and the latest value of each of its metrics on each dataset."""

    model_id: str
    experiment_id: str
    name: str
    status: str
    params: list[LoggedModelParameter] = []
    metrics: list[Metric] = []


class ModelMeasures(msgspec.Struct, omit_defaults=True):
    """One for each model that is there."""

    models: list[Measured] = []


@operation("POST", "/runstone/models/measures", permission="read")
def get_model_measures(engine: Engine, request: GetModelMeasures) -> ModelMeasures:
    """What was measured of some logged models, and their params."""
    rules.check_limit("model_ids", len(request.model_ids), MOST_MODELS)
    with engine.reading_points() as connection:
        asked = dict.fromkeys(request.model_ids)
        found = [row for one in asked if (row := logged_models.find(connection, one, deleted=True)) is not None]
        models = logged_models.load_logged_models(connection, found, points=False)
        latest = logged_model_metrics.latest(connection, [model.model_id for model in models])
    return ModelMeasures(
        [
            Measured(
                model.model_id, model.experiment_id, model.name, model.info.status, model.data.params, latest.get(model.model_id, [])
            )
            for model in models
        ]
    )  # fmt: skip
