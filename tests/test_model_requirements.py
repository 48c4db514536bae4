"""What a saved model needs, asked and changed afterwards; and that an environment made of its files does load it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml
from sklearn.linear_model import LinearRegression

import runstone
from runstone.environments import lock
from runstone.errors import InvalidParameter, NotFound, Unreachable
from runstone.models import (
    Model,
    infer_pip_requirements,
    lock_model_requirements,
    update_model_requirements,
)
from runstone.models.published import published
from runstone.models.requirements import get_model_dependencies

SKLEARN = f"scikit-learn=={importlib.metadata.version('scikit-learn')}"


@pytest.fixture
def regression() -> Any:
    return LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])


@pytest.fixture(params=["folder", pytest.param("store", marks=pytest.mark.everywhere)])
def saved(request: pytest.FixtureRequest, regression: Any, tmp_path: Path) -> str:
    """A model's address: a folder of this machine, or a logged one."""
    if request.param == "store":
        return runstone.sklearn.log_model(regression, "line").model_uri
    runstone.sklearn.save_model(regression, tmp_path / "line")
    return str(tmp_path / "line")


def _text(uri: str, form: str) -> str:
    return Path(get_model_dependencies(uri, form)).read_text()


def test_a_models_requirements_are_a_file_here(saved: str) -> None:
    assert SKLEARN in _text(saved, "pip").splitlines()
    assert SKLEARN in yaml.safe_load(_text(saved, "conda"))["dependencies"][-1]["pip"]
    assert SKLEARN in _text(saved, "lock").splitlines()
    with pytest.raises(InvalidParameter, match="pip, conda, lock"):
        get_model_dependencies(saved, "poetry")


def test_constraints_come_along(regression: Any, tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("scipy<99")
    asked = ["scikit-learn", f"-c {tmp_path / 'limits.txt'}"]
    info = runstone.sklearn.log_model(regression, "line", pip_requirements=asked)
    path = Path(get_model_dependencies(info.model_uri))
    assert path.read_text() == "scikit-learn\n-c constraints.txt"
    assert (path.parent / "constraints.txt").read_text() == "scipy<99"


def test_an_old_model_without_requirements_has_them_in_its_conda_environment(regression: Any, tmp_path: Path) -> None:
    runstone.sklearn.save_model(regression, tmp_path / "line")
    for name in ("requirements.txt", "requirements.lock"):
        (tmp_path / "line" / name).unlink()
    described = Model.load(tmp_path / "line")
    (tmp_path / "line" / "conda.yaml").rename(tmp_path / "line" / "env.yml")
    described.flavors["python_function"]["env"] = "env.yml"
    described.save(tmp_path / "line" / "MLmodel")
    assert SKLEARN in _text(str(tmp_path / "line"), "pip").splitlines()
    with pytest.raises(NotFound, match=r"requirements\.lock"):
        get_model_dependencies(tmp_path / "line", "lock")
    described.flavors["python_function"]["env"] = "../env.yml"
    described.save(tmp_path / "line" / "MLmodel")
    with pytest.raises(InvalidParameter, match="no file of its folder"):
        get_model_dependencies(tmp_path / "line", "conda")


def test_requirements_are_added_and_removed(saved: str) -> None:
    update_model_requirements(saved, "add", ["joblib>=1", "left-pad==9"])
    for lines in (_text(saved, "pip").splitlines(), yaml.safe_load(_text(saved, "conda"))["dependencies"][-1]["pip"]):
        assert lines[-2:] == ["joblib>=1", "left-pad==9"]
    update_model_requirements(saved, "add", ["left_pad==10"])
    assert _text(saved, "pip").splitlines()[-2:] == ["joblib>=1", "left_pad==10"]
    update_model_requirements(saved, "remove", ["Left.Pad", "joblib==7", "never-there"])
    assert not {"left", "joblib"} & {line.partition("-")[0] for line in _text(saved, "pip").splitlines()}
    assert runstone.load_model(saved).predict([[10.0]])[0] == pytest.approx(21.0)
    with pytest.raises(InvalidParameter, match="'add' or 'remove'"):
        update_model_requirements(saved, "replace", [])
    with pytest.raises(InvalidParameter, match="no version"):
        update_model_requirements(saved, "add", ["joblib=>1"])


def test_a_lock_stays_as_long_as_it_says_the_same(saved: str) -> None:
    before = _text(saved, "lock")
    update_model_requirements(saved, "add", ["joblib>=1"])
    assert _text(saved, "lock") == before
    update_model_requirements(saved, "add", ["left-pad==9"])
    with pytest.raises(NotFound, match=r"requirements\.lock"):
        get_model_dependencies(saved, "lock")


def test_a_version_of_a_registered_model_stays_as_it_was(regression: Any) -> None:
    runstone.sklearn.log_model(regression, "line", registered_model_name="lines")
    for change in (
        lambda: update_model_requirements("models:/lines/1", "add", ["joblib"]),
        lambda: lock_model_requirements("models:/lines/1"),
    ):
        with pytest.raises(InvalidParameter, match="stays as it was registered"):
            change()


def test_requirements_are_inferred_without_loading_anything(saved: str, tmp_path: Path) -> None:
    assert SKLEARN in infer_pip_requirements(saved, "sklearn")
    update_model_requirements(saved, "add", ["pytest<1", "left-pad==9"])
    found = infer_pip_requirements(saved, "sklearn")
    assert {f"pytest=={importlib.metadata.version('pytest')}", "left-pad==9"} <= set(found)
    (tmp_path / "empty").mkdir()
    assert infer_pip_requirements(tmp_path / "empty", "my_own_flavor", ["mine==1"]) == ["mine==1"]
    assert infer_pip_requirements(tmp_path / "empty", "sklearn", ["mine==1"]) == [SKLEARN]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only index that pip and uv know; it has a wheel of `locked-thing` 1.0."""
    page = tmp_path / "index" / "locked-thing"
    page.mkdir(parents=True)
    info, name = "locked_thing-1.0.dist-info", "locked_thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(page / name, "w") as wheel:
        wheel.writestr("locked_thing.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: locked-thing\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    _list(page, name)
    for variable in [variable for variable in os.environ if variable.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(variable)
    address = (tmp_path / "index").as_uri()
    for variable, value in {
        "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": address, "UV_NO_CONFIG": "1", "UV_DEFAULT_INDEX": address,
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    # uv is installed beside this Python
    monkeypatch.setenv("PATH", os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    return page.parent


def _list(page: Path, name: str) -> str:
    digest = hashlib.sha256((page / name).read_bytes()).hexdigest()
    (page / "index.html").write_text(f'<a href="{name}#sha256={digest}">{name}</a>')
    return digest


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_hashes_come_from_the_index(index: Path, tool: str) -> None:
    digest = hashlib.sha256(next(index.glob("*/*.whl")).read_bytes()).hexdigest()
    text = lock.hashed("# why\nlocked-thing==1.0  # installed: 1.0+cpu\n", tool)
    assert text == f"# why\nlocked-thing==1.0 \\\n    --hash=sha256:{digest}\n"
    assert lock.is_hashed(text)
    with pytest.raises(Unreachable, match="locked-thing"):
        lock.hashed("locked-thing==2.0\n", tool)
    for line, words in (
        ("own @ git+https://example.org/own@abc", "has no hash"),
        ("--index-url=http://example.org", "no pin"),
        ("-r /etc/passwd", "no pin"),
        ("locked-thing>=1", "no pin"),
        ("locked-thing==1.0 -r /etc/passwd", "no pin"),
        ("locked-thing[a --index-url=http://example.org]==1.0", "no pin"),
        ("locked-thing==../../sources", "no pin"),
    ):
        with pytest.raises(InvalidParameter, match=words):
            lock.hashed(f"{line}\n", tool)


def test_nothing_is_built_to_ask_for_hashes(index: Path, tmp_path: Path) -> None:
    (index / "sly").mkdir()
    with tarfile.open(index / "sly" / "sly-1.0.tar.gz", "w:gz") as archive:
        (tmp_path / "sly-1.0").mkdir()
        (tmp_path / "sly-1.0" / "setup.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\n")
        archive.add(tmp_path / "sly-1.0", "sly-1.0")
    _list(index / "sly", "sly-1.0.tar.gz")
    for tool in ("pip", "uv"):
        with pytest.raises(Unreachable, match="sly"):
            lock.hashed("sly==1.0\n", tool)
    assert not (tmp_path / "canary").exists()


def test_a_models_lock_gets_its_hashes_once(saved: str, index: Path, tmp_path: Path) -> None:
    client, name = runstone.Client(), "requirements.lock"
    if saved.startswith("models:/"):
        client.log_text(saved.removeprefix("models:/"), "locked-thing==1.0\n", name)
    else:
        (Path(saved) / name).write_text("locked-thing==1.0\n")
    found = lock_model_requirements(saved, "pip")
    assert lock.is_hashed(found)
    assert _text(saved, "lock") == found
    shutil.rmtree(index)
    assert lock_model_requirements(saved, "pip") == found


_LOADING = """
import json, sys
from runstone.flavors import find
from runstone.flavors.flavor import Folder
from runstone.safety.trust import Trust
path, name, block, pyfunc = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
flavor, folder = find(name), Folder(path, block, pyfunc, Trust("this model", True))
print(json.dumps([float(one) for one in flavor.predictor(flavor.load(folder), folder)([[0.5], [3.0]], None)]))
"""


def _environment(folder: Path, *install: str) -> str:
    """The Python of a new environment that holds what is installed so, and nothing else."""
    venv.create(folder, with_pip=False)
    python = str(folder / "bin" / "python")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, *install], check=True, env=_clean())
    return python


def _run(python: str, *arguments: str) -> Any:
    """What a program prints in such an environment, where it finds runstone."""
    env = {**_clean(), "PYTHONPATH": str(Path(runstone.__file__).parents[1])}
    done = subprocess.run([python, "-c", *arguments], check=True, capture_output=True, text=True, env=env)
    return json.loads(done.stdout)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _predicted_elsewhere(model: Path, flavor: str, environment: Path, *install: str) -> Any:
    """What a saved model predicts in a new environment that holds what its files say, and nothing else."""
    described = Model.load(model)
    blocks = [json.dumps(described.flavors[name]) for name in (flavor, "python_function")]
    return _run(_environment(environment, *install), _LOADING, str(model), flavor, *blocks)


@pytest.mark.compat
def test_an_environment_of_the_files_loads_a_model(regression: Any, tmp_path: Path) -> None:
    model = tmp_path / "line"
    runstone.sklearn.save_model(regression, model)
    found = _predicted_elsewhere(model, "sklearn", tmp_path / "env", "-r", str(model / "requirements.txt"))
    assert found == pytest.approx(regression.predict([[0.5], [3.0]]))


@pytest.mark.soak
def test_an_environment_of_the_files_runs_a_function_of_a_script(tmp_path: Path) -> None:
    """With the libraries that it, and the model that it holds, come from; neither is said anywhere but in its code."""
    script = (
        "import runstone, pandas as pd\n"
        "from sklearn.linear_model import LinearRegression\n"
        "fitted = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])\n"
        f"runstone.pyfunc.save_model({str(tmp_path / 'm')!r}, python_model=lambda data: list(pd.Series(fitted.predict(data))))\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
    python = _environment(
        tmp_path / "env", "-r", str(tmp_path / "m" / "requirements.txt"), "blake3", "msgspec", "PyYAML"
    )
    loading = "import runstone, sys; print(runstone.pyfunc.load_model(sys.argv[1]).predict([[2.0]]))"
    assert _run(python, loading, str(tmp_path / "m")) == pytest.approx([5.0])


@pytest.mark.soak
@pytest.mark.parametrize(
    ("flavor", "kind"), [("sklearn", ""), ("xgboost", "XGBRegressor"), ("lightgbm", "LGBMRegressor")]
)
def test_an_environment_of_the_hashed_lock_loads_a_model(
    regression: Any, tmp_path: Path, flavor: str, kind: str
) -> None:
    leaf, model, data = pytest.importorskip(f"runstone.flavors.{flavor}"), tmp_path / "model", [[0.5], [3.0]]
    trained = regression
    if kind:
        trained = getattr(pytest.importorskip(flavor), kind)(n_estimators=3).fit(
            numpy.arange(60.0).reshape(-1, 1), numpy.arange(60.0)
        )
    published(leaf.FLAVOR)[0](trained, model)
    text = lock_model_requirements(model)
    assert lock.is_hashed(text)
    installed = ("--require-hashes", "-r", str(model / "requirements.lock"))
    assert _predicted_elsewhere(model, flavor, tmp_path / "env", *installed) == pytest.approx(trained.predict(data))
