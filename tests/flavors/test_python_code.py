"""The user's own code in a model: which of it goes along, what `import mlflow` means in it, and what is not taken."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.errors import InvalidParameter, NotServed
from runstone.flavors.pyfunc.standing_in import for_mlflow

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

MODULES = {
    "pf_words/__init__.py": "",
    "pf_words/upper.py": "from . import marks\nfrom .deep.end import END\nimport mlflow\nclass Upper(mlflow.pyfunc.PythonModel):\n"
    "    def predict(self, context, model_input: list[str]):\n        import pf_late\n        import mlflow.pyfunc\n"
    "        return [text.upper() + marks.MARK + END + pf_late.LATE for text in model_input]\n",
    "pf_words/marks.py": "MARK = '!'\n",
    "pf_words/deep/__init__.py": "",
    "pf_words/deep/end.py": "END = '.'\n",
    "pf_words/unused.py": "SECRET = 1\n",
    "pf_late.py": "LATE = '?'\n",
    "pf_other.py": "import json\n",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with modules in it, on the path."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("pf_")]:
        del sys.modules[name]


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}


def test_own_modules_go_along_by_what_they_import(modules: Path) -> None:
    with for_mlflow():
        model = importlib.import_module("pf_words.upper").Upper()
    importlib.import_module("pf_other")
    runstone.pyfunc.save_model(modules / "m", python_model=model, infer_code_paths=True)
    assert _files(modules / "m" / "code") == {
        "pf_words/__init__.py", "pf_words/upper.py", "pf_words/marks.py", "pf_words/deep/__init__.py", "pf_words/deep/end.py", "pf_late.py",
    }  # fmt: skip
    script = f"import runstone; print(runstone.pyfunc.load_model({str(modules / 'm')!r}).predict(['a']))"
    elsewhere = modules / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False, cwd=elsewhere
    )
    assert done.stdout == "['A!.?']\n", done.stderr
    with pytest.raises(InvalidParameter, match="leave out code_paths"):
        runstone.pyfunc.save_model(modules / "n", python_model=model, infer_code_paths=True, code_paths=["pf_late.py"])


def test_of_a_file_of_code_what_it_imports_goes_along(modules: Path) -> None:
    (modules / "code.py").write_text(
        "import mlflow\nfrom pf_words import marks\nmlflow.models.set_model(lambda texts: [text + marks.MARK for text in texts])\n"
    )
    runstone.pyfunc.save_model(modules / "m", python_model="code.py", infer_code_paths=True)
    assert _files(modules / "m" / "code") == {"pf_words/__init__.py", "pf_words/marks.py"}
    assert runstone.pyfunc.load_model(modules / "m").predict(["a"]) == ["a!"]


def test_mlflow_is_found_while_a_models_code_runs_and_nowhere_else(tmp_path: Path) -> None:
    assert importlib.util.find_spec("mlflow") is None
    (tmp_path / "code.py").write_text(
        "import mlflow\nfrom mlflow.pyfunc import PythonModel\nclass Late(PythonModel):\n    def predict(self, model_input):\n"
        "        import mlflow.models\n        return mlflow.models.infer_signature(model_input).inputs.to_json()\nmlflow.models.set_model(Late())\n"
    )
    runstone.pyfunc.save_model(tmp_path / "m", python_model="code.py")
    loaded = runstone.pyfunc.load_model(tmp_path / "m")
    for _ in range(2):
        assert loaded.predict(["a"]) == '[{"type": "string", "required": true}]'
        assert "mlflow" not in sys.modules
        assert importlib.util.find_spec("mlflow") is None
    with for_mlflow(), pytest.raises(ModuleNotFoundError, match="not part of runstone"):
        importlib.import_module("mlflow.langchain")


@pytest.mark.parametrize(
    "given",
    [
        {"resources": []}, {"auth_policy": {}}, {"prompts": ["p"]}, {"uv_project_path": "."}, {"uv_groups": ["a"]}, {"uv_extras": ["a"]},
    ],
)  # fmt: skip
def test_what_is_not_taken_is_said(given: dict[str, Any]) -> None:
    with pytest.raises(NotServed, match=next(iter(given))):
        runstone.pyfunc.log_model(python_model=lambda data: data, name="m", **given)


SCRIPT = """
import sys, runstone, pf_other
from runstone.pyfunc import PythonModel
END = "."
class Ends(PythonModel):
    def predict(self, context, model_input):
        import pf_late
        return [text + pf_other.json.dumps(1) + pf_late.LATE + END for text in model_input]
runstone.pyfunc.save_model("m", python_model=Ends(), infer_code_paths=True)
print(runstone.pyfunc.load_model("m").predict(["a"]))
"""
LOADS = "import sys, runstone; print(runstone.pyfunc.load_model(sys.argv[1]).predict(['a']))\n"


def test_a_script_does_not_go_along_with_its_own_models(modules: Path) -> None:
    (modules / "train.py").write_text(SCRIPT)
    elsewhere = modules / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "loads.py").write_text(LOADS)
    (elsewhere / "rows.json").write_text('{"inputs": ["a"]}')
    model = str(modules / "m")

    def run(*command: str, folder: Path = elsewhere) -> str:
        python = [sys.executable, "-W", "ignore"]
        done = subprocess.run([*python, *command], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("train.py", folder=modules) == "['a1?.']\n"
    assert _files(modules / "m" / "code") == {"pf_other.py", "pf_late.py"}
    assert run("loads.py", model) == run("-c", LOADS, model) == "['a1?.']\n"
    assert "a1?." in run("-m", "runstone", "models", "predict", "-m", model, "-i", "rows.json")


def test_a_script_that_was_copied_along_is_passed_over(modules: Path) -> None:
    with for_mlflow():
        model = importlib.import_module("pf_words.upper").Upper()
    (modules / "__main__.py").write_text("raise SystemExit('a script ran')\n")
    runstone.pyfunc.save_model(modules / "m", python_model=model, code_paths=["pf_words", "pf_late.py", "__main__.py"])
    assert runstone.pyfunc.load_model(modules / "m").predict(["a"]) == ["A!.?"]


class Tells(runstone.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        self.told = Path(context.artifacts["words"]).read_text()

    def predict(self, context: Any, model_input: Any) -> Any:
        return self.told


@pytest.mark.filterwarnings("ignore:The model holds objects of tests")
def test_paths_that_windows_wrote_are_found(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("told")
    (tmp_path / "code.py").write_text("import runstone\nrunstone.models.set_model(lambda data: data)\n")
    runstone.pyfunc.save_model(tmp_path / "m", python_model=Tells(), artifacts={"words": str(tmp_path / "words.txt")})
    runstone.pyfunc.save_model(tmp_path / "c", python_model=str(tmp_path / "code.py"))
    for name, ours, windows in (
        ("m", "path: artifacts/words.txt", "path: artifacts\\words.txt"),
        ("c", "model_code_path: code.py", "model_code_path: C:\\Users\\ada\\code.py"),
    ):
        described = (tmp_path / name / "MLmodel").read_text()
        assert ours in described
        (tmp_path / name / "MLmodel").write_text(described.replace(ours, windows))
    assert runstone.pyfunc.load_model(tmp_path / "m").predict(1) == "told"
    assert runstone.pyfunc.load_model(tmp_path / "c").predict(1) == 1
    (tmp_path / "m" / "MLmodel").write_text((tmp_path / "m" / "MLmodel").read_text().replace("artifacts\\", "..\\"))
    with pytest.raises(InvalidParameter, match="leads out of its folder"):
        runstone.pyfunc.load_model(tmp_path / "m")


def test_what_goes_along_whole_and_what_cython_made_need_no_module_of_their_own() -> None:
    import io

    import cloudpickle
    import numpy

    from runstone.flavors.pickling import noting

    modules: set[str] = set()
    noting(cloudpickle.Pickler, modules)(io.BytesIO()).dump([lambda x: x, numpy.random.default_rng(1), str.upper])
    assert __name__ not in modules
    assert not [name for name in modules if name.startswith("_cython_")]
    assert any(name.startswith("numpy") for name in modules)
