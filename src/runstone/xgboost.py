"""XGBoost's models, under MLflow's names (`mlflow.xgboost`)."""

from __future__ import annotations

from typing import Any

from runstone.autologging import callbacks
from runstone.autologging.switches import switch
from runstone.flavors.xgboost import FLAVOR
from runstone.models.published import published

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def autolog(
    importance_types: list[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Have the trainings of XGBoost, and the fits of its estimators, record themselves.

    Args:
        importance_types: which kinds of the features' importance are logged; 'weight' unless said.
        log_input_examples: keep the first rows of the training data with the model.
        log_model_signatures: tell what the model takes and gives.
        log_models: log the trained model.
        log_datasets: log what was trained and evaluated on.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        registered_model_name: register each model under it.
        model_format: how a booster is kept: 'ubj' or 'json'.
        extra_tags: of runs that are started for trainings.
    """
    switch("xgboost", **locals())


def __getattr__(name: str) -> Any:
    if name != "RunstoneCallback":
        raise AttributeError(f"runstone.xgboost has no {name!r}. It has {', '.join([*__all__, 'RunstoneCallback'])}.")
    # derived from a class of XGBoost's, which is not imported before
    made = globals()[name] = callbacks.xgboost_callback()
    return made
