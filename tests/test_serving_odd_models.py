"""Models that misbehave when they are asked: what would end a thread or a process is an error like others; what they say is kept, or refused."""

from __future__ import annotations

import asyncio
import builtins
import datetime
import json
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from tests.support.points import until
from tests.support.scoring import Serving, saved

from runstone.errors import RunstoneError
from runstone.serving import answers
from runstone.serving.failing import told


class Odd(BaseException):
    """None of Python's own exceptions."""


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PICKLE", "allow")


ODD = (SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopIteration, MemoryError, Odd)


@pytest.mark.parametrize("rows", [1, 1000])
def test_whatever_a_model_raises_is_told_like_other_failures_and_it_is_asked_on(tmp_path: Path, rows: int) -> None:
    def predict(frame: Any, params: Any) -> Any:
        number = int(frame["x"].iloc[0])
        if number < len(ODD):
            raise ODD[number]
        return frame["x"].tolist()

    with Serving(saved(tmp_path / "m", predict), rows=rows) as serving:
        for number, kind in enumerate(ODD):
            status, said = serving.ask({"inputs": {"x": [number]}})
            assert (status, said["error_code"], kind.__name__ in said["message"]) == (400, "BAD_REQUEST", True), said
            assert serving.ask({"inputs": {"x": [50]}}) == (200, {"predictions": [50]})


def test_the_log_of_a_failure_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def predict(frame: Any, params: Any) -> Any:
        raise ValueError("begins" + "x" * 1_000_000 + "ends")

    with Serving(saved(tmp_path / "m", predict)) as serving, caplog.at_level(logging.ERROR):
        _, said = serving.ask({"inputs": {"x": [1]}})
    mark = said["message"].split()[-1].rstrip(".")
    text = next(record.getMessage() for record in caplog.records if mark in record.getMessage())
    assert ("begins" in text, text.endswith("ends"), len(text) < 11_000) == (True, True, True)


def test_an_error_that_cannot_be_read_is_told_by_its_kind() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert told(Mute()) == "Mute"
    assert told(ValueError("x" * 1000)) == f"ValueError: {'x' * 300}"


class Text(str):
    pass


class Number(int):
    pass


class Half(float):
    pass


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ([Text("a"), Number(1), Half(0.5)], b'["a",1,0.5]'),
        (numpy.array([1.5], dtype=numpy.longdouble), b"[1.5]"),
        (
            pandas.Series(pandas.to_timedelta([1, None], unit="s"), name="t").to_frame(),
            b'[{"t":"P0DT0H0M1S"},{"t":null}]',
        ),
        ([datetime.timedelta(seconds=1)], b'["PT1S"]'),
    ],
)
def test_kinds_of_values_that_are_known_ones_by_descent_have_a_form(said: Any, body: bytes) -> None:
    assert answers.encode(answers.plain(said), bare=True) == body


def test_two_columns_of_one_name_are_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(RunstoneError, match="two columns of one name, 'a'"):
        answers.plain(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_what_nobody_waits_for_any_more_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    goes_on = threading.Event()
    monkeypatch.setattr(builtins, "runstone_test_gate", (seen, goes_on), raising=False)

    def predict(frame: Any, params: Any) -> Any:
        import builtins

        seen, goes_on = builtins.runstone_test_gate  # type: ignore[attr-defined]
        seen.append(frame["x"].iloc[0])
        goes_on.wait(60)
        return frame["x"].tolist()

    def send(number: int) -> socket.socket:
        body = json.dumps({"inputs": {"x": [number]}})
        connection = socket.create_connection(("127.0.0.1", serving.port))
        head = "POST /invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return connection

    with Serving(saved(tmp_path / "m", predict), threads=1) as serving:
        first = send(1)
        until(lambda: len(seen) == 1)
        waiting = serving.watched.now.batcher._waiting
        for number in (2, 3, 4):
            send(number).close()
            until(lambda: len(waiting) == number - 1)  # noqa: B023
        until(lambda: all(one.gone() for one in waiting))
        goes_on.set()
        assert serving.ask({"inputs": {"x": [5]}}) == (200, {"predictions": [5]})
        first.close()
    assert seen == [1, 5]
