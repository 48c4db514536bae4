"""What programs import from mlflow resolves to runstone after `install_as_mlflow()`, or says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support import scripts

INSTALL = "import runstone; runstone.install_as_mlflow()\n"

IMPORTS = """
import mlflow, mlflow.artifacts, mlflow.client, mlflow.config, mlflow.data, mlflow.entities, mlflow.exceptions, mlflow.tracking
from mlflow import MlflowClient, MlflowException, log_metric, start_run
from mlflow.client import MlflowClient
from mlflow.tracking import MlflowClient, context, fluent
from mlflow.tracking.client import MlflowClient
from mlflow.tracking.context.registry import resolve_tags
from mlflow.tracking.fluent import active_run, start_run
from mlflow.entities import Experiment, FileInfo, Metric, Param, Run, RunInfo, RunStatus, RunTag, SourceType, ViewType
from mlflow.entities import Dataset, DatasetInput, InputTag, LifecycleStage, RunData, RunInputs
from mlflow.entities.metric import Metric
from mlflow.entities.param import Param
from mlflow.entities.run import Run
from mlflow.entities.run_info import RunInfo
from mlflow.entities.run_status import RunStatus
from mlflow.entities.view_type import ViewType
from mlflow.exceptions import MlflowException, RestException, INVALID_PARAMETER_VALUE
from mlflow.protos.databricks_pb2 import ErrorCode, RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME
from mlflow.models import ModelSignature, infer_signature, validate_schema, convert_input_example_to_serving_input
from mlflow.models.signature import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, ColSpec, Map, Object, Property, Schema
from mlflow.version import VERSION
"""


def test_the_imports_that_programs_use_work(tmp_path: Path) -> None:
    # each with no module of mlflow loaded before it
    play = f"""
import sys
for line in {IMPORTS.strip().splitlines()!r}:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        del sys.modules[name]
    try:
        exec(line)
    except Exception as error:
        print(line, repr(error))
"""
    assert scripts.run(tmp_path, INSTALL + play) == (0, "", "")


def test_one_import_of_mlflow_is_enough_for_its_parts(tmp_path: Path) -> None:
    code, out, err = scripts.run(
        tmp_path,
        INSTALL + "import mlflow\n"
        "try:\n    mlflow.get_run('0' * 32)\n"
        "except mlflow.exceptions.MlflowException as error:\n    print(error.error_code)\n"
        "print(mlflow.entities.ViewType.ALL, mlflow.tracking.MlflowClient is mlflow.MlflowClient, mlflow.artifacts.load_text.__name__)",
    )
    assert (code, out) == (0, "RESOURCE_DOES_NOT_EXIST\n3 True load_text\n"), err


def test_an_errors_code_compares_with_the_wires_numbers(tmp_path: Path) -> None:
    code, out, err = scripts.run(
        tmp_path,
        INSTALL + "from mlflow.exceptions import MlflowException\n"
        "from mlflow.protos.databricks_pb2 import ErrorCode, RESOURCE_ALREADY_EXISTS\n"
        "import mlflow\nmlflow.create_experiment('a')\n"
        "try:\n    mlflow.create_experiment('a')\n"
        "except MlflowException as error:\n    print(error.error_code == ErrorCode.Name(RESOURCE_ALREADY_EXISTS))\n"
        "print(MlflowException('x', error_code=RESOURCE_ALREADY_EXISTS).error_code)",
    )
    assert (code, out) == (0, "True\nRESOURCE_ALREADY_EXISTS\n"), err


def test_libraries_are_told_mlflows_release_and_people_runstones(tmp_path: Path) -> None:
    code, out, err = scripts.run(
        tmp_path,
        INSTALL + "import importlib.metadata, importlib.util, mlflow\n"
        "print(mlflow.__version__ == importlib.metadata.version('mlflow') == mlflow.version.VERSION > '3')\n"
        "print(runstone.__version__ != mlflow.__version__, importlib.util.find_spec('mlflow') is not None)\n"
        "print(any(d.metadata['Name'] == 'mlflow' for d in importlib.metadata.distributions()))",
    )
    assert (code, out) == (0, "True\nTrue True\nFalse\n"), err


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("import mlflow.genai", "ModuleNotFoundError"),
        ("from mlflow.models import make_metric", "ImportError"),
        ("from mlflow import spark", "ImportError"),
        ("mlflow.langchain.log_model(None, 'model')", "AttributeError"),
        ("mlflow.start_span()", "AttributeError"),
    ],
)
def test_a_part_that_runstone_does_not_have_is_named(line: str, kind: str, tmp_path: Path) -> None:
    source = f"{INSTALL}import mlflow\ntry:\n    {line}\nexcept {kind} as error:\n    print(error)"
    code, out, err = scripts.run(tmp_path, source)
    assert code == 0, err
    assert next(part for part in ("genai", "make_metric", "spark", "langchain", "start_span") if part in line) in out


def test_a_model_that_cannot_be_logged_as_one_is_told_the_way_out(tmp_path: Path) -> None:
    _, _, err = scripts.run(tmp_path, INSTALL + "import mlflow\nmlflow.langchain.log_model(None, 'model')")
    assert "joblib.dump" in err
    assert "log_artifact" in err


def test_the_real_mlflow_is_not_replaced_behind_its_users_back(tmp_path: Path) -> None:
    source = "import sys, types; sys.modules['mlflow'] = types.ModuleType('mlflow')\n" + INSTALL
    code, _, err = scripts.run(tmp_path, source)
    assert code == 1
    assert "mlflow is imported already" in err


def test_installing_twice_is_installing_once(tmp_path: Path) -> None:
    source = (
        INSTALL
        + INSTALL
        + "import sys; print(sum(type(f).__module__ == 'runstone.mlflow_alias' for f in sys.meta_path))"
    )
    assert scripts.run(tmp_path, source)[1] == "1\n"
