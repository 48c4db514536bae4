"""The cache of downloaded files: one fetch for all runs, nothing given that may have changed, no more than its limit."""

from __future__ import annotations

import os
import random
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.within import ServerWithin

from runstone.client import Client, fetching
from runstone.repository import cache as caching
from runstone.repository import destination
from runstone.repository.cache import Cache
from runstone.repository.destination import Destination
from runstone.repository.duplicating import shares_blocks
from runstone.repository.own_folder import own_folder

BIG = random.Random(3).randbytes(20_000_000)
DATA = random.Random(4).randbytes(1_000_000)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    server = ServerWithin(tmp_path / "served")
    yield Client(server.url)
    server.stop()


@pytest.fixture
def run_id(client: Client) -> str:
    run_id: str = client.create_run("0").info.run_id
    client.log_files(run_id, {"big.bin": BIG, "data.bin": DATA, "small.txt": b"small"})
    return run_id


def entries(tmp_path: Path) -> dict[int, Path]:
    return {path.stat().st_size: path for path in (tmp_path / "state/cache/files").rglob("*") if path.is_file()}


def test_a_file_is_fetched_once_for_all_runs(client: Client, run_id: str, tmp_path: Path) -> None:
    first = fetching.fetch(client, run_id, "", None)
    assert (first.store, first.cache) == (len(BIG) + len(DATA) + 5, 0)
    assert sorted(entries(tmp_path)) == [len(DATA), len(BIG)], "small ones come by the hundred and are not kept"
    other = client.create_run("0").info.run_id
    client.log_bytes(other, DATA, "another name.bin")
    again = fetching.fetch(client, other, "another name.bin", "out")
    assert (again.store, again.cache) == (0, len(DATA))
    assert Path(again.path).read_bytes() == DATA


def test_a_folder_that_was_named_gets_copies_and_a_temporary_one_read_only_links(
    client: Client, run_id: str, tmp_path: Path
) -> None:
    named, temporary = Path(client.download_artifacts(run_id, "", "out")), Path(client.download_artifacts(run_id, ""))
    kept = entries(tmp_path)[len(BIG)]
    assert not os.path.samefile(named / "big.bin", kept)
    assert stat.S_IMODE((named / "big.bin").stat().st_mode) & 0o200
    (named / "big.bin").write_bytes(b"mine")
    assert os.path.samefile(temporary / "big.bin", kept) or stat.S_IMODE((temporary / "big.bin").stat().st_mode) & 0o200
    assert (temporary / "big.bin").read_bytes() == BIG
    assert kept.read_bytes() == BIG


def test_a_folder_that_was_named_is_fetched_into_straight_unless_its_files_and_the_cache_may_be_one(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "shares_blocks", lambda one, other: False)
    assert fetching.fetch(client, run_id, "", "straight").cache == 0
    assert Path("straight/big.bin").read_bytes() == BIG
    assert entries(tmp_path) == {}, "it would be written twice"
    monkeypatch.setattr(caching, "shares_blocks", lambda one, other: True)
    client.download_artifacts(run_id, "data.bin", "shared")
    assert sorted(entries(tmp_path)) == [len(DATA)]
    monkeypatch.setattr(caching, "shares_blocks", lambda one, other: False)
    monkeypatch.setenv("RUNSTONE_CACHE", "always")
    client.download_artifacts(run_id, "big.bin", "always")
    assert sorted(entries(tmp_path)) == [len(DATA), len(BIG)]
    monkeypatch.setenv("RUNSTONE_CACHE", "servers")
    assert fetching.fetch(client, run_id, "", "again").cache == len(BIG) + len(DATA)


def test_whether_two_folders_share_blocks_is_found_out_and_leaves_nothing_there(tmp_path: Path) -> None:
    for name in ("one", "other", "missing"):
        if name != "missing":
            (tmp_path / name).mkdir()
        (tmp_path / "sample").write_bytes(b"x" * 4096)
        with (tmp_path / "sample").open("rb") as source, (tmp_path / "target").open("wb") as target:
            able = destination.clone(source.fileno(), target.fileno())
        assert shares_blocks(str(tmp_path / "one"), str(tmp_path / name)) == (able and name != "missing")
    assert not any((tmp_path / "one").iterdir())


def test_links_can_be_had_nowhere_and_everywhere(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_CACHE_LINKS", "never")
    path = Path(client.download_artifacts(run_id, "big.bin"))
    kept = entries(tmp_path)[len(BIG)]
    assert not path.samefile(kept)
    monkeypatch.setenv("RUNSTONE_CACHE_LINKS", "always")
    monkeypatch.setattr("runstone.repository.destination.clone", lambda source, target: False)
    for _ in range(2):
        path = Path(client.download_artifacts(run_id, "big.bin", "out"))
        assert path.samefile(kept)
    assert sorted(os.listdir("out")) == ["big.bin"]


@pytest.mark.parametrize("name", ["big.bin", "data.bin"])
def test_what_is_written_through_a_link_is_not_given_to_anybody_else(
    client: Client, run_id: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runstone.repository.destination.clone", lambda source, target: False)
    path = Path(client.download_artifacts(run_id, name))
    size = path.stat().st_size
    assert path.samefile(entries(tmp_path)[size])
    os.chmod(path, 0o644)
    with path.open("r+b") as file:
        file.write(b"mine")
    os.chmod(path, 0o444)
    again = fetching.fetch(client, run_id, name, None)
    assert (again.store, again.cache) == (size, 0)
    assert Path(again.path).read_bytes() == (BIG if name == "big.bin" else DATA)
    assert path.read_bytes()[:4] == b"mine", "it stays the user's"


def flip(path: Path, keep_times: bool) -> None:
    """Spoil a byte, as a disk does: without a word, its times as they were."""
    status = path.stat()
    os.chmod(path, 0o644)
    with path.open("r+b") as file:
        file.seek(500_000)
        byte = file.read(1)
        file.seek(500_000)
        file.write(bytes([byte[0] ^ 1]))
    os.chmod(path, 0o444)
    if keep_times:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_the_disk_spoilt_is_put_aside_and_fetched_anew(client: Client, run_id: str, tmp_path: Path) -> None:
    client.download_artifacts(run_id, "data.bin")
    flip(entries(tmp_path)[len(DATA)], keep_times=True)
    again = fetching.fetch(client, run_id, "data.bin", "out")
    assert again.store == len(DATA)
    assert Path(again.path).read_bytes() == DATA
    assert len(list((tmp_path / "state/cache/damaged").iterdir())) == 1


@pytest.mark.parametrize("why", ["a day", "a start"])
def test_a_large_file_is_compared_again_after_a_day_and_after_the_machine_was_started(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    client.download_artifacts(run_id, "big.bin")
    kept = entries(tmp_path)[len(BIG)]
    flip(kept, keep_times=True)
    if why == "a day":
        before = kept.stat().st_mtime_ns - 25 * 3600 * 10**9
        os.utime(kept, ns=(before, before))
        monkeypatch.setattr(caching, "_booted", lambda: 0.0)
    else:
        monkeypatch.setattr(caching, "_booted", lambda: time.time() + 1)
    again = fetching.fetch(client, run_id, "big.bin", "out")
    assert again.store == len(BIG)
    assert Path(again.path).read_bytes() == BIG


def test_what_was_used_longest_ago_goes_first(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_CACHE_SIZE", "2500000")
    files = {f"{number}.bin": random.Random(number).randbytes(900_000 + number) for number in range(3)}
    client.log_files(run_id, dict(files))
    for name in ("0.bin", "1.bin", "0.bin", "2.bin"):
        client.download_artifacts(run_id, name)
    assert sorted(entries(tmp_path)) == [900_000, 900_002]
    assert fetching.fetch(client, run_id, "big.bin", None).store == len(BIG)
    assert sorted(entries(tmp_path)) == [900_000, 900_002], "what is larger than the cache does not empty it"


@pytest.mark.parametrize(("name", "value"), [("RUNSTONE_CACHE", "never"), ("RUNSTONE_CACHE_SIZE", "0")])
def test_the_cache_can_be_switched_off(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert Path(client.download_artifacts(run_id, "big.bin")).read_bytes() == BIG
    assert not (tmp_path / "state/cache").exists()


def test_a_store_in_a_folder_here_uses_it_only_when_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, DATA, "data.bin")
    client.download_artifacts(run_id, "data.bin")
    assert not (tmp_path / "state/cache").exists()
    monkeypatch.setenv("RUNSTONE_CACHE", "always")
    client.download_artifacts(run_id, "data.bin")
    assert list(entries(tmp_path)) == [len(DATA)]


def test_a_cache_that_cannot_be_written_is_done_without(client: Client, run_id: str, tmp_path: Path) -> None:
    (tmp_path / "state/cache").write_text("a file")
    assert Path(client.download_artifacts(run_id, "big.bin")).read_bytes() == BIG


def test_a_digest_that_a_forged_store_says_names_nothing_outside_the_cache(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "cache"), 10**9)
    for name in ("blake3:../../../evil", "../evil:" + "0" * 64, "", "blake3:" + "0" * 63 + "/", "x"):
        assert not cache.takes(name, 10**6)
        assert cache.find(name, 10**6) is None


@pytest.mark.parametrize("whose", ["anybody's", "another's"])
def test_what_another_user_may_have_put_there_is_not_believed(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    client.download_artifacts(run_id, "big.bin")
    flip(entries(tmp_path)[len(BIG)], keep_times=True)
    folder = tmp_path / "state/cache"
    if whose == "anybody's":
        folder.chmod(0o1777)
    else:
        us = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    fetched = fetching.fetch(client, run_id, "big.bin", None)
    assert (fetched.store, fetched.cache) == (len(BIG), 0)
    assert Path(fetched.path).read_bytes() == BIG
    assert len(list(folder.glob("user-*/files/*/*/*"))) == (whose == "anybody's"), "in a folder of everybody's, in ours"
    assert fetching.fetch(client, run_id, "big.bin", None).cache == (len(BIG) if whose == "anybody's" else 0)


def test_a_folder_of_our_own_is_no_link_of_somebody_elses(tmp_path: Path) -> None:
    shared, other = tmp_path / "shared", tmp_path / "other"
    shared.mkdir()
    other.mkdir(0o700)
    assert own_folder(str(shared)) == str(shared)
    shared.chmod(0o1777)
    own = shared / f"user-{os.geteuid()}"
    assert own_folder(str(shared)) == str(own)
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.rmdir()
    own.symlink_to(other)
    assert own_folder(str(shared)) is None
    (tmp_path / "link").symlink_to(other)
    assert own_folder(str(tmp_path / "link")) == str(tmp_path / "link"), "ours may be one"
    (tmp_path / "file").write_bytes(b"")
    assert own_folder(str(tmp_path / "file")) is None


def test_a_pipe_in_the_place_of_an_entry_is_not_waited_for(client: Client, run_id: str, tmp_path: Path) -> None:
    client.download_artifacts(run_id, "big.bin")
    entry = entries(tmp_path)[len(BIG)]
    entry.unlink()
    os.mkfifo(entry, 0o444)
    assert Path(client.download_artifacts(run_id, "big.bin", "out")).read_bytes() == BIG


@pytest.mark.parametrize("when", ["found", "copied"])
@pytest.mark.parametrize("links", ["never", "always"])
def test_the_folder_may_be_deleted_while_a_file_of_it_is_fetched(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, links: str
) -> None:
    monkeypatch.setenv("RUNSTONE_CACHE_LINKS", links)
    monkeypatch.setattr(destination, "clone", lambda source, target: False)
    client.download_artifacts(run_id, "big.bin")

    def deleting(act: Callable[..., object]) -> Callable[..., object]:
        def done(*given: object) -> object:
            result = act(*given)
            shutil.rmtree(tmp_path / "state/cache", ignore_errors=True)
            return result

        return done

    if when == "found":
        monkeypatch.setattr(Cache, "find", deleting(Cache.find))
    else:
        monkeypatch.setattr(destination, "copy", deleting(destination.copy))
        monkeypatch.setattr(Destination, "_link", deleting(Destination._link))
    fetched = fetching.fetch(client, run_id, "big.bin", "out")
    assert fetched.cache == len(BIG)
    assert Path(fetched.path).read_bytes() == BIG


def test_what_is_written_while_it_is_copied_is_fetched_anew(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.download_artifacts(run_id, "big.bin")
    entry, copy = entries(tmp_path)[len(BIG)], destination.copy
    changed: list[Path] = []

    def written_meanwhile(source: int, target: int) -> None:
        if not changed:
            flip(entry, keep_times=False)
            changed.append(entry)
        copy(source, target)

    monkeypatch.setattr(destination, "clone", lambda source, target: False)
    monkeypatch.setattr(destination, "copy", written_meanwhile)
    fetched = fetching.fetch(client, run_id, "big.bin", "out")
    assert fetched.store == len(BIG)
    assert Path(fetched.path).read_bytes() == BIG
    assert os.listdir("out") == ["big.bin"]
