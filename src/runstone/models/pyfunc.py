"""Any saved model as something that predicts: the generic half of what `runstone.pyfunc` offers."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from typing import Any

from runstone import flavors
from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Flavor, Folder, Predict
from runstone.flavors.pyfunc import loading as python_models
from runstone.flavors.pyfunc import saving as python_saving
from runstone.models.code_paths import add_code
from runstone.models.fetching import Fetched, fetch
from runstone.models.mlmodel import PYFUNC, Model


class PyFuncModel:
    """A loaded model, whatever its library: it takes data as its signature says, and predicts.

    Args:
        model_meta: its description.
        model_impl: what predicts.
        predict_fn: the name of its method.
        model_id: the logged model that it is.
    """

    def __init__(
        self,
        model_meta: Model,
        model_impl: Any,
        predict_fn: str = "predict",
        predict_stream_fn: str | None = None,
        model_id: str | None = None,
    ) -> None:
        self._model_meta, self._model_impl, self._model_id = model_meta, model_impl, model_id or model_meta.model_id
        self._predict_fn = getattr(model_impl, predict_fn)
        self._predict_stream_fn = getattr(model_impl, predict_stream_fn or "predict_stream", None)
        self._takes_params = "params" in inspect.signature(self._predict_fn).parameters

    def __repr__(self) -> str:
        loader = self.loader_module
        return f"<PyFuncModel of {self._model_id or self._model_meta.model_uuid}, loaded by {loader}>"

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model says to some data.

        Args:
            data: a DataFrame, array, list, dict, ...; checked against the signature, where there is one.
            params: of this predicting; those that the signature names have defaults.

        Raises:
            InvalidParameter: the data is not what the signature says; the sentence names the column.
        """
        return self.predict_checked(*self.check(data, params))

    def predict_checked(self, checked: Any, known: dict[str, Any] | None) -> Any:
        """What the model says to what `check` gave back."""
        return self._predict_fn(checked, params=known) if self._takes_params else self._predict_fn(checked)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """The same, piece by piece. Raises InvalidParameter where the model has no `predict_stream`."""
        if self._predict_stream_fn is None:
            raise InvalidParameter("This model model doesn't support predict_stream method.")
        checked, known = self.check(data, params)
        found: Iterator[Any] = self._predict_stream_fn(checked, params=known)
        return found

    def check(self, data: Any, params: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any] | None]:
        """Data and params in the signature's types, with its defaults. Raises InvalidParameter, naming the column."""
        signature = self._model_meta.signature
        if signature is None:
            return data, params
        from runstone.types.enforcement import enforce, enforce_params

        # what was warned of is left out; a model that has no params is told so
        known = enforce_params(params, signature.params) if params or signature.params is not None else None
        if self._model_meta.others.get("is_signature_from_type_hint"):
            return data, known  # its `predict` holds the data against the hint itself
        return (data if signature.inputs is None else enforce(data, signature.inputs)), known

    @property
    def metadata(self) -> Model:
        """The model's description."""
        return self._model_meta

    @property
    def model_id(self) -> str | None:
        """The logged model that it is."""
        return self._model_id

    @property
    def model_config(self) -> dict[str, Any]:
        """The options it was saved with."""
        config: dict[str, Any] = self._model_meta.flavors[PYFUNC].get("config") or {}
        return config

    @property
    def loader_module(self) -> str | None:
        """By which MLflow loads it."""
        loader: str | None = self._model_meta.flavors[PYFUNC].get("loader_module")
        return loader

    @property
    def goes_by_rows(self) -> bool:
        """Whether it is known to say to each row what it would say to it alone."""
        return isinstance(self._model_impl, _Native) and self._model_impl.by_rows

    def unnamed(self) -> Predict | None:
        """What predicts from an array of doubles, whose columns are the signature's; None where it has to be a frame."""
        schema = self._model_meta.get_input_schema()
        if not isinstance(self._model_impl, _Native) or schema is None:
            return None
        return self._model_impl.unnamed(schema.input_names())

    def unwrap_python_model(self) -> Any:
        """The user's own object of a Python model. Raises InvalidParameter where it is none."""
        if not hasattr(self._model_impl, "python_model"):
            raise InvalidParameter(
                f"Unable to retrieve base model object from pyfunc: it is a model of {self.loader_module}."
            )
        return self._model_impl.python_model

    def get_raw_model(self) -> Any:
        """The library's own object, or the user's."""
        return getattr(self._model_impl, "native", None) or self.unwrap_python_model()


class _Native:
    """A flavor's object and what predicts with it, in the shape that PyFuncModel takes."""

    def __init__(self, flavor: Flavor, folder: Folder) -> None:
        self.native = native = (flavor.opens or flavor.load)(folder)
        self.predict = flavor.predictor(native, folder)
        self.by_rows = flavor.by_rows(native, folder)
        self._flavor, self._folder = flavor, folder

    def unnamed(self, names: list[Any]) -> Predict | None:
        return self._flavor.unnamed(self.native, self._folder, names)


def load(
    model_uri: str | os.PathLike[str],
    dst_path: str | None = None,
    model_config: dict[str, Any] | str | os.PathLike[str] | None = None,
) -> PyFuncModel:
    """Load any model as something that predicts. See `runstone.pyfunc.load_model`."""
    return loaded(fetch(model_uri, dst_path), None if model_config is None else python_saving.read_config(model_config))


def loaded(fetched: Fetched, model_config: dict[str, Any] | None = None) -> PyFuncModel:
    """What was fetched, as something that predicts. Raises InvalidParameter for a model that cannot."""
    blocks = fetched.model.flavors
    block = blocks.get(PYFUNC)
    if block is None:
        raise InvalidParameter(
            f'Model does not have the "{PYFUNC}" flavor: it has {", ".join(blocks) or "none"}, and does not predict by itself.'
        )
    loader = str(block.get("loader_module"))
    name = (
        flavors.known([loader.removeprefix("mlflow.")])
        if loader.startswith("mlflow.") and loader not in python_models.LOADERS
        else None
    )
    if model_config:  # in place of the options it was saved with
        block = {**block, "config": {**(block.get("config") or {}), **model_config}}
    folder = Folder(fetched.files, blocks.get(loader.removeprefix("mlflow."), {}), block, fetched.trust)
    add_code(folder, fetched.own)
    if name is None:
        return PyFuncModel(fetched.model, python_models.load(folder))
    return PyFuncModel(fetched.model, _Native(flavors.find(name), folder))
