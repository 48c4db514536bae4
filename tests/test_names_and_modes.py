"""Files of every name, and those that may be run, come back as they were logged; from a folder and from a server."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

import pytest

import runstone

pytestmark = pytest.mark.everywhere

NAMES = [
    "数据/训练集.csv", "данные.txt", "δεδομένα", "ข้อมูล", "데이터", "データ", "بيانات", "נתונים", "हिन्दी", "🙂🚀/👩‍👩‍👧‍👦.bin",
    "a b", " leading", "trailing ", "-rf", "~", "$HOME", "`x`", "a;b&c|d", "'quoted'", '"double"', "100%", "a%2Fb", "a?b#c", "a+b=c",
    "new\nline", "tab\there", "\x07bell", "*", "[ab]", "{x}", "COM1", "nul.txt", "a:b", ".hidden", "...", "x" * 255, "é" * 127,
    unicodedata.normalize("NFC", "é-composed"), unicodedata.normalize("NFD", "é-composed"),
    "Upper", "upper", "UPPER/a", "İ", "ı", "ß", "ẞ", "ﬁ", "fi",
    "\u200bzero-width", "\u202eright-to-left", "\ufeffmark",
]  # fmt: skip


def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


def here(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def test_a_folder_of_files_of_every_name_comes_back_byte_for_byte_and_code_point_for_code_point(tmp_path: Path) -> None:
    folder = tmp_path / "names"
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number} {name}".encode())
    logged = here(folder)
    assert set(logged) == set(NAMES), "a disk that takes two names for one cannot show that we do not"
    with runstone.start_run() as run:
        version = runstone.log_artifact(folder, name="names")
    assert version is not None
    assert here(Path(client().download_artifacts(run.info.run_id, "names", str(tmp_path / "back")))) == logged
    assert here(Path(version.download(str(tmp_path / "version")))) == logged
    for name in NAMES:
        assert client().read_artifact(run.info.run_id, f"names/{name}") == logged[name]
    listed = {file.path for file in client().list_artifacts(run.info.run_id, "names")}
    assert listed == {f"names/{name.partition('/')[0]}" for name in NAMES}


def test_what_may_be_run_may_be_run_where_it_is_fetched(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, size in (("run.sh", 10), ("large", 3_000_000), ("data.txt", 10)):
        (folder / name).write_bytes(os.urandom(size))
    (folder / "run.sh").chmod(0o750)
    (folder / "large").chmod(0o700)
    with runstone.start_run() as run:
        runstone.log_artifact(folder)
        runstone.log_artifact(folder / "run.sh", "alone")
        runstone.log_artifact(folder / "data.txt", "alone")
    files = {file.path: file.executable for file in client().list_artifacts(run.info.run_id, "tools")}
    assert files == {"tools/data.txt": False, "tools/large": True, "tools/run.sh": True}
    for place in ("first", "first", "second"):  # again where it is already, and once more, by then from a cache
        back = Path(client().download_artifacts(run.info.run_id, "tools", str(tmp_path / place)))
        assert {path.name: is_executable(path) for path in back.iterdir()} == {
            "run.sh": True,
            "large": True,
            "data.txt": False,
        }
    alone = Path(client().download_artifacts(run.info.run_id, "alone/run.sh", str(tmp_path / "third")))
    assert is_executable(alone)
    # a bit that is taken away is taken away
    (folder / "run.sh").chmod(0o640)
    client().log_artifact(run.info.run_id, str(folder / "run.sh"), "alone")
    assert not any(file.executable for file in client().list_artifacts(run.info.run_id, "alone"))


def test_a_version_keeps_what_may_be_run_and_is_another_where_that_changes(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("run.sh", "other"):
        (folder / name).write_text(name)
    (folder / "run.sh").chmod(0o755)
    with runstone.start_run():
        first = runstone.log_artifact(folder, name="tools")
        (folder / "other").chmod(0o755)
        second = runstone.log_artifact(folder, name="tools")
    assert first is not None
    assert second is not None
    assert (first.reference, second.reference) == ("tools:v0", "tools:v1")
    back = Path(first.download(str(tmp_path / "back")))
    assert {path.name: is_executable(path) for path in back.iterdir()} == {"run.sh": True, "other": False}
    (changed,) = client().diff_artifact_versions("tools:v0", "tools:v1").changed
    assert (changed.path, changed.old.executable, changed.new.executable) == ("other", False, True)


def test_a_file_is_another_version_where_it_may_be_run_and_is_found_by_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "run.sh"
    file.write_text("run")
    with runstone.start_run():
        plain = runstone.log_artifact(file, name="tool")
        file.chmod(0o755)
        first, again = (runstone.log_artifact(file, name="tool") for _ in range(2))
    assert plain is not None
    assert first is not None
    assert again is not None
    assert [version.reference for version in (plain, first, again)] == ["tool:v0", "tool:v1", "tool:v1"]
    assert is_executable(Path(first.download(str(tmp_path / "back"))))
    assert not is_executable(Path(plain.download(str(tmp_path / "plain"))))
    assert [client().get_artifact_version(f"tool@{version.digest}").reference for version in (plain, first)] == [
        "tool:v0",
        "tool:v1",
    ]


def test_nobody_may_run_a_file_for_having_fetched_it_who_may_not_read_it(tmp_path: Path) -> None:
    tool = tmp_path / "run.sh"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o777)
    before = os.umask(0o077)
    try:
        with runstone.start_run() as run:
            runstone.log_artifact(tool)
        back = Path(client().download_artifacts(run.info.run_id, "run.sh", str(tmp_path / "back")))
    finally:
        os.umask(before)
    assert stat.S_IMODE(back.stat().st_mode) == 0o700
