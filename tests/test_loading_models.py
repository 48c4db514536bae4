"""Loading a model: nothing is written into what is stored, what is small needs no folder, threads and children may load, nothing is left behind."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest
from sklearn.linear_model import LinearRegression
from tests.flavors.fitted import X
from tests.support.servers import serve

import runstone
from runstone.errors import Conflict, Unreachable
from runstone.flavors.files import Files
from runstone.models import Model, get_model_info, infer_signature, set_signature

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
Y = X.sum(axis=1)


def _digest(folder: Path) -> dict[str, tuple[str, int]]:
    """Of every file and folder: its bytes, and when it was changed."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def _made() -> dict[str, Any]:
    """One model of each kind that is installed here, by its flavor."""
    import lightgbm
    import statsmodels.regression.linear_model
    import xgboost

    return {
        "sklearn": LinearRegression().fit(X, Y),
        "xgboost": xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(X, Y), 2),
        "lightgbm": lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 2),
        "statsmodels": statsmodels.regression.linear_model.OLS(Y, X).fit(),
    }


def test_loading_never_writes_into_the_stored_model(tmp_path: Path) -> None:
    (tmp_path / "lp_helper.py").write_text("N = 2\n")
    (tmp_path / "code.py").write_text(
        "import runstone, lp_helper\nrunstone.models.set_model(lambda data: [value * lp_helper.N for value in data])\n"
    )
    for flavor, model in _made().items():
        getattr(runstone, flavor).save_model(model, tmp_path / "saved" / flavor)
    runstone.pyfunc.save_model(tmp_path / "saved" / "function", python_model=lambda data: data)
    sys.path.insert(0, str(tmp_path))
    try:
        runstone.pyfunc.save_model(tmp_path / "saved" / "code", python_model="code.py", code_paths=["lp_helper.py"])
    finally:
        sys.path.remove(str(tmp_path))
        del sys.modules["lp_helper"]
    saved = tmp_path / "saved"
    folders = [saved, *(path for path in saved.rglob("*") if path.is_dir())]
    before = _digest(saved)
    for path in saved.rglob("*"):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        script = "import os, runstone\nfor name in sorted(os.listdir('saved')):\n    runstone.pyfunc.load_model(f'saved/{name}')\n"
        writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False, env=writing
        )
        assert done.returncode == 0, done.stderr
        assert _digest(saved) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_small_model_needs_no_folder_and_has_one_when_asked() -> None:
    info = runstone.sklearn.log_model(LinearRegression().fit(X, Y), name="line")
    from runstone.models.fetching import fetch

    fetched = fetch(info.model_uri)
    assert isinstance(fetched.files, Files)
    assert fetched.files._folder is None
    assert set(os.listdir(fetched.path)) == {
        "MLmodel", "conda.yaml", "model.skops", "python_env.yaml", "requirements.lock", "requirements.txt",
    }  # fmt: skip
    assert Path(fetched.path, "MLmodel").read_bytes() == fetched.files.content("MLmodel")


def test_loading_a_small_model_imports_nothing_that_only_large_ones_need() -> None:
    info = runstone.sklearn.log_model(LinearRegression().fit(X, Y), name="line")
    code = (
        f"import sys, runstone\nrunstone.load_model({info.model_uri!r})\n"
        "large = {'runstone.client.fetching', 'runstone.transport.http', 'runstone.safety.names', 'runstone.serving', 'pickletools'}\n"
        "print(sorted(large & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_temporary_folders_are_gone_at_exit(tmp_path: Path) -> None:
    script = """
import runstone
info = runstone.log_model(lambda data: data, name="same", code_paths=["lp_code.py"])
runstone.pyfunc.load_model(info.model_uri)
runstone.pyfunc.save_model("folder", python_model=lambda data: data, code_paths=["lp_code.py"])
runstone.pyfunc.load_model("folder")
runstone.pyfunc.get_model_dependencies(info.model_uri)
"""
    (tmp_path / "lp_code.py").write_text("N = 1\n")
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []


def test_threads_load_and_predict_at_once() -> None:
    def twice(values: list[int]) -> list[int]:
        import mlflow

        assert mlflow.models
        return [2 * value for value in values]

    uris = [runstone.log_model(twice, name=f"m{number}").model_uri for number in range(3)]
    start = threading.Barrier(8)

    def work(number: int) -> list[int]:
        start.wait()
        said = [runstone.pyfunc.load_model(uris[(number + step) % 3]).predict([number]) for step in range(6)]
        return [value for (value,) in said]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[2 * number] * 6 for number in range(8)]
    assert "mlflow" not in sys.modules


def test_models_are_logged_while_others_import_mlflow() -> None:
    def same(data: Any) -> Any:
        import mlflow.pyfunc

        return mlflow.pyfunc.PythonModel and data

    loaded = runstone.pyfunc.load_model(runstone.log_model(same, name="same").model_uri)
    done = threading.Event()

    def ask() -> int:
        times = 0
        while not done.is_set():
            assert loaded.predict(1) == 1
            times += 1
        return times

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            for number in range(20):
                runstone.pyfunc.save_model(f"m{number}", python_model=same)
        finally:
            done.set()
            sys.setswitchinterval(often)
        assert asking.result()
    assert "mlflow" not in sys.modules


def test_a_forked_child_logs_a_model() -> None:
    runstone.log_model(LinearRegression().fit(X, Y), name="parent")
    child = os.fork()
    if child == 0:
        try:
            runstone.sklearn.load_model(runstone.log_model(LinearRegression().fit(X, Y), name="child").model_uri)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found = runstone.search_logged_models(output_format="list")
    assert {(model.name, str(model.status)) for model in found} == {("parent", "READY"), ("child", "READY")}


def test_two_models_with_modules_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"v{number}").mkdir()
        (tmp_path / f"v{number}" / "lp_same.py").write_text(f"N = {number}\n")
        (tmp_path / "code.py").write_text(
            "import runstone\ndef predict(data):\n    import lp_same\n    return [value * lp_same.N for value in data]\nrunstone.models.set_model(predict)\n"
        )
        runstone.pyfunc.save_model(
            tmp_path / f"m{number}", python_model="code.py", code_paths=[f"v{number}/lp_same.py"]
        )
    script = """
import runstone
from runstone.errors import Conflict
first = runstone.pyfunc.load_model("m1")
again = runstone.pyfunc.load_model("m1")
try:
    runstone.pyfunc.load_model("m2")
except Conflict as error:
    assert "lp_same.py" in str(error) and "process of its own" in str(error), error
    print(first.predict([3]), again.predict([3]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "[3] [3]\n", done.stderr


def test_a_module_that_is_imported_here_in_another_state_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lp_edited.py").write_text("N = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    runstone.pyfunc.save_model(tmp_path / "m", python_model=lambda data: data, code_paths=["lp_edited.py"])
    __import__("lp_edited")
    try:
        runstone.pyfunc.load_model(tmp_path / "m")  # the same bytes: the one that is imported serves
        (tmp_path / "lp_edited.py").write_text("N = 2\n")
        with pytest.raises(Conflict, match=r"lp_edited\.py"):
            runstone.pyfunc.load_model(tmp_path / "m")
    finally:
        del sys.modules["lp_edited"]


class Interrupted:
    """A model whose saving is interrupted."""

    def predict(self, data: Any) -> Any:
        return data

    def __reduce__(self) -> Any:
        signal.raise_signal(signal.SIGINT)
        return Interrupted, ()


def test_an_interrupted_logging_leaves_nothing_half() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever another test left there
    try:
        with pytest.raises(KeyboardInterrupt):
            runstone.log_model(Interrupted(), name="half")
    finally:
        signal.signal(signal.SIGINT, before)
    (model,) = runstone.search_logged_models(output_format="list")
    assert str(model.status) == "FAILED"


def test_what_is_known_of_a_model_is_told_without_its_files() -> None:
    model = LinearRegression().fit(X, Y)
    with runstone.start_run() as run:
        logged = runstone.sklearn.log_model(
            model, name="line", input_example=X[:2], registered_model_name="lines", metadata={"by": "ada"}
        )
    for uri in (logged.model_uri, "models:/lines/1", f"runs:/{run.info.run_id}/line"):
        info = get_model_info(uri)
        assert (info.model_id, info.run_id, info.metadata) == (logged.model_id, run.info.run_id, {"by": "ada"})
        assert info.signature == logged.signature
        assert info.model_uri == uri
    assert get_model_info("models:/lines/1").registered_model_version == 1
    described = Model.load(logged.model_uri)
    assert numpy.array_equal(described.load_input_example(), X[:2])
    assert '"inputs"' in (described.get_serving_input() or "")


def test_a_signature_is_set_of_what_is_not_a_version(tmp_path: Path) -> None:
    model = LinearRegression().fit(X, Y)
    info = runstone.sklearn.log_model(model, name="line", registered_model_name="lines")
    signature = infer_signature(X, Y)
    set_signature(info.model_uri, signature)
    assert get_model_info(info.model_uri).signature == signature
    runstone.sklearn.save_model(model, tmp_path / "m")
    set_signature(tmp_path / "m", signature)
    assert runstone.pyfunc.load_model(tmp_path / "m").metadata.signature == signature
    with pytest.raises(runstone.errors.InvalidParameter, match="stays as it was registered"):
        set_signature("models:/lines/1", signature)


def test_logging_while_the_server_is_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")
    runstone.set_tracking_uri("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        runstone.log_model(LinearRegression().fit(X, Y), name="line")

    server = serve(tmp_path / "store")
    runstone.set_tracking_uri(server.url)
    flavor = ModuleType("flavor")

    def save_model(path: str, mlflow_model: Model) -> None:
        Path(path).mkdir()
        mlflow_model.save(Path(path, "MLmodel"))
        server.stop()

    flavor.save_model = save_model  # type: ignore[attr-defined]
    try:
        with pytest.raises(Unreachable) as caught:
            Model.log(None, flavor, name="half")
    finally:
        server.stop()
    (note,) = caught.value.__notes__
    assert re.search(r"m-[0-9a-f]{32} stays PENDING.*finalize_logged_model", note)
