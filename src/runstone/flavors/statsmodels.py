"""statsmodels' results, as it pickles them itself: it has no other format."""

from __future__ import annotations

import os
from typing import Any

from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling

FILE = "model.statsmodels"


def recognises(model: object) -> bool:
    """Whether it is what a fit of statsmodels gives."""
    from statsmodels.base.model import Results
    from statsmodels.base.wrapper import ResultsWrapper

    return isinstance(model, Results | ResultsWrapper)


def save(model: Any, folder: str, *, remove_data: bool = False) -> Saved:
    """Write a fit's results.

    Args:
        model: the results.
        folder: where to.
        remove_data: leaves out the data it was fitted to, which makes it small.
    """
    import statsmodels

    model.save(os.path.join(folder, FILE), remove_data=remove_data)
    return Saved({"data": FILE, "statsmodels_version": statsmodels.__version__}, {"data": FILE}, ("statsmodels",))


def load(folder: Folder) -> Any:
    """The fit's results."""
    from statsmodels.iolib.smpickle import load_pickle

    with folder.held("data") as held:
        folder.trust.pickle(held)
        with held.open() as file:
            return load_pickle(file)


def predictor(model: Any, folder: Folder) -> Predict:
    """Its own `predict`; of a time series, from the first to the last of the `start` and `end` that are asked for, as MLflow's are."""
    from statsmodels.tsa.base.tsa_model import TimeSeriesModel

    if not isinstance(getattr(model, "model", None), TimeSeriesModel):
        return calling(model.predict)

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        first, last = (data[column].iloc[0] for column in ("start", "end"))
        return model.predict(start=first, end=last, **(params or {}))

    return predict


FLAVOR = Flavor(
    name="statsmodels",
    argument="statsmodels_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    save_order=(
        "statsmodels_model path conda_env code_paths mlflow_model remove_data signature input_example pip_requirements extra_pip_requirements "
        "metadata extra_files"
    ),
    log_order=(
        "statsmodels_model artifact_path conda_env code_paths registered_model_name remove_data signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags model_type step model_id **kwargs"
    ),
)
