"""Fetching artifacts: whole files under their names, nothing outside the folder, nothing half written."""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import runstone
from runstone.client import fetching
from runstone.errors import AlreadyExists, CorruptData, InvalidParameter, NotFound, WrongFileKind
from runstone.repository.destination import Destination

DATA = random.Random(1).randbytes(1_000_000)


@pytest.fixture
def run_id(tmp_path: Path) -> Iterator[str]:
    with runstone.start_run() as run:
        runstone.Client().log_files(run.info.run_id, {"a/b/data.bin": DATA, "a/c.txt": b"text", "d.txt": b"top"})
        (tmp_path / "out").mkdir()
        yield run.info.run_id


def fetch(run_id: str, path: str = "") -> Path:
    return Path(runstone.Client().download_artifacts(run_id, path, "out"))


def files(folder: str = "out") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if not path.is_dir())


def test_a_fetched_file_replaces_the_one_that_was_there_at_once(run_id: str, tmp_path: Path) -> None:
    Path("out/d.txt").write_bytes(b"something old and longer")
    with open("out/d.txt", "rb") as reader:
        fetch(run_id)
        assert reader.read() == b"something old and longer", "who reads the old file reads all of it"
    assert Path("out/d.txt").read_bytes() == b"top"
    assert files() == ["a/b/data.bin", "a/c.txt", "d.txt"]


def test_files_have_the_mode_that_new_files_have(run_id: str) -> None:
    before = os.umask(0o027)
    try:
        fetch(run_id)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat("out/d.txt").st_mode) == 0o640
    assert stat.S_IMODE(os.stat("out/a").st_mode) == 0o750


def test_a_file_or_folder_is_put_in_the_folder_under_its_own_name_and_the_place_is_told(
    run_id: str, tmp_path: Path
) -> None:
    assert fetch(run_id, "a/b/data.bin") == tmp_path / "out/data.bin"
    assert fetch(run_id, "a/b") == tmp_path / "out/b"
    assert files() == ["b/data.bin", "data.bin"]
    assert fetch(run_id) == tmp_path / "out"


def test_the_folder_is_made_when_it_is_missing_and_refused_when_it_is_a_file(run_id: str, tmp_path: Path) -> None:
    place = runstone.Client().download_artifacts(run_id, "a/c.txt", "new/folder")
    assert Path(place) == tmp_path / "new/folder/c.txt"
    Path("file").write_text("x")
    with pytest.raises(WrongFileKind, match="'file' is a file"):
        runstone.Client().download_artifacts(run_id, "a", "file")


def test_a_link_in_the_folder_is_not_followed(run_id: str) -> None:
    os.mkdir("elsewhere")
    os.symlink("../elsewhere", "out/a")
    with pytest.raises(WrongFileKind, match=r"out/a.*link"):
        fetch(run_id, "a")
    assert files("elsewhere") == []


def test_a_link_under_the_files_own_name_is_replaced_and_not_written_through(run_id: str) -> None:
    Path("mine").write_text("mine")
    os.symlink("../mine", "out/d.txt")
    fetch(run_id, "d.txt")
    assert (Path("mine").read_text(), Path("out/d.txt").read_text()) == ("mine", "top")
    assert not os.path.islink("out/d.txt")


def test_the_folder_itself_may_be_a_link(run_id: str) -> None:
    os.symlink("out", "to-out")
    runstone.Client().download_artifacts(run_id, "d.txt", "to-out")
    assert files() == ["d.txt"]


def test_a_file_where_a_folder_is_needed_and_the_reverse_are_named_and_left_alone(run_id: str) -> None:
    Path("out/a").write_text("mine")
    with pytest.raises(WrongFileKind, match="out/a"):
        fetch(run_id, "a")
    assert Path("out/a").read_text() == "mine"
    os.mkdir("out/d.txt")
    with pytest.raises(WrongFileKind, match=r"d\.txt"):
        fetch(run_id, "d.txt")
    assert files() == ["a"]


def test_a_damaged_file_replaces_nothing_and_leaves_nothing(run_id: str, tmp_path: Path) -> None:
    (pack,) = (tmp_path / ".runstone" / "packs").iterdir()
    data = bytearray(pack.read_bytes())
    data[900_000] ^= 1
    pack.write_bytes(data)
    os.makedirs("out/a/b")
    Path("out/a/b/data.bin").write_text("the old one")
    with pytest.raises(
        CorruptData, match=rf"'a/b/data\.bin' of run {run_id}: the chunk blake3:\w+ in the pack {pack.name}"
    ):
        fetch(run_id)
    assert Path("out/a/b/data.bin").read_text() == "the old one"
    assert set(files()) <= {"a/b/data.bin", "a/c.txt", "d.txt"}, "others may be there, whole; nothing else is"


@pytest.mark.parametrize("path", ["../evil", "/tmp/evil", "a/../../evil", "a//b", "."])
def test_a_path_that_a_forged_store_says_never_leads_out_of_the_folder(run_id: str, tmp_path: Path, path: str) -> None:
    database = sqlite3.connect(tmp_path / ".runstone" / "runstone.db")
    database.execute("UPDATE artifact SET path = ? WHERE path = 'd.txt'", (path,))
    database.commit()
    database.close()
    with pytest.raises(InvalidParameter, match="Invalid artifact path"):
        fetch(run_id)
    assert not (tmp_path / "evil").exists()
    assert not Path("/tmp/evil").exists()


def test_the_longest_name_that_a_file_can_have_comes_back(run_id: str) -> None:
    name = "n" * 255
    Path(name).write_text("x")
    runstone.log_artifact(name)
    fetch(run_id, name)
    assert files() == [name]


def test_what_a_dead_process_was_fetching_is_swept_and_what_a_living_one_fetches_is_not(run_id: str) -> None:
    os.makedirs("out/a")
    dead, alive = Path("out/a/.runstone-0123456789abcdef.part"), Path("out/a/.runstone-fedcba9876543210.part")
    dead.write_text("half")
    Path("out/a/users.part").write_text("mine")
    with alive.open("w") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        fetch(run_id, "a")
    assert files() == ["a/.runstone-fedcba9876543210.part", "a/b/data.bin", "a/c.txt", "a/users.part"]


def test_two_names_that_the_folder_takes_for_one_do_not_replace_each_other(tmp_path: Path) -> None:
    # As 'A' and 'a' are one on a disk where case makes no difference; here simply the same name twice.
    with Destination(str(tmp_path)) as destination:
        destination.put("name", [b"one"])
        with pytest.raises(AlreadyExists, match="takes their names for one"):
            destination.put("name", [b"two"])
    assert Path("name").read_bytes() == b"one"
    with Destination(str(tmp_path)) as destination:
        destination.put("name", [b"three"])
    assert Path("name").read_bytes() == b"three"


def test_two_names_of_one_file_in_the_folder_are_replaced_each_by_itself(run_id: str) -> None:
    fetch(run_id)
    Path("out/a/e.txt").hardlink_to("out/a/c.txt")
    Path("out/link.txt").hardlink_to("out/a/c.txt")
    runstone.Client().log_files(run_id, {"a/e.txt": b"more", "link.txt": b"most"})
    fetch(run_id)
    assert [Path("out", path).read_bytes() for path in ("a/c.txt", "a/e.txt", "link.txt")] == [
        b"text",
        b"more",
        b"most",
    ]


@pytest.mark.parametrize("there", ["A", "a"])
def test_two_names_that_differ_in_case_do_not_replace_each_other_where_that_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    with Destination(str(tmp_path)) as destination:
        destination.put("A", [b"one"])
        os.link(
            "A", "a"
        )  # what such a disk does: the file is found by both, and listed by the one that it was made with
        monkeypatch.setattr(os, "listdir", lambda folder: [there])
        with pytest.raises(AlreadyExists, match="takes their names for one"):
            destination.put("a", [b"two"])


@pytest.mark.parametrize(
    ("include", "exclude", "found"),
    [
        (["*.txt"], None, ["a/c.txt", "d.txt"]),
        (["a/*.txt"], None, ["a/c.txt"]),
        (["a"], None, ["a/b/data.bin", "a/c.txt"]),
        (["a/**"], ["b"], ["a/c.txt"]),
        (["**/*.bin"], None, ["a/b/data.bin"]),
        (None, ["*.bin", "/d.txt"], ["a/c.txt"]),
        (["?.t[a-x]t"], None, ["a/c.txt", "d.txt"]),
        (["[!c].txt"], None, ["d.txt"]),
    ],
)
def test_patterns_say_which_files_are_fetched(
    run_id: str, include: list[str] | None, exclude: list[str] | None, found: list[str]
) -> None:
    runstone.Client().download_artifacts(run_id, "", "out", include=include, exclude=exclude)
    assert files() == found


def test_patterns_count_from_the_folder_that_is_fetched(run_id: str) -> None:
    runstone.Client().download_artifacts(run_id, "a", "out", include=["b/*"])
    assert files() == ["a/b/data.bin"]


def test_patterns_that_mean_nothing_are_refused(run_id: str) -> None:
    client = runstone.Client()
    with pytest.raises(NotFound, match=r"include=\['\*\.csv'\]"):
        client.download_artifacts(run_id, "", "out", include=["*.csv"])
    for pattern in ("/", "", "[z-a]"):
        with pytest.raises(InvalidParameter, match="means nothing"):
            client.download_artifacts(run_id, "", "out", include=[pattern])
    with pytest.raises(InvalidParameter, match="no list of patterns"):
        client.download_artifacts(run_id, "", "out", exclude="*.txt")
    assert files() == []


def test_a_folder_of_many_files_comes_back_whole_from_several_threads(run_id: str) -> None:
    wanted = {f"many/{n % 7}/{n}": random.Random(n).randbytes(n * 1000) for n in range(400)}
    runstone.Client().log_files(run_id, dict(wanted))
    fetch(run_id, "many")
    assert {f"many/{path}": (Path("out/many") / path).read_bytes() for path in files("out/many")} == wanted


def test_a_file_that_is_there_as_it_should_be_is_left_alone(run_id: str) -> None:
    first = fetching.fetch(runstone.Client(), run_id, "", "out")
    assert (first.files, first.store, first.present) == (3, 1_000_007, 0)
    before = {path: os.stat(Path("out") / path).st_ino for path in files()}
    Path("out/d.txt").write_bytes(b"TOP")
    again = fetching.fetch(runstone.Client(), run_id, "", "out")
    assert (again.store, again.present) == (3, 1_000_004)
    assert Path("out/d.txt").read_bytes() == b"top"
    assert {path: os.stat(Path("out") / path).st_ino for path in files() if path != "d.txt"} == {
        path: number for path, number in before.items() if path != "d.txt"
    }
