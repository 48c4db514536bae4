"""`runstone retention`: a rule is set, shown with what it lets go now, and taken away; one that makes no sense is refused."""

from __future__ import annotations

import json

import pytest
from tests.support.old_runs import make
from tests.support.terminals import Command

import runstone

pytestmark = pytest.mark.everywhere


@pytest.fixture
def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


def test_the_terminal_sets_shows_and_removes(client: runstone.Client, command: Command) -> None:
    make(client, 0.1, 0.2)
    assert command("retention")[2] == "No rules here: everything is kept.\n"
    words = ("--files", "checkpoints/*", "--older-than", "2w", "--keep-best", "loss:min", "1")
    code, out, _ = command("retention", "set", "Default", *words)
    assert code == 0
    assert out.splitlines()[1].split("\t")[:6] == ["0", "Default", "checkpoints/*", "14d", "", "1 by loss:min"]
    assert "lets go of 2 files of 1 run now (3 B as logged)" in out
    assert "2 files checkpoints/* of r1" in out
    code, out, _ = command("prune", "--dry-run")
    assert "2 files checkpoints/* of r1" in out
    assert "ended more than 14 days ago, not of the best 1 by loss:min" in out
    assert command("retention")[1].splitlines()[1].split("\t")[:3] == ["0", "Default", "checkpoints/*"]
    assert json.loads(command("retention", "list", "Default", "--json")[1])[0]["experiment_name"] == "Default"
    assert "0 runs deleted, 2 files of others" in command("prune", "--yes")[1]
    assert command("retention", "remove", "Default", "--files", "checkpoints/*", "--json")[1].strip() == "[]"
    assert command("retention", "remove", "Default")[0] == 1


def test_the_terminal_says_what_a_new_rule_lets_go_now(client: runstone.Client, command: Command) -> None:
    ids = make(client, 0.1, 0.2, None, 0.3)
    out = json.loads(command("retention", "set", "Default", "--keep-best", "loss:min", "1", "--json")[1])
    assert (out["runs"], out["uncompared"], out["going"], out["rule"]["mode"]) == (4, 1, 2, "min")
    assert [expiry["run_id"] for expiry in out["expiries"]] == [ids[3], ids[1]]
    out = command("retention", "set", "Default", "--keep-best", "loss:min", "1")[1]
    assert "lets go of 2 runs with 6 files now (16 B as logged)" in out
    assert "1 run without loss cannot be compared and stays" in out
    assert "Default: 1 run without loss cannot be compared and stays" in command("prune", "--dry-run")[1]
    out = command("retention", "set", "Default", "--keep-best", "val:loss:max", "1", "--force")[1]
    assert "lets go of nothing now" in out
    assert "no run has a number as its last val:loss" in out
    assert (
        "no run holds files that *.ckpt means"
        in command("retention", "set", "0", "--files", "*.ckpt", "--keep-last", "1")[1]
    )
    many = command("retention", "set", "Default", "--older-than", "0")[1]
    assert "lets go of 4 runs with 12 files" in many


@pytest.mark.folder
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--older-than, --keep-last or --keep-best"),
        (("--keep-last", "0"), "Write 1 or more"),
        (("--keep-last", "-3"), "Write 1 or more"),
        (("--keep-best", "loss:min", "0"), "Write 1 or more"),
        (("--keep-best", "loss:min", "\u00b3"), "Write 1 or more"),
        (("--keep-best", "loss:min", "many"), "Write 1 or more"),
        (("--keep-best", "loss:min", "9" * 5000), "Write 1 or more"),
        (("--keep-best", "loss", "3"), "does not say which value is best. Write METRIC:min"),
        (("--keep-best", "loss:least", "3"), "stands 'least'"),
        (("--keep-best", "loss:", "3"), "stands ''"),
        (("--keep-best", ":min", "3"), "METRIC:min"),
        (("--keep-best", "los:min", "3"), "There are 'loss'"),
        (("--older-than", "30"), "2w (weeks)"),
        (("--older-than", "3 months"), "2w (weeks)"),
        (("--files", "a", "--files", "b", "--keep-last", "1"), "once for each"),
        (("--files", "runs", "--keep-last", "1"), "--files ./runs"),
        (("--files", "!a", "--keep-last", "1"), "begins with '!'"),
    ],
)
def test_the_terminal_refuses_a_rule_that_makes_no_sense(
    client: runstone.Client, command: Command, words: tuple[str, ...], told: str
) -> None:
    make(client, 0.1)
    code, _, said = command("retention", "set", "Default", *words)
    assert code in (1, 2)
    assert told in " ".join(said.split())
    assert client.get_retention() == []
