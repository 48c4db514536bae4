"""A flavor's functions under MLflow's names and with MLflow's parameters in MLflow's order: save_model, log_model, load_model.

What is common to all flavors is said here once, what is one flavor's own in its leaf, by the keyword-only parameters of its functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.models import loading, logging, saving
from runstone.models.checking import check_model, check_names, check_signature
from runstone.models.info import ModelInfo

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor

# The parameters that all flavors' functions have, with their defaults (MLflow's).
_COMMON: dict[str, Any] = {
    "artifact_path": None, "await_registration_for": 300, "code_paths": None, "conda_env": None, "dst_path": None, "extra_files": None,
    "extra_pip_requirements": None, "input_example": None, "metadata": None, "mlflow_model": None, "model_id": None, "model_type": None,
    "name": None, "params": None, "pip_requirements": None, "registered_model_name": None, "signature": None, "step": 0, "tags": None,
}  # fmt: skip
_REQUIRED = ("path", "model_uri")


def published(flavor: Flavor) -> tuple[Callable[..., None], Callable[..., ModelInfo], Callable[..., Any]]:
    """A flavor's `save_model`, `log_model` and `load_model`."""
    saves, loads = _own(flavor.save), _own(flavor.load)
    saving_names = {*saves, *_own(saving.save)}
    logging_names = (saving_names | logging.OF_LOGGED) - {"mlflow_model"}

    def save_model(*args: Any, **kwargs: Any) -> None:
        given = _bind(saving_form, saving_names, save_model, args, kwargs)
        model, options = given.pop(flavor.argument), {name: given.pop(name) for name in saves if name in given}
        check_model(flavor, model)
        check_signature(given["signature"])
        saving.save(flavor, model, given.pop("path"), options, **given)

    def log_model(*args: Any, **kwargs: Any) -> ModelInfo:
        given = _bind(logging_form, logging_names, log_model, args, kwargs)
        model, options = given.pop(flavor.argument), {name: given.pop(name) for name in saves if name in given}
        return logging.log(flavor, model, options, **given)

    def load_model(*args: Any, **kwargs: Any) -> Any:
        given = _bind(loading_form, set(loads), load_model, args, kwargs)
        return loading.load_as(flavor, given.pop("model_uri"), given.pop("dst_path"), given)

    saving_form = _form(flavor, flavor.save_order, saves)
    logging_form = _form(flavor, flavor.log_order, saves)
    loading_form = _form(flavor, flavor.load_order, loads)
    _name(save_model, saving_form, flavor, saving.save.__doc__)
    _name(log_model, logging_form, flavor, logging.log.__doc__)
    _name(load_model, loading_form, flavor, loading.load_model.__doc__)
    return save_model, log_model, load_model


def _own(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def _form(flavor: Flavor, order: str, own: dict[str, Any]) -> inspect.Signature:
    parameters = []
    for name in order.split():
        if name.startswith("**"):
            parameters.append(inspect.Parameter(name[2:], inspect.Parameter.VAR_KEYWORD))
        elif name in _REQUIRED or (name == flavor.argument and not parameters):
            parameters.append(inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD))
        else:
            default = own[name] if name in own else _COMMON.get(name)
            parameters.append(inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default))
    return inspect.Signature(parameters)


def _bind(
    form: inspect.Signature, more: set[str], function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name; `more` are those that **kwargs of MLflow's may hold. Raises TypeError."""
    open_ended = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in form.parameters.values())
    named = {one.name for one in form.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD}
    name = f"{function.__module__}.{function.__name__}"
    check_names(name, kwargs, named | more if open_ended else named)
    try:
        bound = form.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}(): {error}") from None
    bound.apply_defaults()
    given = dict(bound.arguments)
    for parameter in form.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            given.update(given.pop(parameter.name))
    return given


def _name(function: Any, form: inspect.Signature, flavor: Flavor, doc: str | None) -> None:
    function.__signature__ = form
    function.__module__ = f"runstone.{flavor.name}"
    function.__qualname__ = function.__name__
    function.__doc__ = doc
