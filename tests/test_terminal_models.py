"""The terminal on registered models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.terminals import Command, on_terminal

import runstone


@pytest.fixture
def registry() -> runstone.Client:
    """Two versions of a forest, measured, and a tree without any."""
    client = runstone.Client()
    client.create_registered_model("forest", description="of trees")
    run = client.create_run("0")
    for accuracy in (0.8, 0.95):
        model = client.create_logged_model("0", params={"depth": "3"})
        client.log_metric(run.info.run_id, "accuracy", accuracy, model_id=model.model_id)
        client.create_model_version("forest", f"models:/{model.model_id}")
    client.set_registered_model_alias("forest", "champion", "2")
    client.create_registered_model("tree")
    return client


def test_registered_models_are_listed_and_shown(command: Command, registry: runstone.Client) -> None:
    rows = [line.split("\t")[:3] for line in command("models", "ls").out.splitlines()]
    assert rows == [["name", "latest", "aliases"], ["forest", "2", "champion=2"], ["tree", "", ""]]
    limited = command("models", "ls", "--limit", "1")
    assert (len(limited.out.splitlines()), "There are more" in limited.err) == (2, True)
    assert [model["name"] for model in json.loads(command("models", "ls", "--json").out)] == ["forest", "tree"]
    assert "description\tof trees" in command("models", "show", "forest").out
    shown = command("models", "show", "models:/forest@champion").out.splitlines()
    assert {"version\tforest/2", "aliases\tchampion", "param depth\t3", "metric accuracy\t0.95"} <= set(shown)
    whole = json.loads(command("models", "show", "forest/latest", "--json").out)
    assert (whole["version"], whole["logged_model"]["info"]["model_id"]) == ("2", whole["model_id"])


def test_versions_are_listed_and_searched(command: Command, registry: runstone.Client) -> None:
    def named(*arguments: str) -> list[str]:
        return [line.split("\t")[0] for line in command("models", *arguments).out.splitlines()[1:]]

    assert named("versions", "forest") == ["forest/2", "forest/1"]
    assert named("search", "metrics.accuracy > 0.9 AND aliases = 'champion'") == ["forest/2"]
    assert named("search", "metrics.accuracy < 0.9") == ["forest/1"]
    assert named("search", "--order-by", "version_number ASC") == ["forest/1", "forest/2"]
    assert (command("models", "versions", "none").code, command("models", "search", "x >").code) == (1, 1)


def test_aliases_are_moved_and_taken_away(command: Command, registry: runstone.Client) -> None:
    assert command("models", "alias", "forest/1", "old").out == "forest/1: old\n"
    wrong = command("models", "alias", "forest/1", "champion", "--delete")
    assert wrong.code == 1
    assert "means forest/2" in wrong.err
    assert command("models", "alias", "forest", "champion", "--delete").out == "forest/2: no aliases\n"
    assert registry.get_registered_model("forest").aliases == {"old": "1"}
    assert command("models", "alias", "forest", "champion", "--delete").code == 1
    assert command("models", "alias", "forest", "champion").code == 2


def test_tags_are_set_and_taken_away_and_all_of_it_is_history(command: Command, registry: runstone.Client) -> None:
    assert (
        command("models", "tag", "forest@champion", "tested=yes", "by=a=b").out
        == "forest@champion: by=a=b tested=yes\n"
    )
    assert command("models", "tag", "forest/2", "--delete", "by").out == "forest/2: tested=yes\n"
    assert command("models", "tag", "forest", "team=red").out == "forest: team=red\n"
    assert (command("models", "tag", "forest", "team").code, command("models", "tag", "forest").code) == (2, 2)
    told = [line.split("\t")[2:] for line in command("models", "history", "forest").out.splitlines()]
    assert told[0] == ["version", "change", "key", "old", "new"]
    assert ["2", "alias", "champion", "", "2"] in told
    assert ["", "tag", "team", "", "red"] in told
    of_one = json.loads(command("models", "history", "forest/1", "--json").out)
    assert [change["kind"] for change in of_one] == ["created"]


def test_a_model_is_copied(command: Command, registry: runstone.Client, tmp_path: Path) -> None:
    registry.log_text(registry.get_model_version("forest", "2").model_id or "", "flavors: {}", "MLmodel")
    other = str(tmp_path / "other")
    assert command("models", "copy", "forest@champion", "--to", other, "--alias", "best").out == "forest/1: best\n"
    assert [model.name for model in runstone.Client(other).search_registered_models()] == ["forest"]
    assert command("models", "copy", "forest@champion", "--name", "tree").out == "tree/1\n"
    assert command("models", "copy", "forest@champion").code == 2
    assert command("models", "copy", "forest/latest", "--name", "tree").out == "tree/2\n"
    assert "does not say which version" in command("models", "copy", "forest", "--name", "tree").err
    assert "models:/forest/latest" in command("models", "copy", "forest", "--to", other).err
    model_id = str(registry.get_model_version("forest", "2").model_id)
    copied = command("models", "copy", model_id, "--to", other).out
    assert runstone.Client(other).get_logged_model(copied.strip().removeprefix("models:/")).params == {"depth": "3"}
    assert command("models", "copy", model_id, "--to", other, "--name", "copies").out == "copies/1\n"
    experiment = registry.create_experiment("chosen")
    moved = json.loads(command("models", "copy", model_id, "--experiment-id", experiment, "--json").out)
    assert moved["info"]["experiment_id"] == experiment
    assert command("models", "copy", model_id).code == 2
    assert "--name" in command("models", "copy", model_id, "--to", other, "--alias", "best").err
    assert command("models", "copy", "forest/2", "--name", "tree", "--experiment-id", "0").code == 2


def test_a_copy_in_a_new_folder_is_found_by_who_goes_there(
    command: Command, registry: runstone.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.log_text(registry.get_model_version("forest", "2").model_id or "", "flavors: {}", "MLmodel")
    for name in ("one", "two"):
        assert command("models", "copy", "forest/2", "--to", "new", "--name", name).code == 0
    assert [path.name for path in Path("new").iterdir()] == [".runstone"]
    monkeypatch.chdir("new")
    monkeypatch.delenv("RUNSTONE_URI", raising=False)
    found = runstone.Client(str(Path.cwd())).search_registered_models()
    assert [model.name for model in found] == ["one", "two"]


def test_logged_models_are_listed(command: Command, registry: runstone.Client) -> None:
    rows = [line.split("\t") for line in command("models", "ls", "--logged").out.splitlines()]
    assert [row[0] for row in rows[1:]] == [registry.get_model_version("forest", number).model_id for number in "21"]
    assert rows[1][3] == "Default"
    limited = command("models", "ls", "--logged", "--limit", "1", "--json")
    assert (len(json.loads(limited.out)), "There are more" in limited.err) == (1, True)


def test_versions_and_models_are_deleted_all_that_are_named_or_none(
    command: Command, registry: runstone.Client
) -> None:
    model_id = registry.get_model_version("forest", "1").model_id
    assert model_id is not None
    assert (command("models", "rm", "forest/1").code, command("models", "rm", "forest/1", "oak", "--yes").code) == (
        2,
        1,
    )
    assert registry.get_model_version("forest", "1").version == "1"
    done = command("models", "rm", "forest@champion", "tree", model_id, "--yes")
    assert (done.code, done.err) == (0, f"deleted: forest/2, {model_id}, tree\n")
    assert [model.name for model in registry.search_registered_models()] == ["forest"]
    assert [version.version for version in registry.search_model_versions("name = 'forest'")] == ["1"]
    assert model_id not in command("models", "ls", "--logged").out


def test_models_are_renamed_and_described(command: Command, registry: runstone.Client) -> None:
    assert command("models", "rename", "forest", "wood").out == "wood\n"
    assert command("models", "describe", "wood@champion", "the best").out == "wood@champion: the best\n"
    assert command("models", "describe", "wood", "").out == "wood: no description\n"
    assert registry.get_model_version("wood", "2").description == "the best"


def test_aliases_are_protected(command: Command, registry: runstone.Client) -> None:
    assert command("models", "protect", "forest", "champ*", "--user", "ada").out == "alias\tusers\nchamp*\tada\n"
    assert json.loads(command("models", "protect", "forest", "--json").out) == [{"alias": "champ*", "users": "ada"}]
    refused = command("models", "alias", "forest/1", "champion")
    assert (refused.code, "--confirm" in refused.err) == (1, True)
    assert command("models", "alias", "forest/1", "champion", "--confirm").out == "forest/1: champion\n"
    assert command("models", "alias", "forest", "champion", "--delete").code == 1
    assert command("models", "protect", "forest", "champ*", "--off").out == ""
    assert command("models", "alias", "forest", "champion", "--delete").code == 0
    assert command("models", "protect", "forest", "--off").code == 2


def test_history_tells_what_was_switched_on_from_what_was_switched_off(
    command: Command, registry: runstone.Client
) -> None:
    registry.protect_alias("tree", "best")
    registry.protect_alias("tree", "best", ["ada", "eve"])
    registry.unprotect_alias("tree", "best")
    registry.set_registered_model_tag("tree", "new", "")
    registry.delete_registered_model_tag("tree", "new")
    source = registry.get_model_version("forest", "1").source
    registry.delete_model_version("forest", "1")
    told = [line.split("\t") for line in command("models", "history", "tree").out.splitlines()[1:]]
    assert [row[3:] for row in told] == [
        ["created", "", "", "tree"],
        ["protected", "best", "", "nobody"],
        ["protected", "best", "nobody", "ada, eve"],
        ["unprotected", "best", "ada, eve", ""],
        ["tag", "new", "", '""'],
        ["tag", "new", '""', ""],
    ]
    assert all(row[0] and row[1] for row in told)
    last = command("models", "history", "forest").out.splitlines()[-1]
    assert last.split("\t")[2:] == ["1", "deleted", "", source, ""]


def test_what_was_deleted_has_its_history_still(command: Command, registry: runstone.Client) -> None:
    def told(name: str) -> list[list[str]]:
        return [line.split("\t")[2:4] for line in command("models", "history", name).out.splitlines()[1:]]

    registry.delete_model_version("forest", "1")
    assert told("forest/1") == [["1", "created"], ["1", "deleted"]]
    registry.delete_registered_model("forest")
    assert told("forest")[-1] == ["", "deleted"]
    assert told("models:/forest/1") == [["1", "created"], ["1", "deleted"]]
    assert command("models", "history", "forest/7").code == command("models", "history", "never").code == 1
    registry.create_registered_model("forest")
    assert told("forest") == [["", "created"]]


def test_what_a_model_takes_and_gives_is_shown(command: Command, tmp_path: Path) -> None:
    import numpy
    from sklearn.linear_model import LinearRegression

    data = numpy.array([[0.0, 1.0], [1.0, 3.0]])
    model = LinearRegression().fit(data, [1.0, 2.0])
    info = runstone.log_model(model, name="line", input_example=data, registered_model_name="line")
    for word in ("line/1", info.model_uri):
        shown = command("models", "show", word).out.splitlines()
        assert {"flavors\tpython_function, sklearn", "takes\tTensor('float64', (-1, 2))"} <= set(shown), word
    assert json.loads(command("models", "show", info.model_uri, "--json").out)["model_id"] == info.model_id
    runstone.sklearn.save_model(model, "here")
    assert "flavors\tpython_function, sklearn" in command("models", "show", "./here").out
    assert command("models", "show", "./none").code == 1


def test_what_is_not_there_is_answered_with_the_command_that_lists_it(
    command: Command, registry: runstone.Client
) -> None:
    assert "`runstone models ls`" in command("models", "show", "oak").err
    assert "`runstone models versions`" in command("models", "show", "forest/9").err
    assert "`runstone models show`" in command("models", "show", "forest@best").err
    assert "`runstone models show`" in command("models", "alias", "forest", "best", "--delete").err
    for verb in (["scan"], ["serve", "-m"], ["predict", "-m"]):
        assert (
            "'forest' is a registered model. Say which version: forest/latest" in command("models", *verb, "forest").err
        )
    Path("oak").mkdir()
    assert "A folder here is written ./oak." in command("models", "show", "oak").err


def test_in_a_narrow_terminal_no_column_vanishes(command: Command, registry: runstone.Client, tmp_path: Path) -> None:
    logged = on_terminal(tmp_path, "models", "ls", "--logged", columns=50).out.splitlines()
    ids = [model.model_id for model in registry.search_logged_models(["0"])]
    assert "".join(line.split(" ")[0] for line in logged) == "model" + "".join(ids)
    versions = on_terminal(tmp_path, "models", "versions", "forest", columns=50).out.splitlines()
    assert [line.split(" ")[0] for line in versions] == ["version", "forest/2", "forest/1"]
    history = on_terminal(tmp_path, "models", "history", "forest", columns=60).out.splitlines()
    assert history[0].split()[-2:] == ["old", "new"]
    assert max(map(len, logged + versions + history)) <= 60
