"""Whatever is sent to a served model, it answers 200 or says what is wrong: never a 5xx, never its insides; joined or alone, the answer is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.scoring import Serving

import runstone
from runstone.models import ModelSignature
from runstone.types import Array, ColSpec, Object, ParamSchema, ParamSpec, Property, Schema, TensorSpec

numpy = pytest.importorskip("numpy")
NAMES = ["a", "n", "s", "t", "y", "b", "l", "o"]
COLUMNS = Schema(
    [
        ColSpec("double", "a"), ColSpec("integer", "n", required=False), ColSpec("string", "s", required=False),
        ColSpec("datetime", "t", required=False), ColSpec("binary", "y", required=False), ColSpec("boolean", "b", required=False),
        ColSpec(Array("float"), "l", required=False), ColSpec(Object([Property("k", "datetime", False)]), "o", required=False),
    ]
)  # fmt: skip
SIGNATURES = {
    "columns": ModelSignature(COLUMNS, params=ParamSchema([ParamSpec("p", "long", 1)])),
    "tensors": ModelSignature(Schema([TensorSpec(numpy.dtype("float32"), (-1, 2), "a"), TensorSpec(numpy.dtype("M8[ns]"), (-1,), "t")])),
    "bare": None,
    "doubles": ModelSignature(Schema([ColSpec("double", "a"), ColSpec("double", "n")])),
}  # fmt: skip
SINGLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from(["2020-01-02", "YQ==", "2020-01-02T00:00:00+05:00", 2**70, 1e308, ""]),
)  # fmt: skip
VALUES = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "k", ""]), inner, max_size=4),
    max_leaves=8,
)
SPLIT = st.fixed_dictionaries(
    {"data": st.lists(st.lists(SINGLE, max_size=3), max_size=3) | VALUES},
    optional={"columns": st.lists(st.sampled_from(NAMES), max_size=3) | VALUES, "index": VALUES},
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), max_size=3)
BODIES = st.one_of(
    st.fixed_dictionaries({"dataframe_split": SPLIT | VALUES}, optional={"params": VALUES}),
    st.fixed_dictionaries({"dataframe_records": RECORDS | VALUES}, optional={"params": VALUES}),
    st.fixed_dictionaries({"instances": RECORDS | VALUES}),
    st.fixed_dictionaries({"inputs": RECORDS | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4) | VALUES}, optional={"params": VALUES}),
    st.dictionaries(st.sampled_from(["inputs", "instances", "messages", "input", "params", "x"]), VALUES, max_size=3),
    VALUES,
)  # fmt: skip


@pytest.fixture(scope="module")
def servings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Serving]]:
    """A model of each signature, that says how many rows it was asked."""

    class Rows(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return len(model_input) if hasattr(model_input, "__len__") else 1

    found = {}
    folder: Path = tmp_path_factory.mktemp("models")
    for name, signature in SIGNATURES.items():
        runstone.pyfunc.save_model(
            folder / name, python_model=Rows(), signature=signature or False, pip_requirements=[]
        )
        with runstone.safety.trusting():
            found[name] = Serving(str(folder / name))
    yield found
    for one in found.values():
        one.stop()


@pytest.mark.filterwarnings("ignore:The model's signature has no params")
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SIGNATURES)), body=BODIES)
def test_any_json_is_answered_or_refused_in_a_sentence(servings: dict[str, Serving], name: str, body: Any) -> None:
    status, answer = servings[name].ask(body)
    assert status in (200, 400), answer
    assert status == 200 or set(answer) == {"error_code", "message"}
    assert "Traceback" not in json.dumps(answer)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(SIGNATURES)),
    kind=st.sampled_from(["application/json", "text/csv", "application/vnd.apache.parquet"]),
    body=st.binary(max_size=60) | st.text(alphabet='a,n"\n1.5{}[]:', max_size=30).map(str.encode),
)
def test_any_bytes_are_answered_or_refused_in_a_sentence(
    servings: dict[str, Serving], name: str, kind: str, body: bytes
) -> None:
    status, answer = servings[name].ask(body, kind)
    assert status in (200, 400), answer
