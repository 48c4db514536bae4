"""ONNX: what a model takes and gives, its operators and weights, read off its protocol buffers; large values are passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BufferedReader

from runstone.previews.found import Column, Fact, Preview, Sheet, counted, cut
from runstone.previews.window import EnoughError, UnreadableError, Window, buffered

# Fields that are looked at, and bytes of one that is read whole.
_FIELDS, _SHORT = 500_000, 64 * 1024
_ROWS = 1_000
_TYPES = (
    "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
    "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
    "uint4", "int4", "float4e2m1",
)  # fmt: skip

# A field: its number, and the number that it is, or where its bytes begin and end.
_Field = tuple[int, int, int]


class _Reader:
    """Fields of messages, in place."""

    def __init__(self, file: BufferedReader, window: Window) -> None:
        self._file, self._window, self._left = file, window, _FIELDS

    def fields(self, start: int, stop: int) -> Iterator[_Field]:
        """Those of the message between two places: (number, start, stop), or (number, value, -1) of a number."""
        at = start
        while at < stop:
            self._left -= 1
            if self._left < 0:
                raise EnoughError("it has too many parts")
            key, at = self._number(at)
            kind = key & 7
            if kind == 0:
                value, at = self._number(at)
                yield key >> 3, value, -1
            elif kind == 2:
                length, at = self._number(at)
                if at + length > stop:
                    raise UnreadableError("one of its parts is longer than the whole")
                yield key >> 3, at, at + length
                at += length
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                raise UnreadableError("it is no protocol buffer")

    def text(self, field: _Field) -> str:
        """A field's text."""
        self._file.seek(field[1])
        return cut(self._file.read(min(max(0, field[2] - field[1]), _SHORT)).decode("utf-8", "replace"))

    def packed(self, field: _Field) -> list[int]:
        """Numbers of a field, of which there may be several in one."""
        if field[2] < 0:
            return [field[1]]
        found: list[int] = []
        at = field[1]
        while at < field[2] and len(found) < 32:
            value, at = self._number(at)
            found.append(value)
        return found

    def _number(self, at: int) -> tuple[int, int]:
        self._file.seek(at)
        value = shift = 0
        while True:
            byte = self._file.read(1)
            if not byte or shift > 63:
                raise UnreadableError("it is no protocol buffer, or cut short")
            value |= (byte[0] & 127) << shift
            shift += 7
            at += 1
            if byte[0] < 128:
                return value, at


def onnx(window: Window) -> Preview:
    """What a model is."""
    reader = _Reader(buffered(window), window)
    facts: list[Fact] = []
    named = {1: "IR version", 2: "Producer", 3: "Producer's version", 4: "Domain", 5: "Model version", 6: "Description"}
    graph: _Field | None = None
    sets: list[str] = []
    for field in reader.fields(0, window.size):
        if field[0] in (1, 5) and field[2] < 0:
            facts.append(Fact(named[field[0]], str(field[1])))
        elif field[0] in (2, 3, 4, 6) and field[2] > field[1]:
            facts.append(Fact(named[field[0]], reader.text(field)))
        elif field[0] == 7 and field[2] >= 0:
            graph = field
        elif field[0] == 8 and field[2] >= 0 and len(sets) < 20:
            sets.append(_set(reader, field))
    if graph is None:
        raise UnreadableError("it has no graph: it is no ONNX model")
    if sets:
        facts.append(Fact("Operator sets", ", ".join(sets)))
    return _graph(reader, graph, facts)


def _graph(reader: _Reader, graph: _Field, facts: list[Fact]) -> Preview:
    operators: Counter[str] = Counter()
    weights: list[list[str | None]] = []
    ends: list[list[str | None]] = []
    given: set[str | None] = set()
    values = 0
    note = ""
    try:
        for field in reader.fields(graph[1], graph[2]):
            if field[2] < 0:
                continue
            if field[0] == 1:
                operators[next((reader.text(one) for one in reader.fields(field[1], field[2]) if one[0] == 4), "")] += 1
            elif field[0] == 2:
                facts.append(Fact("Graph", reader.text(field)))
            elif field[0] == 5:
                row, count = _weight(reader, field)
                values += count
                given.add(row[0])
                weights.append(row)
            elif field[0] in (11, 12):
                ends.append(["input" if field[0] == 11 else "output", *_end(reader, field)])
    except EnoughError as error:
        note = f"Not all is shown: {error}."
    facts += [Fact("Operators", counted(operators.total())), Fact("Weights", f"{len(weights):,}, {values:,} values")]
    # Older files list weights among the inputs as well.
    ends = [row for row in ends if row[0] == "output" or row[1] not in given]
    sheets = [
        Sheet([Column("Takes or gives"), Column("Name"), Column("Type"), Column("Shape")], ends[:_ROWS], "Inputs and outputs", total=len(ends)),
        Sheet([Column("Operator"), Column("Times", "", True)], [[cut(name), counted(count)] for name, count in operators.most_common(_ROWS)], "Operators", total=len(operators)),
        Sheet([Column("Name"), Column("Type"), Column("Shape")], weights[:_ROWS], "Weights", total=len(weights)),
    ]  # fmt: skip
    return Preview("onnx", facts, [sheet for sheet in sheets if sheet.rows], note)


def _set(reader: _Reader, field: _Field) -> str:
    domain, version = "ai.onnx", 0
    for one in reader.fields(field[1], field[2]):
        if one[0] == 1 and one[2] > one[1]:
            domain = reader.text(one)
        elif one[0] == 2 and one[2] < 0:
            version = one[1]
    return f"{domain} {version}"


def _weight(reader: _Reader, field: _Field) -> tuple[list[str | None], int]:
    name, kind = "", 0
    shape: list[int] = []
    for one in reader.fields(field[1], field[2]):
        if one[0] == 1:
            shape += reader.packed(one)
        elif one[0] == 2 and one[2] < 0:
            kind = one[1]
        elif one[0] == 8 and one[2] >= 0:
            name = reader.text(one)
    count = 1
    for length in shape[:32]:
        count = min(count * length, 1 << 62)
    return [name, _type(kind), _shape([f"{length:,}" for length in shape])], count


def _end(reader: _Reader, field: _Field) -> list[str | None]:
    name, kind, shape = "", "", ""
    for one in reader.fields(field[1], field[2]):
        if one[2] < 0:
            continue
        if one[0] == 1:
            name = reader.text(one)
        elif one[0] == 2:
            kind, shape = _kind(reader, one)
    return [name, kind, shape]


def _kind(reader: _Reader, field: _Field) -> tuple[str, str]:
    """A value's type: of tensors the items and the shape; else only which of the others it is."""
    for one in reader.fields(field[1], field[2]):
        if one[0] == 1 and one[2] >= 0:
            kind, lengths = "", list[str]()
            for part in reader.fields(one[1], one[2]):
                if part[0] == 1 and part[2] < 0:
                    kind = _type(part[1])
                elif part[0] == 2 and part[2] >= 0:
                    lengths = [_length(reader, length) for length in reader.fields(part[1], part[2]) if length[2] >= 0]
            return kind, _shape(lengths)
        if one[2] >= 0:
            return {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}.get(one[0], ""), ""
    return "", ""


def _length(reader: _Reader, field: _Field) -> str:
    for one in reader.fields(field[1], field[2]):
        if one[0] == 1 and one[2] < 0:
            return f"{one[1]:,}"
        if one[0] == 2 and one[2] >= 0:
            return reader.text(one)
    return "?"


def _type(number: int) -> str:
    return _TYPES[number] if number < len(_TYPES) else f"type {number}"


def _shape(lengths: list[str]) -> str:
    return cut(" × ".join(lengths[:32]))
