"""Models that are Python code: objects, functions, files of code, loaders of one's own; and any model as one that predicts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

import runstone
from runstone.errors import InvalidParameter, MissingFile
from runstone.models import Model, infer_signature
from runstone.pyfunc import PythonModel, PythonModelContext

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Greeting(PythonModel):
    def load_context(self, context: PythonModelContext) -> None:
        self.word = Path(context.artifacts["word"]).read_text()
        self.mark = (context.model_config or {}).get("mark", "")

    def predict(self, context: PythonModelContext, model_input: Any, params: Any = None) -> Any:
        return [f"{self.word} {name}{self.mark}{(params or {}).get('end', '')}" for name in model_input]

    def predict_stream(self, context: PythonModelContext, model_input: Any, params: Any = None) -> Iterator[Any]:
        yield from self.predict(context, model_input, params)


class Short(PythonModel):
    def predict(self, model_input: Any) -> Any:  # type: ignore[override]
        return len(model_input)


@pytest.fixture
def word(tmp_path: Path) -> str:
    (tmp_path / "word.txt").write_text("hello")
    return "word.txt"


def test_an_object_is_logged_with_its_files_and_options(word: str) -> None:
    info = runstone.pyfunc.log_model(
        name="greeting", python_model=Greeting(), artifacts={"word": word}, model_config={"mark": "!"}
    )
    loaded = runstone.pyfunc.load_model(info.model_uri)
    assert loaded.predict(["you"]) == ["hello you!"]
    assert loaded.predict(["you"], params={"end": "?"}) == ["hello you!?"]
    assert list(loaded.predict_stream(["a", "b"])) == ["hello a!", "hello b!"]
    assert runstone.pyfunc.load_model(info.model_uri, model_config={"mark": "."}).predict(["you"]) == ["hello you."]
    assert (loaded.model_id, loaded.model_config) == (info.model_id, {"mark": "!"})
    assert isinstance(loaded.unwrap_python_model(), Greeting)
    assert set(info.flavors) == {"python_function"}


def test_context_and_params_may_be_left_out(tmp_path: Path) -> None:
    runstone.pyfunc.save_model(tmp_path / "m", python_model=Short())
    assert runstone.pyfunc.load_model(tmp_path / "m").predict([1, 2, 3], params={"n": 1}) == 3


def test_functions_are_models(tmp_path: Path) -> None:
    info = runstone.log_model(lambda texts: [len(text) for text in texts], name="lengths")
    assert runstone.pyfunc.load_model(info.model_uri).predict(["abc"]) == [3]

    def more(texts: Any, params: Any) -> Any:
        return [text * params["n"] for text in texts]

    runstone.pyfunc.save_model(tmp_path / "more", python_model=more)
    assert runstone.pyfunc.load_model(tmp_path / "more").predict(["a"], {"n": 3}) == ["aaa"]


def test_a_file_of_code_is_run_each_time(tmp_path: Path) -> None:
    source = "import runstone\nconfig = runstone.models.ModelConfig(development_config={'n': 1})\nn = config.get('n')\nrunstone.models.set_model(lambda x: [v * n for v in x])\n"
    (tmp_path / "code.py").write_text(source)
    runstone.pyfunc.save_model(tmp_path / "m", python_model="code.py", model_config={"n": 2})
    (tmp_path / "code.py").write_text("raise RuntimeError")
    assert runstone.pyfunc.load_model(tmp_path / "m").predict([3]) == [6]
    assert runstone.pyfunc.load_model(tmp_path / "m", model_config={"n": 5}).predict([3]) == [15]
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(InvalidParameter, match="sets no model"):
        runstone.pyfunc.save_model(tmp_path / "e", python_model="empty.py")
    with pytest.raises(MissingFile):
        runstone.pyfunc.save_model(tmp_path / "x", python_model="none.py")


def test_a_loader_of_ones_own_loads_its_data(tmp_path: Path) -> None:
    (tmp_path / "my_loader.py").write_text(
        "class Adds:\n    def __init__(self, n): self.n = n\n    def predict(self, data): return [v + self.n for v in data]\n"
        "def _load_pyfunc(path): return Adds(int(open(path).read()))\n"
    )
    (tmp_path / "n.txt").write_text("7")
    runstone.pyfunc.save_model(
        tmp_path / "m", loader_module="my_loader", data_path="n.txt", code_paths=["my_loader.py"], pip_requirements=[]
    )
    (tmp_path / "my_loader.py").unlink()
    script = f"import runstone; print(runstone.pyfunc.load_model({str(tmp_path / 'm')!r}).predict([1]))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "[8]\n", done.stderr


def test_any_model_predicts_and_its_data_is_checked(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    model = LinearRegression().fit(frame, [1.0, 2.0])
    runstone.sklearn.save_model(model, tmp_path / "m", signature=infer_signature(frame, model.predict(frame)))
    loaded = runstone.pyfunc.load_model(tmp_path / "m")
    assert loaded.predict(frame[["b", "a"]]) == pytest.approx(model.predict(frame))
    assert loaded.get_raw_model().coef_ == pytest.approx(model.coef_)
    with pytest.raises(InvalidParameter, match="b"):
        loaded.predict(frame[["a"]])


def test_an_example_tells_the_signature(word: str, tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0]})
    runstone.sklearn.save_model(LinearRegression().fit(frame, [1.0, 2.0]), tmp_path / "m", input_example=frame)
    signature = Model.load(tmp_path / "m").signature
    assert signature is not None
    assert signature.inputs.input_names() == ["a"]


def test_what_is_neither_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="python_model"):
        runstone.pyfunc.save_model(tmp_path / "m")
    with pytest.raises(InvalidParameter, match="leave out loader_module"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=Short(), loader_module="x")
    with pytest.raises(MissingFile):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=Greeting(), artifacts={"word": "none.txt"})
    assert not (tmp_path / "m").exists()


def test_the_functions_of_the_docs_predict_with_an_example_and_without(tmp_path: Path) -> None:
    def hinted(texts: list[str]) -> list[int]:
        return [len(text) for text in texts]

    def framed(frame: Any) -> Any:
        return frame[0].str.len().tolist()

    for name, function, signed in (
        ("bare", lambda texts: [len(text) for text in texts], False),
        ("hinted", hinted, True),
        ("framed", framed, True),
    ):
        info = runstone.log_model(function, name=name, input_example=["a", "bb"])
        assert (info.signature is not None) is signed
        assert runstone.pyfunc.load_model(info.model_uri).predict(["a", "bbb"]) == [1, 3]


def test_a_model_is_tried_with_its_example_as_it_will_be_asked(tmp_path: Path) -> None:
    class Seen(PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return [f"{type(model_input).__name__} {params}"]

    def say(texts: Any) -> Any:
        return texts.upper()

    info = runstone.pyfunc.log_model(name="m", python_model=Seen(), input_example=(["a"], {"n": 1}))
    assert info.signature is not None
    assert info.signature.outputs == infer_signature(None, ["x"]).outputs
    assert runstone.pyfunc.load_model(info.model_uri).predict(["a"]) == ["DataFrame {'n': 1}"]
    with pytest.warns(
        UserWarning, match=r"(?s)fails on its input example.*comes as a DataFrame, not as a str, unless a type hint"
    ):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=say, input_example="a")
    assert runstone.pyfunc.load_model(tmp_path / "m").predict("b") == "B"


class Scaled:
    def predict(self, data: Any, scale: int = 2) -> Any:
        return [value * scale for value in data]


class Open:
    def predict(self, data: Any, **options: Any) -> Any:
        return data


class PassedOn:
    def predict(self, *args: Any, **options: Any) -> Any:
        return [type(args[0]).__name__, *args[1]]


class Called:
    def predict(self, ctx: Any, data: Any) -> Any:
        return [type(ctx).__name__, *data]


def test_options_of_predict_are_no_context(tmp_path: Path) -> None:
    tree = DecisionTreeRegressor().fit([[1], [2]], [1, 2])
    with_context = ["PythonModelContext", 1]
    for name, model, says in (
        ("own", Scaled(), [2]),
        ("open", Open(), [1]),
        ("called", Called(), with_context),
        ("passed", PassedOn(), with_context),
    ):
        runstone.pyfunc.save_model(tmp_path / name, python_model=model)
        assert runstone.pyfunc.load_model(tmp_path / name).predict([1]) == says
    runstone.pyfunc.save_model(tmp_path / "tree", python_model=tree)
    assert list(runstone.pyfunc.load_model(tmp_path / "tree").predict([[1]])) == [1.0]
