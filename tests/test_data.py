"""Datasets as runs use them: what is said of them, logged, read back, searched for; and MLflow's names for all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pytest
from tests.support import scripts

import runstone
from runstone import data, entities
from runstone.errors import InvalidParameter, MissingFile, NotFound, WrongFileKind

FRAME = pandas.DataFrame({"a": [1.0, 2.0], "y": [0, 1]})


@pytest.fixture
def run() -> Any:
    with runstone.start_run() as run:
        yield run


def uses(run: Any) -> list[tuple[str, dict[str, str]]]:
    """Name of each dataset that a run used, and the tags of that use."""
    inputs = runstone.get_run(run.info.run_id).inputs.dataset_inputs
    return [(used.dataset.name, {tag.key: tag.value for tag in used.tags}) for used in inputs]


def test_a_frame_is_described_in_mlflows_words() -> None:
    dataset = data.from_pandas(FRAME, source="https://host/x.csv", targets="y", name="train", predictions="a")
    assert dataset.df is FRAME
    assert (dataset.targets, dataset.predictions) == ("y", "a")
    columns = [{"type": "double", "name": "a", "required": True}, {"type": "long", "name": "y", "required": True}]
    facts = {
        "name": "train",
        "digest": dataset.digest,
        "source": '{"url": "https://host/x.csv"}',
        "source_type": "http",
        "schema": json.dumps({"mlflow_colspec": columns}),
        "profile": '{"num_rows": 2, "num_elements": 4}',
    }
    assert dataset.to_dict() == facts == json.loads(dataset.to_json())
    assert dataset._to_mlflow_entity() == entities.Dataset(**facts)
    assert dataset.schema is not None
    assert (dataset.schema.to_dict(), dataset.schema.input_names()) == (columns, ["a", "y"])


def test_the_description_is_of_the_data_when_the_dataset_was_made() -> None:
    frame = FRAME.copy()
    dataset = data.from_pandas(frame)
    before = dataset.to_dict()
    frame["z"] = 1
    frame.loc[0, "a"] = 9.0
    assert dataset.to_dict() == before
    assert data.from_pandas(frame).digest != dataset.digest


def test_a_column_without_a_name_in_mlflows_types_does_not_cost_the_others_theirs() -> None:
    frame = FRAME.assign(big=numpy.array([1, 2], "<u8"), mixed=[1, "x"])
    schema = data.from_pandas(frame).schema
    assert schema is not None
    assert [column["type"] for column in schema.to_dict()] == ["double", "long", "any", "any"]


def test_a_digest_of_ones_own_is_kept(run: Any) -> None:
    dataset = data.from_pandas(FRAME, digest="v1")
    runstone.log_input(dataset)
    assert runstone.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset.digest == "v1"
    for wrong in ("", 5):
        with pytest.raises(InvalidParameter, match="digest"):
            data.from_pandas(FRAME, digest=wrong)  # type: ignore[arg-type]


def test_what_is_no_data_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for make, wrong, hint in [
        (data.from_pandas, {"a": [1]}, "dict"),
        (data.from_pandas, FRAME["a"], "to_frame"),
        (data.from_polars, polars.LazyFrame({"a": [1]}), "collect"),
        (data.from_polars, FRAME, "DataFrame"),
        (data.from_numpy, [1, 2], "numpy.asarray"),
        (data.from_numpy, {"a": FRAME}, "numpy.asarray"),
    ]:
        with pytest.raises(InvalidParameter, match=hint):
            make(wrong)  # type: ignore[operator]
    with pytest.raises(InvalidParameter, match=r"'z' for targets.*'a', 'y'"):
        data.from_pandas(FRAME, targets="z")
    with pytest.raises(InvalidParameter, match="'z' for predictions"):
        data.from_polars(polars.DataFrame({"a": [1]}), predictions="z")
    with pytest.raises(InvalidParameter, match="targets hold a list"):
        data.from_numpy(numpy.zeros(2), targets=[1, 2])  # type: ignore[arg-type]
    with pytest.raises(MissingFile, match="nowhere"):
        data.from_path("nowhere")
    with pytest.raises(WrongFileKind, match="neither"):
        data.from_path("/dev/null")


@pytest.mark.parametrize(("library", "make"), [("pandas", "pandas"), ("polars", "polars"), ("numpy", "numpy")])
def test_a_library_that_is_not_there_is_named(library: str, make: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\nfrom runstone import data\n"
        f"try:\n    data.from_{make}([])\nexcept ImportError as error:\n    print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"`pip install {library}`" in out


def test_datasets_load_no_library_of_data_by_themselves() -> None:
    code = (
        "import sys, runstone.data; print(sorted({'numpy', 'pandas', 'polars', 'urllib.request'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_what_a_run_used_is_read_back_as_it_was(run: Any) -> None:
    datasets = [
        data.from_pandas(FRAME, name="pandas"),
        data.from_polars(polars.DataFrame({"a": [1]}), name="polars"),
        data.from_numpy(numpy.zeros((2, 3)), targets=numpy.ones(2), name="numpy"),
    ]
    runstone.log_inputs(datasets, ["training", None, "test"], [{"part": 1}, None, {}])
    found = runstone.get_run(run.info.run_id).inputs.dataset_inputs
    assert [used.dataset for used in found] == [dataset._to_mlflow_entity() for dataset in datasets]
    assert uses(run) == [
        ("pandas", {"part": "1", "mlflow.data.context": "training"}),
        ("polars", {}),
        ("numpy", {"mlflow.data.context": "test"}),
    ]
    assert data.get_source(found[0]).to_json() == datasets[0].source.to_json()
    assert found[0].to_dictionary()["tags"] == {"part": "1", "mlflow.data.context": "training"}


def test_a_dataset_used_for_two_things_is_there_twice_and_for_one_thing_once(run: Any) -> None:
    dataset = data.from_pandas(FRAME)
    for context in ("training", "test", "training", None, None):
        runstone.log_input(dataset, context=context)
    runstone.log_input(dataset, context="test", tags={"fold": "3"})
    assert uses(run) == [
        ("dataset", {"mlflow.data.context": "training"}),
        ("dataset", {"fold": "3", "mlflow.data.context": "test"}),
        ("dataset", {}),
    ]


def test_a_run_shows_the_source_that_it_was_told() -> None:
    shown = []
    for source in ("one.csv", "two.csv", "one.csv"):
        with runstone.start_run() as run:
            runstone.log_input(data.from_pandas(FRAME, source=source))
        shown.append(data.get_source(runstone.get_run(run.info.run_id)).to_dict()["uri"])
    assert shown == ["one.csv", "two.csv", "one.csv"]


def test_a_run_of_several_sources_has_no_single_one(run: Any) -> None:
    with pytest.raises(InvalidParameter, match="used 0 sources"):
        data.get_source(runstone.get_run(run.info.run_id))
    runstone.log_input(data.from_pandas(FRAME, source="one.csv", name="one"))
    runstone.log_input(data.from_pandas(FRAME, source="two.csv", name="two"))
    with pytest.raises(InvalidParameter, match=r"used 2 sources.*'one', 'two'"):
        data.get_source(runstone.get_run(run.info.run_id))


def test_runs_are_found_by_the_name_digest_and_context_of_their_data() -> None:
    dataset = data.from_pandas(FRAME, name="train")
    with runstone.start_run() as run:
        runstone.log_input(dataset, context="training")
    with runstone.start_run():
        runstone.log_input(data.from_pandas(FRAME.assign(a=0.0), name="other"), context="test")
    for text in (
        "datasets.name = 'train'",
        "dataset.name LIKE 'tra%'",
        f"datasets.digest = '{dataset.digest}'",
        "datasets.context = 'training'",
        f"dataset.name = 'train' AND dataset.digest IN ('{dataset.digest}') AND dataset.context != 'test'",
    ):
        found = runstone.search_runs(filter_string=text, output_format="list")
        assert [run.info.run_id for run in found] == [run.info.run_id], text
        assert found[0].inputs.dataset_inputs[0].dataset.name == "train"


def test_a_metric_says_which_data_it_was_measured_on(run: Any) -> None:
    train, test = data.from_pandas(FRAME, name="train"), data.from_pandas(FRAME, name="test")
    runstone.log_metric("loss", 1.0, step=1, dataset=train)
    runstone.log_metrics({"loss": 2.0}, step=1, dataset=test)
    runstone.Client().log_metric(run.info.run_id, "loss", 3.0, step=1, dataset_name="test", dataset_digest=test.digest)
    history = runstone.Client().get_metric_history(run.info.run_id, "loss")
    assert sorted((point.value, point.dataset_name, point.dataset_digest) for point in history) == [
        (1.0, "train", train.digest),
        (2.0, "test", test.digest),
        (3.0, "test", test.digest),
    ]


def test_the_client_takes_entities_all_or_none(run: Any) -> None:
    client = runstone.Client()
    good = entities.DatasetInput(entities.Dataset("a", "1", "local", "{}"), [entities.InputTag("k", "v")])
    bad = entities.DatasetInput(entities.Dataset("b", "x" * 37, "local", "{}"))
    with pytest.raises(InvalidParameter, match="'digest' exceeds the maximum length of 36 characters"):
        client.log_inputs(run.info.run_id, [good, bad])
    assert uses(run) == []
    client.log_inputs(run.info.run_id, [good])
    assert uses(run) == [("a", {"k": "v"})]
    with pytest.raises(NotFound):
        client.log_inputs("0" * 32, [good])
    runstone.Client().delete_run(run.info.run_id)
    with pytest.raises(InvalidParameter, match="active"):
        client.log_inputs(run.info.run_id, [good])
    runstone.Client().restore_run(run.info.run_id)


def test_what_is_no_input_is_refused(run: Any) -> None:
    dataset = data.from_pandas(FRAME)
    for wrong in (FRAME, "train", 5):
        with pytest.raises(InvalidParameter, match="from_pandas"):
            runstone.log_input(wrong)
    for name, context, tags in (("n" * 501, None, None), ("n", "c" * 501, None), ("n", None, {"k" * 256: "v"})):
        with pytest.raises(InvalidParameter):
            runstone.log_input(data.from_pandas(FRAME, name=name), context, tags)
    with pytest.raises(InvalidParameter, match="1 datasets, 2 contexts and 1 tags"):
        runstone.log_inputs([dataset], ["a", "b"], [None])
    with pytest.raises(InvalidParameter, match="model_id"):
        runstone.log_input(dataset, model=entities.LoggedModelInput(""))
    assert uses(run) == []


def test_a_table_of_very_many_columns_is_logged_without_its_schema(run: Any) -> None:
    wide = pandas.DataFrame(numpy.zeros((1, 1_000)), columns=[f"{number} {'x' * 1_000}" for number in range(1_000)])
    with pytest.warns(UserWarning, match="schema of the dataset 'dataset' is left out"):
        runstone.log_input(data.from_pandas(wide))
    used = runstone.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset
    assert (used.schema, used.profile) == (None, '{"num_rows": 1, "num_elements": 1000}')


def test_what_older_stores_know_of_datasets_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runstone.store import database, inputs, schema

    path = str(tmp_path / "runstone.db")
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", schema.MIGRATIONS[:1])
        old = database.Database(path)
    with old.write() as connection:
        for statement in (
            "INSERT INTO run (id, run_id, experiment, run_name, user_id, status, artifact_uri) VALUES (1, 'r', 0, 'n', 'u', 'RUNNING', 'a')",
            "INSERT INTO dataset VALUES (7, 0, 'second', '2', 'local', '{}', NULL, NULL), (9, 0, 'first', '1', 'local', '{}', 'S', 'P')",
            "INSERT INTO run_input (run, dataset, position) VALUES (1, 9, 0), (1, 7, 1)",
            "INSERT INTO input_tag VALUES (1, 9, 'mlflow.data.context', 'test'), (1, 9, 'k', 'v')",
        ):
            connection.execute(statement)
    old.close()
    with database.Database(path).write() as connection:
        expected = [
            entities.DatasetInput(
                entities.Dataset("first", "1", "local", "{}", "S", "P"),
                [entities.InputTag("k", "v"), entities.InputTag("mlflow.data.context", "test")],
            ),
            entities.DatasetInput(entities.Dataset("second", "2", "local", "{}")),
        ]
        assert inputs.load_inputs(connection, [1]) == {1: expected}
        inputs.add(connection, 1, expected)
        assert inputs.load_inputs(connection, [1]) == {1: expected}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_script_for_mlflow_runs_unchanged(tmp_path: Path) -> None:
    script = """
        import runstone; runstone.install_as_mlflow()
        import mlflow, mlflow.data, numpy as np, pandas as pd
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.dataset import Dataset
        from mlflow.data.dataset_source import DatasetSource
        from mlflow.data.http_dataset_source import HTTPDatasetSource
        from mlflow.data.artifact_dataset_sources import LocalArtifactDatasetSource
        from mlflow.data.meta_dataset import MetaDataset
        from mlflow.data.numpy_dataset import NumpyDataset
        from mlflow.data.pandas_dataset import PandasDataset
        from mlflow.data.polars_dataset import PolarsDataset
        from mlflow.data.schema import TensorDatasetSchema

        dataset: PandasDataset = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), source="https://host/x.csv")
        assert isinstance(dataset, Dataset) and isinstance(dataset, mlflow.data.pandas_dataset.PandasDataset)
        with mlflow.start_run() as run:
            mlflow.log_input(dataset, context="training")
            mlflow.log_input(MetaDataset(HTTPDatasetSource("https://host/y.csv"), name="meta"))
        used = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        print([u.dataset.name for u in used], mlflow.data.get_source(used[0]).url)
    """
    assert scripts.run(tmp_path, script)[:2] == (0, "['dataset', 'meta'] https://host/x.csv\n")
