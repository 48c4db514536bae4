"""A warning is shown at the line of the program that led to it, not at one of runstone's own."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

import runstone


def _places(act: Callable[[], Any]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [warning.filename for warning in caught]


def test_what_a_model_warns_of_is_shown_at_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfitted = LinearRegression()
    assert _places(lambda: runstone.sklearn.log_model(unfitted, name="line", input_example=[[1.0]])) == [__file__]
    scripts: dict[str, Any] = {"__name__": "__main__"}
    exec("class Mine:\n    def predict(self, model_input):\n        return model_input", scripts)
    info = runstone.pyfunc.log_model(python_model=scripts["Mine"](), name="mine", pip_requirements=["numpy"])
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    assert _places(lambda: runstone.pyfunc.load_model(info.model_uri)) == [__file__]


def test_what_is_called_by_a_thread_alone_is_warned_of_too() -> None:
    def act() -> None:
        asking = {"experiment_names": ["none"], "output_format": "list"}
        thread = threading.Thread(target=runstone.search_runs, kwargs=asking)
        thread.start()
        thread.join()

    (place,) = _places(act)
    assert place == threading.__file__
