"""safetensors: its header names each tensor, its type, shape and place. The bytes of tensors are not read."""

from __future__ import annotations

from typing import Any

import msgspec

from runstone.previews.found import Column, Fact, Preview, Sheet, counted, cut
from runstone.previews.window import UnreadableError, Window, buffered

# Bytes of a header; tensors and texts about the file that are shown.
_HEADER, _TENSORS, _TEXTS = 16 << 20, 2_000, 50


class _Tensor(msgspec.Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def safetensors(window: Window) -> Preview:
    """Its tensors."""
    file = buffered(window)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(_HEADER, window.size - 8):
        raise UnreadableError(f"its header says that it has {length:,} bytes")
    try:
        header = msgspec.json.decode(file.read(length), type=dict[str, msgspec.Raw])
        about = msgspec.json.decode(header.pop("__metadata__", b"{}"), type=dict[str, Any])
        found = {name: msgspec.json.decode(said, type=_Tensor) for name, said in header.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"its header cannot be read: {error!s:.200}") from error
    values = sum(_count(tensor.shape) for tensor in found.values())
    facts = [Fact("Tensors", counted(len(found))), Fact("Values", counted(values))]
    facts += [Fact(cut(name), cut(str(value))) for name, value in list(about.items())[:_TEXTS]]
    rows: list[list[str | None]] = [
        [cut(name), cut(one.dtype), _shape(one.shape), counted(one.data_offsets[1] - one.data_offsets[0])]
        for name, one in list(found.items())[:_TENSORS]
    ]
    columns = [Column("Tensor"), Column("Type"), Column("Shape"), Column("Bytes", "", True)]
    note = f"The first {_TENSORS:,} tensors are shown." if len(found) > _TENSORS else ""
    return Preview("safetensors", facts, [Sheet(columns, rows, total=len(found))], note)


def _count(shape: list[int]) -> int:
    count = 1
    for length in shape[:32]:
        count = min(count * length, 1 << 62)
    return count


def _shape(shape: list[int]) -> str:
    return cut(" × ".join(f"{one:,}" for one in shape[:32]) or "a single value")
