"""What pickles of MLflow's hold by name, and what stands for it here: models are read the same with MLflow installed and without."""

from __future__ import annotations

from typing import Any, NamedTuple

from runstone.flavors.pyfunc import checking
from runstone.flavors.pyfunc.python_model import HOME, FunctionModel, PythonModel, PythonModelContext


class FuncInfo(NamedTuple):
    """What MLflow knows of a `predict` that it checks: the hint, and the parameter."""

    input_type_hint: Any
    input_param_name: str


class TypeHints:
    """What MLflow notes of the hints on an object that it saves. Nobody asks it here."""


# What is pickled by MLflow's names, and read by them.
OURS: dict[tuple[str, str], Any] = {
    (HOME, "PythonModelContext"): PythonModelContext,
    (HOME, "PythonModel"): PythonModel,
    (HOME, "_FunctionPythonModel"): FunctionModel,
    (checking.HOME, "pyfunc"): checking.pyfunc,
}
# What is read only: MLflow pickles the function that it wraps around `predict` with all that it names.
READ: dict[tuple[str, str], Any] = {
    **OURS,
    ("mlflow.models.signature", "_TypeHints"): TypeHints,
    (checking.HOME, "FuncInfo"): FuncInfo,
    (checking.HOME, "_validate_model_input"): checking.checked,
}
