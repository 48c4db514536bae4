"""Every test leaves the libraries as it found them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import runstone
from runstone.autologging import switches


@pytest.fixture(autouse=True)
def switched_off() -> Iterator[None]:
    yield
    for module in (
        runstone.sklearn,
        runstone.xgboost,
        runstone.lightgbm,
        runstone.keras,
        runstone.statsmodels,
        runstone.pytorch,
    ):
        module.autolog(disable=True)
    switches._by_itself.clear()
