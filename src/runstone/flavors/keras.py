"""Keras's models, as `.keras` files, whichever backend they run on. Older files of MLflow's `tensorflow` are read too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import MissingFile
from runstone.flavors import keras_files, saved_models
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved

if TYPE_CHECKING:
    from runstone.safety.trust import Trust

DATA, FILE, EXPORTED = "data", "model.keras", "model"
CUSTOM_OBJECTS = "custom_objects.cloudpickle"


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
        save_exported_model: TensorFlow's SavedModel in place of a `.keras` file: a program, which needs TensorFlow to be written and read.
        save_model_kwargs: of `model.save`.
    """
    if save_exported_model:
        model.export(os.path.join(folder, DATA, EXPORTED), format="tf_saved_model", verbose=False)
        saved = _described(model, ("tensorflow",), (os.path.join(DATA, EXPORTED),))
    else:
        saved = write(model, folder, FILE, save_model_kwargs or {})
    with open(os.path.join(folder, DATA, "keras_module.txt"), "w", encoding="utf-8") as file:
        file.write("keras")
    return saved


def write(model: Any, folder: str, name: str, options: dict[str, Any]) -> Saved:
    """Write a model as one file, into the folder's `data`.

    Args:
        model: the model.
        folder: where to.
        name: the file's; its ending says in which form.
        options: of `model.save`.
    """
    os.makedirs(os.path.join(folder, DATA))
    model.save(os.path.join(folder, DATA, name), **options)
    return _described(model)


def _described(model: Any, more: tuple[str, ...] = (), asked: tuple[str, ...] = ()) -> Saved:
    import keras

    backend = keras.backend.backend()
    block = {
        "data": DATA,
        "keras_version": keras.__version__,
        "keras_backend": backend,
        "save_exported_model": bool(asked),
    }
    packages = ("keras", {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}.get(backend, "numpy"), *more)
    parts = [type(part) for part in [model, *model._flatten_layers()]]
    return Saved(block, {}, packages, tuple(sorted({part.__module__ for part in parts})), asked=asked)


def load(
    folder: Folder, *, custom_objects: dict[str, Any] | None = None, load_model_kwargs: dict[str, Any] | None = None
) -> Any:
    """The model. What its file would run is asked about.

    Args:
        folder: the model's.
        custom_objects: classes and functions of your own, by the names that the file has for them.
        load_model_kwargs: of `keras.saving.load_model`.
    """
    place = folder.named("data") if "data" in folder.block else folder.path
    found = [name for name in (FILE, "model.h5") if os.path.isfile(os.path.join(place, name))]
    if not found and os.path.isdir(os.path.join(place, EXPORTED)):
        return saved_models.read(folder, os.path.join(place, EXPORTED))
    if not found:
        raise MissingFile(
            f"The model has no {FILE} in {os.path.basename(place)!r}, and no SavedModel of Keras's. runstone.load_model takes models of any kind.",
            place,
        )
    own = {**_kept_objects(folder, place), **(custom_objects or {})}
    return read(os.path.join(place, found[0]), folder.trust, custom_objects or {}, own, load_model_kwargs or {})


def read(
    path: str,
    trust: Trust,
    said: Mapping[str, Any] | None = None,
    own: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """The model in a file.

    Args:
        path: the file.
        trust: asked where it holds more than Keras's own layers.
        said: classes and functions that the reader gives a meaning, by the names that the file has for them.
        own: those, and others that came along.
        options: of `keras.saving.load_model`.
    """
    import keras

    problem = keras_files.beside_a_model(path, tuple(said or ()))
    if problem is not None:
        trust.runs(path, f"its file {os.path.basename(path)!r} {problem}")
    return keras.saving.load_model(
        path, custom_objects=dict(own or {}), **{"safe_mode": problem is None, **(options or {})}
    )


def _kept_objects(folder: Folder, place: str) -> dict[str, Any]:
    """What MLflow's `tensorflow` kept by cloudpickle beside the model."""
    found: dict[str, Any] = {}
    for name in ("global_custom_objects.cloudpickle", CUSTOM_OBJECTS):
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
    """Its own `predict`: a frame for a frame, arrays for the rest. A SavedModel is called."""
    if not recognises(model):
        return saved_models.predictor(model)
    return saved_models.on_arrays(lambda data, params: model.predict(data, **{"verbose": 0, **params}))


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
