"""All the ways in which libraries would read pickles out of a file: as it is, decompressed, out of a zip, behind an array's header.

Which of them will be taken is the loader's matter, so each is walked, and what is named is the union. Nothing is written or unpacked to disk.
"""

from __future__ import annotations

import ast
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO, cast

from runstone.safety import directories, schemas, unpacking
from runstone.safety.source import Budget, Metered, Source, TooLong
from runstone.safety.values import ARRAYS, PLAIN_ITEM
from runstone.safety.walking import TOO_LONG, Seen, walk

# Members of one archive; archives and pickles in each other.
_MOST_MEMBERS = 100_000
_DEPTH = 3
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".sav", ".dill", ".cloudpickle")
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_NPY = b"\x93NUMPY"

Open = Callable[[], AbstractContextManager[BinaryIO]]


def look(open_file: Open, name: str, seen: Seen, depth: int = 0, surely: bool = False, raw: bool = False) -> str:
    """Walk every reading of a file; what kind it is comes back: 'pickle', 'zip', ..., or '' where there is none.

    Args:
        open_file: opens it, from its start; asked once for each reading.
        name: the file's name: one that pickles have makes it an error not to be one.
        seen: what is added to.
        depth: how many archives it is in.
        surely: it will be read as a pickle, whatever its name.
        raw: it is taken for numbers by whatever reads the rest. What begins like a pickle by chance, and is none, is no error then.
    """
    with open_file() as file:
        head = file.read(16)
    kind = unpacking.kind_of(head)
    if head.startswith(b"PK\x03\x04"):
        return _zip(open_file, seen, depth)
    if kind:
        found = _compressed(open_file, kind, name, seen, surely)
        if not head.startswith(b"B"):  # that is an opcode: behind 825 MB of what it says are bytes, a pickle may go on
            return found
        plain = _plain(open_file, "" if found else name, seen, head, surely and not found)
        return "+".join(filter(None, (found, plain)))
    if head.startswith(_NPY):
        return _npy(open_file, seen)
    if depth < _DEPTH and _is_tar(open_file):
        return _tar(open_file, seen, depth)
    found = _numbers(open_file, seen) if raw else _plain(open_file, name, seen, head, surely)
    if _has_zip(open_file):  # behind something else: what reads zips finds it all the same
        return f"{found}+{_zip(open_file, seen, depth)}".strip("+")
    return found


def _plain(open_file: Open, name: str, seen: Seen, head: bytes, surely: bool) -> str:
    surely = surely or name.lower().endswith(_PICKLE_NAMES) or re.match(rb"\x80[\0-\x05]", head) is not None
    tried = Seen(seen.budget)
    kind = _pickles(open_file, tried, False, surely)
    if any(one in tried.names for one in ARRAYS):
        # joblib's: the plain reading ends at its first array, as pickle.load would
        joined = Seen(seen.budget)
        _pickles(open_file, joined, True, True)
        tried.problems = {**joined.problems}
        tried.names.update(joined.names)
        tried.inner += joined.inner
        kind = "joblib"
    if surely or kind:
        _add(seen, tried)
    elif TOO_LONG in tried.problems:  # what comes behind that nobody saw
        seen.problems[TOO_LONG] = None
    return kind or ("pickle" if surely else "")


def _numbers(open_file: Open, seen: Seen) -> str:
    """What is a whole pickle all the same is told of."""
    little = Budget(steps=100_000, size=64 << 20)
    tried = Seen(little)
    with open_file() as file:
        ended, _ = walk(Source(file, little), tried)
    if ended:
        tried = Seen(seen.budget)
        _pickles(open_file, tried, False, False)
    if not (ended and _plausible(tried)):
        return ""
    _add(seen, tried)
    return "pickle"


def _add(seen: Seen, tried: Seen) -> None:
    seen.names.update(tried.names)
    seen.problems.update(tried.problems)
    for inner in tried.inner:
        within = Seen(seen.budget)
        ended, _ = walk(Source(io.BytesIO(inner), seen.budget), within)
        if ended or within.names:
            seen.names.update(within.names)
            seen.problems.update(within.problems)
        elif TOO_LONG in within.problems:
            seen.problems[TOO_LONG] = None


def _pickles(open_file: Open, seen: Seen, arrays: bool, surely: bool) -> str:
    """One pickle after the other, as far as there are any."""
    with open_file() as file:
        source = Source(file, seen.budget)
        ended, first = walk(source, seen, arrays)
        if not ended:
            if surely and not seen.problems:
                seen.problems["it is broken: what reads it would still run its beginning"] = None
            return "pickle" if _plausible(seen) else ""
        kind = "torch" if first == _TORCH_MAGIC else "pickle"
        for _ in range(_MOST_MEMBERS):
            before = source.position
            later = Seen(seen.budget)
            ended, _ = walk(source, later, arrays)
            if not ended and source.position - before <= 1 and not later.names:
                return kind  # the file's end, or raw data behind it
            seen.names.update(later.names)
            seen.inner += later.inner
            if not ended:
                if later.problems and later.names:
                    seen.problems.update(later.problems)
                return kind
            seen.problems.update(later.problems)
        seen.problems[TOO_LONG] = None
        return kind


def _plausible(seen: Seen) -> bool:
    """What begins by chance like a pickle names nothing that could be a name; a number for one is one byte in eighty."""
    named = [one for one in seen.names if one.module != "copyreg.extension"]
    return any(f"{one.module}.{one.name}".replace(".", "").isidentifier() for one in named)


def _compressed(open_file: Open, kind: str, name: str, seen: Seen, surely: bool) -> str:
    if kind == "zfile":
        seen.problems["it is of a joblib before 0.10, which is not looked into"] = None
        return "joblib"
    if kind == "lz4":
        try:
            import lz4.frame  # noqa: F401
        except ImportError:
            seen.problems["it cannot be looked into without the package lz4"] = None
            return "lz4"
    tried, faults = Seen(seen.budget), list[Exception]()
    found = _plain(lambda: unpacking.unpacked(open_file, kind, faults), name, tried, b"", surely)
    if faults and (found or surely or name.lower().endswith(_PICKLE_NAMES)):
        tried.problems["it is compressed, and broken"] = None
        found = found or "broken"
    if not found and _is_archive(lambda: unpacking.unpacked(open_file, kind, faults)):
        tried.problems["it is an archive that is compressed as a whole, which is not looked into"] = None
        found = "archive"
    _add(seen, tried)
    return f"{found} ({kind})" if found else ""


def _is_archive(open_file: Open) -> bool:
    with open_file() as file:
        head = file.read(4)
    return head == b"PK\3\4" or _is_tar(open_file)


def _npy(open_file: Open, seen: Seen) -> str:
    with open_file() as file:
        start = file.read(8)
        size = int.from_bytes(file.read(2 if start[6:7] == b"\1" else 4), "little")
        header = file.read(min(size, 1 << 20))
        try:
            described = ast.literal_eval(header.decode("latin-1"))
            objects = _has_objects(described["descr"])
        except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError):
            seen.problems["its array's header is broken"] = None
            return "npy"
        if objects:
            ended, _ = walk(Source(file, seen.budget), seen)
            if not ended:
                seen.problems["it is broken: what reads it would still run its beginning"] = None
    return "npy"


def _has_objects(described: Any) -> bool:
    """Whether numpy would read a pickle: it takes more words for that than its own ('O', 'object'), so what is no plain number is."""
    if isinstance(described, str):
        return PLAIN_ITEM.fullmatch(described) is None
    if isinstance(described, tuple):
        return _has_objects(described[0])
    return any(_has_objects(field[1]) for field in described)


def _has_zip(open_file: Open) -> bool:
    with open_file() as file:
        try:
            return zipfile.is_zipfile(file)
        except (OSError, ValueError, EOFError):
            return False


def _zip(open_file: Open, seen: Seen, depth: int) -> str:
    if depth >= _DEPTH:
        seen.problems["archives lie in each other too deep to be looked at"] = None
        return "zip"
    kinds = []
    try:
        with open_file() as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if not directories.in_one_place(file):
                seen.problems["its archive is written so that readers find different members in it"] = None
            if len(members) > _MOST_MEMBERS or len({member.filename for member in members}) != len(members):
                seen.problems["its archive has too many members, or several of one name"] = None
            raw = _raw([member.filename for member in members])
            for member in members[:_MOST_MEMBERS]:
                opened, name = _member(archive, member, seen.budget), member.filename
                kinds.append((name, look(opened, name, seen, depth + 1, raw=name in raw)))
                if name == schemas.FILE and _schema(opened, seen):
                    kinds.append((name, "skops"))
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
    ):
        seen.problems["its archive is broken, or made so that it cannot be looked into"] = None
    if any(kind == "skops" for _, kind in kinds):
        return "skops"
    if any(name.endswith("data.pkl") for name, _ in kinds):
        return "torch"
    return "npz" if kinds and all(name.endswith(".npy") for name, _ in kinds) else "zip"


def _raw(names: list[str]) -> set[str]:
    """The members that PyTorch takes for tensors' bytes: beside a pickle (`torch.save`), or beside a graph (`torch.export.save`)."""
    homes = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
    homes += [name.partition("/")[0] + "/" for name in names if name.endswith("/archive_format")]
    pattern = re.compile(r"(?:data/\d+|data/(?:weights/weight|constants/tensor)_\d+)")
    return {name for home in homes for name in names if name.startswith(home) and pattern.fullmatch(name[len(home) :])}


def _schema(open_file: Open, seen: Seen) -> bool:
    """Add what a schema of skops names; whether it is one."""
    with open_file() as file:
        content = file.read(schemas.MOST_BYTES + 1)
    try:
        if len(content) > schemas.MOST_BYTES:
            raise ValueError
        found = schemas.named(content)
    except ValueError:
        seen.problems["its schema.json is broken, or too long to be looked at"] = None
        return False
    seen.names.update(dict.fromkeys(found or ()))
    return found is not None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Open:
    return lambda: Metered(cast(BinaryIO, archive.open(member)), member.file_size, budget)


def _is_tar(open_file: Open) -> bool:
    with open_file() as file:
        head = file.read(512)
    try:
        tarfile.TarInfo.frombuf(head, "latin-1", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def _tar(open_file: Open, seen: Seen, depth: int) -> str:
    count = 0
    try:
        with open_file() as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                count += 1
                if member.isfile() and count <= _MOST_MEMBERS:
                    content = archive.extractfile(member)
                    assert content is not None
                    with content:
                        look(_again(content), member.name, seen, depth + 1)
    except (tarfile.TarError, OSError, EOFError, ValueError):
        seen.problems["its archive is broken, or made so that it cannot be looked into"] = None
    if count > _MOST_MEMBERS:
        seen.problems["its archive has too many members, or several of one name"] = None
    return "tar"


def _again(content: Any) -> Open:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        content.seek(0)
        yield content

    return opened


def of_file(open_file: Open, name: str, surely: bool = False, budget: Budget | None = None) -> tuple[str, Seen]:
    """The kind of a file, and all that is seen in it. It is opened anew for each reading; `surely` it will be read as a pickle."""
    seen = Seen(budget)
    try:
        return look(open_file, os.path.basename(name), seen, surely=surely), seen
    except TooLong:
        seen.problems[TOO_LONG] = None
        return "", seen
