"""Files of rows, read as text: CSV, TSV, JSON lines. A window of them is found by where every so many rows begin."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from typing import Any

from runstone.previews.found import COLUMNS, Column, Preview, Sheet, cell, cut
from runstone.previews.window import EnoughError, UnreadableError, Window, buffered

# Bytes of one row, which may have many lines; rows between two places that are remembered; rows that columns are found from.
_ROW, _STEP, _SAMPLE = 1 << 20, 500, 100
_DELIMITERS = ",;\t|"


class Places:
    """Where rows begin: byte `starts[i]` is that of row `i * 500`. Of a file that was looked through, `total` rows."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.total: int | None = None
        self.note = ""


class _Lines:
    """Lines as texts, and the byte behind the last of them. Who reads rows out of them sets `row` to where the next one begins."""

    def __init__(self, file: BufferedReader, at: int) -> None:
        self._file, self.at, self.row = file, at, at
        file.seek(at)

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(_ROW):
            if self.at + len(line) - self.row >= _ROW:
                raise UnreadableError("it has a row of more than a megabyte")
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

    def parsed(lines: _Lines) -> Iterator[list[str]]:
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                yield row[:COLUMNS]  # what is not shown of a thousand wide rows is not held
                lines.row = lines.at
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
    if places.total is None:
        _go_through(window, file, places, 0, _filled)
    found: dict[str, bool] = {}
    more = False
    for row in islice((_json(line) for line in _filled(_Lines(file, 0))), min(_SAMPLE, places.total or 0)):
        for name, value in row.items() if isinstance(row, dict) else [("", row)]:
            if name in found or len(found) < COLUMNS:
                found[name] = found.get(name, True) and isinstance(value, int | float | None)
            else:
                more = True

    def parsed(lines: _Lines) -> Iterator[list[str | None]]:
        for line in _filled(lines):
            row = _json(line)  # one at a time: a megabyte of brackets is fifty in memory
            yield [_said(row, name) for name in found]

    cells = _window(window, file, places, 0, parsed, offset, limit)
    columns = [Column(cut(name) or "value", "", number) for name, number in found.items()]
    note = " ".join(filter(None, (places.note, f"The first {COLUMNS} columns are shown." if more else "")))
    return Preview("jsonl", sheets=[Sheet(columns, cells, offset=offset, total=places.total)], note=note)


def _filled(lines: _Lines) -> Iterator[str]:
    for line in lines:
        if line.strip():
            yield line
        lines.row = lines.at


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
    window.renew()


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
