"""Input examples are kept as MLflow keeps them, come back as they were, and tell a model's signature; what does not fit it is named."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression

import runstone
from runstone.errors import InvalidParameter, MissingFile
from runstone.models import (
    Model,
    ModelSignature,
    convert_input_example_to_serving_input,
    examples,
    infer_signature,
    validate_schema,
)
from runstone.types import ColSpec, Object, ParamSchema, ParamSpec, Property, Schema, TensorSpec
from runstone.types.enforcement import enforce, enforce_params

FRAME = pandas.DataFrame(
    {
        "a": [1.5, 2.5],
        "n": [1, 2],
        "s": ["x", None],
        "t": pandas.to_datetime(["2020-01-02", None]),
        "y": [b"x", b"\xff"],
    }
)
TIMES = numpy.array(["2020-01-01"], "M8[ns]")


@pytest.fixture
def regression() -> Any:
    return LinearRegression().fit(FRAME[["a", "n"]], [1.0, 2.0])


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        (FRAME, "dataframe"),
        (pandas.DataFrame([[1.0, 2.0]]), "dataframe"),
        (pandas.DataFrame([[1.0]], columns=pandas.MultiIndex.from_tuples([("a", "b")])), "dataframe"),
        (numpy.zeros((2, 3), "float32"), "ndarray"),
        (TIMES, "ndarray"),
        ({"a": numpy.zeros(2, "int8"), "b": numpy.ones((1, 2))}, "ndarray"),
        (scipy.sparse.csr_matrix(numpy.eye(3, dtype="float32")), "sparse_matrix_csr"),
        (scipy.sparse.csc_matrix(numpy.eye(3)), "sparse_matrix_csc"),
        ({"a": 1, "b": [1.5], "c": "x"}, "json_object"),
        (["x", "y"], "json_object"),
        ([{"a": 1}, {"a": 2, "b": None}], "json_object"),
        (5, "json_object"),
    ],
)
@pytest.mark.parametrize("params", [None, {"n": 3, "t": ["x"]}])
def test_an_example_comes_back_as_it_was(tmp_path: Path, example: Any, kind: str, params: Any) -> None:
    info = examples.write(str(tmp_path), example if params is None else (example, params))
    assert info is not None
    assert info["type"] == kind
    for file in ("artifact_path", "serving_input_path"):
        json.loads((tmp_path / info[file]).read_text(), parse_constant=pytest.fail)
    back = examples.load_input_example(str(tmp_path), info, infer_signature(example).inputs)
    assert type(back) is type(example)
    assert examples.load_params(str(tmp_path), info) == params
    if kind.startswith("sparse"):
        assert back.dtype == example.dtype
        back, example = back.toarray(), example.toarray()
    if kind == "dataframe":
        pandas.testing.assert_frame_equal(back, example, check_column_type=False)
    elif kind == "ndarray" or kind.startswith("sparse"):
        numpy.testing.assert_equal(back, example)
    else:
        assert back == example


def test_what_is_missing_or_not_finite_is_null_and_times_are_texts(tmp_path: Path) -> None:
    examples.write(str(tmp_path), FRAME)
    said = json.loads((tmp_path / "input_example.json").read_text())
    assert said["data"] == [[1.5, 1, "x", "2020-01-02T00:00:00", "eA=="], [2.5, 2, None, None, "/w=="]]
    assert json.loads(str(convert_input_example_to_serving_input(numpy.array([1.0, numpy.inf])))) == {
        "inputs": [1.0, None]
    }
    assert json.loads(str(convert_input_example_to_serving_input(TIMES))) == {
        "inputs": ["2020-01-01T00:00:00.000000000"]
    }


def test_what_mlflow_does_not_take_is_kept_as_its_nearest_kin() -> None:
    serving = {
        '{"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}': [
            polars.DataFrame({"a": [1, 2]}), pandas.Series([1, 2], name="a"), polars.Series("a", [1, 2])
        ],
        '{"inputs": [[1.0, 0.0], [0.0, 1.0]]}': [scipy.sparse.coo_array(numpy.eye(2))],
        '{"messages": [], "n": 3}': [({"messages": []}, {"n": 3})],
        '{"inputs": {"a": 1}, "params": {"n": 3}}': [({"a": 1}, {"n": 3})],
    }  # fmt: skip
    for body, all_of_them in serving.items():
        for example in all_of_them:
            assert json.loads(str(convert_input_example_to_serving_input(example))) == json.loads(body)
    assert convert_input_example_to_serving_input(None) is None


@pytest.mark.parametrize("example", [object(), (1, 2, 3), {1, 2}, [object()], {"a": numpy.array([object()])}])
def test_what_no_example_can_be_of_is_refused(tmp_path: Path, example: Any) -> None:
    with pytest.raises(InvalidParameter, match="An input example is"):
        examples.write(str(tmp_path), example)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_example_is_refused(tmp_path: Path) -> None:
    for info, content in (
        ({"artifact_path": "../x", "type": "ndarray"}, "[]"),
        ({"artifact_path": "x", "type": "dataframe"}, "5"),
        ({"artifact_path": "x", "type": "sparse_matrix_csr"}, '{"data": [1]}'),
        ({"artifact_path": "x", "type": "ndarray", "params": "true"}, "[]"),
        ({"artifact_path": "x", "type": "ndarray"}, "[" * 100_000),
    ):
        (tmp_path / "x").write_text(content)
        with pytest.raises(InvalidParameter):
            examples.load_input_example(str(tmp_path), info)
    with pytest.raises(MissingFile):
        examples.load_input_example(str(tmp_path), {"artifact_path": "none", "type": "ndarray"})


def test_an_example_tells_the_signature(regression: Any, tmp_path: Path) -> None:
    runstone.sklearn.save_model(regression, tmp_path / "line", input_example=FRAME[["a", "n"]])
    described = Model.load(tmp_path / "line")
    assert described.signature == infer_signature(FRAME[["a", "n"]], numpy.zeros(2))
    pandas.testing.assert_frame_equal(described.load_input_example(str(tmp_path / "line")), FRAME[["a", "n"]])


def test_a_model_that_fails_on_its_example_is_saved_without_a_signature(regression: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="fails on its input example"):
        runstone.sklearn.save_model(regression, tmp_path / "line", input_example=FRAME)
    described = Model.load(tmp_path / "line")
    assert described.signature is None
    assert described.saved_input_example_info is not None


def test_a_signature_is_shown_as_it_reads_and_compares_by_what_it_says() -> None:
    shown = repr(infer_signature(FRAME[["a", "s"]], numpy.zeros((2, 3)), {"n": 1}))
    assert shown == (
        "inputs:\n  ['a': double (required), 's': string (optional)]\noutputs:\n  [Tensor('float64', (-1, 3))]\n"
        "params:\n  ['n': long (default: 1)]\n"
    )
    assert infer_signature(FRAME) == infer_signature(FRAME.iloc[::-1])
    assert infer_signature(FRAME) != infer_signature(FRAME[["a"]])


@pytest.mark.parametrize(
    ("data", "specs", "said"),
    [
        ({"b": 1}, [ColSpec("long", "a")], r"takes the column 'a', which is missing.*others that it does not take: 'b'"),
        ({"a": "x"}, [ColSpec("long", "a")], r"The column 'a' is to be long; row 0 is 'x', a str"),
        (pandas.DataFrame({"a": [1, 2**53 + 1]}), [ColSpec("double", "a")], r"'a'.*9007199254740993 is not exact.*9007199254740992"),
        (pandas.DataFrame({"a": [1.0, None]}), [ColSpec("long", "a")], r"'a'.*values are float64.*Values are missing"),
        (pandas.DataFrame({"a": ["2020"]}), [ColSpec("datetime", "a")], r"'a' is to be datetime.*pandas.to_datetime"),
        ([{"a": {"x": [1]}}], [ColSpec(Object([Property("x", "long")]), "a")], r"'a'.*row 0: \[1\] \(list\) at x is no long"),
        (numpy.zeros((1, 2)), [ColSpec("double", "a"), ColSpec("double", "b")], r"by name \('a', 'b'\); got an ndarray"),
        (numpy.zeros(2), [TensorSpec(numpy.dtype("float32"), (-1,))], r"is to be float32 of shape \(-1,\); the values are float64.*astype"),
        (numpy.zeros((2, 2)), [TensorSpec(numpy.dtype("float64"), (-1, 3))], r"shape \(-1, 3\); the shape is \(2, 2\)"),
        ({"a": numpy.zeros(2)}, [TensorSpec(numpy.dtype("float64"), (-1,), "b")], r"takes the array 'b', which is missing"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), [ColSpec("long", "a"), ColSpec("long", "b", False)], r"'a' is there twice"),
        (pandas.DataFrame({"a": [1.5, None]}), [ColSpec("long", "a", False)], r"'a' is to be long; .*1\.5.* is not whole"),
        (pandas.DataFrame({"a": [1.0, 2.0]}), [ColSpec("integer", "a")], r"All are whole: \.astype\('int32'\) makes"),
        (pandas.DataFrame({"a": [1.0, 2.5]}), [ColSpec("long", "a")], r"the values are float64\. A signature told by floats"),
        ([{"a": 1.0}, {"b": 1}], [ColSpec("double", "a")], r"'a' is to be double; row 1 does not have it"),
        ([[1.0, 2.0], [3.0]], [ColSpec("double"), ColSpec("double")], r"takes 2 columns; got rows of 1, 2"),
        (pandas.DataFrame({"b": [[1.0], [1.0, 2.0]]}), [TensorSpec(numpy.dtype("float64"), (-1, 2), "b")], r"'b'.*different lengths"),
        (2**63, [ColSpec("long")], r"column 0 is to be long; row 0 is 9223372036854775808"),
        ({"a": [1, 2], "b": [1]}, [ColSpec("long", "a"), ColSpec("long", "b")], r"different lengths"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_what_was_wanted_and_given(data: Any, specs: list[Any], said: str) -> None:
    with pytest.raises(InvalidParameter, match=said):
        validate_schema(data, Schema(specs))


def test_data_that_fit_already_are_given_on_as_they_are() -> None:
    schema = infer_signature(FRAME).inputs
    assert schema is not None
    assert enforce(FRAME, schema) is FRAME
    whole = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6])
    taken = enforce(whole, Schema([ColSpec("string", "b"), ColSpec("double", "a")]))
    pandas.testing.assert_frame_equal(taken, whole[["b", "a"]].astype({"a": "float64"}))
    assert whole["a"].dtype == "int64"


@pytest.mark.parametrize(
    "data",
    [
        [1, None], pandas.Series([1, None], dtype=object), polars.Series("a", [1, None]), [[1, None], None], numpy.array(["x"], numpy.dtypes.StringDType()),
        numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), pandas.DataFrame({"a": pandas.period_range("2020", periods=2, freq="M")}),
        pandas.DataFrame([[1.0, 2.0]], columns=pandas.to_datetime(["2020", "2021"])), pandas.DataFrame({"a": pandas.arrays.SparseArray([1.0, 0.0])}),
        pandas.DataFrame({"a": pandas.Categorical(["x", None])}), scipy.sparse.coo_matrix(numpy.eye(2)), {"messages": [{"role": "user"}], "stop": None},
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:No type of MLflow's")
def test_odd_data_fit_the_signature_that_they_tell(data: Any) -> None:
    signature = infer_signature(data)
    assert signature.inputs is not None
    assert ModelSignature.from_dict(signature.to_dict()) == signature
    enforce(data, signature.inputs)


def test_params_that_nobody_knows_are_left_out_with_a_warning() -> None:
    schema = ParamSchema([ParamSpec("n", "long", 3), ParamSpec("t", "datetime", datetime.date(2020, 1, 1))])
    with pytest.warns(UserWarning, match=r"no params 'x'; it has n, t"):
        assert enforce_params({"x": 1, "n": 5}, schema) == {"n": 5, "t": datetime.date(2020, 1, 1)}
    with pytest.warns(UserWarning, match=r"it has none"):
        assert enforce_params({"x": 1}, None) == {}
    with pytest.raises(InvalidParameter, match=r"param 'n' is long; '5' is a str"):
        enforce_params({"n": "5"}, schema)
    with pytest.raises(InvalidParameter, match=r"param 'n' is long; 9223372036854775808 is an int"):
        enforce_params({"n": 2**63}, schema)


@pytest.mark.parametrize(
    ("wanted", "given", "words"),
    [
        ("U", ["a", 1], "1 would become '1'"), ("U", [["a", 1.5]], "1.5 would become '1.5'"),
        ("f8", [(1 << 60) + 1, 0.5], "1152921504606846977 would become 1.152921504606847e\\+18"),
    ],
)  # fmt: skip
def test_lists_of_several_kinds_are_not_made_of_one_where_values_would_change(
    wanted: str, given: list[Any], words: str
) -> None:
    shape = (-1,) * numpy.ndim(numpy.array(given, object))
    with pytest.raises(InvalidParameter, match=words):
        enforce(given, Schema([TensorSpec(numpy.dtype(wanted), shape)]))


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("U", ["a", "b"]), ("U", [["a"], ["bc"]]), ("f8", [1 << 60, 0.5]), ("f8", [1e300, float("nan"), float("inf"), 1])],
)
def test_lists_whose_values_stay_are_taken(wanted: str, given: list[Any]) -> None:
    shape = (-1,) * numpy.ndim(numpy.array(given))
    taken = enforce(given, Schema([TensorSpec(numpy.dtype(wanted), shape)]))
    assert numpy.array_equal(taken, numpy.array(given), equal_nan=wanted == "f8")
