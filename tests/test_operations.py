"""The table of operations: each row is whole, and the client reaches every one."""

from __future__ import annotations

import importlib
import pkgutil
import re

import msgspec
import pytest

import runstone.operations
from runstone.operations.table import TABLE

for module in pkgutil.iter_modules(runstone.operations.__path__):
    importlib.import_module(f"runstone.operations.{module.name}")


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_a_row_says_what_goes_in_and_what_comes_out(row: object) -> None:
    from runstone.operations.table import Operation

    assert isinstance(row, Operation)
    assert issubclass(row.request, msgspec.Struct)
    assert issubclass(row.response, msgspec.Struct)
    assert row.function.__doc__, "the docs are derived from the rows"
    # every request and response must be sayable as JSON, since that is what the wire carries
    msgspec.json.Decoder(row.request)
    msgspec.json.Decoder(row.response)


def test_no_two_rows_share_a_method_and_path() -> None:
    routes = [route for row in TABLE.values() for route in row.routes]
    assert len(set(routes)) == len(routes)


def test_paths_are_mlflows_or_marked_as_our_own() -> None:
    for row in TABLE.values():
        assert all(path.startswith(("/mlflow/", "/mlflow-artifacts/", "/runstone/")) for _, path in row.routes), row


def test_a_name_in_a_path_is_a_field_of_the_request() -> None:
    for row in TABLE.values():
        for _, path in row.routes:
            assert set(re.findall(r"{(\w+)(?::path)?}", path)) <= set(row.request.__struct_fields__), row
