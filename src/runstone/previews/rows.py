"""Files of rows, read as text: CSV, TSV, JSON lines. A window of them is found by where every so many rows begin."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from runstone.previews.found import COLUMNS, Column, Preview, Sheet, cell, cut
from runstone.previews.window import EnoughError, UnreadableError, Window, buffered

# Bytes of one line; rows between two places that are remembered; rows that columns are found from.
_LINE, _STEP, _SAMPLE = 1 << 20, 500, 100
_DELIMITERS = ",;\t|"


class Places:
    """Where rows begin: byte `starts[i]` is that of row `i * 500`. Of a file that was looked through, `total` rows."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.total: int | None = None
        self.note = ""


class _Lines:
    """Lines as texts, and the byte behind the last of them."""

    def __init__(self, file: BufferedReader, at: int) -> None:
        self._file, self.at = file, at
        file.seek(at)

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(_LINE):
            if len(line) == _LINE and not line.endswith(b"\n"):
                raise UnreadableError("it has a line of more than a megabyte")
            text = line.decode("utf-8", "replace")
            if self.at == 0:
                text = text.removeprefix("\ufeff")
            self.at += len(line)
            yield text


def delimited(window: Window, name: str, places: Places, offset: int, limit: int) -> Preview:
    """A window of a file of values apart by a delimiter, whose first row names the columns."""
    file = buffered(window)
    delimiter = "\t" if name.lower().endswith(".tsv") else _delimiter(file)
    first = _Lines(file, 0)
    try:
        header = next(csv.reader(first, delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableError(f"its first row cannot be read: {error}") from error

    def parsed(lines: _Lines) -> Iterator[Any]:
        try:
            yield from csv.reader(lines, delimiter=delimiter)
        except csv.Error as error:
            raise UnreadableError(f"a row cannot be read: {error}") from error

    rows = _window(window, file, places, first.at, parsed, offset, limit)
    names = [cut(one) for one in header[:COLUMNS]]
    numbers = [all(_is_number(row[at]) for row in rows[:_SAMPLE] if at < len(row)) for at in range(len(names))]
    columns = [Column(one, "", bool(rows) and number) for one, number in zip(names, numbers, strict=True)]
    cells = [[cell(value) for value in row[: len(names)]] for row in rows]
    return Preview(
        "tsv" if delimiter == "\t" else "csv",
        sheets=[Sheet(columns, cells, offset=offset, total=places.total)],
        note=_told(places.note, len(header)),
    )


def lines(window: Window, places: Places, offset: int, limit: int) -> Preview:
    """A window of JSON lines; the columns are what the objects among the first rows are made of."""
    file = buffered(window)

    def parsed(lines: _Lines) -> Iterator[Any]:
        for line in lines:
            if line.strip():
                yield line

    rows = [_json(line) for line in _window(window, file, places, 0, parsed, offset, limit)]
    found: dict[str, None] = {}
    sample = rows if offset == 0 else [_json(line) for line in _first(file, _SAMPLE)]
    for row in sample[:_SAMPLE]:
        found.update(dict.fromkeys(row if isinstance(row, dict) else ("",)))
    names = list(found)[:COLUMNS]
    numbers = [
        all(isinstance(row.get(one), int | float | None) for row in sample if isinstance(row, dict)) for one in names
    ]
    columns = [Column(cut(one) or "value", "", number) for one, number in zip(names, numbers, strict=True)]
    cells = [[_said(row, one) for one in names] for row in rows]
    return Preview(
        "jsonl", sheets=[Sheet(columns, cells, offset=offset, total=places.total)], note=_told(places.note, len(found))
    )


def _first(file: BufferedReader, most: int) -> list[str]:
    found = []
    for line in _Lines(file, 0):
        if line.strip():
            found.append(line)
            if len(found) == most:
                break
    return found


def _window(
    window: Window, file: BufferedReader, places: Places, start: int, parsed: Any, offset: int, limit: int
) -> list[Any]:
    """The rows that are wanted; the first time all are gone through, and where every so many begin is noted."""
    if places.total is None:
        _go_through(window, file, places, start, parsed)
    total = places.total or 0
    if offset >= total:
        return []
    found: list[Any] = []
    lines = _Lines(file, places.starts[offset // _STEP])
    number = offset - offset % _STEP
    for row in parsed(lines):
        if number >= offset:
            found.append(row)
        number += 1
        if number >= min(offset + limit, total):
            break
    return found


def _go_through(window: Window, file: BufferedReader, places: Places, start: int, parsed: Any) -> None:
    starts, count = [], 0
    lines = _Lines(file, start)
    before = start
    try:
        for _ in parsed(lines):
            if count % _STEP == 0:
                starts.append(before)
                window.check()
            count += 1
            before = lines.at
    except EnoughError:
        places.note = f"Shown are the rows among its first {lines.at / 1e6:,.0f} MB. Load the file to have them all."
    except UnreadableError as error:
        places.note = f"Shown are the rows before byte {lines.at:,}: there, {error}."
    places.starts, places.total = starts, count


def _delimiter(file: BufferedReader) -> str:
    line = next(iter(_Lines(file, 0)), "")
    return max(_DELIMITERS, key=line.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ""
    return True


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return {"": line.rstrip("\n")}


def _said(row: Any, name: str) -> str | None:
    value = row.get(name) if isinstance(row, dict) else (row if name == "" else None)
    if isinstance(value, dict | list):
        try:
            return cut(json.dumps(value, ensure_ascii=False))
        except RecursionError:
            return "…"
    return cell(value)


def _told(note: str, columns: int) -> str:
    more = f"The first {COLUMNS} of {columns:,} columns are shown." if columns > COLUMNS else ""
    return " ".join(filter(None, (note, more)))
