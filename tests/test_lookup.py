"""Going to something by a part of its name."""

from __future__ import annotations

import pytest

from runstone.client import Client
from runstone.errors import InvalidParameter

pytestmark = pytest.mark.everywhere


def found(client: Client, text: str, limit: int = 8) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in client.look_up(text, limit)]


def test_all_that_bears_a_name_is_found_by_a_part_of_it() -> None:
    client = Client()
    experiment = client.create_experiment("Vision")
    run = client.create_run(experiment, tags={"mlflow.runColor": "#123456"}, run_name="envision")
    client.create_registered_model("vision-net")
    client.create_logged_model(experiment, name="vision-tree")
    client.create_run(experiment, run_name="other")
    assert found(client, "VISION") == [
        ("experiment", "Vision"),
        ("model", "vision-net"),
        ("run", "envision"),
        ("logged_model", "vision-tree"),
    ]
    (by_id,) = client.look_up(run.info.run_id[:8])
    assert (by_id.kind, by_id.id, by_id.experiment_id, by_id.experiment) == (
        "run",
        run.info.run_id,
        experiment,
        "Vision",
    )
    # As it is coloured everywhere.
    assert (by_id.number, by_id.colour) == (client.get_run_numbers([run.info.run_id])[0], "#123456")


def test_what_begins_so_comes_first_then_the_newest() -> None:
    client = Client()
    for name in ("loss", "a loss", "loss 2", "no loss"):
        client.create_experiment(name)
    assert [name for _, name in found(client, "loss")] == ["loss 2", "loss", "no loss", "a loss"]
    assert len(found(client, "loss", limit=2)) == 2


def test_what_is_deleted_is_not_found() -> None:
    client = Client()
    gone = client.create_experiment("gone")
    run = client.create_run("0", run_name="gone too")
    client.delete_experiment(gone)
    client.delete_run(run.info.run_id)
    assert found(client, "gone") == []


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", "'; --", "École"])
def test_a_text_is_a_text(text: str) -> None:
    client = Client()
    client.create_experiment(f"x {text} y")
    client.create_experiment("x 100 axb backslash y")
    assert found(client, text) == [("experiment", f"x {text} y")]


def test_too_much_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="500 characters"):
        Client().look_up("x" * 501)
    for limit in (0, 51):
        with pytest.raises(InvalidParameter, match="1 to 50"):
            Client().look_up("x", limit)
