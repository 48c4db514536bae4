"""Files that have not changed since they were read are not read again; whatever changed is, and nothing else that goes wrong matters."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.points import until

import runstone
from runstone.repository import mapped as mapped_files
from runstone.repository import unchanged
from runstone.repository.unchanged import LEAST_REMEMBERED, Unchanged

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="what is read is counted by Linux")

SIZE = 3_000_000
OLD, NEW = random.Random(1).randbytes(SIZE), random.Random(2).randbytes(SIZE)


@pytest.fixture(autouse=True)
def any_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Where nothing of the temporary folder's files would be believed, or after a minute, believe it after a moment. Not of mapped ones."""
    probe = tmp_path / "probe"
    probe.write_bytes(b"")
    with probe.open("rb") as file:
        if mapped_files.told_after(file.fileno()) != 0 and "mapped" not in request.node.name:
            monkeypatch.setattr(unchanged, "told_after", lambda descriptor: 0)


@pytest.fixture
def client(tmp_path: Path) -> runstone.Client:
    return runstone.Client(tmp_path / "store")


@pytest.fixture
def run_id(client: runstone.Client) -> str:
    return client.create_run("0").info.run_id


def written(path: Path, content: bytes) -> Path:
    """A file, written a moment ago."""
    path.write_bytes(content)
    while time.time_ns() - path.stat().st_ctime_ns < 2 * unchanged._TICK:
        pass
    return path


def bytes_read(act: Callable[[], object]) -> int:
    """Bytes that this process has read meanwhile."""

    def now() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = now()
    act()
    return now() - before


def test_a_file_is_read_once(client: runstone.Client, run_id: str, tmp_path: Path) -> None:
    path = written(tmp_path / "file", OLD)
    assert bytes_read(lambda: client.log_artifact(run_id, path, "one")) >= SIZE
    assert bytes_read(lambda: client.log_artifact(run_id, path, "two")) < SIZE / 10
    assert client.read_artifact(run_id, "two/file") == OLD
    assert client.list_artifacts(run_id, "one")[0].digest == client.list_artifacts(run_id, "two")[0].digest
    assert client.verify() == []


def test_a_folder_of_which_one_file_has_changed_is_read_where_it_has(
    client: runstone.Client, run_id: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(5):
        written(folder / f"{number}", OLD[number:])
    (folder / "small").write_bytes(b"small")
    client.log_artifact(run_id, folder)
    written(folder / "3", NEW)
    assert SIZE <= bytes_read(lambda: client.log_artifact(run_id, folder)) < 1.2 * SIZE
    found = {file.path: client.read_artifact(run_id, file.path) for file in client.list_artifacts(run_id, "folder")}
    assert found == {f"folder/{path.name}": path.read_bytes() for path in folder.iterdir()}


def in_place(path: Path) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.write(NEW)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # of the same size, and looks as old as before


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(NEW)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def shortened(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def mapped(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[1000] ^= 1


@pytest.mark.parametrize("change", [in_place, replaced, shortened, mapped])
def test_a_file_that_has_changed_is_read_again(
    client: runstone.Client, run_id: str, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = written(tmp_path / "file", OLD)
    client.log_artifact(run_id, path)
    change(path)
    client.log_artifact(run_id, path)
    assert client.read_artifact(run_id, "file") == path.read_bytes() != OLD


def test_a_file_that_somebody_has_mapped_to_write_is_read_each_time(
    client: runstone.Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:

        def changed_without_a_sign() -> bool:
            view[:1000] = NEW[:1000]
            written_at = path.stat().st_mtime_ns
            while time.time_ns() - written_at < 2 * unchanged._TICK:
                pass
            client.log_artifact(run_id, path)
            before = path.stat()
            view[:1000] = NEW[1000:2000]  # the page is dirty already: no time of the file's tells
            after = path.stat()
            client.log_artifact(run_id, path)
            assert client.read_artifact(run_id, "file") == view[:]
            return after.st_mtime_ns == before.st_mtime_ns

        until(changed_without_a_sign)  # a system that writes the page out meanwhile marks the file


def test_a_mapped_file_in_memory_is_read_each_time_for_its_times_never_tell(
    client: runstone.Client, run_id: str
) -> None:
    path = Path("/dev/shm", f"runstone-{os.getpid()}")
    try:
        written(path, OLD)
        client.log_artifact(run_id, path)  # nobody has it open
        before = path.stat()
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
            view[:1000] = bytes(reversed(view[:1000]))
        assert path.stat().st_ctime_ns == before.st_ctime_ns
        client.log_artifact(run_id, path)
        assert client.read_artifact(run_id, path.name) == path.read_bytes() != OLD
    finally:
        path.unlink()


def test_what_was_written_this_very_moment_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    table = Unchanged(str(tmp_path / "cache"))
    now = path.stat().st_ctime_ns
    with path.open("rb") as file:
        for age, whole_seconds, believed in (
            (50_000_000, False, False),
            (-5_000_000_000, False, False),  # from the future: clocks differ
            (200_000_000, False, True),
        ):
            monkeypatch.setattr(time, "time_ns", lambda age=age: now + age)
            assert (table.watch(str(path), file.fileno()) is not None) is believed, (age, whole_seconds)
    table.close()


@pytest.mark.parametrize(
    ("refusal", "kind", "believed"),
    [
        (None, "", [True, True]),
        (errno.EAGAIN, "", [False, False]),  # somebody has it open to write
        (errno.EACCES, "", [False, True]),  # another user's: nobody says
        (errno.EAGAIN, "nfs4", [False, True]),  # its server gives no leases
        (None, "tmpfs", [False, False]),
        (None, "overlay", [False, False]),  # over one in memory
    ],
)
def test_what_may_be_mapped_is_believed_after_a_minute_or_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int | None, kind: str, believed: list[bool]
) -> None:
    def answer(descriptor: int, command: int, argument: int) -> int:
        if refusal is not None and command == fcntl.F_SETLEASE:
            raise OSError(refusal, os.strerror(refusal))
        return 0

    path = tmp_path / "file"
    path.write_bytes(OLD)
    table = Unchanged(str(tmp_path / "cache"))
    now = path.stat().st_ctime_ns
    with monkeypatch.context() as patched, path.open("rb") as file:
        patched.setattr(fcntl, "fcntl", answer)
        patched.setattr(mapped_files, "_file_system", lambda descriptor: kind)
        patched.setattr(mapped_files, "_lies_on_a_disk", lambda descriptor: False)
        for age, expected in zip((10_000_000_000, 61_000_000_000), believed, strict=True):
            patched.setattr(time, "time_ns", lambda age=age: now + age)
            assert (table.watch(str(path), file.fileno()) is not None) is expected
    table.close()


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="leases are Linux's")
def test_a_mapped_file_is_told_by_the_system_however_old_its_last_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    table = Unchanged(str(tmp_path / "cache"))
    now = path.stat().st_ctime_ns
    with path.open("r+b"), path.open("rb") as file:
        monkeypatch.setattr(time, "time_ns", lambda: now + 10**15)
        assert table.watch(str(path), file.fileno()) is None
    table.close()


def test_a_content_that_the_store_does_not_have_is_read(client: runstone.Client, run_id: str, tmp_path: Path) -> None:
    path = written(tmp_path / "file", OLD)
    client.log_artifact(run_id, path)
    other = runstone.Client(tmp_path / "other")
    there = other.create_run("0").info.run_id
    other.log_artifact(there, path)
    assert other.read_artifact(there, "file") == OLD
    # Lost from the first store: what is logged again is whole again.
    shutil.rmtree(tmp_path / "store" / "packs")
    client.log_artifact(run_id, path)
    assert client.read_artifact(run_id, "file") == OLD
    assert client.verify() == []


def test_a_content_that_was_pruned_is_read(
    client: runstone.Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "0")
    monkeypatch.setenv("RUNSTONE_KEEP_UNFINISHED", "0")
    path = written(tmp_path / "file", OLD)
    client.log_artifact(run_id, path)
    client.delete_artifact(run_id, "file")
    client.prune()
    assert not list((tmp_path / "store" / "packs").iterdir())
    client.log_artifact(run_id, path)
    assert client.read_artifact(run_id, "file") == OLD
    assert client.verify() == []


def test_the_setting_has_every_file_read(
    client: runstone.Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "file", OLD)
    client.log_artifact(run_id, path)
    monkeypatch.setenv("RUNSTONE_REREAD", "1")
    assert bytes_read(lambda: client.log_artifact(run_id, path)) >= SIZE


@pytest.mark.parametrize("damage", ["noise", "short", "swapped", "folder", "link", "closed"])
def test_whatever_becomes_of_the_table_what_is_logged_is_right(
    client: runstone.Client, run_id: str, tmp_path: Path, damage: str
) -> None:
    one, two = written(tmp_path / "one", OLD), written(tmp_path / "two", NEW)
    for path in (one, two):
        client.log_artifact(run_id, path)
    (table,) = tmp_path.rglob("unchanged")
    data = table.read_bytes()
    if damage == "noise":
        table.write_bytes(random.Random(3).randbytes(len(data)))
    elif damage == "short":
        os.truncate(table, len(data) - 40)
    elif damage == "swapped":  # each file's key with the other one's digest
        records = [data[at : at + 64] for at in range(0, len(data), 64) if any(data[at : at + 64])]
        assert len(records) == 2
        for record, other in (records, records[::-1]):
            data = data.replace(record, record[:24] + other[24:])
        table.write_bytes(data)
    elif damage == "closed":
        table.parent.chmod(0o500)
    else:
        table.unlink()
        table.mkdir() if damage == "folder" else table.symlink_to(tmp_path / "elsewhere")
    for path in (one, two):
        client.log_artifact(run_id, path, "again")
        assert client.read_artifact(run_id, f"again/{path.name}") == path.read_bytes()
    assert not (tmp_path / "elsewhere").exists()
    table.parent.chmod(0o700)


@pytest.mark.parametrize("whose", ["another's", "anybody's"])
def test_a_table_that_another_user_may_write_is_not_believed(
    client: runstone.Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    one, two = written(tmp_path / "one", OLD), written(tmp_path / "two", NEW)
    client.log_artifact(run_id, two)
    (table,) = tmp_path.rglob("unchanged")
    forged = Unchanged(str(table.parent))
    forged.keep(unchanged._key(str(one), one.stat()), client.list_artifacts(run_id)[0].digest or "")
    forged.close()
    if whose == "anybody's":
        table.chmod(0o666)
    else:
        us = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    client.log_artifact(run_id, one)
    assert client.read_artifact(run_id, "one") == OLD


def test_the_table_stays_small_and_forgets_the_oldest_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "_BUCKETS", 16)
    table = Unchanged(str(tmp_path))
    path = written(tmp_path / "file", bytes(LEAST_REMEMBERED))
    with path.open("rb") as file:
        for number in range(1_000):
            table.keep(random.Random(number).randbytes(24), f"blake3:{number:064x}")
            if number % 50 == 0:
                key = table.watch(str(path), file.fileno())
                assert key is not None
                table.keep(key, f"blake3:{number:064x}")
                assert table.find(str(path)) == (f"blake3:{number:064x}", LEAST_REMEMBERED)
    assert (tmp_path / "unchanged").stat().st_size <= 16 * 4 * 64
    table.close()


def test_a_pipe_is_no_file_and_is_not_waited_for(client: runstone.Client, run_id: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    table = Unchanged(str(tmp_path))
    assert table.find(str(tmp_path / "pipe")) is None
    assert table.find(str(tmp_path / "missing")) is None
    assert table.find("a\0b") is None
    table.close()


def test_a_server_is_told_the_digest_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.within import ServerWithin

    server = ServerWithin(tmp_path / "served")
    client = runstone.Client(server.url)
    run_id = client.create_run("0").info.run_id
    path = written(tmp_path / "file", OLD)
    client.log_artifact(run_id, path)
    assert bytes_read(lambda: client.log_artifact(run_id, path, "again")) < SIZE / 10
    assert client.read_artifact(run_id, "again/file") == OLD
    shutil.rmtree(tmp_path / "served" / "packs")
    client.log_artifact(run_id, path, "again")
    assert client.read_artifact(run_id, "again/file") == OLD
    server.stop()
