"""Requests that wait for a model are asked as one, and each gets its own answer; bounds on rows, params and time."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas
from tests.support.points import until
from tests.support.scoring import DATA, Serving, asked, logged, saved

import runstone
from runstone.models import ModelSignature, infer_signature


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
    assert builtins.runstone_test_gate.wait(120)  # type: ignore[attr-defined]
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


def test_a_request_that_takes_too_long_is_a_504(tmp_path: Path) -> None:
    gate = _gate()
    with Serving(saved(tmp_path / "m", _waiting), timeout=0.05) as serving:
        status, answer = serving.ask(asked(x=1))
        gate.set()
    assert (status, answer["error_code"]) == (504, "DEADLINE_EXCEEDED")


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


def test_an_answer_by_columns_is_not_taken_for_one_by_rows(tmp_path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier

    from runstone.serving.standing import Standing

    both = pandas.DataFrame({"p": [0, 1, 0, 1], "q": [0, 0, 1, 1]})
    forest = RandomForestClassifier(5, random_state=0).fit(DATA, both)
    signature = ModelSignature(infer_signature(DATA).inputs)
    runstone.sklearn.save_model(
        forest, tmp_path / "m", signature=signature, pyfunc_predict_fn="predict_proba", pip_requirements=[]
    )
    standing = Standing(str(tmp_path / "m"))
    questions = [
        standing.questions.read("application/json", json.dumps(asked(a=a, b=b)).encode()) for a, b in ((0, 1), (3, 5))
    ]
    answer = standing.batcher._answer
    assert answer(questions) == [answer([one])[0] for one in questions]
    assert len({*answer(questions)}) == 2  # type: ignore[arg-type]
    standing.drop()


def _many(serving: Serving, count: int) -> set[float]:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: serving.ask(asked(a=place, b=1)), range(count)))
    assert {status for status, _ in found} == {200}
    return {round(said["predictions"][0], 6) for _, said in found}
