"""Descriptions of models that were made to do harm: they unfold without end, end the process, or say what nobody expects."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.linear_model import LinearRegression
from tests.support.altered import describe
from tests.support.altered import folder as folder
from tests.support.answers import answers as answers

import runstone
from runstone.errors import BadRequest, CorruptData, InvalidParameter, NotFound, RunstoneError
from runstone.models.requirements import get_model_dependencies


def _unfolding(line: str, within: str) -> str:
    return "\n".join([f"a0: &a0 {line}", *(f"a{n}: &a{n} {within.format(n - 1)}" for n in range(1, 10)), "flavors: {}"])


BOMBS = {
    "aliases": _unfolding("[x, x]", "[" + ", ".join(["*a{0}"] * 10) + "]"),
    "merges": _unfolding("{x: 1}", "{{<<: [" + ", ".join(["*a{0}"] * 10) + "]}}"),
    "long values": f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 100)}]",
    "lists": "flavors: " + "[" * 200_000,
    "mappings": "flavors: " + "{a: " * 200_000,
    "itself": "flavors: {sklearn: &a {pickled_model: *a}}",
    "sixties": "flavors: {}\nx: 1" + ":1" * 1_000_000,
    "hex": "flavors: {}\nx: 0x" + "f" * 10_000_000,
    "digits": "flavors: {}\nx: " + "9" * 10_000,
    "time": "flavors: {}\nx: !!timestamp x",
    "truth": "flavors: {}\nx: !!bool perhaps",
    "number": "flavors: {}\nx: !!int ''",
    "object": "flavors: {}\nx: !!python/object/apply:os.getcwd []",
    "flavor without a name": "flavors: {3: {}}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_description_that_takes_for_ever_or_ends_the_process_is_refused_at_once(folder: Path, text: str) -> None:
    (folder / "MLmodel").write_text(text)
    with pytest.raises(BadRequest, match="no model's description"):
        runstone.load_model(folder)


@pytest.mark.parametrize("text", [BOMBS["aliases"], BOMBS["lists"], BOMBS["sixties"]])
def test_so_is_an_environment(folder: Path, text: str) -> None:
    (folder / "conda.yaml").write_text(text)
    (folder / "requirements.txt").unlink()
    with pytest.raises(CorruptData, match="no YAML"):
        get_model_dependencies(folder)


def test_a_description_with_a_few_aliases_is_read(folder: Path) -> None:
    text = "a: &a [x, y]\nmetadata: {b: *a, c: {<<: {d: 1}}}\n" + (folder / "MLmodel").read_text()
    assert runstone.models.Model.from_yaml(text).metadata == {"b": ["x", "y"], "c": {"d": 1}}


def test_a_description_that_is_no_file_is_not_waited_for(folder: Path) -> None:
    (folder / "MLmodel").unlink()
    os.mkfifo(folder / "MLmodel")
    with pytest.raises(NotFound):
        runstone.load_model(folder)


KEYS = "pickled_model serialization_format code loader_module model_path python_model data predict_fn artifacts config env model_code_path"
VALUES: list[Any] = [
    None,
    3,
    True,
    [],
    {},
    ["x"],
    {"a": 1},
    {"a": {"path": "/etc/passwd"}},
    "",
    ".",
    "..",
    "/etc/passwd",
    "a\0b",
    "missing",
]


@pytest.mark.parametrize("key", KEYS.split())
@pytest.mark.parametrize("kind", ["sklearn", "pyfunc"])
def test_whatever_a_description_says_is_loaded_or_refused_in_a_sentence(tmp_path: Path, kind: str, key: str) -> None:
    if kind == "sklearn":
        runstone.sklearn.save_model(LinearRegression(), tmp_path / "model", pip_requirements=[])
    else:
        runstone.pyfunc.save_model(tmp_path / "model", python_model=len, pip_requirements=[])
    before = (tmp_path / "model" / "MLmodel").read_text()
    for value in VALUES:
        (tmp_path / "model" / "MLmodel").write_text(before)
        describe(
            tmp_path / "model", **({"sklearn": {key: value}} if kind == "sklearn" else {}), python_function={key: value}
        )
        for load in (runstone.load_model, runstone.pyfunc.load_model):
            with contextlib.suppress(RunstoneError):
                load(tmp_path / "model")


def test_a_scan_tells_who_loads_a_model(folder: Path) -> None:
    assert runstone.safety.scan(folder).verdict == "harmless"
    describe(folder, python_function={"loader_module": "theirs.loader"})
    report = runstone.safety.scan(folder)
    assert (report.verdict, report.files[-1].problems) == (
        "unknown",
        ("the model is loaded by the module 'theirs.loader'",),
    )
    (folder / "within").mkdir()
    shutil.copy(folder / "MLmodel", folder / "within" / "MLmodel")
    assert [one.file for one in runstone.safety.scan(folder).files][-2:] == ["MLmodel", "within/MLmodel"]
    shutil.rmtree(folder / "within")
    (folder / "MLmodel").write_text(BOMBS["lists"])
    assert "no model's description" in runstone.safety.scan(folder).files[-1].problems[0]
    (folder / "MLmodel").write_text("[]")
    assert runstone.safety.scan(folder).verdict == "unknown"


@pytest.mark.parametrize(
    "block",
    [
        {"loader_module": "mlflow.pyfunc.loaders.code_model"},
        {"loader_module": "mlflow.pyfunc.model", "model_code_path": None},
    ],
)
def test_a_file_of_code_that_is_not_named_is_none(folder: Path, block: dict[str, Any], tmp_path: Path) -> None:
    """It was taken from a file that is called None, which a scan passed over: logged then, it was run without a word."""
    (folder / "None").write_text(f"open({str(tmp_path / 'canary')!r}, 'w').close()")
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"python_function": block}}))
    assert runstone.safety.scan(folder).verdict == "unknown"
    with runstone.trusting(), pytest.raises(InvalidParameter, match="model_code_path is None"):
        runstone.pyfunc.load_model(folder)
    assert not (tmp_path / "canary").exists()
