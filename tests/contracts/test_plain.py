"""What every place for plain files promises. A new one is tested by a function that makes an empty one, and its line in PLACES."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support import buckets

from runstone.errors import CorruptData, InvalidParameter
from runstone.repository.plain import Plain, open_place

BIG = random.Random(1).randbytes(40_000_000)


def folder(path: Path, bucket: Callable[[], str]) -> Plain:
    return open_place(str(path / "place"))


def bucket(path: Path, bucket: Callable[[], str]) -> Plain:
    return open_place(f"s3://{bucket()}/{path.name}/deep")


PLACES = {"folder": folder, "bucket": bucket}


@pytest.fixture(scope="module")
def s3_bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """The name of a bucket, of an S3 that is started when it is first asked for."""
    running = []
    monkey = pytest.MonkeyPatch()

    def start() -> str:
        if not running:
            if buckets.missing():
                pytest.skip(f"a bucket needs {buckets.missing()}")
            context = buckets.s3(tmp_path_factory.mktemp("s3"))
            environment = context.__enter__()
            running.append(context)
            for name, value in environment.items():
                monkey.setenv(name, value)
            buckets.make_bucket(environment, "tests")
        return "tests"

    yield start
    for context in running:
        context.__exit__(None, None, None)
    monkey.undo()


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, s3_bucket: Callable[[], str]) -> Plain:
    return PLACES[request.param](tmp_path, s3_bucket)


def stretch(place: Plain, path: str, start: int, stop: int | None = None) -> bytes:
    reader = place.open(path)
    assert reader is not None
    with contextlib.closing(reader):
        return b"".join(reader.read(start, reader.file.size if stop is None else stop))


def whole(place: Plain, path: str) -> bytes:
    return stretch(place, path, 0)


def version(place: Plain, path: str) -> str:
    return place.below(path)[0].version


def test_an_empty_place_has_nothing(place: Plain) -> None:
    assert place.below("") == place.below("a/b") == []
    assert place.open("a") is None
    place.delete("a")


@pytest.mark.parametrize("content", [b"", b"x", BIG], ids=len)
def test_what_was_put_is_there_with_its_size(place: Plain, content: bytes) -> None:
    place.put("a/b/c", iter([content[:7], content[7:]]))
    assert whole(place, "a/b/c") == content
    assert [file[:2] for file in place.below("a")] == [("a/b/c", len(content))]


def test_ranges_are_exact(place: Plain) -> None:
    place.put("big", [BIG])
    for start, stop in ((0, 0), (0, 1), (1, 2), (len(BIG) - 1, len(BIG)), (1_000, 2_500_000)):
        assert stretch(place, "big", start, stop) == BIG[start:stop]
    with pytest.raises(CorruptData):
        stretch(place, "big", len(BIG) - 1, len(BIG) + 5)


def test_a_file_takes_the_place_of_the_one_before_and_is_another_version(place: Plain) -> None:
    place.put("f", [b"one"])
    before = version(place, "f")
    place.put("f", [b"other"])
    assert whole(place, "f") == b"other"
    assert version(place, "f") != before


def test_a_file_that_is_replaced_while_it_is_open_is_never_given_in_part(place: Plain) -> None:
    place.put("f", [b"old" * 1_000])
    reader = place.open("f")
    assert reader is not None
    place.put("f", [b"newer" * 1_000])
    # A folder still has the old one; a bucket has not, and says so.
    found = b"old" * 1_000
    with contextlib.closing(reader), contextlib.suppress(CorruptData):
        found = b"".join(reader.read(0, reader.file.size))
    assert found == b"old" * 1_000


def test_a_content_that_raises_changes_nothing(place: Plain) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(20_000_000)
        raise CorruptData("broken off")

    place.put("f", [b"old"])
    for path in ("f", "new/file"):
        with pytest.raises(CorruptData, match="broken off"):
            place.put(path, broken())
    assert whole(place, "f") == b"old"
    assert [file.path for file in place.below("")] == ["f"]


def test_what_lies_below_a_folder_is_not_what_only_begins_like_it(place: Plain) -> None:
    for path in ("a/1", "a/b/2", "ab/3", "a.txt", "z"):
        place.put(path, [path.encode()])
    assert [file.path for file in place.below("a")] == ["a/1", "a/b/2"]
    assert [file.path for file in place.below("a/b/2")] == ["a/b/2"]
    assert [file.path for file in place.below("")] == ["a.txt", "a/1", "a/b/2", "ab/3", "z"]
    place.delete("a")
    assert [file.path for file in place.below("")] == ["a.txt", "ab/3", "z"]
    place.delete("a.txt")
    assert [file.path for file in place.below("")] == ["ab/3", "z"]


def test_a_file_is_no_folder(place: Plain) -> None:
    place.put("f/g", [b"x"])
    for path in ("f", "f/g/h"):
        with pytest.raises(InvalidParameter, match="Invalid artifact path"):
            place.put(path, [b"y"])
    assert [file.path for file in place.below("")] == ["f/g"]


@pytest.mark.parametrize("name", ["ä ö.txt", "100%.txt", "a+b&c=d", "日本", "a'b\"c", "x" * 200])
def test_names_are_kept_as_they_are(place: Plain, name: str) -> None:
    place.put(f"d/{name}", [b"x"])
    assert [file.path for file in place.below("d")] == [f"d/{name}"]
    assert whole(place, f"d/{name}") == b"x"
    place.delete(f"d/{name}")
    assert place.below("") == []


def test_a_bucket_is_where_the_setting_says(
    s3_bucket: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = s3_bucket()
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", os.environ["AWS_ENDPOINT"])
    monkeypatch.delenv("AWS_ENDPOINT")
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    place = open_place(f"s3://{name}/{tmp_path.name}")
    place.put("f", [b"x"])
    assert whole(place, "f") == b"x"


def test_no_link_below_a_folder_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    top = tmp_path / "place"
    top.mkdir()
    (top / "way").symlink_to(outside)
    (top / "file").symlink_to(outside / "secret")
    os.mkfifo(top / "pipe")
    place = open_place(top.as_uri())
    assert place.below("") == place.below("way") == []
    for path in ("way/secret", "file", "pipe"):
        assert place.open(path) is None
    with pytest.raises(InvalidParameter):
        place.put("way/new", [b"evil"])
    place.put("file", [b"mine"])  # in place of the link, not through it
    place.delete("way/secret")
    place.delete("way")
    assert (outside / "secret").read_text() == "secret"
    assert os.listdir(outside) == ["secret"]


def test_what_a_dead_writer_left_is_not_listed_and_is_swept(tmp_path: Path) -> None:
    place = open_place(str(tmp_path / "place"))
    place.put("a/b", [b"x"])
    left = tmp_path / "place" / "a" / ".runstone-0123.part"
    left.write_text("half")
    assert [file.path for file in place.below("")] == ["a/b"]
    place.put("a/c", [b"x"])
    assert not left.exists()


@pytest.mark.parametrize("uri", ["http://x/y", "ftp://x", "file://host/x", "", "file:", "s3x://b", "a\0b"])
def test_an_operators_slip_is_told(uri: str) -> None:
    with pytest.raises(InvalidParameter):
        open_place(uri)
