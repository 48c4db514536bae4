"""Keras's models, as `.keras` files, whichever backend they run on. Older files of MLflow's `tensorflow` are read too."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors import keras_files
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved

DATA, FILE = "data", "model.keras"


def recognises(model: object) -> bool:
    """Whether it is a model of Keras 3."""
    import keras

    return isinstance(model, keras.Model)


def save(
    model: Any, folder: str, *, save_exported_model: bool = False, save_model_kwargs: dict[str, Any] | None = None
) -> Saved:
    """Write a model.

    Args:
        model: the model, built.
        folder: where to.
        save_exported_model: TensorFlow's SavedModel in place of a `.keras` file: refused, it is a program.
        save_model_kwargs: of `model.save`.
    """
    import keras

    if save_exported_model:
        raise InvalidParameter(
            "A SavedModel is a program of TensorFlow's, and not written here: leave save_exported_model out, or log the folder of model.export "
            "with log_artifacts."
        )
    os.makedirs(os.path.join(folder, DATA))
    model.save(os.path.join(folder, DATA, FILE), **(save_model_kwargs or {}))
    with open(os.path.join(folder, DATA, "keras_module.txt"), "w", encoding="utf-8") as file:
        file.write("keras")
    backend = keras.backend.backend()
    block = {"data": DATA, "keras_version": keras.__version__, "keras_backend": backend, "save_exported_model": False}
    packages = ("keras", {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}.get(backend, "numpy"))
    parts = [type(part) for part in [model, *model._flatten_layers()]]
    return Saved(block, {}, packages, tuple(sorted({part.__module__ for part in parts})))


def load(
    folder: Folder, *, custom_objects: dict[str, Any] | None = None, load_model_kwargs: dict[str, Any] | None = None
) -> Any:
    """The model. What its file would run is asked about.

    Args:
        folder: the model's.
        custom_objects: classes and functions of your own, by the names that the file has for them.
        load_model_kwargs: of `keras.saving.load_model`.
    """
    import keras

    place = folder.named("data") if "data" in folder.block else folder.path
    found = [name for name in (FILE, "model.h5") if os.path.isfile(os.path.join(place, name))]
    if not found:
        raise MissingFile(
            f"The model has no {FILE} in {os.path.basename(place)!r}. TensorFlow's SavedModel is not read here: tf.saved_model.load does.",
            place,
        )
    path = os.path.join(place, found[0])
    problem = keras_files.beside_a_model(path, tuple(custom_objects or ()))
    if problem is not None:
        folder.trust.runs(path, f"its file {found[0]!r} {problem}")
    kept = _kept_objects(folder, place)
    options = {"safe_mode": problem is None, **(load_model_kwargs or {})}
    return keras.saving.load_model(path, custom_objects={**kept, **(custom_objects or {})}, **options)


def _kept_objects(folder: Folder, place: str) -> dict[str, Any]:
    """What MLflow's `tensorflow` kept by cloudpickle beside the model."""
    found: dict[str, Any] = {}
    for name in ("global_custom_objects.cloudpickle", "custom_objects.cloudpickle"):
        path = os.path.join(place, name)
        if os.path.isfile(path):
            import pickle

            from runstone.safety.held import Held

            with Held(path) as held:
                folder.trust.pickle(held)
                with held.open() as file:
                    found |= pickle.load(file)  # noqa: S301  (the trust was asked)
    return found


def predictor(model: Any, folder: Folder) -> Predict:
    """Its own `predict`: a frame for a frame, arrays for the rest."""

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        frame = hasattr(data, "columns")
        said = model.predict(data.to_numpy() if frame else data, **{"verbose": 0, **(params or {})})
        if frame and hasattr(data, "iloc") and getattr(said, "ndim", 0) in (1, 2):
            import pandas

            return pandas.DataFrame(said, index=data.index)
        return said

    return predict


FLAVOR = Flavor(
    name="keras",
    argument="model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    save_order=(
        "model path save_exported_model conda_env mlflow_model signature input_example pip_requirements extra_pip_requirements "
        "save_model_kwargs metadata"
    ),
    log_order=(
        "model artifact_path save_exported_model conda_env signature input_example registered_model_name await_registration_for pip_requirements "
        "extra_pip_requirements save_model_kwargs metadata name params tags model_type step model_id"
    ),
    load_order="model_uri dst_path custom_objects load_model_kwargs",
)
