"""A served model: what is asked wrongly is named, concurrent requests are joined and each gets its own answer, another version takes over."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.linear_model import LinearRegression
from tests.support.points import until
from tests.support.scoring import Serving

import runstone
from runstone.models import ModelSignature, infer_signature
from runstone.types import ColSpec, ParamSchema, ParamSpec, Schema

DATA = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 2.0, 5.0]})
NUMBERS = ModelSignature(Schema([ColSpec("double", "x")]), params=ParamSchema([ParamSpec("plus", "double", 0.0)]))


def logged(factor: float, alias: str | None = None) -> str:
    """Log a model that says `factor * a`, and let an alias mean it; the version's number."""
    line = LinearRegression().fit(DATA, factor * DATA["a"])
    info = runstone.sklearn.log_model(
        line, name="line", registered_model_name="line", input_example=DATA.head(1), pip_requirements=[]
    )
    number = str(info.registered_model_version)
    if alias:
        runstone.Client().set_registered_model_alias("line", alias, number)
    return number


def saved(path: Path, predict: Any, signature: ModelSignature | None = NUMBERS) -> str:
    """Save a function as a model."""

    class Model(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return predict(model_input, params)

    runstone.pyfunc.save_model(path, python_model=Model(), signature=signature or False, pip_requirements=[])
    return str(path)


def asked(**columns: float) -> dict[str, Any]:
    return {"dataframe_split": {"columns": list(columns), "data": [list(columns.values())]}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (asked(a="x", b=1), "The column 'a' is to be double; row 0 is 'x', a str."),  # type: ignore[arg-type]
        (asked(a=1), "The model takes the columns 'b', which are missing."),
        ({"dataframe_records": [{"a": 1, "b": 2}, {"a": 3}]}, "The column 'b' is to be double; row 1 does not have it."),
        ({"inputs": {"a": [1, 2], "b": [1]}}, "The columns have different lengths: 1, 2."),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}, "There are 2 columns; row 1 has 1 values."),
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
            ("1,2020-01-02,true,5", "This is no CSV that fits"),
        ):
            status, answer = serving.ask(f"n,t,b\n3,2020-01-01,false\n{row}\n".encode(), "text/csv")
            assert (status == 200) == (said is None), answer
            assert said is None or said in answer["message"]
        frame = pandas.DataFrame({"n": ["x"], "t": pandas.to_datetime(["2020-01-02"]), "b": [True]})
        status, answer = serving.ask(frame.to_parquet(), "application/vnd.apache.parquet")
        assert (status, "'n'" in answer["message"]) == (400, True)
        many = pandas.DataFrame({"n": pandas.Series([1]).repeat(20_000_001)}).to_parquet(compression="zstd")
        assert "cells" in serving.ask(many, "application/vnd.apache.parquet")[1]["message"]


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


def test_a_request_that_takes_too_long_is_a_504(tmp_path: Path) -> None:
    gate = _gate()
    with Serving(saved(tmp_path / "m", _waiting), timeout=0.05) as serving:
        status, answer = serving.ask(asked(x=1))
        gate.set()
    assert (status, answer["error_code"]) == (504, "DEADLINE_EXCEEDED")


GATES: dict[str, threading.Event] = {}


def _gate() -> threading.Event:
    import builtins

    gate = threading.Event()
    builtins.runstone_test_gate = gate  # type: ignore[attr-defined]  # models are pickled by value: what they share is found by name
    builtins.runstone_test_calls = []  # type: ignore[attr-defined]
    return gate


def _calls() -> list[int]:
    import builtins

    return builtins.runstone_test_calls  # type: ignore[attr-defined, no-any-return]


def _waiting(frame: Any, params: Any) -> Any:
    import builtins

    builtins.runstone_test_calls.append(len(frame))  # type: ignore[attr-defined]
    assert builtins.runstone_test_gate.wait(30)  # type: ignore[attr-defined]
    if (frame["x"] < 0).any():
        raise ValueError("below zero")
    return (frame["x"] * 10 + (params or {}).get("plus", 0.0)).to_numpy()


def _together(serving: Serving, bodies: list[Any]) -> list[Any]:
    """Ask the first, and while the model is at it all others at once."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        first = pool.submit(serving.ask, bodies[0])
        until(lambda: len(_calls()) == 1)
        others = [pool.submit(serving.ask, body) for body in bodies[1:]]
        until(lambda: len(serving.watched.now.batcher._waiting) == len(others))
        import builtins

        builtins.runstone_test_gate.set()  # type: ignore[attr-defined]
        return [one.result() for one in (first, *others)]


def test_requests_that_wait_are_asked_as_one_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    _gate()
    bodies = [{"dataframe_records": [{"x": 100 * place + row} for row in range(place % 3 + 1)]} for place in range(40)]
    with Serving(saved(tmp_path / "m", _waiting), rows=1000) as serving:
        answers = _together(serving, bodies)
    assert answers == [
        (200, {"predictions": [one["x"] * 10.0 for one in body["dataframe_records"]]}) for body in bodies
    ]
    assert _calls() == [1, sum(place % 3 + 1 for place in range(1, 40))]


def test_a_call_has_no_more_rows_than_it_may_and_no_two_params(tmp_path: Path) -> None:
    _gate()
    bodies: list[Any] = [{**asked(x=place), "params": {"plus": place % 2}} for place in range(21)]
    with Serving(saved(tmp_path / "m", _waiting), rows=4) as serving:
        answers = _together(serving, bodies)
    assert answers == [(200, {"predictions": [place * 10.0 + place % 2]}) for place in range(21)]
    assert sorted(_calls()[1:]) == [2, 2, 4, 4, 4, 4]
    _gate()
    three: list[Any] = [{"dataframe_records": [{"x": place}] * 3} for place in range(5)]
    with Serving(str(tmp_path / "m"), rows=7) as serving:
        assert [status for status, _ in _together(serving, three)] == [200] * 5
    assert _calls() == [3, 6, 6]


def test_nothing_asked_is_asked_alone(tmp_path: Path) -> None:
    def predict(frame: Any, params: Any) -> Any:
        if not len(frame):
            raise ValueError("no rows")
        return _waiting(frame, params)

    _gate()
    nothing, null = ({"dataframe_split": {"columns": ["x"], "data": rows}} for rows in ([], [[None]]))
    with Serving(saved(tmp_path / "m", predict), rows=100) as serving:
        answers = _together(serving, [asked(x=1), null, nothing, null])
    assert [status for status, _ in answers] == [200, 200, 400, 200]


def test_one_that_fails_is_no_matter_to_those_asked_with_it(tmp_path: Path) -> None:
    _gate()
    with Serving(saved(tmp_path / "m", _waiting), rows=100) as serving:
        answers = _together(serving, [asked(x=x) for x in (1, 2, -3, 4)])
    assert [status for status, _ in answers] == [200, 200, 400, 200]
    assert [said.get("predictions") for _, said in answers] == [[10.0], [20.0], None, [40.0]]
    assert _calls() == [1, 3, 1, 1, 1]


def test_a_model_that_says_one_thing_for_all_rows_is_asked_by_each_alone(tmp_path: Path) -> None:
    def total(frame: Any, params: Any) -> Any:
        _waiting(frame, params)
        return {"total": float(frame["x"].sum())}

    _gate()
    with Serving(saved(tmp_path / "m", total), rows=100) as serving:
        answers = _together(serving, [asked(x=x) for x in (1, 2, 3)])
        assert [said["predictions"]["total"] for _, said in answers] == [1.0, 2.0, 3.0]
        assert not serving.watched.now.batcher._joins


def test_only_models_that_are_known_to_go_by_rows_are_joined_unless_told(tmp_path: Path) -> None:
    logged(2.0)
    with Serving("models:/line/1") as serving:
        assert serving.watched.now.batcher._joins
        assert _many(serving, 50) == {2.0 * place for place in range(50)}
    with Serving(saved(tmp_path / "m", lambda frame, params: frame["x"] - frame["x"].mean())) as serving:
        assert not serving.watched.now.batcher._joins


def _many(serving: Serving, count: int) -> set[float]:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: serving.ask(asked(a=place, b=1)), range(count)))
    assert {status for status, _ in found} == {200}
    return {round(said["predictions"][0], 6) for _, said in found}


def test_another_version_takes_over_under_load_and_no_request_is_lost() -> None:
    logged(1.0, "champion")
    with Serving("models:/line@champion", interval=0.01) as serving:
        with ThreadPoolExecutor(4) as pool:
            over = threading.Event()

            def go_on() -> list[tuple[int, Any]]:
                found = []
                while not over.is_set():
                    found.append(serving.ask(asked(a=3, b=1)))
                return found

            running = [pool.submit(go_on) for _ in range(4)]
            old = serving.watched.now
            logged(2.0, "champion")
            until(lambda: serving.watched.now is not old)
            assert round(serving.ask(asked(a=3, b=1))[1]["predictions"][0], 6) == 6.0
            over.set()
            answers = [answer for one in running for answer in one.result()]
        assert {status for status, _ in answers} == {200}
        assert {round(said["predictions"][0], 6) for _, said in answers} <= {3.0, 6.0}
        until(lambda: not Path(old._folder).exists())
        assert json.loads(serving.send("GET", "/health")[1])["serves"] == "models:/line/2"


class Looks:
    """Counts how often a served model's address is looked at from now on."""

    def __init__(self, serving: Serving) -> None:
        self.count, meant = 0, serving.watched._meant

        def counted() -> Any:
            self.count += 1
            return meant()

        serving.watched._meant = counted  # type: ignore[method-assign]


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    logged(1.0, "champion")
    client = runstone.Client()
    broken = client.create_logged_model("0", "broken")
    client.log_text(broken.model_id, "flavors: {}", "MLmodel")
    client.finalize_logged_model(broken.model_id, "READY")
    with Serving("models:/line@champion", interval=0.01) as serving:
        loads: list[str] = []
        load = serving.watched._load
        serving.watched._load = lambda uri: loads.append(uri) or load(uri)  # type: ignore[func-returns-value]
        client.create_model_version("line", f"models:/{broken.model_id}")
        client.set_registered_model_alias("line", "champion", "2")
        until(lambda: serving.watched.trouble is not None)
        health = json.loads(serving.send("GET", "/health")[1])
        assert (health["serves"], "models:/line/2" in health["trouble"]) == ("models:/line/1", True)
        assert serving.ask(asked(a=3, b=1))[0] == 200
        looks = Looks(serving)
        until(lambda: looks.count > 3)
        assert caplog.text.count("cannot be loaded") == 1
        assert loads == ["models:/line/2"]
        client.set_registered_model_alias("line", "champion", "1")
        until(lambda: serving.watched.trouble is None)


def test_latest_follows_and_a_number_stays() -> None:
    logged(1.0)
    with Serving("models:/line/latest", interval=0.01) as latest, Serving("models:/line/1", interval=0.01) as first:
        assert (latest.watched.moves, first.watched.moves) == (True, False)
        logged(2.0)
        until(lambda: latest.watched.now.name == "models:/line/2")
        assert first.watched.now.name == "models:/line/1"


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
        assert "http" not in page.replace("http://HOST:PORT", "")
    with Serving(saved(tmp_path / "<m>", lambda frame, params: [1], NUMBERS)) as serving:
        described = json.loads(serving.send("GET", "/openapi.json")[1])
        body = described["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"]["oneOf"][0]["properties"]["params"]["properties"]["plus"]["default"] == 0.0
        assert "&lt;m&gt;" in serving.send("GET", "/docs")[1].decode()


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
