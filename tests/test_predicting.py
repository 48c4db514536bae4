"""`runstone models predict`: files of rows in, predictions out, a part at a time; whole or not at all."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
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
    assert "In the lines from 4 on: The model takes the column 'b'" in wrong.err
    Path("rows.jsonl").write_text('{"a": 1, "b": 2}\n{\n')
    assert "Line 2 is no JSON" in command("models", "predict", "-m", "line", "-i", "rows.jsonl").err
    Path("rows.parquet").write_text("PAR1")
    assert "no parquet file" in command("models", "predict", "-m", "line", "-i", "rows.parquet").err
    for odd in ("1", "1,2,3"):
        Path("rows.csv").write_text("\n".join([*text[:15], odd, *text[15:]]))
        for chunk in ("4", "0"):
            wrong = command(
                "models", "predict", "-m", "line", "-i", "rows.csv", "-o", "said.json", "--chunk-rows", chunk
            )
            assert f"There are 2 columns; row 14 (line 16) has {odd.count(',') + 1} value" in wrong.err, wrong.err
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


def test_no_row_is_no_prediction(command: Command, line: Any) -> None:
    DATA[:0].to_csv("none.csv", index=False)
    DATA[:0].to_parquet("none.parquet")
    Path("none.jsonl").write_text("\n")
    for source in ("none.csv", "none.parquet", "none.jsonl"):
        for chunk in ("4", "0"):
            for target in ("said.json", "said.csv", "said.jsonl", "said.parquet"):
                done = command("models", "predict", "-m", "line", "-i", source, "-o", target, "--chunk-rows", chunk)
                assert (done.code, rows_of(target)) == (0, []), done.err
                assert f"0 rows were asked; {target} has" in done.err
    Path("none.csv").write_text("a\n")
    assert "takes the column 'b', which is missing" in command("models", "predict", "-m", "line", "-i", "none.csv").err


def test_a_model_that_fails_is_a_sentence_with_its_rows(command: Command) -> None:
    class Fails(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            if model_input["a"].max() > 2:
                raise KeyError("beyond")
            return model_input["a"].tolist()

    runstone.pyfunc.save_model("fails", python_model=Fails(), pip_requirements=[])
    DATA.to_csv("rows.csv", index=False)
    asks = ("models", "predict", "-m", "fails", "-i", "rows.csv", "-o", "said.json", "--chunk-rows")
    for chunk, rows in (("4", "the rows 8 to 11"), ("1", "row 9"), ("0", "the rows 0 to 24")):
        done = command(*asks, chunk)
        assert (done.code, f"The model fails on {rows} (KeyError: 'beyond')." in done.err) == (1, True), done.err
        assert "--traceback" in done.err
        assert "Traceback" not in done.err
    assert 'raise KeyError("beyond")' in command(*asks, "4", "--traceback").err
    Path("rows.json").write_text('{"dataframe_records": [{"a": 3}]}')
    done = command("models", "predict", "-m", "fails", "-i", "rows.json")
    assert "The model fails on this request (KeyError: 'beyond')." in done.err
    assert not Path("said.json").exists()


def test_a_value_is_named_by_its_place_in_the_file(command: Command) -> None:
    signature = ModelSignature(Schema([ColSpec("datetime", "t"), ColSpec("double", "n")]))
    runstone.pyfunc.save_model(
        "times", python_model=lambda frame: frame["n"].tolist(), signature=signature, pip_requirements=[]
    )
    asks = ("models", "predict", "-m", "times", "--chunk-rows", "4", "-i")
    Path("rows.csv").write_text("t,n\n" + "2020-01-01,1\n" * 5 + "yesterday,1\n")
    assert "In the rows from 4 on: The column 't' is to be datetime; row 1 has" in command(*asks, "rows.csv").err
    numbers = [1, 2, 3, 4, 2**53 + 1]
    pandas.DataFrame({"t": pandas.to_datetime(["2020-01-01"] * 5), "n": numbers}).to_parquet("rows.parquet")
    assert "In the rows from 4 on: The column 'n' is to be double" in command(*asks, "rows.parquet").err


def test_what_a_file_is_must_be_known(command: Command, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = DATA.to_csv(index=False)
    Path("rows.txt").write_text(text)
    asks = ("models", "predict", "-m", "line")
    for more in (("-i", "rows.txt"), ()):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        wrong = command(*asks, *more)
        assert (wrong.code, "-t csv" in wrong.err, "-t parquet" in wrong.err) == (1, True, True), wrong.err
    Path("rows.json").write_text("{")
    assert "-t csv" not in command(*asks, "-i", "rows.json").err
    assert command(*asks, "-i", "rows.txt", "-t", "csv").code == 0
    wrong = command("models", "predict", "-m", "no model", "-i", "rows.txt", "-t", "csv", "-o", "out.xlsx")
    assert (wrong.code, "Let it end in .json, .jsonl, .csv or .parquet." in wrong.err) == (1, True), wrong.err
    assert not Path("out.xlsx").exists()
    Path("folder.csv").mkdir()
    wrong = command(*asks, "-i", "folder.csv")
    assert (wrong.code, "Reading 'folder.csv': Is a directory" in wrong.err) == (1, True), wrong.err


def test_a_named_pipe_is_read_once(command: Command, line: Any) -> None:
    os.mkfifo("pipe.csv")
    writing = threading.Thread(target=Path("pipe.csv").write_text, args=[DATA.to_csv(index=False)])
    writing.start()
    done = command("models", "predict", "-m", "line", "-i", "pipe.csv", "--chunk-rows", "4")
    writing.join()
    assert json.loads(done.out)["predictions"] == pytest.approx(list(line.predict(DATA)))


def test_a_model_of_the_store_is_named_as_it_is_everywhere(command: Command, line: Any) -> None:
    logged = runstone.sklearn.log_model(line, "line", registered_model_name="lines", pip_requirements=[])
    runstone.Client().set_registered_model_alias("lines", "champion", "1")
    DATA.head(2).to_csv("rows.csv", index=False)
    for model in ("lines/1", "lines@champion", "lines/latest", logged.model_id, logged.model_uri):
        done = command("models", "predict", "-m", model, "-i", "rows.csv")
        assert (done.code, len(json.loads(done.out)["predictions"])) == (0, 2), done.err
        assert command("models", "show", model).code == 0
    Path("lines").mkdir()
    Path("lines/1").mkdir()
    assert "./lines/1" in command("models", "predict", "-m", "lines/1", "-i", "rows.csv").err


NOT_READY = """
import os

from runstone.models import set_model
import runstone

class Model(runstone.pyfunc.PythonModel):
    def load_context(self, context):
        raise {raises}
    def predict(self, context, model_input, params=None):
        return [1]
set_model(Model())
"""


@pytest.mark.parametrize(
    ("raises", "says"),
    [
        ('KeyError("weights")', "it fails meanwhile (KeyError: 'weights')"),
        ("ModuleNotFoundError(\"No module named 'lost'\")", "No module named 'lost'. Is all installed here"),
        ("SystemExit(0)", "it fails meanwhile (SystemExit: 0)"),
    ],
)
def test_a_model_that_fails_when_it_is_loaded_is_a_sentence(command: Command, raises: str, says: str) -> None:
    Path("code.py").write_text(NOT_READY.format(raises="RuntimeError"))
    runstone.pyfunc.save_model("fails", python_model="code.py", pip_requirements=[])
    Path("fails/code.py").write_text(NOT_READY.format(raises=raises))
    DATA.to_csv("rows.csv", index=False)
    for asks in (("predict", "-i", "rows.csv", "-o", "said.json"), ("serve", "-p", "0")):
        done = command("models", *asks, "-m", "./fails")
        assert (done.code, says in done.err, "Traceback" in done.err) == (1, True, False), done.err
        assert "raise " in command("models", *asks, "-m", "./fails", "--traceback").err
    assert not Path("said.json").exists()


def test_a_model_that_ends_the_process_when_it_is_asked_is_a_sentence(command: Command) -> None:
    class Leaves(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            raise SystemExit(0)

    runstone.pyfunc.save_model("leaves", python_model=Leaves(), pip_requirements=[])
    DATA.to_csv("rows.csv", index=False)
    done = command("models", "predict", "-m", "leaves", "-i", "rows.csv", "-o", "said.json")
    assert (done.code, "The model fails on the rows 0 to 24 (SystemExit: 0)" in done.err) == (1, True), done.err


@pytest.mark.parametrize("asks", [("predict",), ("serve", "-p", "0"), ("show",)])
def test_a_store_that_is_not_there_is_said_and_not_made(command: Command, asks: tuple[str, ...]) -> None:
    for model in ("lines@champion", "models:/lines/1", "runs:/abc/model"):
        chosen = ("-m", model) if asks[0] != "show" else (model,)
        done = command("models", *asks, *chosen, "--store", "mistyped")
        assert (done.code, "There is no store at" in done.err) == (1, True), done.err
    assert not os.path.exists("mistyped")
    assert not os.path.exists(".runstone")


def test_parquet_without_pyarrow_is_refused_before_the_model_is_asked(
    command: Command, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    DATA.to_csv("rows.csv", index=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # type: ignore[arg-type]  # as Python has it: not to be found
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    refused = command("models", "predict", "-m", "line", "-i", "rows.csv", "-o", "said.parquet")
    assert (refused.code, "`pip install pyarrow`" in refused.err) == (1, True), refused.err
    assert not Path("said.parquet").exists()


def test_a_pipe_a_device_and_a_link_stay_what_they_are(command: Command, line: Any) -> None:
    DATA.head(2).to_csv("rows.csv", index=False)
    asks = ("models", "predict", "-m", "line", "-i", "rows.csv", "-o")
    os.mkfifo("pipe")
    read: list[str] = []
    reading = threading.Thread(target=lambda: read.append(Path("pipe").read_text()), daemon=True)
    reading.start()
    done = command(*asks, "pipe")
    assert (done.code, Path("pipe").is_fifo()) == (0, True), done.err
    reading.join(60)
    assert len(json.loads(read[0])["predictions"]) == 2
    Path("link.json").symlink_to("said.json")
    assert command(*asks, "link.json").code == 0
    assert (Path("link.json").is_symlink(), len(rows_of("said.json"))) == (True, 2)
    Path("folder").mkdir()
    done = command(*asks, "folder")
    assert (done.code, "Is a directory" in done.err, Path("folder").is_dir()) == (1, True, True), done.err
