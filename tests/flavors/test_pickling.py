"""What a model of Python code needs is read off its pickle while it is written, and off the code that goes along."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import runstone


def _of_a_script(function: Any) -> Any:
    """A class or function as if the script had it: it is pickled whole."""
    function.__module__ = "__main__"
    return function


@_of_a_script
class Model:
    @_of_a_script
    def __init__(self) -> None:
        self.inner = LinearRegression()

    @_of_a_script
    def predict(self, data: Any) -> Any:
        import json

        import lightgbm.basic

        try:
            import no_such_module_at_all
        except ImportError:
            no_such_module_at_all = None
        return json, lightgbm, no_such_module_at_all, runstone


def _names(folder: Path) -> list[str]:
    return [line.partition("==")[0] for line in (folder / "requirements.txt").read_text().splitlines()]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (_of_a_script(lambda data: pandas.DataFrame(data)), ["cloudpickle", "pandas"]),
        (_of_a_script(lambda data: [polars.DataFrame(one) for one in data]), ["cloudpickle", "polars"]),
        (_of_a_script(lambda data: data), ["cloudpickle"]),
        (Model(), ["cloudpickle", "lightgbm", "scikit-learn"]),
    ],
)
def test_what_code_imports_is_required(model: Any, found: list[str], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runstone.pyfunc.save_model(tmp_path / "m", python_model=model)
    assert _names(tmp_path / "m") == found


@pytest.mark.parametrize("format", ["cloudpickle", "pickle"])
def test_what_an_estimators_functions_need_is_required(format: str, tmp_path: Path) -> None:
    function: Callable[[Any], Any] = polars.DataFrame
    if format == "cloudpickle":
        function = _of_a_script(lambda data: polars.DataFrame(data))
    pipeline = make_pipeline(FunctionTransformer(function), LinearRegression())
    runstone.sklearn.save_model(pipeline, tmp_path / "m", serialization_format=format)
    assert [name for name in _names(tmp_path / "m") if name != "cloudpickle"] == ["polars", "scikit-learn"]


def test_what_a_file_of_code_and_the_modules_beside_it_import_is_required(tmp_path: Path) -> None:
    helpers = tmp_path / "pk_helpers"
    helpers.mkdir()
    (helpers / "__init__.py").write_text("from . import frames")
    (helpers / "frames.py").write_text("import polars\nimport no_such_module_at_all\n")
    (helpers / "unused.py").write_text("import lightgbm")
    (tmp_path / "code.py").write_text(
        "import pandas as pd\nimport runstone\nrunstone.models.set_model(lambda data: data)\n"
        "def late():\n    from pk_helpers import frames\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runstone.pyfunc.save_model(tmp_path / "m", python_model=str(tmp_path / "code.py"), code_paths=[str(helpers)])
    assert _names(tmp_path / "m") == ["cloudpickle", "pandas", "polars"]
