"""What can be asked of a run's logged models while it makes them: that the best and the last stay, and the others go now."""

from __future__ import annotations

import msgspec

from runstone.operations import expiring, forecast, rules
from runstone.operations.engine import Engine
from runstone.operations.forecast import Expiry
from runstone.operations.retention import MODELS, SetRetention, checked
from runstone.operations.table import operation
from runstone.store import arrivals, logged_models, retention, runs


class KeepBestModels(msgspec.Struct, omit_defaults=True):
    """Of a run's logged models of a name: what is kept, as in `SetRetention`. `dry_run` only says what would go."""

    run_id: str
    name: str
    keep_best: int | None = None
    metric: str | None = None
    mode: str | None = None
    keep_last: int | None = None
    dry_run: bool = False


class ModelsLetGo(msgspec.Struct):
    """The models that went, or would go, each with its reason."""

    models: list[Expiry]


@operation("POST", "/runstone/models/keep-best", permission="edit")
def keep_best_models(engine: Engine, request: KeepBestModels) -> ModelsLetGo:
    """Delete those of a run's logged models that are neither among the best nor the last: what a rule of retention does when the store is
    pruned, done at once. Raises InvalidParameter for what is no such rule, NotFound for a missing run."""
    run_id = rules.check_run_id(request.run_id)
    with engine.database.write() as connection:
        run = runs.require(connection, run_id, active=True)
        arrivals.gather(connection, run)
        experiment = runs.experiment(connection, run)
        said = SetRetention(
            str(experiment), MODELS + request.name, None, request.keep_last, request.keep_best, request.metric, request.mode
        )  # fmt: skip
        rule = checked(said, experiment)
        found = expiring.models_judged(connection, rule, retention.models(connection, experiment, run_id), engine.now())
        going = list(expiring.expired(connection, [found]))
        if not request.dry_run:
            for one in going:
                logged_models.delete(connection, one.run.row, engine.now())
    return ModelsLetGo([forecast.expiry_of(one) for one in going])
