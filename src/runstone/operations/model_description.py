"""What a stored model says of itself, for a page to show: its MLmodel file, what it requires, whether it is signed. And what would run when it is
loaded. Nothing of it is run, and how much is read is bounded: whoever logged it may have written anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import msgspec

from runstone.errors import Forbidden, NotFound
from runstone.operations import artifacts, model_rules, owners
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.operations.reading import Opened, open_file
from runstone.operations.table import operation
from runstone.repository.seekable import Seekable
from runstone.store import model_versions

DESCRIPTION = "MLmodel"
# Texts beside the description that are shown, and how much of each, in bytes.
TEXTS = ("requirements.txt", "constraints.txt", "python_env.yaml", "requirements.lock", "serving_input_example.json")
MOST_TEXT = 64 << 10
MOST_DESCRIBED = 2 << 20
# Values of a description that are told: its aliases may mean one thing many times.
MOST_VALUES = 100_000
MOST_SIGNED = 4 << 20
# Bytes that one look at a model reads, steps that it goes, files that it looks at, imports that it names of each.
MOST_SCANNED = 512 << 20
MOST_STEPS = 3_000_000
MOST_FILES = 1_000
MOST_IMPORTS = 50
# Files whose verdict is remembered, by their digests.
REMEMBERED = 1_000
# Bytes that are unpacked at a time, and that a reader takes ahead.
_BLOCK = 1 << 20
_PIECE = 16 << 10


class DescribeModel(msgspec.Struct, omit_defaults=True):
    """A logged model, by its id; or a version of a registered model, by its name and number."""

    model_id: str | None = None
    name: str | None = None
    version: str | None = None


class ModelDescription(msgspec.Struct, omit_defaults=True):
    """What a model's files say of it.

    `owner` and `path` are where they lie, `files` and `size` how many and how large they are. `model` is the MLmodel file; `problem` why there is
    none. `texts` are the files beside it, by name. `signed` is unsigned, signed (its files are as they were signed: by whom, only a key says), altered
    (`altered` names the files) or broken.
    """

    owner: str
    path: str
    files: int
    size: int
    model: dict[str, Any] = {}
    problem: str = ""
    texts: dict[str, str] = {}
    signed: str = "unsigned"
    altered: list[str] = []


class NamedImport(msgspec.Struct):
    """Something that loading would import, and what that is: harmless, unknown or dangerous."""

    name: str
    verdict: str


class ScannedFile(msgspec.Struct, omit_defaults=True):
    """What was seen of one file. `imports` begins with the worst; `more` are not told of."""

    file: str
    kind: str
    verdict: str
    imports: list[NamedImport] = []
    more: int = 0
    problems: list[str] = []


class ModelScan(msgspec.Struct, omit_defaults=True):
    """What would run when a model is loaded: the worst verdict, and the files that hold anything that could."""

    verdict: str
    files: list[ScannedFile] = []


@operation("GET", "/runstone/models/description", permission="read")
def describe_model(engine: Engine, request: DescribeModel) -> ModelDescription:
    """What a stored model says of itself. Raises NotFound."""
    place = _place(engine, request)
    files = _files(engine, place)
    size = sum(one for _, one, _ in files)
    found = ModelDescription(place.owner, place.path, len(files), size)
    sizes = {name: one for name, one, _ in files}
    if DESCRIPTION not in sizes:
        found.problem = f"Among its files is no {DESCRIPTION}."
    elif sizes[DESCRIPTION] > MOST_DESCRIBED:
        found.problem = f"Its {DESCRIPTION} is larger than {MOST_DESCRIBED >> 20} MiB."
    else:
        found.model, found.problem = _described(_content(engine, place, DESCRIPTION, MOST_DESCRIBED))
    found.texts = {
        name: _content(engine, place, name, MOST_TEXT).decode(errors="replace") for name in TEXTS if name in sizes
    }
    found.signed, found.altered = _signature(engine, place, files)
    return found


@operation("GET", "/runstone/models/scan", permission="read", alone=True)
def scan_model(engine: Engine, request: DescribeModel) -> ModelScan:
    """What would run when a model is loaded. Nothing is run, imported or unpacked to a disk. Raises NotFound."""
    from runstone.safety import names

    place = _place(engine, request)
    files = _files(engine, place)
    look = _Look()
    looked = [_looked(engine, place, *one, look) for one in files[:MOST_FILES]]
    shown = [one for one in looked if one.kind or one.problems]
    if len(files) > MOST_FILES:
        shown.append(
            ScannedFile("", "", names.UNKNOWN, problems=[f"{len(files) - MOST_FILES} further files were not looked at"])
        )
    return ModelScan(names.worst([one.verdict for one in shown]), shown)


def _place(engine: Engine, request: DescribeModel) -> Place:
    with engine.database.read() as connection:
        if request.model_id:
            place = Place(owners.of_model(request.model_id), "")
            owners.require(connection, place.owner)
            return place
        name = model_rules.check_model_name(request.name)
        number = model_rules.check_version(request.version)
        origin = model_versions.origin(connection, model_versions.require(connection, name, number))
        return owners.place_of_uri(connection, origin.storage_location, "")


def _files(engine: Engine, place: Place) -> list[tuple[str, int, str | None]]:
    """Path below the place, size and digest of each file."""
    start = len(place.path) + 1 if place.path else 0
    with engine.database.read() as connection:
        owners.require(connection, place.owner)
        rows = artifacts.paths(engine, connection, place.owner, place.path)
    return [(path[start:], size, digest) for path, size, digest in rows if not path.startswith(f"{artifacts.HIDDEN}/")]


def _open(engine: Engine, place: Place, name: str) -> Opened:
    return open_file(engine, Place(place.owner, f"{place.path}/{name}" if place.path else name))


def _content(engine: Engine, place: Place, name: str, most: int) -> bytes:
    """The first bytes of a file."""
    opened = _open(engine, place, name)
    try:
        return b"".join(opened.read(0, min(opened.size, most)))
    finally:
        opened.close()


def _described(content: bytes) -> tuple[dict[str, Any], str]:
    from runstone.previews.documents import plain
    from runstone.safety.texts import read_yaml

    try:
        model = plain(read_yaml(content), [MOST_VALUES])
        if not isinstance(model, dict):
            raise ValueError("it is no mapping")
    except ValueError as error:
        return {}, f"Its {DESCRIPTION} cannot be read: {error!s:.300}."
    return model, ""


def _signature(engine: Engine, place: Place, files: list[tuple[str, int, str | None]]) -> tuple[str, list[str]]:
    """Whether a model is signed, and its files are those that were: their digests are known, so no byte of them is read."""
    from runstone.safety import signing

    there = {(name, digest or "", size) for name, size, digest in files if name != signing.FILE_NAME}
    if len(there) == len(files):
        return "unsigned", []
    try:
        signed = signing.signed_files(_content(engine, place, signing.FILE_NAME, MOST_SIGNED))
    except Forbidden:
        return "broken", []
    wanted = {(name, f"blake3:{digest}", size) for name, digest, size in signed}
    altered = sorted({name for name, _, _ in there ^ wanted})
    return ("altered", altered[:MOST_IMPORTS]) if altered else ("signed", [])


_REMEMBERED: dict[tuple[str, str], ScannedFile] = {}


def _looked(engine: Engine, place: Place, name: str, size: int, digest: str | None, look: _Look) -> ScannedFile:
    """What one file holds; of the same bytes under the same name it is known already."""
    known = _REMEMBERED.get((name, digest)) if digest else None
    if known is not None:
        return known
    from runstone.safety import names, scanning
    from runstone.safety.walking import TOO_LONG

    try:
        opened = _open(engine, place, name)
    except NotFound:  # gone since it was listed
        return ScannedFile(name, "", names.UNKNOWN, problems=["it is gone"])
    try:
        seen = [scanning.scan_opened(_Blocks(opened, look).open, name, budget=look.budget)]
        if name.rpartition("/")[2] == DESCRIPTION and size <= MOST_DESCRIBED:
            seen += scanning.described(b"".join(opened.read(0, size)), name)
    finally:
        opened.close()
    imports = sorted(
        (one for file in seen for one in file.imports), key=lambda one: names.rank(one.verdict), reverse=True
    )
    found = ScannedFile(
        name, seen[0].kind, names.worst([file.verdict for file in seen]),
        [NamedImport(one.name[:300], one.verdict) for one in imports[:MOST_IMPORTS]], max(0, len(imports) - MOST_IMPORTS),
        [problem for file in seen for problem in file.problems][:MOST_IMPORTS],
    )  # fmt: skip
    if digest and TOO_LONG not in found.problems:  # else it was the other files that took too long
        while len(_REMEMBERED) >= REMEMBERED:
            _REMEMBERED.pop(next(iter(_REMEMBERED)), None)
        _REMEMBERED[name, digest] = found
    return found


class _Look:
    """One look at a model: bytes that may still be read of it, and what its files may take together."""

    def __init__(self) -> None:
        from runstone.safety.source import Budget

        self.bytes = MOST_SCANNED
        self.budget = Budget(steps=MOST_STEPS, size=MOST_SCANNED)


class _Blocks:
    """Stored bytes, of which a block is kept: readers take a few at a time, and each place is unpacked as a whole."""

    def __init__(self, opened: Opened, look: _Look) -> None:
        self.size, self._read, self._look = opened.size, opened.read, look
        self._number, self._block = -1, b""

    def take(self, start: int, count: int) -> bytes:
        """Some bytes from a place on, none at the end. Raises TooLong."""
        from runstone.safety.source import TooLong

        number, within = divmod(start, _BLOCK)
        if start < self.size and number != self._number:
            stop = min((number + 1) * _BLOCK, self.size)
            self._number, self._block = number, b"".join(self._read(number * _BLOCK, stop))
        found = self._block[within : within + count] if start < self.size else b""
        self._look.bytes -= len(found)
        if self._look.bytes < 0:
            raise TooLong
        return found

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """As a file, from its beginning."""
        yield cast(BinaryIO, io.BufferedReader(_Stored(self), _PIECE))


class _Stored(Seekable):
    """Stored bytes as a file that can be gone about in."""

    def __init__(self, blocks: _Blocks) -> None:
        super().__init__(blocks.size)
        self._blocks = blocks

    def readinto(self, buffer: Any) -> int:
        found = self._blocks.take(self.place, len(buffer))
        buffer[: len(found)] = found
        self.place += len(found)
        return len(found)
