"""What a preview tells: facts, tables of texts, and what would run when the file is loaded."""

from __future__ import annotations

from typing import Any

import msgspec

# Rows of one window, columns, letters of one cell or name.
ROWS, COLUMNS, LETTERS = 1_000, 200, 400


class Column(msgspec.Struct, omit_defaults=True):
    """A column: its name, what kind of values it has, whether they are numbers."""

    name: str
    kind: str = ""
    number: bool = False


class Sheet(msgspec.Struct, omit_defaults=True):
    """A table, or a window of one: rows from `offset` on, of `total` (None: not known). A cell is a text; None where there is no value."""

    columns: list[Column]
    rows: list[list[str | None]] = []
    title: str = ""
    offset: int = 0
    total: int | None = None


class Fact(msgspec.Struct):
    """Something that is so."""

    name: str
    value: str


class Imported(msgspec.Struct):
    """What loading would import: "module.name", and whether that is harmless, unknown or dangerous."""

    name: str
    verdict: str


class Preview(msgspec.Struct, omit_defaults=True):
    """What is in a file.

    Attributes:
        kind: what it was read as, such as "csv", "npz", "zip", "safetensors", "onnx", "pickle"; "" where there is no preview.
        facts: what is so of all of it.
        sheets: tables; the first of a file of rows is a window, which is asked for by its offset.
        note: what is not shown, and why.
        verdict: of what would run code: harmless, unknown or dangerous. "" for what cannot.
        imports: what loading it would import.
        problems: why the imports may not be all.
        value: what a file of YAML holds, as JSON has it.
    """

    kind: str = ""
    facts: list[Fact] = []
    sheets: list[Sheet] = []
    note: str = ""
    verdict: str = ""
    imports: list[Imported] = []
    problems: list[str] = []
    value: Any = None


def cell(value: object) -> str | None:
    """A value as a cell shows it: long ones cut."""
    return None if value is None else cut(value if isinstance(value, str) else str(value))


def cut(text: str) -> str:
    """A text that is not too long to be shown, and can be said as UTF-8."""
    text = text if len(text) <= LETTERS else text[:LETTERS] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def counted(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"
