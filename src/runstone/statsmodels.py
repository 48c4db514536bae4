"""statsmodels' results, under MLflow's names (`mlflow.statsmodels`)."""

from __future__ import annotations

from runstone.autologging.switches import switch
from runstone.flavors.statsmodels import FLAVOR
from runstone.models.published import published

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Have the fits of statsmodels' models record themselves.

    Args:
        log_models: log the results of a fit, as the model.
        log_datasets: taken for MLflow's sake; a model of statsmodels' holds its data, and they are not recorded beside it.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        registered_model_name: register each model under it.
        extra_tags: of runs that are started for trainings.
    """
    switch("statsmodels", **locals())
