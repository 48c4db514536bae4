"""Which distributions a model needs, and the files that say it. Distributions are made in folders of the tests' own, and put on the path."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given as draw
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement as Theirs
from packaging.specifiers import SpecifierSet

from runstone.environments import files, lock
from runstone.environments.finding import closure, needed, pruned
from runstone.environments.requirement import Requirement, key, parse
from runstone.errors import InvalidParameter, MissingFile

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Makes a distribution of some files in a folder that is on the path."""
    place = tmp_path / "lib" / "site-packages"
    place.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(place))

    def make(
        name: str, version: str, paths: list[str], requires: tuple[str, ...] = (), origin: dict[str, Any] | None = None
    ) -> Path:
        info = place / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        head = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
        (info / "METADATA").write_text("Metadata-Version: 2.4\n" + "\n".join(head) + "\n\nRequires-Dist: not-this\n")
        (info / "RECORD").write_text("".join(f"{path},sha256=x,1\n" for path in paths))
        if origin:
            (info / "direct_url.json").write_text(json.dumps(origin))
        for path in paths:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text("")
        return place

    before = set(sys.modules)
    yield make
    for one in set(sys.modules) - before:
        del sys.modules[one]


def _pins(*args: Any, **kwargs: Any) -> list[str]:
    return [str(one) for one in needed(*args, **kwargs)]


def test_modules_lead_to_their_distributions(install: Install) -> None:
    install("beautiful-soup", "4.1", ["bs4x/__init__.py", "bs4x/trees.py"])
    install("onefile", "2", ["single_module_x.py"])
    install("org-cloud", "1", ["orgx/cloud/__init__.py"])
    install("org-auth", "3", ["orgx/auth/__init__.py"])
    assert _pins([], ["bs4x.trees", "single_module_x"]) == ["beautiful-soup==4.1", "onefile==2"]
    # two distributions share the folder orgx, which itself is nobody's
    assert _pins([], ["orgx.auth", "orgx.cloud.storage"]) == ["org-auth==3", "org-cloud==1"]


def test_nothing_is_imported_to_find_a_module(install: Install) -> None:
    place = install("loud", "1", ["loudx/__init__.py", "loudx/inner.py"])
    (place / "loudx" / "__init__.py").write_text("raise RuntimeError('imported')")
    assert _pins([], ["loudx.inner"]) == ["loud==1"]


def test_pythons_own_modules_and_those_that_go_along_need_nothing(tmp_path: Path) -> None:
    (tmp_path / "code" / "mine").mkdir(parents=True)
    (tmp_path / "code" / "alone.py").write_text("")
    assert _pins([], ["collections.abc", "builtins", "__main__", "mine.parts", "alone"], str(tmp_path / "code")) == []


def test_a_module_of_nobodys_is_warned_of(install: Install) -> None:
    place = install("some", "1", ["somex.py"])
    (place / "homeless_x.py").write_text("")
    with pytest.warns(UserWarning, match="objects of homeless_x, .*code_paths"):
        assert _pins([], ["homeless_x", "somex"]) == ["some==1"]


def test_a_distribution_may_be_installed_under_another_name(install: Install) -> None:
    install("boosting-cpu", "3", ["boosting/__init__.py"])
    assert _pins(["boosting"]) == ["boosting-cpu==3"]
    assert _pins(["not_here_at_all"]) == ["not_here_at_all"]


def test_what_is_installed_meanwhile_is_seen(install: Install) -> None:
    install("early", "1", ["earlyx.py"])
    assert _pins(["early", "late"]) == ["early==1", "late"]
    install("late", "2", ["latex.py"])
    assert _pins(["early", "late"]) == ["early==1", "late==2"]


def test_the_first_of_a_name_on_the_path_counts(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("twice", "1", ["twicex.py"])
    (tmp_path / "behind" / "twice-2.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "behind")])
    assert _pins(["twice"]) == ["twice==1"]


def test_a_builders_own_part_of_a_version_is_left_out(install: Install) -> None:
    install("tensors", "2.13.0+cpu", ["tensorsx.py"])
    assert _pins(["tensors"]) == ["tensors==2.13.0"]
    assert "tensors==2.13.0  # installed: 2.13.0+cpu" in (lock.text(needed(["tensors"]))[0] or "")


def test_what_came_from_a_repository_is_named_by_its_commit_without_secrets(install: Install) -> None:
    url = "https://me:secret@example.org/own.git"
    install("own", "1", ["ownx.py"], origin={"url": url, "vcs_info": {"vcs": "git", "commit_id": "abc123"}})
    assert _pins([], ["ownx"]) == ["own @ git+https://example.org/own.git@abc123"]


def test_a_working_folders_modules_are_its_distributions(install: Install, tmp_path: Path) -> None:
    (tmp_path / "work" / "src" / "workx").mkdir(parents=True)
    (tmp_path / "work" / "src" / "workx" / "__init__.py").write_text("")
    origin = {"url": (tmp_path / "work").as_uri(), "dir_info": {"editable": True}}
    install("work", "0.1", ["work.pth"], origin=origin)
    sys.path.append(str(tmp_path / "work" / "src"))
    try:
        assert _pins([], ["workx"]) == ["work==0.1"]
    finally:
        sys.path.remove(str(tmp_path / "work" / "src"))


def test_what_another_brings_is_left_out_of_the_requirements_and_stays_in_the_lock(install: Install) -> None:
    install(
        "top", "1", ["topx.py"], ("Middle_Part>=1", 'never; sys_platform == "nowhere"', "speed; extra == 'Fast_Path'")
    )
    install("middle-part", "2", ["middlex.py"], ("bottom", "absent"))
    install("bottom", "3", ["bottomx.py"], ("middle-part",))
    install("speed", "4", ["speedx.py"])
    found = needed(["top", "bottom"], ["middlex"])
    assert [str(one) for one in pruned(found)] == ["top==1"]
    text, _ = lock.text(pruned(found))
    assert (text or "").splitlines()[1:] == [
        "# not installed: absent, which middle-part asks for", "bottom==3", "middle-part==2", "top==1",
    ]  # fmt: skip
    with_extra = needed(["top[fast-path]"])
    assert [str(one) for one in with_extra] == ["top[fast-path]==1"]
    assert set(closure(with_extra)[0]) == {"top", "middle-part", "bottom", "speed"}
    # what the flavor names itself stays: its version is the model's
    assert [str(one) for one in pruned(found, needed(["bottom"]))] == ["bottom==3", "top==1"]
    # of two that bring each other one stays
    assert [str(one) for one in pruned(needed(["bottom", "middle-part"]))] == ["bottom==3"]


def test_the_real_environments_owners_are_those_that_the_standard_library_finds() -> None:
    known = importlib.metadata.packages_distributions()
    for module in ("sklearn", "yaml", "numpy", "pandas", "joblib", "xgboost", "dateutil", "skops", "PIL", "attr"):
        if module in known:
            assert [key(one.name) for one in needed([], [module])] == [key(known[module][0])], module


def test_requirements_and_markers_are_read_as_packaging_reads_them() -> None:
    lines = {line for one in importlib.metadata.distributions() for line in one.requires or ()}
    assert len(lines) > 100
    for line in lines:
        ours, theirs = parse(line), Theirs(line)
        assert (ours.name, set(ours.extras)) == (theirs.name, theirs.extras), line
        assert SpecifierSet(",".join(map("".join, ours.clauses))) == theirs.specifier, line
        for extra in ("", "test", "all", "dev"):
            expected = theirs.marker is None or theirs.marker.evaluate({"extra": extra})
            assert ours.applies((extra,)) is expected, (line, extra)
        again = Theirs(str(ours))
        assert (again.name, again.extras, again.specifier, again.url) == (
            theirs.name, theirs.extras, theirs.specifier, theirs.url,
        )  # fmt: skip


_VERSIONS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@draw(
    sign=st.sampled_from(["==", "!=", "<", ">", "<=", ">=", "~="]),
    wanted=_VERSIONS,
    version=_VERSIONS,
    star=st.booleans(),
)
def test_versions_compare_as_packaging_compares_them(sign: str, wanted: str, version: str, star: bool) -> None:
    if sign == "~=" and "." not in wanted:
        wanted += ".0"
    if star and sign in ("==", "!="):
        wanted += ".*"
    assert Requirement("x", (), ((sign, wanted),)).met_by(version) is SpecifierSet(sign + wanted).contains(version)


@draw(
    version=st.sampled_from(["3.9", "3.11", "3.12", "3.11.7", "4"]), sign=st.sampled_from(["==", "!=", "<", ">=", "~="])
)
def test_markers_of_versions_hold_as_packagings(version: str, sign: str) -> None:
    if sign == "~=" and "." not in version:
        return
    for left in ("python_version", "python_full_version"):
        marker = f"({left} {sign} '{version}' or os_name == 'nt') and sys_platform not in 'win32 cygwin'"
        assert parse(f"x; {marker}").applies() is Marker(marker).evaluate()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=1",
        "x==",
        "x>1 y",
        "x; python_version",
        "x; nothing == 'y'",
        "x; (os_name == 'nt'",
        "x; os_name == 'a' 'b'",
    ],
)
def test_what_is_no_requirement_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"no marker|no version|does not begin"):
        parse(text)


def _written(folder: Path, *names: str, **given: Any) -> dict[str, Any]:
    folder.mkdir()
    assert files.write(str(folder), names, **given) == {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
    return {one.name: one.read_text() for one in folder.iterdir()}


def test_the_files_are_as_mlflow_writes_them(install: Install, tmp_path: Path) -> None:
    install("top", "1", ["topx.py"])
    found = _written(tmp_path / "m", "top")
    assert sorted(found) == ["conda.yaml", "python_env.yaml", "requirements.lock", "requirements.txt"]
    assert found["requirements.txt"] == "top==1"
    python = ".".join(map(str, sys.version_info[:3]))
    pip = importlib.metadata.version("pip")
    assert yaml.safe_load(found["conda.yaml"]) == {
        "name": "mlflow-env", "channels": ["conda-forge"], "dependencies": [f"python={python}", f"pip<={pip}", {"pip": ["top==1"]}],
    }  # fmt: skip
    env = yaml.safe_load(found["python_env.yaml"])
    assert (env["python"], env["dependencies"]) == (python, ["-r requirements.txt"])
    assert [one.partition("==")[0] for one in env["build_dependencies"]] == ["pip", "setuptools", "wheel"]


def test_a_flavors_own_library_is_named_though_another_brings_it(install: Install, tmp_path: Path) -> None:
    install("library", "1", ["libraryx.py"])
    install("format", "2", ["formatx.py"], ("library>=0.5", "beside"))
    install("beside", "3", ["besidex.py"])
    (tmp_path / "m").mkdir()
    files.write(str(tmp_path / "m"), ("library", "format"), ("besidex",))
    assert (tmp_path / "m" / "requirements.txt").read_text() == "format==2\nlibrary==1"


def test_what_the_user_says_takes_the_place_of_what_is_found(install: Install, tmp_path: Path) -> None:
    install("top", "1", ["topx.py"])
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "more.txt").write_text("top >=1,<2  # a comment\n-c limits.txt\n\n# only this\n")
    (tmp_path / "inner" / "limits.txt").write_text("numpy<3\n")
    (tmp_path / "asked.txt").write_text(
        "--extra-index-url https://example.org/simple\n-r inner/more.txt\nnever; \\\n  sys_platform == 'nowhere'\n"
    )
    found = _written(tmp_path / "m", "joblib", pip_requirements=str(tmp_path / "asked.txt"))
    lines = [
        "--extra-index-url https://example.org/simple",
        "top >=1,<2",
        "never;    sys_platform == 'nowhere'",
        "-c constraints.txt",
    ]
    assert found["requirements.txt"].splitlines() == lines
    assert found["constraints.txt"] == "numpy<3"
    assert yaml.safe_load(found["conda.yaml"])["dependencies"][-1] == {"pip": lines}
    assert found["requirements.lock"].splitlines()[1:] == ["top==1"]


def test_what_the_user_adds_stands_beside_what_is_found(install: Install, tmp_path: Path) -> None:
    install("top", "1", ["topx.py"])
    install("other", "2", ["otherx.py"])
    for number, (extra, expected) in enumerate(
        [
            (["other"], ["top==1", "other"]),
            (["top"], ["top==1"]),
            (["top[fast]"], ["top[fast]==1"]),
            (["top>=1"], ["top>=1"]),
            (["top==5; sys_platform == 'nowhere'"], ["top==1", "top==5; sys_platform == 'nowhere'"]),
        ]
    ):
        found = _written(tmp_path / str(number), "top", extra_pip_requirements=extra)
        assert found["requirements.txt"].splitlines() == expected


def test_a_conda_environment_is_kept_as_it_is(install: Install, tmp_path: Path) -> None:
    install("top", "1", ["topx.py"])
    env = {"name": "mine", "channels": ["defaults"], "dependencies": ["python=3.10.4", "gcc", {"pip": ["top"]}]}
    (tmp_path / "env.yml").write_text(yaml.safe_dump(env))
    for number, given in enumerate((env, str(tmp_path / "env.yml"))):
        found = _written(tmp_path / str(number), "joblib", conda_env=given)
        assert yaml.safe_load(found["conda.yaml"]) == env
        assert found["requirements.txt"] == "top"
        assert yaml.safe_load(found["python_env.yaml"])["python"] == "3.10.4"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"pip_requirements": ["a"], "extra_pip_requirements": ["b"]}, InvalidParameter, "Only one of"),
        ({"pip_requirements": ["a"], "conda_env": {}}, InvalidParameter, "Only one of"),
        ({"pip_requirements": "missing.txt"}, MissingFile, "missing.txt"),
        ({"pip_requirements": ["a", 5]}, InvalidParameter, "5, which is no text"),
        ({"pip_requirements": 5}, InvalidParameter, "not int"),
        ({"pip_requirements": ["scipy=>1"]}, InvalidParameter, "scipy=>1"),
        ({"conda_env": 5}, InvalidParameter, "not int"),
        ({"conda_env": {"dependencies": "scipy"}}, InvalidParameter, "are a list"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        _written(tmp_path / "m", "joblib", **given)


def test_files_that_read_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt")
    (tmp_path / "b.txt").write_text("-r a.txt")
    with pytest.raises(InvalidParameter, match="read by itself"):
        _written(tmp_path / "m", "joblib", pip_requirements=str(tmp_path / "a.txt"))


@pytest.mark.parametrize("asked", ["top>=2", "absent", "top @ https://example.org/top.whl", "./top.whl", "top>=1.0rc1"])
def test_there_is_no_lock_where_it_would_say_something_else(install: Install, tmp_path: Path, asked: str) -> None:
    install("top", "1", ["topx.py"])
    with pytest.warns(UserWarning, match=r"no requirements\.lock"):
        found = _written(tmp_path / "m", "joblib", pip_requirements=[asked])
    assert found["requirements.txt"] == asked
    assert "requirements.lock" not in found


def test_a_lock_says_the_same_as_requirements_that_its_versions_meet() -> None:
    text = "# x\na==1.2 \\\n    --hash=sha256:00\nb==2  # installed: 2+cpu\n"
    for line, expected in (
        ("a>=1", True),
        ("a", True),
        ("A<1", False),
        ("b==2", True),
        ("c", False),
        ("c; os_name == 'x'", True),
    ):
        assert lock.says(text, [parse(line)]) is expected, line
    assert not lock.is_hashed(text)
    assert lock.is_hashed(text.replace("  # installed: 2+cpu", " --hash=sha256:01"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lock.text([]) == (lock.text([])[0], "")
