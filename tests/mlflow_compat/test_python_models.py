"""Models that are Python code go both ways: objects, functions, files of code, loaders. Type hints mean the same on both sides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat.real import ENVIRONMENT, PYTHON, ROOT, require_mlflow

pytestmark = pytest.mark.compat

RELEASES = ("mlflow", "mlflow-2")
SCRIPT = Path(__file__).with_name("python_models.py")
FILES = {
    "word.txt": "hello",
    "n.txt": "7",
    "code/my_loader.py": """
class Adds:
    def __init__(self, n): self.n = n
    def predict(self, data): return [value + self.n for value in data]
def _load_pyfunc(path): return Adds(int(open(path).read()))
""",
    "code/own_words.py": """
import mlflow
class Upper(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]):
        from mlflow.pyfunc import PythonModel
        assert isinstance(self, PythonModel)
        return [value.upper() for value in model_input]
""",
    "model_code.py": """
from __future__ import annotations
import mlflow
from mlflow.models import ModelConfig, set_model
from mlflow.pyfunc import PythonModel
config = ModelConfig(development_config={"times": 1})
class Repeats(PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        return [value * config.get("times") for value in model_input]
mlflow.models.set_model(Repeats())
""",
}
SAID = {
    "object": ["hello you!?"], "without-context": [3, 2], "hinted": [2], "inherited": [3], "function": [3], "signed-function": [3],
    "hinted-function": [3], "dicts": [3], "code": ["ababab"], "loader": [8, 9], "by-reference": ["AB"], "records": ["xxx"],
}  # fmt: skip
REFUSED = {"hinted", "hinted-function", "dicts", "records", "code"}
OURS = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "RUNSTONE_PICKLE": "allow"}


def _play(release: str, folder: Path, *acts: str) -> Any:
    python = sys.executable if release == "runstone" else PYTHON.parents[2] / release / "bin" / "python"
    command = [python, SCRIPT, *acts, *(["--runstone"] if release == "runstone" else [])]
    environment = OURS if release == "runstone" else ENVIRONMENT
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Who loaded to what, by who saved it, the models of each said."""
    require_mlflow()
    folder = tmp_path_factory.mktemp("python-models")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    _play("runstone", folder, "save:runstone")
    theirs = {release: _play(release, folder, f"save:{release}", "load:runstone") for release in RELEASES}
    return {"runstone": _play("runstone", folder, *(f"load:{by}" for by in ("runstone", *RELEASES))), **theirs}


def test_what_runstone_saved_says_what_it_should(found: Any) -> None:
    ours = found["runstone"]["runstone"]
    assert set(ours) >= set(SAID) - {"records"}  # these need pydantic
    for name, answer in ours.items():
        assert answer["said"] == SAID[name], name
        assert answer["refused"] == ("INVALID_PARAMETER_VALUE" if name in REFUSED else ""), name


@pytest.mark.parametrize("release", RELEASES)
def test_mlflow_loads_it_and_says_the_same(found: Any, release: str) -> None:
    assert found[release]["runstone"] == found["runstone"]["runstone"]


@pytest.mark.parametrize("release", RELEASES)
def test_what_mlflow_saved_says_the_same_here(found: Any, release: str) -> None:
    here = found["runstone"][release]
    assert here == {name: found["runstone"]["runstone"][name] for name in here}
