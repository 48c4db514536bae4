"""What a store says of a model that it keeps: its description, its requirements, its signature, what would run; nothing of it is run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy
import pytest

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter, NotFound
from runstone.models import make_signing_key, sign_model
from runstone.operations import model_description

pytestmark = pytest.mark.everywhere


class Runs:
    """What runs a command when it is read."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.canary}",)


def _double(frame: Any) -> Any:
    return frame["size"] * 2


def logged() -> str:
    """A model of a function that was logged with its example."""
    with runstone.start_run():
        info = runstone.pyfunc.log_model(
            python_model=_double, name="double", input_example={"size": [1, 2]}, pip_requirements=["cloudpickle"]
        )  # fmt: skip
    assert info.model_id is not None
    return info.model_id


def test_it_says_what_the_model_takes_and_needs() -> None:
    client, model_id = Client(), logged()
    client.create_registered_model("double")
    client.create_model_version("double", f"models:/{model_id}")
    told = client.describe_model(model_id)
    assert '"name": "size"' in told.model["signature"]["inputs"]
    assert "cloudpickle" in told.texts["requirements.txt"]
    assert '"size"' in told.texts["serving_input_example.json"]
    assert (told.owner, told.problem, told.signed) == (f"models/{model_id}", "", "unsigned")
    assert told.files == len(list(Path(runstone.artifacts.download_artifacts(f"models:/{model_id}")).iterdir()))
    assert client.describe_model(name="double", version=1) == told
    with pytest.raises(NotFound):
        client.describe_model(name="double", version=2)
    with pytest.raises(NotFound):
        client.describe_model("m-nothing")
    with pytest.raises(InvalidParameter):
        client.describe_model()


def test_it_says_what_would_run_and_runs_nothing(tmp_path: Path) -> None:
    client, model_id = Client(), logged()
    told = client.scan_model(model_id)
    assert (told.verdict, [file.file for file in told.files]) == ("unknown", ["python_model.pkl"])
    canary = tmp_path / "canary"
    (tmp_path / "extra.pkl").write_bytes(pickle.dumps(Runs(canary)))
    client.log_model_artifact(model_id, str(tmp_path / "extra.pkl"))
    told = client.scan_model(model_id)
    assert told.verdict == "dangerous"
    (extra,) = [file for file in told.files if file.file == "extra.pkl"]
    assert [(one.name, one.verdict) for one in extra.imports] == [("posix.system", "dangerous")]
    assert not canary.exists()


@pytest.mark.parametrize(("limit", "value"), [("MOST_SCANNED", 200_000), ("MOST_STEPS", 1_000)])
def test_how_much_one_look_takes_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    client, model = Client(), Client().create_logged_model("0", "large")
    for name in ("one.pkl", "two.pkl"):
        (tmp_path / name).write_bytes(pickle.dumps([str(tmp_path), *range(100_000)]))
        client.log_model_artifact(model.model_id, str(tmp_path / name))
    (tmp_path / "weights.safetensors").write_bytes(bytes(3_000_000))
    client.log_model_artifact(model.model_id, str(tmp_path / "weights.safetensors"))
    with monkeypatch.context() as patch:
        patch.setattr(model_description, limit, value)
        told = client.scan_model(model.model_id)
    assert told.verdict == "unknown"
    assert "two.pkl" in [file.file for file in told.files if file.problems]
    assert client.scan_model(model.model_id).verdict == "harmless", "what a look had no time for is not kept"


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- 1",
        "[" * 2_000,
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]",
    ],
    ids=["broken", "a list", "deep", "much"],
)  # fmt: skip
def test_a_description_that_cannot_be_read_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    client = Client()
    model = client.create_logged_model("0", "odd")
    (tmp_path / "MLmodel").write_text(text)
    client.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
    told = client.describe_model(model.model_id)
    assert told.model == {}
    assert "cannot be read" in told.problem


def test_values_that_json_has_no_words_for_are_texts(tmp_path: Path) -> None:
    client = Client()
    model = client.create_logged_model("0", "odd")
    (tmp_path / "MLmodel").write_text(
        "a: .nan\nb: 2020-01-02\nc: 123456789012345678901234567890\n1: {2: !!binary aGk=}"
    )
    client.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
    told = client.describe_model(model.model_id).model
    assert told == {"a": "nan", "b": "2020-01-02", "c": hex(123456789012345678901234567890), "1": {"2": "b'hi'"}}


def test_it_says_whether_the_files_are_those_that_were_signed(tmp_path: Path) -> None:
    client, model_id = Client(), logged()
    make_signing_key(tmp_path / "key")
    sign_model(f"models:/{model_id}", tmp_path / "key")
    assert client.describe_model(model_id).signed == "signed"
    (tmp_path / "requirements.txt").write_text("evil")
    client.log_model_artifact(model_id, str(tmp_path / "requirements.txt"))
    told = client.describe_model(model_id)
    assert (told.signed, told.altered) == ("altered", ["requirements.txt"])
    (tmp_path / "runstone-signature.json").write_text("{}")
    client.log_model_artifact(model_id, str(tmp_path / "runstone-signature.json"))
    assert client.describe_model(model_id).signed == "broken"


def test_what_was_measured_of_several_is_one_answer() -> None:
    client, first, second = Client(), logged(), logged()
    held = runstone.data.from_numpy(numpy.zeros(3), name="held out")
    with runstone.start_run():
        for step, value in enumerate((0.5, 0.25)):
            runstone.log_metric("rmse", value, step=step, model_id=first, dataset=held)
        runstone.log_metric("rmse", 0.75, model_id=first)
        runstone.log_metric("odd", float("nan"), model_id=first)
    one, other = client.get_model_measures([first, "m-nothing", second, first])
    assert {(point.key, point.dataset_name, str(point.value)) for point in one.metrics} == {
        ("rmse", "held out", "0.25"), ("rmse", None, "0.75"), ("odd", None, "nan"),
    }  # fmt: skip
    for latest, count in ((True, 3), (False, 4)):
        listed = client.search_logged_models(["0"], "name = 'double'", latest=latest)
        assert {model.model_id: len(model.metrics or ()) for model in listed} == {first: count, second: 0}
    assert (one.model_id, one.name, other.model_id, other.metrics) == (first, "double", second, [])
    with pytest.raises(InvalidParameter):
        client.get_model_measures(["m-nothing"] * 1_001)
