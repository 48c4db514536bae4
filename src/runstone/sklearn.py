"""scikit-learn's models, under MLflow's names (`mlflow.sklearn`)."""

from __future__ import annotations

from runstone.autologging.switches import switch
from runstone.errors import InvalidParameter
from runstone.flavors.sklearn import FLAVOR
from runstone.models.published import published

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str = "cloudpickle",
    registered_model_name: str | None = None,
    pos_label: str | int | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Have the fits of scikit-learn's estimators, pipelines and searches record themselves.

    Args:
        log_input_examples: keep the first rows of the training data with the model.
        log_model_signatures: tell what the model takes and gives.
        log_models: log the trained model.
        log_datasets: log what was trained and evaluated on.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        max_tuning_runs: so many trials of a search, the best ones, become runs of their own; all when None.
        log_post_training_metrics: log what a model predicts and scores after its fit, and metrics of what it predicted.
        serialization_format: how a model is kept: 'cloudpickle', 'skops' or 'pickle'.
        registered_model_name: register each model under it.
        pos_label: the class that precision, recall and F1 are about; all of them, weighted, unless said.
        extra_tags: of runs that are started for trainings.

    Raises:
        InvalidParameter: `max_tuning_runs` is negative.
    """
    if max_tuning_runs is not None and max_tuning_runs < 0:
        raise InvalidParameter(f"`max_tuning_runs` must be non-negative, instead got {max_tuning_runs}.")
    switch("sklearn", **locals())
