"""Environments of a model's own: planned from its files, made once and whole or not at all, and only of what somebody vouches for."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import platform
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support import terminals
from tests.support.points import until
from tests.support.servers import Server
from tests.support.terminals import Command
from tests.test_serving_processes import serving

import runstone
from runstone import settings
from runstone.environments import installing, making, planning
from runstone.environments.planning import Plan, plan
from runstone.errors import Conflict, Forbidden, InvalidParameter, NotFound, NotServed, RunstoneError, Unreachable
from runstone.models import environment, update_model_requirements
from runstone.safety import PickleWarning
from runstone.serving import elsewhere

HERE = ".".join(platform.python_version().split(".")[:2])
HEAD = f"# Python {platform.python_version()}, {platform.system()} {platform.machine()}: all\n"
LOCK = HEAD + "joblib==1.5.0\nscikit-learn==1.7.0\n"


def test_a_lock_that_suits_is_what_is_installed() -> None:
    found = plan(
        "uv", "3.11.2" if HERE == "3.11" else HERE, "scikit-learn==1.7.0\n-i https://i.example/simple", locked=LOCK
    )
    assert (found.locked, found.hashed, found.python) == (True, False, HERE)
    assert found.lines == ("-i https://i.example/simple", "joblib==1.5.0", "scikit-learn==1.7.0")
    hashed = LOCK.replace("0\n", "0 \\\n    --hash=sha256:00\n").replace("all \\\n    --hash=sha256:00\n", "all\n")
    assert plan("uv", HERE, "scikit-learn==1.7.0", locked=hashed).hashed
    assert {"pandas", "msgspec>=0.20"} <= set(found.own)
    assert os.path.samefile(found.home, os.path.dirname(runstone.__file__))


@pytest.mark.parametrize(
    ("python", "requirements", "head", "override"),
    [
        ("3.12", "scikit-learn==1.7.0", HEAD, ()),  # made on this Python, and wanted on another
        ("", "scikit-learn==1.7.0", HEAD.replace(platform.machine(), "pdp11"), ()),
        ("", "scikit-learn==1.8.0", HEAD, ()),  # changed since
        ("", "scikit-learn==1.7.0", HEAD, ("joblib==1.4",)),
        ("", "scikit-learn==1.7.0", "", ()),
    ],
)
def test_one_that_does_not_is_passed_over(python: str, requirements: str, head: str, override: tuple[str, ...]) -> None:
    if python == HERE:
        pytest.skip("it is this Python")
    found = plan("uv", python, requirements, "numpy<3", LOCK.replace(HEAD, head), override)
    assert (found.locked, found.lines, found.constraints) == (False, (requirements, *override), ("numpy<3",))


def test_what_is_not_the_same_is_another_environment() -> None:
    found = [
        plan("uv", "", "a==1"), plan("virtualenv", "", "a==1"), plan("uv", "3.19", "a==1"), plan("uv", "", "a==2"),
        plan("uv", "", "a==1", "b<2"), plan("uv", "", "a==1", override=["a==3"]),
    ]  # fmt: skip
    assert len({one.digest for one in found}) == len(found)
    assert plan("uv", HERE, "# said\na==1\n\n-c constraints.txt").digest == found[0].digest
    assert plan("uv", "", "Foo_bar==1\nb", override=["foo-bar==2"]).lines == ("b", "foo-bar==2")


@pytest.mark.parametrize(
    "line", ["./wheels/x.whl", "wheels/x.whl", "-e .", "-r /etc/passwd", "--global-option=x", "--python=/tmp/x", "a=1"]
)
def test_a_line_that_leads_elsewhere_is_not_followed(line: str) -> None:
    with pytest.raises(InvalidParameter, match="no environment is made of it"):
        plan("uv", "", f"a==1\n{line}")


def test_what_cannot_be_planned_is_said() -> None:
    with pytest.raises(NotServed, match=r"made with Python 3\.9, and runstone needs 3\.11"):
        plan("uv", "3.9.7", "a==1")
    with pytest.raises(InvalidParameter, match="'conda' makes no environment"):
        plan("conda", "", "a==1")
    with pytest.raises(InvalidParameter, match="no version"):
        plan("uv", "three", "a==1")
    named = plan("uv", "", "\n".join([f"p{number}==1" for number in range(9)] + ["--index-url https://evil.example"]))
    assert named.named().startswith("--index-url https://evil.example, p0==1")
    assert named.named().endswith("and 4 more")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Options that name the one place where `tiny` is, in version 1; no index is asked."""
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_LINK_MODE", "copy")
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "size = 1\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return f"--no-index\n--find-links {folder}\n"


def planned(wheels: str, requirement: str = "tiny==1.0", manager: str = "uv", **more: str) -> Plan:
    return plan(manager, "", wheels + requirement, **more)._replace(own=())


def nothing() -> None:
    pass


def made(wanted: Plan, agree: Callable[[], None], tell: installing.Tell) -> str:
    found = making.environment(wanted, agree, tell)
    os.close(found.held)
    return found.python


def owned(wanted: environment.Wanted) -> str:
    found = environment.made(wanted, print)
    os.close(found.held)
    return found.python


@pytest.mark.parametrize("manager", ["uv", pytest.param("virtualenv", marks=pytest.mark.soak)])
def test_an_environment_is_made_once_and_kept(wheels: str, manager: str, tmp_path: Path) -> None:
    agreed: list[int] = []
    told: list[str] = []
    wanted = planned(wheels, manager=manager)
    python = made(wanted, lambda: agreed.append(1), told.append)
    asks = (
        "import tiny, runstone, sys; print(tiny.size, runstone.__file__.startswith(sys.prefix), runstone.__version__)"
    )
    done = subprocess.run([python, "-I", "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", runstone.__version__]
    assert any("Making an environment" in line for line in told)
    told.clear()
    assert made(wanted, lambda: agreed.append(1), told.append) == python
    assert (told, agreed) == ([], [1])


def test_a_lock_with_hashes_takes_those_files_only(wheels: str, tmp_path: Path) -> None:
    digest = hashlib.sha256(next((tmp_path / "wheels").iterdir()).read_bytes()).hexdigest()
    lock = f"{HEAD}tiny==1.0 \\\n    --hash=sha256:"
    assert made(planned(wheels, locked=f"{lock}{digest}\n"), nothing, print)
    with pytest.raises(InvalidParameter, match=r"[Hh]ash"):
        made(planned(wheels, locked=f"{lock}{'0' * 64}\n"), nothing, print)


def test_what_fails_leaves_nothing_and_says_why(wheels: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for wanted, kind, says in (
        (planned(wheels, "tiny==2.0"), InvalidParameter, "cannot install what the model needs"),
        (planned(wheels)._replace(python="3.99"), NotFound, "No environment with Python 3.99"),
        (planned(wheels, manager="virtualenv")._replace(python="3.99"), NotFound, "no python3.99 on the PATH"),
    ):
        with pytest.raises(kind, match=says):
            made(wanted, nothing, print)
        assert not os.path.exists(making.folder_of(wanted))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    away = planned("--index-url http://127.0.0.1:9/simple\n")
    with pytest.raises(Unreachable, match="cannot reach the index"):
        made(away, nothing, print)
    assert not os.path.exists(making.folder_of(away))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NotFound, match="There is no uv here"):
        made(planned(wheels), nothing, print)


def test_half_an_environment_is_never_used(wheels: str) -> None:
    wanted = planned(wheels)
    half = Path(making.folder_of(wanted))
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").write_text("not one")
    python = made(wanted, nothing, print)
    assert subprocess.run([python, "-c", "import tiny"]).returncode == 0

    def refuse() -> None:
        raise Forbidden("no")

    other = planned(wheels, "tiny")
    with pytest.raises(Forbidden):
        made(other, refuse, print)
    assert not os.path.exists(making.folder_of(other))


def test_two_that_want_the_same_make_one(wheels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    makings: list[str] = []
    install = installing.install
    waits, goes_on = threading.Event(), threading.Event()

    def counted(plan: Plan, folder: str, tell: installing.Tell, held: int) -> None:
        makings.append(folder)
        goes_on.wait(60)
        install(plan, folder, tell, held)

    def told(line: str) -> None:
        if "Another process" in line:
            waits.set()
            goes_on.set()

    monkeypatch.setattr(making, "install", counted)
    found: list[str] = []
    both = [threading.Thread(target=lambda: found.append(made(planned(wheels), nothing, told))) for _ in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(makings), len(set(found)), len(found), waits.is_set()) == (1, 1, 2, True)


def test_one_that_nobody_used_for_a_month_goes_unless_somebody_runs_in_it(wheels: str) -> None:
    kept = Path(settings.cache_folder()) / "environments"
    for name, age in (("old", 31), ("used", 31), ("new", 29), ("half", 0)):
        (kept / name).mkdir(parents=True)
        if age:
            (kept / name / "whole").touch()
            os.utime(kept / name / "whole", (0, time.time() - age * 86_400))
    with open(kept / "used.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        made(planned(wheels), nothing, print)
    assert sorted(one.name for one in kept.iterdir() if one.is_dir() and len(one.name) < 30) == ["new", "used"]


def saved(name: str = "model") -> str:
    runstone.pyfunc.save_model(name, python_model=lambda texts: texts, pip_requirements=["tiny==1.0"])
    return name


@pytest.fixture
def own(wheels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """runstone's own needs are left out: no index is asked."""
    folder = wheels.split()[-1]
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", folder)
    where = planned(wheels)[6:]
    monkeypatch.setattr(planning, "_runstone", lambda: ((), *where))


@pytest.mark.usefixtures("own")
@pytest.mark.filterwarnings("ignore:The model gets no requirements.lock")
def test_installing_what_a_foreign_model_names_is_not_done_unasked(tmp_path: Path) -> None:
    foreign = Path(saved())
    with open(foreign / "requirements.txt", "a") as file:
        file.write("\n# changed by somebody")
    with pytest.raises(Forbidden, match=r"it installs tiny==1\.0"):
        owned(environment.wanted(foreign, "uv"))
    assert not list((tmp_path / "state" / "cache" / "environments").glob("*/bin"))
    with runstone.safety.trusting():
        python = owned(environment.wanted(foreign, "uv"))
    # nothing is installed any more, so nobody is asked
    assert owned(environment.wanted(foreign, "uv")) == python


@pytest.mark.usefixtures("own")
@pytest.mark.filterwarnings("ignore:The model gets no requirements.lock")
def test_what_was_made_here_is_installed_unasked_and_what_the_store_has_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = saved("mine")
    assert owned(environment.wanted(mine, "uv"))
    update_model_requirements(mine, "add", ["tiny<2"])
    assert owned(environment.wanted(mine, "uv")), "changed by who made it"
    info = runstone.pyfunc.log_model(name="m", python_model=lambda texts: texts, pip_requirements=["tiny>=1"])
    runstone.Client().log_text(info.model_id, "tiny>0\n", "requirements.txt")
    with pytest.warns(PickleWarning, match="it installs tiny>0"):
        assert owned(environment.wanted(info.model_uri, "uv"))
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    runstone.Client().log_text(info.model_id, "tiny>0.5\n", "requirements.txt")
    with pytest.raises(Forbidden, match="RUNSTONE_PICKLE=refuse"):
        owned(environment.wanted(info.model_uri, "uv"))


@pytest.mark.filterwarnings("ignore:The model gets no requirements.lock")
def test_the_python_is_the_one_that_the_model_names() -> None:
    folder = Path(saved())
    assert environment.wanted(folder, "uv").plan.python == HERE
    (folder / "python_env.yaml").write_text("python: 3.14.1\n")
    assert environment.wanted(folder, "uv").plan.python == "3.14"
    (folder / "python_env.yaml").unlink()
    (folder / "requirements.txt").unlink()
    (folder / "conda.yaml").write_text("dependencies: [python=3.13.2, {pip: [tiny==3, mlflow]}]\n")
    found = environment.wanted(folder, "uv").plan
    assert (found.python, found.lines) == ("3.13", ("tiny==3", "mlflow"))
    (folder / "conda.yaml").write_text("dependencies: {")
    with pytest.raises(RunstoneError, match="no YAML"):
        environment.wanted(folder, "uv")


@pytest.mark.usefixtures("own")
@pytest.mark.filterwarnings("ignore:The model gets no requirements.lock")
def test_a_process_in_an_environment_goes_on_and_does_not_go_into_another(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved()
    wanted = environment.wanted(folder, "uv")
    monkeypatch.setenv("_RUNSTONE_ENVIRONMENT", wanted.folder)
    with pytest.raises(Conflict, match="start again"):
        elsewhere.require_here(folder, "uv")  # handed on to a process that runs elsewhere
    monkeypatch.setattr(sys, "prefix", wanted.folder)
    elsewhere.enter(folder, "uv", [], [], {}, print)
    elsewhere.require_here(folder, "uv")
    update_model_requirements(folder, "add", ["other==1"])
    with pytest.raises(Conflict, match="Start again"):
        elsewhere.enter(folder, "uv", [], [], {}, print)
    with pytest.raises(Conflict, match="needs another environment"):
        elsewhere.require_here(folder, "uv")
    elsewhere.require_here(folder, "local")


@pytest.mark.filterwarnings("ignore:The model gets no requirements.lock")
def test_what_does_not_go_together_is_said_on_the_command_line(command: Command) -> None:
    folder = saved()
    Path("rows.csv").write_text("a\n1\n")
    asks = ("models", "predict", "-m", f"./{folder}", "-i", "rows.csv")
    assert command(*asks, "-r", "tiny==2").code == 2
    assert "no KEY=VALUE" in command(*asks, "--env", "=x", "--env-manager", "uv").err
    assert "'conda' makes no environment" in command(*asks, "--env-manager", "conda").err
    assert "is not there" in command(*asks[:-1], "none.csv", "--env-manager", "uv").err
    with pytest.raises(InvalidParameter, match="env_manager='uv'"):
        runstone.models.predict(folder, ["a"], env_manager="local", extra_envs={"A": "b"})


@pytest.mark.soak
@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_model_is_served_and_asked_in_its_own_environment(
    tmp_path: Path, manager: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_PICKLE", "allow")

    def where(texts: list[str]) -> list[str]:
        import sys

        import colorama  # not installed here

        return [sys.prefix, colorama.__version__]

    for version in ("0.4.5", "0.4.6"):
        requirements = [f"colorama=={version}"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runstone.pyfunc.log_model(
                name="m", python_model=where, pip_requirements=requirements, registered_model_name="where"
            )  # fmt: skip
    client = runstone.Client()
    client.set_registered_model_alias("where", "champion", "1")
    folder = environment.wanted("models:/where@champion", manager).folder
    runstone.models.predict("models:/where/1", ["a"], env_manager=manager)
    assert json.loads(capsys.readouterr().out) == {"predictions": [folder, "0.4.5"]}
    options = ("--env-manager", manager, "--workers", "2", "--reload", "0.1")
    with serving(tmp_path, "models:/where@champion", *options) as server:
        assert asked(server, "/invocations") == {"predictions": [folder, "0.4.5"]}
        client.set_registered_model_alias("where", "champion", "2")
        until(lambda: "needs another environment" in asked(server, "/health").get("trouble", ""))
        assert asked(server, "/invocations") == {"predictions": [folder, "0.4.5"]}
    asks = ("models", "predict", "-m", "where/1", "--env-manager", manager, "-r", "colorama==0.4.4")
    done = terminals.runstone(tmp_path, *asks, stdin='{"inputs": ["a"]}')
    assert json.loads(done.out)["predictions"][1] == "0.4.4", done.err


def asked(server: Server, path: str) -> Any:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    body = None if path == "/health" else json.dumps({"inputs": ["a"]})
    connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
    with contextlib.closing(connection):
        return json.loads(connection.getresponse().read())
