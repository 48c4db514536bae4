"""`runstone models predict`: files of rows in, predictions out, a part at a time; whole or not at all."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LinearRegression
from tests.support.terminals import Command

import runstone
from runstone.models import ModelSignature, infer_signature
from runstone.types import ColSpec, Schema

DATA = pandas.DataFrame({"a": numpy.arange(25) / 4, "b": numpy.arange(25) % 3 * 1.0})


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PICKLE", "allow")


@pytest.fixture
def line() -> Any:
    model = LinearRegression().fit(DATA, DATA["a"] * 2 + DATA["b"])
    runstone.sklearn.save_model(
        model, "line", signature=infer_signature(DATA, model.predict(DATA)), pip_requirements=[]
    )
    return model


def rows_of(name: str) -> list[Any]:
    path = Path(name)
    if path.suffix == ".json":
        found: list[Any] = json.loads(path.read_text())["predictions"]
        return found
    if path.suffix == ".jsonl":
        return [json.loads(text) for text in path.read_text().splitlines()]
    frame = pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    return list(frame["prediction"])


@pytest.mark.parametrize("target", ["said.json", "said.jsonl", "said.csv", "said.parquet"])
@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet", "rows.jsonl", "rows.json"])
def test_rows_of_every_kind_of_file_are_asked_and_written_in_their_order(
    command: Command, line: Any, source: str, target: str
) -> None:
    DATA.to_csv("rows.csv", index=False)
    DATA.to_parquet("rows.parquet")
    DATA.to_json("rows.jsonl", orient="records", lines=True)
    Path("rows.json").write_text(json.dumps({"dataframe_split": json.loads(DATA.to_json(orient="split"))}))
    done = command("models", "predict", "-m", "line", "-i", source, "-o", target, "--chunk-rows", "4")
    assert done.code == 0, done.err
    assert rows_of(target) == pytest.approx(list(line.predict(DATA)))


def test_a_part_at_a_time_is_what_the_model_sees(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    seen: list[int] = []
    monkeypatch.setattr(builtins, "runstone_test_seen", seen, raising=False)

    class Sizes(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            import builtins

            builtins.runstone_test_seen.append(len(model_input))  # type: ignore[attr-defined]
            return model_input["a"].tolist()

    runstone.pyfunc.save_model("sizes", python_model=Sizes(), pip_requirements=[])
    DATA.to_csv("rows.csv", index=False)
    for more, sizes in (((), [25]), (("--chunk-rows", "10"), [10, 10, 5]), (("--chunk-rows", "0"), [25])):
        seen.clear()
        done = command("models", "predict", "-m", "sizes", "-i", "rows.csv", "-o", "said.json", *more)
        assert (done.code, seen) == (0, sizes)
        assert rows_of("said.json") == list(DATA["a"])


def test_what_does_not_fit_is_named_by_its_row_and_nothing_is_written(command: Command, line: Any) -> None:
    Path("said.json").write_text("before")
    text = DATA.to_csv(index=False).splitlines()
    Path("rows.csv").write_text("\n".join([*text[:20], "x,1", *text[20:]]))
    wrong = command("models", "predict", "-m", "line", "-i", "rows.csv", "-o", "said.json", "--chunk-rows", "4")
    assert (wrong.code, "The column 'a' is to be double; row 19 is 'x'." in wrong.err) == (1, True), wrong.err
    Path("rows.jsonl").write_text('{"a": 1, "b": 2}\n\n{"a": 1, "b": 2}\n{"a": 1}\n')
    wrong = command("models", "predict", "-m", "line", "-i", "rows.jsonl", "-o", "said.json", "--chunk-rows", "2")
    assert "In the lines from 4 on: The model takes the columns 'b'" in wrong.err
    Path("rows.jsonl").write_text('{"a": 1, "b": 2}\n{\n')
    assert "Line 2 is no JSON" in command("models", "predict", "-m", "line", "-i", "rows.jsonl").err
    Path("rows.parquet").write_text("PAR1")
    assert "no parquet file" in command("models", "predict", "-m", "line", "-i", "rows.parquet").err
    assert "is not there" in command("models", "predict", "-m", "line", "-i", "none.csv").err
    assert Path("said.json").read_text() == "before"
    assert not list(Path().glob("*.tmp"))


def test_a_model_that_sums_up_is_not_asked_in_parts_unawares(command: Command) -> None:
    class Total(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return {"total": float(model_input["a"].sum())}

    runstone.pyfunc.save_model("total", python_model=Total(), pip_requirements=[])
    DATA.to_csv("rows.csv", index=False)
    done = command("models", "predict", "-m", "total", "-i", "rows.csv")
    assert json.loads(done.out) == {"predictions": {"total": DATA["a"].sum()}}
    wrong = command("models", "predict", "-m", "total", "-i", "rows.csv", "--chunk-rows", "5")
    assert (wrong.code, "--chunk-rows 0" in wrong.err) == (1, True)
    wrong = command("models", "predict", "-m", "total", "-i", "rows.csv", "-o", "said.csv")
    assert (wrong.code, "write it as .json" in wrong.err, Path("said.csv").exists()) == (1, True, False)


def test_a_pipe_is_read_and_records_and_lists_are_columns(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Both(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return pandas.DataFrame({"twice": model_input["a"] * 2, "name": "x"})

    signature = ModelSignature(Schema([ColSpec("long", "a")]))
    runstone.pyfunc.save_model("both", python_model=Both(), signature=signature, pip_requirements=[])

    class Piped:
        buffer = io.BytesIO(b"a\n1\n2\n")

    monkeypatch.setattr(sys, "stdin", Piped)
    assert command("models", "predict", "-m", "both", "-t", "csv", "-o", "said.csv").code == 0
    assert Path("said.csv").read_text() == "twice,name\n2,x\n4,x\n"
    Path("none.csv").write_text("a\n")
    assert json.loads(command("models", "predict", "-m", "both", "-i", "none.csv").out) == {"predictions": []}
