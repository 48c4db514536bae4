"""What pickles of MLflow's hold by name beside its classes, and what stands for it where MLflow is not installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def find(module: str, name: str) -> Any:
    """What stands for `module.name`. Raises ImportError where nothing does."""
    found = _STAND_INS.get((module, name))
    if found is None:
        raise ImportError(
            f"The model was pickled with MLflow's own {module}.{name}, which runstone has nothing for: `pip install mlflow` in this environment."
        )
    return found


def _unchecked(data: Any, *_: Any, **__: Any) -> Any:
    """Data as it is: what is asked was checked against the signature before."""
    return data


def _nothing(*_: Any, **__: Any) -> None:
    return None


# MLflow wraps functions and `predict` methods, to check their input by the type hints.
_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("mlflow.pyfunc.utils.data_validation", "_validate_model_input"): _unchecked,
    ("mlflow.pyfunc.utils.data_validation", "_get_func_info_if_type_hint_supported"): _nothing,
}
