"""A served model: what is asked wrongly is named, errors tell the log and not the client, what it takes is described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from tests.support.scoring import DATA, NUMBERS, Serving, asked, logged, saved

import runstone
from runstone.models import ModelSignature, infer_signature
from runstone.types import ColSpec, Schema


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (asked(a="x", b=1), "The column 'a' is to be double; row 0 is 'x', a str."),  # type: ignore[arg-type]
        (asked(a=1), "The model takes the column 'b', which is missing."),
        ({"dataframe_records": [{"a": 1, "b": 2}, {"a": 3}]}, "The column 'b' is to be double; row 1 does not have it."),
        ({"inputs": {"a": [1, 2], "b": [1]}}, "The columns have different lengths: 1, 2."),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}, "There are 2 columns; row 1 has 1 value."),
        ({"inputs": [], "instances": []}, "got one with 'inputs', 'instances'"),
        ({}, "got one without any."),
        ([1], "got a list."),
        (b"{", "The body is no valid JSON"),
        (b"[" * 100 + b"]" * 100, "nested more than 32 deep"),
        (b'{"inputs": 1e999}', "no valid JSON"),
        ({"dataframe_split": {"data": 5}}, "'data' of 'dataframe_split' is a list; got a number."),
        ({"dataframe_split": {"columns": [None], "data": [[1]]}}, "A column's name is a text; got null."),
        ({**asked(a=1, b=2), "params": [1]}, "Params are a mapping"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_a_400_that_names_it(body: Any, said: str) -> None:
    logged(2.0)
    with Serving("models:/line/1") as serving:
        status, answer = serving.ask(body)
    assert (status, said in answer["message"]) == (400, True), answer


def test_csv_and_parquet_name_the_cell_that_does_not_fit(tmp_path: Path) -> None:
    signature = ModelSignature(Schema([ColSpec("long", "n"), ColSpec("datetime", "t"), ColSpec("boolean", "b")]))
    uri = saved(tmp_path / "m", lambda frame, params: frame.astype(str), signature)
    with Serving(uri) as serving:
        for row, said in (
            ("1,2020-01-02,true", None),
            ("1.5,2020-01-02,true", "The column 'n' is to be long; row 1 is '1.5'."),
            ("9223372036854775807,2020-01-02,False", None),
            ("9223372036854775809,2020-01-02,False", "The column 'n' is to be long; row 1"),
            ("1,yesterday,true", "The column 't' is to be datetime; row 1 has 'yesterday', which is no ISO time."),
            ("1,2020-01-02,maybe", "The column 'b' is to be boolean; row 1 is 'maybe'."),
            ("1,2020-01-02,true,5", "There are 3 columns; row 1 (line 3) has 4 values."),
        ):
            status, answer = serving.ask(f"n,t,b\n3,2020-01-01,false\n{row}\n".encode(), "text/csv")
            assert (status == 200) == (said is None), answer
            assert said is None or said in answer["message"]
        frame = pandas.DataFrame({"n": ["x"], "t": pandas.to_datetime(["2020-01-02"]), "b": [True]})
        status, answer = serving.ask(frame.to_parquet(), "application/vnd.apache.parquet")
        assert (status, "'n'" in answer["message"]) == (400, True)
        many = pandas.DataFrame({"n": pandas.Series([1]).repeat(20_000_001)}).to_parquet(compression="zstd")
        assert "cells" in serving.ask(many, "application/vnd.apache.parquet")[1]["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "There are 2 columns; row 1 (line 3) has 1 value."),
        ("a,b\n1,2,3\n", "There are 2 columns; row 0 (line 2) has 3 values."),
        ("a,b\n1,2,3\n4,5,6\n", "row 0 (line 2) has 3 values."),
        ("a,b\n1,2,\n", "row 0 (line 2) has 3 values."),
        ("\ufeffa,b\r\n\r\n1,2\r\n  \r\n3\r\n", "row 1 (line 5) has 1 value."),
        ('a,b\n"1\n\n","2"\n3,4,5\n', "row 1 (line 5) has 3 values."),
        ('a,b\n""\n', "row 0 (line 2) has 1 value."),
        ("a\n1\n2,\n", "There is 1 column; row 1 (line 3) has 2 values."),
        ('\ufeff"a","b"\r\n1,2\r\n\r\n"3",4\r\n\r\n  \r\n', 2),
        ('a,b\r1,"x\r\ny,""z"\r' + f'2,"{"x" * 200_000}"', 2),
        ("\na\n1\n\n2", 2),
        ('\ufeff"c,d",a,b\n1,2,3\n', 1),
        ("a,b,,\n1,2,,\n", 1),
    ],
)
def test_a_row_of_csv_has_a_value_for_each_name(tmp_path: Path, text: str, said: str | int) -> None:
    schema = Schema([ColSpec("string", "a"), ColSpec("string", "b", required=False)])
    for place, signature in enumerate((None, ModelSignature(schema))):
        uri = saved(tmp_path / str(place), lambda frame, params: [len(frame)], signature)
        with Serving(uri) as serving:
            status, answer = serving.ask(text.encode(), "text/csv")
        if isinstance(said, int):
            assert (status, answer) == (200, {"predictions": [said]})
        else:
            assert (status, said in answer["message"]) == (400, True), answer


def test_content_types_routes_and_hosts_have_their_statuses() -> None:
    logged(2.0)
    body = json.dumps(asked(a=1, b=2)).encode()
    with Serving("models:/line/1") as serving:
        for kind, status in (
            ("application/json;charset=utf-8", 200),
            ("text/xml", 415),
            (None, 415),
            ("text/csv; charset=latin-1", 415),
        ):
            assert serving.send("POST", "/invocations", body, kind)[0] == status
        assert serving.send("GET", "/ping") == (200, b"\n")
        assert serving.send("GET", "/version")[1] == b"3.17.2"
        assert serving.send("GET", "/invocations")[0] == 405
        assert serving.send("GET", "/nothing")[0] == 404
        assert serving.send("GET", "/ping", Host="evil.example")[0] == 403
        assert serving.send("POST", "/invocations", body, "application/json", Origin="http://evil.example")[0] == 403


def test_a_model_that_fails_tells_the_log_and_not_the_client(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(frame: Any, params: Any) -> Any:
        raise KeyError("a secret")

    with Serving(saved(tmp_path / "m", fail)) as serving:
        status, answer = serving.ask(asked(x=1))
    assert (status, answer["error_code"]) == (400, "BAD_REQUEST")
    assert "KeyError" in answer["message"]
    assert "secret" not in str(answer)
    assert "a secret" in caplog.text


def test_what_it_takes_is_described_by_its_signature(tmp_path: Path) -> None:
    logged(1.0)
    with Serving("models:/line/1") as serving:
        described = json.loads(serving.send("GET", "/openapi.json")[1])
        content = described["paths"]["/invocations"]["post"]["requestBody"]["content"]
        example = content["application/json"]["example"]
        assert example == {"dataframe_split": {"columns": ["a", "b"], "data": [[0.0, 1.0]]}}
        assert serving.ask(example)[0] == 200
        records = content["application/json"]["schema"]["oneOf"][1]["properties"]["dataframe_records"]["items"]
        assert records["required"] == ["a", "b"]
        assert records["properties"]["a"] == {"type": "number", "format": "double"}
        page = serving.send("GET", "/docs")[1].decode()
        assert "models:/line/1" in page
        assert f"curl {serving.url}/invocations" in page
        assert "http" not in page.replace(serving.url, "")
        for host in ("localhost:$(reboot)", "localhost:5000;reboot"):
            page = serving.send("GET", "/docs", Host=host)[1].decode()
            assert ("curl http://HOST:PORT/invocations" in page, "reboot" in page) == (True, False)
    with Serving(saved(tmp_path / "<m>", lambda frame, params: [1], NUMBERS)) as serving:
        described = json.loads(serving.send("GET", "/openapi.json")[1])
        body = described["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"]["oneOf"][0]["properties"]["params"]["properties"]["plus"]["default"] == 0.0
        assert "&lt;m&gt;" in serving.send("GET", "/docs")[1].decode()


def _check_types(described: Any) -> None:
    """Every type that is named is one of JSON Schema's."""
    if isinstance(described, dict):
        kind = described.get("type")
        if isinstance(kind, str | list):
            kinds = [kind] if isinstance(kind, str) else kind
            assert set(kinds) <= {"object", "array", "string", "number", "integer", "boolean", "null"}
        for part in described.values():
            _check_types(part)
    elif isinstance(described, list):
        for part in described:
            _check_types(part)


def test_an_example_of_every_signature_is_taken(tmp_path: Path) -> None:
    from runstone.serving import describing

    for place, data in enumerate(
        (
            DATA, DATA.to_numpy(), {"a": DATA.to_numpy()}, ["x"], [{"k": 1, "l": [1, 2]}], [1.5], {"d": {"e": "x"}},
            pandas.DataFrame({"t": pandas.to_datetime(["2020-01-01"]), "y": [b"x"], "b": [True], "n": [1]}),
        )
    ):  # fmt: skip
        uri = saved(tmp_path / str(place), lambda frame, params: [len(frame)], infer_signature(data))
        with Serving(uri) as serving:
            status, answer = serving.ask(describing.body(serving.watched.now).encode())
            described = json.loads(serving.send("GET", "/openapi.json")[1])
            assert serving.send("GET", "/docs")[0] == 200
        _check_types(described)
        assert status == 200, (data, answer)


def test_a_model_of_type_hints_takes_inputs_as_its_hint_says(tmp_path: Path) -> None:
    Path("hinted.py").write_text(
        "import datetime\nfrom runstone.models import set_model\nfrom runstone.pyfunc import PythonModel\n"
        "class Hinted(PythonModel):\n"
        "    def predict(self, model_input: list[datetime.datetime], params=None) -> list[int]:\n"
        "        return [one.year for one in model_input]\n"
        "set_model(Hinted())\n"
    )
    runstone.pyfunc.save_model(tmp_path / "m", python_model="hinted.py", pip_requirements=[])
    with runstone.safety.trusting():
        serving = Serving(str(tmp_path / "m"))
    with serving:
        assert serving.ask({"inputs": ["2020-01-02", "2021-01-02T03:04:05"]}) == (200, {"predictions": [2020, 2021]})
        assert serving.ask({"inputs": ["x"]})[0] == 400
        status, answer = serving.ask({"dataframe_records": [{"a": 1}]})
        assert (status, "'inputs'" in answer["message"]) == (400, True)


def test_functions_that_ask_without_a_server_say_the_same(tmp_path: Path) -> None:
    logged(2.0)
    body = asked(a=3, b=1)
    said = runstone.models.validate_serving_input("models:/line/1", body)
    assert [round(float(one), 6) for one in said] == [6.0]
