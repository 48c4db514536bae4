"""Registered models: names, tags, aliases, descriptions, search, and the notes of what was changed."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

import runstone
from runstone.client import Client
from runstone.errors import AlreadyExists, InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


@pytest.fixture
def client() -> Client:
    return runstone.Client()


def version_of(client: Client, name: str) -> str:
    """A new version of a registered model, made where it is missing."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    model = client.create_logged_model("0")
    return client.create_model_version(name, f"models:/{model.model_id}").version


def test_a_registered_model_has_what_it_was_made_with(client: Client) -> None:
    made = client.create_registered_model("forest", {"team": "vision", "size": 3}, "of trees")
    assert (made.name, made.description, made.tags) == ("forest", "of trees", {"team": "vision", "size": "3"})
    assert made.creation_timestamp == made.last_updated_timestamp
    assert (made.aliases, made.latest_versions) == ({}, [])
    assert client.get_registered_model("forest") == made


def test_a_name_is_given_once_and_its_letter_case_counts(client: Client) -> None:
    client.create_registered_model("forest")
    with pytest.raises(AlreadyExists, match="already exists"):
        client.create_registered_model("forest")
    client.create_registered_model("Forest")
    assert [model.name for model in client.search_registered_models()] == ["Forest", "forest"]


@pytest.mark.parametrize(
    "name", ["", " ", None, "a/b", "a:b", "a//b", "..", ".", "a\0b", "n" * 257, "\ud800", "models:/m"]
)
def test_a_name_that_could_be_read_as_something_else_is_refused(client: Client, name: str) -> None:
    with pytest.raises(InvalidParameter):
        client.create_registered_model(name)
    client.create_registered_model("forest")
    with pytest.raises(InvalidParameter):
        client.rename_registered_model("forest", name)


@pytest.mark.parametrize("name", ["A B", "größe", "a%2fb", "a.b", "m-1", "n" * 256, "a\\b", "100%"])
def test_a_name_is_taken_as_it_is_and_never_decoded(client: Client, name: str) -> None:
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name


def test_a_missing_registered_model_is_not_found(client: Client) -> None:
    for ask in (
        lambda: client.get_registered_model("none"),
        lambda: client.rename_registered_model("none", "other"),
        lambda: client.update_registered_model("none", "x"),
        lambda: client.delete_registered_model("none"),
        lambda: client.set_registered_model_tag("none", "a", "b"),
        lambda: client.delete_registered_model_tag("none", "a"),
        lambda: client.get_latest_versions("none"),
        lambda: client.set_registered_model_alias("none", "a", "1"),
        lambda: client.delete_registered_model_alias("none", "a"),
        lambda: client.get_model_version_by_alias("none", "a"),
        lambda: client.get_registry_changes("none"),
    ):
        with pytest.raises(NotFound, match="none"):
            ask()


def test_renaming_takes_versions_and_aliases_along(client: Client) -> None:
    number = version_of(client, "old")
    client.set_registered_model_alias("old", "best", number)
    client.create_registered_model("taken")
    assert client.rename_registered_model("old", "new").name == "new"
    assert client.get_model_version("new", number).name == "new"
    assert client.get_model_version_by_alias("new", "best").version == number
    with pytest.raises(NotFound):
        client.get_registered_model("old")
    with pytest.raises(AlreadyExists):
        client.rename_registered_model("new", "taken")
    client.rename_registered_model("new", "new")


def test_an_alias_is_moved_and_taken_away(client: Client) -> None:
    first, second = version_of(client, "forest"), version_of(client, "forest")
    client.set_registered_model_alias("forest", "best", first)
    client.set_registered_model_alias("forest", "best", second)
    client.set_registered_model_alias("forest", "old", first)
    assert client.get_registered_model("forest").aliases == {"best": second, "old": first}
    assert client.get_model_version("forest", second).aliases == ["best"]
    client.delete_registered_model_alias("forest", "best")
    client.delete_registered_model_alias("forest", "best")
    with pytest.raises(InvalidParameter, match="alias best not found"):
        client.get_model_version_by_alias("forest", "best")
    with pytest.raises(NotFound, match="version=7"):
        client.set_registered_model_alias("forest", "best", "7")


@pytest.mark.parametrize("alias", ["", None, "latest", "Latest", "v1", "V22", "a b", "a.b", "a/b", "a" * 256])
def test_an_alias_that_could_be_read_as_something_else_is_refused(client: Client, alias: str) -> None:
    number = version_of(client, "forest")
    with pytest.raises(InvalidParameter):
        client.set_registered_model_alias("forest", alias, number)


@pytest.mark.parametrize("alias", ["v", "1", "é", "a-b_c", "a" * 255])
def test_an_alias_is_words_and_dashes(client: Client, alias: str) -> None:
    number = version_of(client, "forest")
    client.set_registered_model_alias("forest", alias, number)
    assert client.get_model_version_by_alias("forest", alias).version == number


def test_deleting_takes_versions_aliases_and_tags_along(client: Client) -> None:
    number = version_of(client, "forest")
    client.set_registered_model_alias("forest", "best", number)
    client.set_registered_model_tag("forest", "a", "b")
    client.set_model_version_tag("forest", number, "a", "b")
    client.delete_registered_model("forest")
    assert client.search_registered_models() == []
    assert client.search_model_versions() == []
    again = client.create_registered_model("forest")
    assert (again.tags, again.aliases) == ({}, {})


def test_tags_and_descriptions_are_replaced(client: Client) -> None:
    client.create_registered_model("forest", {"a": "1", "b": "2"}, "first")
    client.set_registered_model_tag("forest", "a", 3)
    client.delete_registered_model_tag("forest", "b")
    client.delete_registered_model_tag("forest", "b")
    assert client.get_registered_model("forest").tags == {"a": "3"}
    assert client.update_registered_model("forest", "second").description == "second"
    assert client.update_registered_model("forest").description is None
    for key, value in (("k" * 251, "v"), ("", "v"), ("k", "v" * 100_001), ("../k", "v")):
        with pytest.raises(InvalidParameter):
            client.set_registered_model_tag("forest", key, value)


def test_search_finds_by_name_and_tags_a_page_at_a_time(client: Client) -> None:
    for number in range(5):
        made = client.create_registered_model(f"model {number}", {"parity": "odd" if number % 2 else "even"})
        while time.time_ns() // 1_000_000 == made.creation_timestamp:
            pass  # the next one is to be younger, by the clock that has milliseconds

    def names(text: str | None = None, **more: object) -> list[str]:
        return [model.name[-1] for model in client.search_registered_models(text, **more)]  # type: ignore[arg-type]

    assert names() == ["0", "1", "2", "3", "4"]
    assert names(order_by=["name DESC"]) == ["4", "3", "2", "1", "0"]
    assert names("tags.parity = 'odd'") == ["1", "3"]
    assert names("name LIKE '%4' OR name = 'model 0'") == ["0", "4"]
    assert names("name ILIKE 'MODEL%' AND tag.parity != 'odd'", order_by=["timestamp DESC"]) == ["4", "2", "0"]
    assert names("name IN ('model 1', 'model 2')") == ["1", "2"]
    assert names("tags.none IS NULL AND creation_timestamp > 0") == ["0", "1", "2", "3", "4"]
    first = client.search_registered_models(max_results=3)
    rest = client.search_registered_models(max_results=3, page_token=first.token)
    assert ([model.name[-1] for model in first + rest], rest.token) == (["0", "1", "2", "3", "4"], None)
    for wrong in ("nonsense", "name > 'a'", "color = 'red'", "metrics.a > 1"):
        with pytest.raises(InvalidParameter):
            names(wrong)
    for order in (["tags.parity"], ["nonsense"], ["name SIDEWAYS"]):
        with pytest.raises(InvalidParameter):
            names(order_by=order)
    for count in (0, -1, 1001):
        with pytest.raises(InvalidParameter, match="max_results"):
            names(max_results=count)


def test_search_finds_by_alias(client: Client) -> None:
    first, second = version_of(client, "forest"), version_of(client, "forest")
    version_of(client, "other")
    client.set_registered_model_alias("forest", "champion", second)
    client.set_registered_model_alias("forest", "old", first)

    def models(text: str) -> list[str]:
        return [model.name for model in client.search_registered_models(text)]

    def versions(text: str) -> list[str]:
        return [f"{found.name}{found.version}" for found in client.search_model_versions(text, order_by=["name"])]

    assert models("aliases = 'champion'") == ["forest"]
    assert models("alias IN ('old', 'none') AND name LIKE 'f%'") == ["forest"]
    assert models("NOT aliases = 'champion'") == models("aliases IS NULL") == ["other"]
    assert models("aliases != 'champion'") == ["forest"], "it has another"
    assert versions("aliases = 'champion'") == ["forest2"]
    assert versions("alias LIKE 'o%'") == versions("attributes.aliases RLIKE '^old$'") == ["forest1"]
    assert versions("aliases IS NOT NULL") == ["forest2", "forest1"]
    assert versions("NOT aliases = 'champion'") == ["forest1", "other1"]
    with pytest.raises(InvalidParameter):
        models("aliases > 'a'")
    for search in (client.search_registered_models, client.search_model_versions):
        with pytest.raises(InvalidParameter, match="ordering key"):
            search(order_by=["aliases"])


def test_a_model_that_says_nothing_of_prompts_is_none(client: Client) -> None:
    """Every search of MLflow's client asks for what is no prompt, by a tag that models do not have."""
    client.create_registered_model("model")
    client.create_registered_model("prompt", {"mlflow.prompt.is_prompt": "true"})
    for text in ("tag.`mlflow.prompt.is_prompt` = 'false'", "tags.`mlflow.prompt.is_prompt` != 'true'"):
        assert [model.name for model in client.search_registered_models(text)] == ["model"]
    assert [model.name for model in client.search_registered_models("tags.`mlflow.prompt.is_prompt` = 'true'")] == [
        "prompt"
    ]


def test_every_change_is_noted_with_who_and_when(client: Client, store_at: str) -> None:
    first, second = version_of(client, "old"), version_of(client, "old")
    client.set_registered_model_alias("old", "best", first)
    client.set_registered_model_alias("old", "best", second)
    client.set_registered_model_alias("old", "best", second)
    client.delete_registered_model_alias("old", "best")
    client.transition_model_version_stage("old", first, "Production")
    client.transition_model_version_stage("old", second, "Production", archive_existing_versions=True)
    client.set_model_version_tag("old", first, "note", "a")
    client.set_model_version_tag("old", first, "note", "b")
    client.delete_model_version_tag("old", first, "note")
    client.set_registered_model_tag("old", "team", "red")
    client.update_registered_model("old", "words")
    client.rename_registered_model("old", "new")
    source = client.get_model_version("new", first).source
    client.delete_model_version("new", first)
    noted = client.get_registry_changes("new")
    said = [
        (change.kind, change.version, change.key, change.old, change.new)
        for change in noted
        if change.kind != "created"
    ]
    assert said == [
        ("alias", first, "best", None, first),
        ("alias", second, "best", first, second),
        ("alias", second, "best", second, None),
        ("stage", first, None, "None", "Production"),
        ("stage", first, None, "Production", "Archived"),
        ("stage", second, None, "None", "Production"),
        ("tag", first, "note", None, "a"),
        ("tag", first, "note", "a", "b"),
        ("tag", first, "note", "b", None),
        ("tag", None, "team", None, "red"),
        ("description", None, None, None, "words"),
        ("renamed", None, None, "old", "new"),
        ("deleted", first, None, source, None),
    ]
    assert [change.kind for change in client.get_registry_changes("new", second)] == [
        "created",
        "alias",
        "alias",
        "stage",
    ]
    assert all(change.time > 0 for change in noted)
    # a server does not know who asks before it has passwords
    assert {bool(change.user_id) for change in noted} == {store_at == "folder"}
    assert [change.time for change in noted] == sorted(change.time for change in noted)


@pytest.mark.folder
def test_notes_come_in_pages_and_all_of_them(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from runstone.operations import registered_models

    monkeypatch.setattr(registered_models, "MOST_CHANGES", 3)
    client.create_registered_model("forest")
    for number in range(7):
        client.set_registered_model_tag("forest", "n", number)
    assert [change.new for change in client.get_registry_changes("forest")][1:] == [str(number) for number in range(7)]


def _register(path: str, count: int) -> None:
    client = runstone.Client(path)
    for _ in range(count):
        number = version_of(client, "forest")
        client.set_registered_model_alias("forest", "newest", number)


@pytest.mark.folder
def test_processes_that_register_at_once_get_different_numbers(client: Client) -> None:
    client.create_registered_model("forest")
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_register, args=(str(Path(".runstone").resolve()), 10)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    versions = client.search_model_versions("name = 'forest'", order_by=["version_number ASC"])
    assert [version.version for version in versions] == [str(number) for number in range(1, 31)]
    moves = [change for change in client.get_registry_changes("forest") if change.kind == "alias"]
    assert [move.old for move in moves[1:]] == [move.new for move in moves[:-1]], (
        "each move starts where the one before ended"
    )
    assert client.get_model_version_by_alias("forest", "newest").version == moves[-1].new


def test_a_protected_alias_is_moved_by_those_who_may_or_mean_it(client: Client, store_at: str) -> None:
    first, second = version_of(client, "forest"), version_of(client, "forest")
    client.set_registered_model_alias("forest", "prod-eu", first)
    client.protect_alias("forest", "prod-*", ["nobody here"])
    assert client.get_alias_protections("forest") == {"prod-*": ["nobody here"]}
    for refused in (
        lambda: client.set_registered_model_alias("forest", "prod-eu", second),
        lambda: client.set_registered_model_alias("forest", "prod-us", second),
        lambda: client.delete_registered_model_alias("forest", "prod-eu"),
        lambda: client.delete_model_version("forest", first),
        lambda: client.delete_registered_model("forest"),
    ):
        with pytest.raises(PermissionError, match="protected"):
            refused()
    with pytest.raises(PermissionError, match="version 1 is not deleted while it has that alias"):
        client.delete_model_version("forest", first)
    with pytest.raises(PermissionError, match="the registered model is not deleted while it has that alias"):
        client.delete_registered_model("forest")
    with pytest.raises(PermissionError, match="the registered model is not renamed while it has that alias"):
        client.rename_registered_model("forest", "wood")
    assert client.get_registered_model("forest").aliases == {"prod-eu": first}
    client.set_registered_model_alias("forest", "other", first)
    client.set_registered_model_alias("forest", "prod-eu", second, confirm=True)
    client.delete_model_version("forest", first)
    client.delete_registered_model_alias("forest", "prod-eu", confirm=True)
    made = client.get_registry_changes("forest")[-1].user_id
    client.protect_alias("forest", "prod-*", [made] if made else [])
    if store_at == "folder":
        client.set_registered_model_alias("forest", "prod-eu", second)
        client.delete_registered_model_alias("forest", "prod-eu")
    client.unprotect_alias("forest", "prod-*")
    client.set_registered_model_alias("forest", "prod-eu", second)
    noted = [change for change in client.get_registry_changes("forest") if "protected" in change.kind]
    assert [(change.kind, change.key, change.old, change.new) for change in noted] == [
        ("protected", "prod-*", None, "nobody here"),
        ("protected", "prod-*", "nobody here", made),
        ("unprotected", "prod-*", made, None),
    ]
    client.protect_alias("forest", "x")
    client.delete_registered_model("forest")
    for pattern in ("", "a b", "a/b", "*****", None):
        with pytest.raises(InvalidParameter):
            client.protect_alias("forest", pattern)  # type: ignore[arg-type]
