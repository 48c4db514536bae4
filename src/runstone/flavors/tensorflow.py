"""TensorFlow's models as MLflow's `tensorflow` keeps them: Keras's as `.keras` files, modules as SavedModels."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.flavors import keras, saved_models
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved

if TYPE_CHECKING:
    from runstone.safety.trust import Trust

MODULE = "tf2model"
_KERAS, _MODULE = "keras", "tf2-module"


def recognises(model: object) -> bool:
    """Whether it is a model of Keras 3, or a module of TensorFlow's."""
    return _is_keras(model) or ("tensorflow" in sys.modules and isinstance(model, sys.modules["tensorflow"].Module))


def _is_keras(model: object) -> bool:
    return "keras" in sys.modules and keras.recognises(model)


def check(model: Any) -> None:
    """Raise InvalidParameter for what is neither."""
    if not recognises(model):
        kind = model if isinstance(model, type) else type(model)
        raise InvalidParameter(
            f"{kind.__module__}.{kind.__qualname__} is no model of runstone.tensorflow's: it takes Keras's models and objects of tf.Module. "
            "runstone.log_model finds who takes another."
        )


def save(
    model: Any,
    folder: str,
    *,
    custom_objects: dict[str, Any] | None = None,
    saved_model_kwargs: dict[str, Any] | None = None,
    keras_model_kwargs: dict[str, Any] | None = None,
) -> Saved:
    """Write a model.

    Args:
        model: Keras's, or a module.
        folder: where to.
        custom_objects: classes and functions of your own that Keras's model is made of, by the names that its config has for them. They
            are pickled beside it; so are registered ones that it names.
        saved_model_kwargs: of `tf.saved_model.save`.
        keras_model_kwargs: of `model.save`; `save_format="h5"` is the older form.
    """
    if _is_keras(model):
        return _save_keras(model, folder, custom_objects or {}, keras_model_kwargs or {})
    import tensorflow

    tensorflow.saved_model.save(model, os.path.join(folder, MODULE), **(saved_model_kwargs or {}))
    block = {"saved_model_dir": MODULE, "model_type": _MODULE}
    return Saved(block, {}, (), ("tensorflow", type(model).__module__), asked=(MODULE,))


def _save_keras(model: Any, folder: str, custom_objects: dict[str, Any], options: dict[str, Any]) -> Saved:
    form = options.get("save_format", "tf")  # MLflow's word for what is not h5
    place = os.path.join(folder, keras.DATA)
    others = {name: value for name, value in options.items() if name != "save_format"}
    saved = keras.write(model, folder, "model.h5" if form == "h5" else keras.FILE, others)
    for name, text in (("keras_module.txt", "tensorflow.keras"), ("save_format.txt", form)):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(text)
    kept = {**_registered(place), **custom_objects}
    if kept:
        import cloudpickle

        with open(os.path.join(place, keras.CUSTOM_OBJECTS), "wb") as pickled:
            cloudpickle.dump(kept, pickled)
    here = sys.modules.get("tensorflow")
    version = (saved.block or {})["keras_version"] if here is None else here.__version__
    block = {"data": keras.DATA, "model_type": _KERAS, "keras_version": version, "save_format": form}
    packages = (*saved.packages, "cloudpickle") if kept else saved.packages
    modules = {*saved.modules, *(str(getattr(one, "__module__", "")) for one in kept.values())} - {""}
    return Saved(block, {"data": keras.DATA}, packages, tuple(sorted(modules)))


def _registered(place: str) -> dict[str, Any]:
    """What the user registered with Keras, and a file's config names: its reader needs it under that name."""
    import keras as library

    registered = library.saving.get_custom_objects()
    path = os.path.join(place, keras.FILE)
    if not registered or not os.path.isfile(path):
        return dict(registered)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json").decode()
    return {name: one for name, one in registered.items() if json.dumps(name) in config}


def load(
    folder: Folder,
    *,
    saved_model_kwargs: dict[str, Any] | None = None,
    keras_model_kwargs: dict[str, Any] | None = None,
) -> Any:
    """The model: Keras's, or what `tf.saved_model.load` makes of a module. What its files would run is asked about.

    Args:
        folder: the model's.
        saved_model_kwargs: of `tf.saved_model.load`.
        keras_model_kwargs: of `keras.saving.load_model`, `custom_objects` among them.
    """
    kind = folder.block.get("model_type", _KERAS)
    if kind == _MODULE:
        return saved_models.read(folder, folder.named("saved_model_dir"), saved_model_kwargs)
    if kind != _KERAS:
        raise InvalidParameter(
            f"The model is of the type {kind!r:.100}, which TensorFlow 1 had: tf.saved_model.load reads its files, tf.compat.v1 asks it."
        )
    options = dict(keras_model_kwargs or {})
    return keras.load(folder, custom_objects=options.pop("custom_objects", None), load_model_kwargs=options)


def read_checkpoint(path: str, model: Any, trust: Trust) -> Any:
    """A model as it was at a checkpoint.

    Args:
        path: the file.
        model: is given the weights of one that has no more.
        trust: asked before anything is read that can run code.
    """
    if os.path.splitext(path)[0].endswith(".weights"):
        if model is None:
            raise InvalidParameter(
                "The checkpoint has weights alone: give load_checkpoint a model that is made as that one was."
            )
        model.load_weights(path)
        return model
    return keras.read(path, trust)


def predictor(model: Any, folder: Folder) -> Predict:
    """Keras's own `predict`; a module is called."""
    return keras.predictor(model, folder) if _is_keras(model) else saved_models.predictor(model)


FLAVOR = Flavor(
    name="tensorflow",
    argument="model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    check=check,
    save_order=(
        "model path conda_env code_paths mlflow_model custom_objects signature input_example pip_requirements extra_pip_requirements "
        "saved_model_kwargs keras_model_kwargs metadata extra_files"
    ),
    log_order=(
        "model artifact_path custom_objects conda_env code_paths signature input_example registered_model_name await_registration_for "
        "pip_requirements extra_pip_requirements saved_model_kwargs keras_model_kwargs metadata extra_files name params tags model_type step "
        "model_id **kwargs"
    ),
    load_order="model_uri dst_path saved_model_kwargs keras_model_kwargs",
)
