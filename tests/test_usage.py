"""Accounts of space: sharing counted once, what is unique told from what is shared, on any course of files."""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runstone
from runstone.cli import main
from runstone.errors import InvalidParameter
from runstone.operations import accounts, kinds

LARGE = random.Random(3).randbytes(900_000)


@pytest.mark.everywhere
def test_a_store_accounts_for_what_is_shared_and_what_is_unique(capsys: pytest.CaptureFixture[str]) -> None:
    client = runstone.Client(runstone.get_tracking_uri())
    assert client.usage().files == 0
    vision, text = client.create_experiment("vision"), client.create_experiment("text")
    one = client.create_run(vision, run_name="one").info.run_id
    two = client.create_run(text, run_name="two").info.run_id
    own = random.Random(4).randbytes(300_000)
    client.log_files(one, {"model.pt": LARGE, "a.csv": b"a,b\n", "checkpoints/1.pt": LARGE})
    client.log_files(two, {"model.pt": LARGE, "own.bin": own})
    found = client.usage()
    assert (found.files, found.logical) == (5, 3 * len(LARGE) + 4 + len(own))
    assert found.stored + found.compressed + found.shared == found.logical
    assert found.shared == 2 * len(LARGE)
    assert found.stored == len(LARGE) + 4 + len(own)
    assert {share.name: (share.logical, share.stored, share.unique) for share in found.runs} == {
        "one": (2 * len(LARGE) + 4, len(LARGE) + 4, 4),
        "two": (len(LARGE) + len(own), len(LARGE) + len(own), len(own)),
    }
    assert [share.name for share in found.runs] == ["two", "one"], "the largest first"
    assert {share.name: share.unique for share in found.experiments} == {"vision": 4, "text": len(own)}
    assert {share.id: share.files for share in found.kinds} == {"model": 3, "table": 1, "checkpoint": 1}
    assert found.disk.packs > 1_100_000
    assert (found.prunable, found.deleted) == (0, 0)
    client.delete_run(two)
    assert client.usage().deleted == len(own)
    client.delete_artifact(one, "a.csv")
    client.restore_run(two)
    client.delete_artifact(two, "own.bin")
    found = client.usage(1)
    assert found.prunable == len(own) + 4
    assert (len(found.runs), found.counts["runs"]) == (1, 2)
    with pytest.raises(InvalidParameter):
        client.usage(10_001)


def test_all_of_the_stores_folder_is_in_what_lies_on_the_disk() -> None:
    client = runstone.Client(runstone.get_tracking_uri())
    client.log_bytes(client.create_run("0").info.run_id, LARGE, "x")
    store = Path(".runstone")
    for folder in ("files", "console", "git"):
        (store / folder).mkdir(exist_ok=True)
        (store / folder / "some").write_bytes(b"x" * 1000)
    disk = client.usage().disk
    assert disk.packs + disk.database + disk.journal + disk.other == sum(
        path.stat().st_size for path in store.rglob("*") if path.is_file()
    )


@pytest.mark.everywhere
def test_the_terminal_lists_the_largest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    client = runstone.Client(runstone.get_tracking_uri())
    for number in range(3):
        client.log_bytes(client.create_run("0", run_name=f"r{number}").info.run_id, bytes([number]) * (number + 1), "f")

    def command(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["runstone", "--store", client.tracking_uri, "usage", *words])
        capsys.readouterr()
        main()
        return capsys.readouterr().out

    lines = [line.split("\t") for line in command("--by", "runs", "--top", "2").splitlines()]
    assert lines[0] == ["of", "id", "name", "files", "logical", "stored", "unique"]
    assert [line[2:] for line in lines[1:]] == [["r2", "1", "3", "3", "3"], ["r1", "1", "2", "2", "2"]]
    assert json.loads(command("--json"))["logical"] == 6


def test_a_person_sees_bars(tmp_path: Path) -> None:
    from tests.support.terminals import on_terminal

    client = runstone.Client(tmp_path / "store")
    client.log_bytes(client.create_run("0", run_name="a run").info.run_id, LARGE, "f.pt")
    shown = on_terminal(tmp_path, "--store", str(tmp_path / "store"), "usage").out
    assert "█" in shown
    assert "a run" in shown
    assert "900 KB" in shown


chunks = st.integers(0, 7)
contents = st.lists(st.lists(chunks, max_size=5), min_size=1, max_size=6)


@given(contents, st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=12), st.integers(1, 40))
def test_an_account_is_what_counting_chunk_by_chunk_gives(
    made_of: list[list[int]], files: list[tuple[int, int]], at_once: int
) -> None:
    import numpy

    files = [(group, content % len(made_of)) for group, content in files]
    count = 4  # a file of group 4 is in none
    stored = numpy.array([10**place for place in range(8)])
    sizes = numpy.array([sum(int(stored[chunk]) for chunk in content) for content in made_of])
    links = [(content, chunk) for content, listed in enumerate(made_of) for chunk in listed]
    columns = numpy.array(files, numpy.int64).reshape(-1, 2)
    before, accounts._AT_ONCE = accounts._AT_ONCE, at_once
    try:
        found = accounts.account(
            columns[:, 0], columns[:, 1], count, sizes,
            numpy.array([content for content, _ in links], numpy.int64), numpy.array([chunk for _, chunk in links], numpy.int64), stored,
        )  # fmt: skip
    finally:
        accounts._AT_ONCE = before
    holders = defaultdict(set)
    for group, content in files:
        for chunk in made_of[content]:
            holders[chunk].add(group)
    for group in range(count):
        own = [content for of, content in files if of == group]
        held = {chunk for content in own for chunk in made_of[content]}
        assert found.files[group] == len(own)
        assert found.logical[group] == sum(int(sizes[content]) for content in own)
        assert found.stored[group] == sum(10**chunk for chunk in held)
        assert found.unique[group] == sum(10**chunk for chunk in held if holders[chunk] == {group})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".runstone/console.log", "recorded"),
        ("model.safetensors", "model"),
        ("checkpoints/model.pt", "checkpoint"),
        ("a/checkpoint-500/optimizer.bin", "checkpoint"),
        ("last.ckpt", "checkpoint"),
        ("mycheckpointing.txt", "text"),
        ("DATA.CSV", "table"),
        ("plots/a.png", "image"),
        ("a.tar.gz", "archive"),
        ("noending", "other"),
        ("dir.png/noending", "other"),
    ],
)
def test_a_kind_is_told_by_the_path(path: str, kind: str) -> None:
    assert kinds.kind_of(path) == kind
