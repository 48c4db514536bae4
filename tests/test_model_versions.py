"""Versions of registered models: numbers, stages, tags, search; and what they may be made of."""

from __future__ import annotations

from typing import Any

import pytest

import runstone
from runstone.client import Client
from runstone.entities import model_registry
from runstone.errors import InvalidParameter, NotFound, RunstoneError

pytestmark = pytest.mark.everywhere


@pytest.fixture
def client() -> Client:
    client = runstone.Client()
    client.create_registered_model("forest")
    return client


@pytest.fixture
def run_id(client: Client) -> str:
    return client.create_run("0").info.run_id


def register(client: Client, **more: Any) -> Any:
    return client.create_model_version("forest", f"models:/{client.create_logged_model('0').model_id}", **more)


def test_a_version_knows_where_it_comes_from(client: Client, run_id: str, store_at: str) -> None:
    model = client.create_logged_model("0", "trees", run_id)
    made = client.create_model_version(
        "forest", f"models:/{model.model_id}", tags={"a": 1}, run_link="http://x", description="d"
    )
    assert (made.name, made.version, made.status, made.current_stage) == ("forest", "1", "READY", "None")
    assert (made.run_id, made.model_id, made.source) == (run_id, model.model_id, f"models:/{model.model_id}")
    assert (made.tags, made.run_link, made.description, made.aliases) == ({"a": "1"}, "http://x", "d", [])
    assert bool(made.user_id) == (store_at == "folder")  # a server does not know who asks before it has passwords
    assert client.get_model_version("forest", "1") == client.get_model_version("forest", 1) == made  # type: ignore[arg-type]
    assert client.get_model_version_download_uri("forest", "1") == model.artifact_location


def test_files_of_a_run_are_named_by_their_run_or_by_where_they_are(client: Client, run_id: str) -> None:
    where = client.get_run(run_id).info.artifact_uri
    model = client.create_logged_model("0")
    for source, run, logged in (
        (f"runs:/{run_id}/model", run_id, None),
        (f"runs:/{run_id}/deep/er/model", run_id, None),
        (f"{where}/model", run_id, None),
        (f"{model.artifact_location}/model", None, model.model_id),
        (model.artifact_location, None, model.model_id),
    ):
        made = client.create_model_version("forest", source)
        assert (made.run_id or None, made.model_id) == (run, logged), source
        assert client.get_model_version_download_uri("forest", made.version) == source


def test_a_copied_version_keeps_where_it_comes_from(client: Client, run_id: str) -> None:
    first = client.create_model_version("forest", f"runs:/{run_id}/model", tags={"a": "b"}, description="d")
    client.set_registered_model_alias("forest", "best", first.version)
    for uri in ("models:/forest/1", "models:/forest@best"):
        copied = client.copy_model_version(uri, "elsewhere")
        assert (copied.name, copied.source, copied.run_id, copied.description) == (
            "elsewhere",
            "models:/forest/1",
            run_id,
            "d",
        )
        assert copied.tags == {"a": "b"}
        assert client.get_model_version_download_uri("elsewhere", copied.version) == f"runs:/{run_id}/model"
    assert copied.version == "2"
    for wrong in (
        "models:/forest",
        "forest/1",
        "runs:/x/y",
        "models:/forest/9",
        "models:/none/1",
        "models:/forest@none",
    ):
        with pytest.raises(RunstoneError):
            client.copy_model_version(wrong, "elsewhere")


ESCAPES = [
    "/etc/passwd", "etc/passwd", "./model", "../../etc", "~/model", "C:\\models\\x", "\\\\host\\share", "//host/share",
    "file:///etc/passwd", "file:/etc/passwd", "file:model", "FILE:///etc", "file://localhost/etc", "local:/etc", "data:text/plain,x",
    "http://example.com/model", "https://example.com/model", "ftp://example.com/m", "gopher://x/", "s3://bucket/model",
    "gs://bucket/m", "abfss://c@a.dfs.core.windows.net/m", "dbfs:/model", "hdfs://name/m", "mlflow-artifacts://example.com/model",
    "mlflow-artifacts:/anywhere/in/here", "mlflow-artifacts:", "mlflow-artifacts:/", "mlflow-artifacts:/../etc", "mlflow-artifacts:/a/../../etc", "mlflow-artifacts:/a//b",
    "mlflow-artifacts:/%2e%2e/etc", "mlflow-artifacts:/a/%252e%252e/b", "mlflow-artifacts:/a?b=../..", "mlflow-artifacts:/a#/../etc",
    "mlflow-artifacts:/a;/../etc", "mlflow-artifacts:/a\\..\\etc", "mlflow-artifacts:/a\0b", "mlflow-artifacts:/a\nb",
    "MLFLOW-ARTIFACTS:/a", "models:/", "models:", "models:/none/1", "models:/m-0", "models:/forest/1/../../x", "models://host/forest/1",
    "models:/forest/latest", "models:/../etc", "models:/forest@", "runs:/", "runs:/{run}", "runs:/{run}/", "runs:/{run}/../x",
    "runs:/{run}/a/../../b", "runs:/{run}/a//b", "runs:/{run}/./a", "runs:/{run}/%2e%2e/a", "runs:/{run}/a#b", "runs:/{run}/a?b",
    "runs://host/{run}/a", "runs:/../{run}/a", "runs:/nothing/a", "Runs:/{run}/a", " runs:/{run}/a", "{where}/../other", "{where}/a/../../b",
    "{where}x", "{where}/%2e%2e/b", "{where}/a#b", "file:{where}/a", "/{where}/a", "http://{run}/a", "x:/{run}/artifacts/a", "", " ",
]  # fmt: skip


@pytest.mark.parametrize("tags", [{}, {"mlflow.prompt.is_prompt": "true"}], ids=["plain", "prompt"])
@pytest.mark.parametrize("run_said", [False, True])
def test_a_source_that_is_not_this_stores_own_is_refused(
    client: Client, run_id: str, run_said: bool, tags: dict[str, str]
) -> None:
    """The class of a dozen of MLflow's advisories: a version's source that makes a server read or fetch what it should not."""
    register(client)
    where = str(client.get_run(run_id).info.artifact_uri)
    taken = []
    for source in ESCAPES:
        text = source.replace("{run}", run_id).replace("{where}", where)
        try:
            client.create_model_version("forest", text, run_id if run_said else None, tags)
            taken.append(text)
        except (InvalidParameter, NotFound):
            pass
    assert taken == []
    assert [version.version for version in client.search_model_versions()] == ["1"]


def test_a_source_is_its_own_runs_and_models(client: Client, run_id: str) -> None:
    other, model = client.create_run("0").info.run_id, client.create_logged_model("0").model_id
    for source, said in (
        (f"runs:/{run_id}/a", {"run_id": other}),
        (f"{client.get_run(run_id).info.artifact_uri}/a", {"run_id": other}),
        (f"models:/{model}", {"model_id": "m-" + "0" * 32}),
    ):
        with pytest.raises(InvalidParameter, match="must identify the resource that contains the source"):
            client.create_model_version("forest", source, **said)  # type: ignore[arg-type]


def test_a_number_is_never_given_twice(client: Client) -> None:
    assert [register(client).version for _ in range(3)] == ["1", "2", "3"]
    client.delete_model_version("forest", "3")
    client.delete_model_version("forest", "1")
    assert register(client).version == "4"
    with pytest.raises(NotFound, match="version=3"):
        client.get_model_version("forest", "3")
    with pytest.raises(NotFound):
        client.delete_model_version("forest", "3")


def test_deleting_a_version_takes_its_aliases_and_tags_along(client: Client) -> None:
    number = register(client, tags={"a": "b"}).version
    client.set_registered_model_alias("forest", "best", number)
    client.delete_model_version("forest", number)
    assert client.get_registered_model("forest").aliases == {}
    assert client.get_latest_versions("forest") == []


@pytest.mark.parametrize("version", ["x", "", None, "1.0", "1e3", " 1", "9" * 30, "١"])
def test_what_is_no_number_is_no_version(client: Client, version: Any) -> None:
    register(client)
    for ask in (client.get_model_version, client.delete_model_version, client.get_model_version_download_uri):
        with pytest.raises(InvalidParameter, match="version"):
            ask("forest", version)


def test_a_version_moves_through_stages_and_may_push_others_out(client: Client) -> None:
    for _ in range(3):
        register(client)
    assert client.transition_model_version_stage("forest", "1", "production").current_stage == "Production"
    client.transition_model_version_stage("forest", "2", "Staging")
    client.transition_model_version_stage("forest", "3", "Production", archive_existing_versions=True)
    stages = {version.version: version.current_stage for version in client.search_model_versions()}
    assert stages == {"1": "Archived", "2": "Staging", "3": "Production"}
    newest = client.get_latest_versions("forest")
    assert [version.version for version in newest] == ["1", "2", "3"]
    assert [version.version for version in client.get_latest_versions("forest", ["staging", "None"])] == ["2"]
    assert [version.version for version in client.get_registered_model("forest").latest_versions] == ["1", "2", "3"]
    for stage in ("nonsense", "", None):
        with pytest.raises(InvalidParameter):
            client.transition_model_version_stage("forest", "1", stage)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="not an Active stage"):
        client.transition_model_version_stage("forest", "1", "Archived", archive_existing_versions=True)
    assert client.get_model_version_stages("forest", "1") == model_registry.ALL_STAGES
    assert model_registry.ALL_STAGES == ["None", "Staging", "Production", "Archived"]


def test_tags_and_descriptions_of_a_version(client: Client) -> None:
    register(client, tags={"a": "1"}, description="first")
    client.set_model_version_tag("forest", "1", "b", 2)
    client.transition_model_version_stage("forest", "1", "Staging")
    client.set_model_version_tag("forest", key="c", value=3, stage="Staging")
    client.delete_model_version_tag("forest", "1", "a")
    client.delete_model_version_tag("forest", "1", "a")
    assert client.get_model_version("forest", "1").tags == {"b": "2", "c": "3"}
    client.delete_model_version_tag("forest", key="c", stage="Staging")
    assert client.update_model_version("forest", "1", "second").description == "second"
    assert client.update_model_version("forest", "1", "").description == ""
    with pytest.raises(InvalidParameter, match="description"):
        client.update_model_version("forest", "1")
    for texts in ({"run_link": "x" * 2_049}, {"run_link": "\ud800"}, {"run_id": "\ud800"}, {"description": "\ud800"}):
        with pytest.raises(InvalidParameter):
            register(client, **texts)
    for wrong in ({"version": "1", "stage": "Staging"}, {}, {"stage": "Production"}, {"version": "7"}):
        with pytest.raises(RunstoneError):
            client.set_model_version_tag("forest", key="a", value="b", **wrong)


def test_search_finds_by_name_number_run_source_and_tags(client: Client, run_id: str) -> None:
    client.create_registered_model("other")
    client.create_model_version("forest", f"runs:/{run_id}/a", tags={"k": "x"})
    client.create_model_version("forest", f"runs:/{run_id}/b", tags={"k": "y"})
    client.create_model_version("other", f"models:/{client.create_logged_model('0').model_id}")

    def found(text: str | None = None, **more: Any) -> list[str]:
        return [f"{version.name[0]}{version.version}" for version in client.search_model_versions(text, **more)]

    assert found("name = 'forest'", order_by=["version_number"]) == ["f1", "f2"]
    assert found(order_by=["name DESC", "version_number DESC"]) == ["o1", "f2", "f1"]
    assert found(order_by=["name"]) == ["f2", "f1", "o1"]
    client.set_registered_model_alias("forest", "a", "1")
    client.update_model_version("forest", "1", "updated last")
    assert found()[0] == "f1", "what was updated last comes first"
    assert found(f"run_id = '{run_id}'", order_by=["version_number"]) == ["f1", "f2"]
    assert found(f"run_id IN ('{run_id}') AND tags.k = 'y'") == ["f2"]
    assert found(f"source_path LIKE 'runs:/{run_id}/%' AND version_number >= 2") == ["f2"]
    assert found("version_number = '1'", order_by=["name"]) == ["f1", "o1"]
    assert found("tag.k IS NULL OR current_stage = 'Production'") == ["o1"]
    assert found("tags.`mlflow.prompt.is_prompt` = 'false' AND name = 'other'") == ["o1"]
    first = client.search_model_versions(max_results=2)
    rest = client.search_model_versions(max_results=2, page_token=first.token)
    assert (len(first), len(rest), rest.token) == (2, 1, None)
    for wrong in ("version_number = 1.5", "version_number LIKE '1'", "color = 'red'", "params.a > 'x'", "name >"):
        with pytest.raises(InvalidParameter):
            found(wrong)
    for count in (0, -1, 200_001):
        with pytest.raises(InvalidParameter, match="max_results"):
            found(max_results=count)


def test_search_finds_by_what_the_logged_model_behind_it_measured(client: Client, run_id: str) -> None:
    for accuracy, kind in ((0.8, "tree"), (0.95, "forest")):
        model = client.create_logged_model("0", params={"kind": kind})
        client.log_metric(run_id, "accuracy", accuracy, model_id=model.model_id)
        client.create_model_version("forest", f"models:/{model.model_id}")
    client.create_model_version("forest", f"runs:/{run_id}/a")

    def found(text: str) -> list[str]:
        return [version.version for version in client.search_model_versions(text, order_by=["version_number"])]

    assert found("metrics.accuracy > 0.9") == ["2"]
    assert found("metrics.accuracy > 0.5 AND params.kind = 'tree'") == ["1"]
    assert found("metrics.accuracy BETWEEN 0.5 AND 1 OR version = 3") == ["1", "2", "3"]
    assert found("metrics.accuracy IS NULL") == found("params.kind IS NULL") == ["3"]
    assert found("params.kind LIKE 'f%'") == ["2"]
    with pytest.raises(InvalidParameter, match="ordering key"):
        client.search_model_versions(order_by=["metrics.accuracy"])
