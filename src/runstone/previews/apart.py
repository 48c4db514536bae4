"""The process that reads Parquet and Arrow for a preview: bytes are asked of who started it, memory is bounded, and it ends when it has told."""

from __future__ import annotations

import os
import sys
import time
from threading import Thread
from typing import Any, BinaryIO

import msgspec

from runstone.previews.columnar import Asked, Said
from runstone.previews.found import COLUMNS, Column, Fact, Preview, Sheet, cell, counted, cut
from runstone.repository.seekable import Seekable

# Bytes of address space beyond what is taken when pyarrow is loaded; processor's seconds.
_MEMORY, _SECONDS = 2 << 30, 20
# Seconds between two looks at the memory where the system does not bound it.
_GLANCE = 0.02
# Rows that are made at once.
_BATCH = 1_000


class _File(Seekable):
    """The file, as whoever started the process has it."""

    def __init__(self, size: int, asking: BinaryIO, answers: BinaryIO) -> None:
        super().__init__(size)
        self._asking, self._answers = asking, answers

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self.place + len(view), self.size)
        if stop <= self.place:
            return 0
        say(self._asking, Said(read=(self.place, stop)))
        count = int.from_bytes(self._answers.read(8), "little")
        data = self._answers.read(count)
        view[: len(data)] = data
        self.place += len(data)
        return len(data)


def say(out: BinaryIO, said: Said) -> None:
    """One line."""
    out.write(msgspec.json.encode(said) + b"\n")
    out.flush()


def main() -> None:
    """Read what is asked on stdin, tell on stdout."""
    answers, asking = sys.stdin.buffer, sys.stdout.buffer
    asked = msgspec.json.decode(answers.readline(), type=Asked)
    try:
        import pyarrow
    except ImportError:
        say(asking, Said(missing=True))
        return
    _bound()
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    pyarrow.set_cpu_count(1)
    file = pyarrow.PythonFile(_File(asked.size, asking, answers), mode="r")
    try:
        found = _parquet(file, asked) if asked.name.endswith(".parquet") else _arrow(file, asked)
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError, OverflowError, RecursionError) as error:
        say(asking, Said(problem=f"it cannot be read: {error!s:.300}"))
        return
    say(asking, Said(found=found))


def _bound() -> None:
    try:
        import resource
    except ImportError:  # not on this system: time alone is bounded
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:  # macOS, which does not keep to a limit of addresses either
        Thread(target=watch, args=(_MEMORY,), daemon=True).start()
    else:
        resource.setrlimit(resource.RLIMIT_AS, (taken + _MEMORY, taken + _MEMORY))


def watch(most: int) -> None:
    """End the process when it holds more bytes of memory than `most`: pyarrow lets other threads run while it reads."""
    while _held() < most:
        time.sleep(_GLANCE)
    os._exit(1)


def _held() -> int:
    """Bytes of memory that the process holds; where that is not told, that it has held at the most."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        # Not on Linux, where it would count what the parent held before the fork.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _parquet(file: Any, asked: Asked) -> Preview:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(file)
    about = table.metadata
    names = [field.name for field in table.schema_arrow][:COLUMNS]
    first, before = asked.offset, 0
    groups: list[int] = []
    for number in range(about.num_row_groups):
        count = about.row_group(number).num_rows
        if before + count > asked.offset and before < asked.offset + asked.limit:
            if not groups:
                first = asked.offset - before
            groups.append(number)
        before += count
    rows: list[list[str | None]] = []
    passed = 0
    if groups:
        for batch in table.iter_batches(_BATCH, row_groups=groups, columns=names, use_threads=False):
            start = max(0, first - passed)
            if start < batch.num_rows:
                rows += _rows(batch.slice(start, asked.limit - len(rows)), len(names))
            passed += batch.num_rows
            if len(rows) >= asked.limit:
                break
    facts = [
        Fact("Rows", counted(about.num_rows)),
        Fact("Columns", counted(len(table.schema_arrow))),
        Fact("Row groups", counted(about.num_row_groups)),
        Fact("Written by", cut(str(about.created_by))),
    ]
    return _preview("parquet", facts, table.schema_arrow, rows, asked.offset, about.num_rows)


def _arrow(file: Any, asked: Asked) -> Preview:
    import pyarrow.ipc

    head = file.read(6)
    file.seek(0)
    if head != b"ARROW1":
        raise ValueError("it is no Arrow file (Feather's first version is not read)")
    reader = pyarrow.ipc.open_file(file)
    rows: list[list[str | None]] = []
    count = 0
    for number in range(reader.num_record_batches):
        batch = reader.get_batch(number)
        start = max(0, asked.offset - count)
        if start < batch.num_rows and len(rows) < asked.limit:
            rows += _rows(batch.slice(start, asked.limit - len(rows)), COLUMNS)
        count += batch.num_rows
    facts = [
        Fact("Rows", counted(count)),
        Fact("Columns", counted(len(reader.schema))),
        Fact("Batches", counted(reader.num_record_batches)),
    ]
    return _preview("arrow", facts, reader.schema, rows, asked.offset, count)


def _preview(kind: str, facts: list[Fact], schema: Any, rows: Any, offset: int, total: int) -> Preview:
    import pyarrow.types as types

    columns = [
        Column(cut(field.name), cut(str(field.type)), types.is_integer(field.type) or types.is_floating(field.type))
        for field in list(schema)[:COLUMNS]
    ]
    note = f"The first {COLUMNS} of {len(schema):,} columns are shown." if len(schema) > COLUMNS else ""
    return Preview(kind, facts, [Sheet(columns, rows, offset=offset, total=total)], note)


def _rows(batch: Any, columns: int) -> list[list[str | None]]:
    found = [[_cell(value) for value in batch.column(at)] for at in range(min(columns, batch.num_columns))]
    return [list(row) for row in zip(*found, strict=True)]


def _cell(value: Any) -> str | None:
    if not value.is_valid:
        return None
    plain = value.as_py()
    if isinstance(plain, bytes):
        return f"{len(plain):,} bytes"
    return cell(plain)
