"""numpy's files: dtype, shape, statistics and the first values. What holds Python objects is a pickle, and is not read."""

from __future__ import annotations

import ast
import zipfile
import zlib
from typing import Any, BinaryIO, cast

from runstone.previews.found import Column, Fact, Preview, Sheet, counted, cut
from runstone.previews.window import EnoughError, Frugal, UnreadableError, Window, buffered

_MAGIC = b"\x93NUMPY"
# Bytes of a header; values of an array that statistics are taken of, each of which takes 8 bytes some times over; arrays of a file; bars of a histogram; rows and columns that are shown.
_HEADER, _MOST, _ARRAYS, _BARS, _ROWS, _COLUMNS = 64 * 1024, 4 << 20, 200, 20, 50, 30
_PIECE = 1 << 20
# What a dimension is shorter than: numpy counts in 64 bits.
_LONGEST = 1 << 63
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)


class _Header:
    """What stands before an array's bytes."""

    def __init__(self, dtype: Any, shape: tuple[int, ...], fortran: bool) -> None:
        self.dtype, self.shape, self.fortran = dtype, shape, fortran
        self.count = 1
        for length in shape:
            self.count *= length


def npy(window: Window) -> Preview:
    """One array."""
    file = buffered(window)
    header = _header(file)
    facts, sheets, note = _told(file, header)
    return Preview("npy", facts, sheets, note)


def npz(window: Window) -> Preview:
    """Several arrays in a zip: each with its header, and the statistics of those that there is time for."""
    rows: list[list[str | None]] = []
    members: list[zipfile.ZipInfo] = []
    note = ""
    try:
        with zipfile.ZipFile(Frugal(window)) as archive:
            members = archive.infolist()
            for member in members[:_ARRAYS]:
                window.check()  # little of the file may unpack to much
                try:
                    rows.append(_row(archive, member))
                except UnreadableError as error:
                    rows.append([cut(member.filename.removesuffix(".npy")), None, None, *[None] * 5, str(error)])
            if len(members) > _ARRAYS:
                note = f"The first {_ARRAYS} of {len(members):,} arrays are shown."
    except EnoughError as error:
        note = f"Not all is shown: {error}."
    except _BROKEN as error:
        raise UnreadableError(f"its archive cannot be read: {error}") from error
    names = ("Array", "Type", "Shape", "Min", "Max", "Mean", "Std", "NaN", "")
    columns = [Column(one, "", one in ("Min", "Max", "Mean", "Std", "NaN")) for one in names]
    return Preview("npz", [Fact("Arrays", counted(len(members)))], [Sheet(columns, rows, total=len(members))], note)


def _row(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[str | None]:
    name = cut(member.filename.removesuffix(".npy"))
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableError("packed as numpy does not do it")
    with archive.open(member) as file:
        header = _header(cast(BinaryIO, file))
        values = _values(cast(BinaryIO, file), header)
    told: list[str | None] = [name, str(header.dtype), _shape(header.shape)]
    if values is None:
        return [*told, *[None] * 5, "objects: a pickle, which is not read" if header.dtype.hasobject else ""]
    found = _statistics(values)
    part = "" if len(values) == header.count else f"of the first {len(values):,} values"
    return [*told, *(found.get(one) for one in ("Min", "Max", "Mean", "Std", "NaN")), part]


def _header(file: BinaryIO) -> _Header:
    import numpy

    start = file.read(8)
    if start[:6] != _MAGIC:
        raise UnreadableError("it is no array of numpy's")
    length = int.from_bytes(file.read(2 if start[6] == 1 else 4), "little")
    if length > _HEADER:
        raise UnreadableError(f"its header has {length:,} bytes")
    try:
        said = ast.literal_eval(file.read(length).decode("latin-1").strip())
        shape = tuple(said["shape"])
        dtype = numpy.dtype([tuple(one) for one in said["descr"]] if isinstance(said["descr"], list) else said["descr"])
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"its header cannot be read: {error!s:.100}") from error
    if not all(type(one) is int and 0 <= one < _LONGEST for one in shape) or len(shape) > 32:
        raise UnreadableError("its header has no shape")
    return _Header(dtype, shape, said.get("fortran_order") is True)


def _values(file: BinaryIO, header: _Header) -> Any:
    """The numbers, flat, as many as are looked at; None for what is none."""
    import numpy

    if header.dtype.kind not in "biufc" or header.dtype.itemsize == 0:
        return None
    count = min(header.count, _MOST)
    data, left = bytearray(), count * header.dtype.itemsize
    while left and (piece := file.read(min(left, _PIECE))):
        data += piece
        left -= len(piece)
    return numpy.frombuffer(data, header.dtype, len(data) // header.dtype.itemsize)


def _told(file: BinaryIO, header: _Header) -> tuple[list[Fact], list[Sheet], str]:
    facts = [
        Fact("Type", str(header.dtype)),
        Fact("Shape", _shape(header.shape)),
        Fact("Values", counted(header.count)),
    ]
    if header.dtype.hasobject:
        return facts, [], "It holds Python objects, which are pickled: they are not read here."
    values = _values(file, header)
    if values is None or not len(values):
        return facts, [], ""
    facts += [Fact(name, value) for name, value in _statistics(values).items()]
    sheets = [_first(values, header)]
    if header.dtype.kind in "iuf":
        sheets.append(_histogram(values))
    note = "" if len(values) == header.count else f"Of the first {len(values):,} values."
    return facts, [one for one in sheets if one.rows], note


def _statistics(values: Any) -> dict[str, str]:
    import numpy

    if values.dtype.kind == "c":
        return {}
    if values.dtype.kind == "b":
        return {"True": counted(int(values.sum())), "False": counted(int((~values).sum()))}
    finite = values[numpy.isfinite(values)] if values.dtype.kind == "f" else values
    found = {}
    if len(finite):
        wide = finite.astype("float64", copy=False)
        with numpy.errstate(all="ignore"):
            found = {"Min": _number(finite.min()), "Max": _number(finite.max()), "Mean": _number(wide.mean()), "Std": _number(wide.std())}  # fmt: skip
    if values.dtype.kind == "f":
        found["NaN"] = counted(int(numpy.isnan(values).sum()))
        infinite = int(numpy.isinf(values).sum())
        if infinite:
            found["Infinite"] = counted(infinite)
    return found


def _first(values: Any, header: _Header) -> Sheet:
    """The first values, in rows of the last dimension."""
    width = header.shape[-1] if header.shape else 1
    if header.fortran and len(header.shape) > 1:
        return Sheet([], [])
    shown = min(width, _COLUMNS)
    if not shown:
        return Sheet([], [])
    rows: list[list[str | None]] = []
    if len(header.shape) <= 1:
        rows = [[str(at), _number(value)] for at, value in enumerate(values[:_ROWS])]
        return Sheet([Column("", "", True), Column("value", "", True)], rows, "First values", total=len(rows))
    for at in range(min(_ROWS, len(values) // width)):
        rows.append([str(at), *(_number(value) for value in values[at * width : at * width + shown])])
    columns = [Column("", "", True), *(Column(str(at), "", True) for at in range(shown))]
    return Sheet(columns, rows, "First values", total=len(rows))


def _histogram(values: Any) -> Sheet:
    import numpy

    finite = values[numpy.isfinite(values)].astype("float64", copy=False)
    if not len(finite) or not numpy.isfinite(finite.max() - finite.min()) or finite.max() == finite.min():
        return Sheet([], [])
    counts, edges = numpy.histogram(finite, _BARS)
    rows: list[list[str | None]] = [
        [_number(edges[at]), _number(edges[at + 1]), counted(int(count))] for at, count in enumerate(counts)
    ]
    columns = [Column("From", "", True), Column("To", "", True), Column("Values", "bars", True)]
    return Sheet(columns, rows, "Distribution", total=len(rows))


def _number(value: Any) -> str:
    return f"{value:.6g}" if value.dtype.kind in "fc" else str(value)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{one:,}" for one in shape) or "a single value"
