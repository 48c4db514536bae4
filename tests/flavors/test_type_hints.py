"""Type hints of `predict`: the signature that they are, and data made and held as they say."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import Any, List, Optional  # noqa: UP035  (older spellings are hints as well)

import numpy
import pandas
import polars
import pytest

import runstone
from runstone.errors import InvalidParameter
from runstone.models import Model, ModelSignature
from runstone.pyfunc import PythonModel
from runstone.types import hints
from runstone.types.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@dataclasses.dataclass
class Row:
    name: str
    size: int = 2
    parts: list[float] = dataclasses.field(default_factory=list)
    note: str | None = None


class Repeats(PythonModel):
    def predict(self, context: Any, model_input: list[Row], params: Any = None) -> list[str]:
        return [row.name * row.size for row in model_input]


class Lengths(PythonModel):
    def predict(self, model_input: list[str]) -> list[int]:  # type: ignore[override]
        return [len(text) for text in model_input]


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (list[str], {"type": "string"}),
        (List[bool], {"type": "boolean"}),  # noqa: UP006
        (list[datetime.datetime], {"type": "datetime"}),
        (list[list[float]], {"type": "array", "items": {"type": "double"}}),
        (list[dict[str, list[bytes]]], {"type": "map", "values": {"type": "array", "items": {"type": "binary"}}}),
        (list[Any], {"type": "any"}),
        (list[int | str], {"type": "any"}),
        (int, {"type": "long"}),
    ],
)
def test_a_hint_is_a_schema(hint: Any, said: dict[str, Any]) -> None:
    assert hints.schema_of(hint).to_dict() == [{**said, "required": True}]


@pytest.mark.parametrize("hint", [list, list[Optional[str]], list[dict[int, str]], list[complex], list[set[str]]])  # noqa: UP045
def test_a_hint_that_says_too_little_is_none(hint: Any) -> None:
    with pytest.raises(InvalidParameter):
        hints.schema_of(hint)


def test_what_is_saved_has_the_signature_of_its_hints(tmp_path: Path) -> None:
    runstone.pyfunc.save_model(
        tmp_path / "m", python_model=Repeats(), input_example=[Row("a"), {"name": "b", "size": 1}]
    )
    model = Model.load(tmp_path / "m")
    assert model.to_dict()["is_signature_from_type_hint"] is True
    assert isinstance(model.signature, ModelSignature)
    assert str(model.signature.inputs) == (
        "[{name: string (required), note: string (optional), parts: Array(double) (required), size: long (required)} (required)]"
    )
    loaded = runstone.pyfunc.load_model(tmp_path / "m")
    assert loaded.predict([{"name": "a"}, Row("b", 3)]) == ["aa", "bbb"]
    assert loaded.predict(pandas.DataFrame({"name": ["a"], "size": [3]})) == ["aaa"]
    assert loaded.predict(model.load_input_example(str(tmp_path / "m"))) == ["aa", "b"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([{"name": 1}], r"data\[0\].name is 1, an int; the type hint says str"),
        ([{"name": "a", "parts": [1, "x"]}], r"The type hint says list\[float\]; data\[0\].parts\[1\] is 'x'"),
        ([{"size": 1, "more": 2}], r"data\[0\] is no Row: it lacks name and has 'more'"),
        ([{"name": "a"}, 3], r"data\[1\] is 3, an int; the type hint says Row"),
        ("abc", r"data is a str; the type hint says list\[Row\]"),
    ],
)
def test_what_is_asked_otherwise_is_refused_by_its_place(data: Any, sentence: str) -> None:
    with pytest.raises(InvalidParameter, match=sentence):
        Repeats().predict(None, data)


def test_frames_series_and_arrays_are_rows() -> None:
    for data in (
        pandas.DataFrame({"text": ["a", "bb"]}),
        polars.DataFrame({"text": ["a", "bb"]}),
        pandas.Series(["a", "bb"]),
        numpy.array(["a", "bb"]),
    ):
        assert Lengths().predict(data) == [1, 2]
    with pytest.raises(InvalidParameter, match="a frame of one column; this has 2"):
        Lengths().predict(pandas.DataFrame({"a": ["x"], "b": ["y"]}))


def test_json_has_texts_for_times_and_bytes() -> None:
    token = hints.from_json.set(True)
    try:
        assert hints.held(["2026-11-29T10:00:00"], list[datetime.datetime]) == [datetime.datetime(2026, 11, 29, 10)]
        assert hints.held(["aGk="], list[bytes]) == [b"hi"]
        with pytest.raises(InvalidParameter, match=r"data\[0\] is 'no', which is no datetime"):
            hints.held(["no"], list[datetime.datetime])
    finally:
        hints.from_json.reset(token)
    with pytest.raises(InvalidParameter):
        hints.held(["2026-11-29T10:00:00"], list[datetime.datetime])


def test_a_hint_counts_before_a_signature_that_is_given(tmp_path: Path) -> None:
    other = ModelSignature(Schema.from_json('[{"type": "long"}]'))
    with pytest.warns(UserWarning, match="type hint of the model's `predict` says"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=Lengths(), signature=other)
    signature = Model.load(tmp_path / "m").signature
    assert signature is not None
    assert str(signature.inputs) == "[string (required)]"


def test_a_hint_that_is_no_signature_is_told_and_checks_nothing(tmp_path: Path) -> None:
    def total(values: list[complex]) -> Any:
        return sum(values)

    with pytest.warns(UserWarning, match=r"list\[complex\]|complex means no type"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=total)
    assert Model.load(tmp_path / "m").signature is None
    assert runstone.pyfunc.load_model(tmp_path / "m").predict([1j, 2]) == 2 + 1j


def test_pydantic_models_are_rows(tmp_path: Path) -> None:
    import pydantic

    kind = pydantic.create_model("Word", text=(str, ...), times=(int, 1))

    def repeat(words: Any) -> Any:
        return [word.text * word.times for word in words]

    repeat.__annotations__["words"] = list[kind]
    info = runstone.pyfunc.log_model(python_model=repeat, name="repeat", input_example=[kind(text="a")])
    loaded = runstone.pyfunc.load_model(info.model_uri)
    assert loaded.predict([{"text": "a", "times": 2}]) == ["aa"]
    with pytest.raises(InvalidParameter, match=r"data\[0\] is no Word"):
        loaded.predict([{"text": 1}])
