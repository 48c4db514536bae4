"""A file of requests, taken apart: scenes of plain requests, each with the difference it is expected to show.

A scene begins at `# %% title`; other lines that begin with `#` are remarks. Every other line is one request:

    METHOD path [Header: value] body -> name = path.in.the.answer   # differs: row of docs/differences.md

All but method and path may be missing. A path that does not begin with `/` lies below `/api/2.0/mlflow/`; a blank in it is written `+`.
The body is sent as it stands, as JSON unless a header says otherwise (`[Content-Type: -]`: no such header). `$name` stands for what an
earlier answer of the scene gave; each scene has an `$experiment`, a `$run` in it, and `$new`, a text of its own for names. `$x(300)`
is 300 letters x; `$times(3: {"key": "k#"})` is that text three times, numbered, with commas between.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

ROOT = "/api/2.0/mlflow/"
_TITLE = re.compile(r"# %% (.+)")
_LINE = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>\S+)"
    r"(?: \[(?P<header>[\w-]+: [^\]]*)\])?"
    r"(?: (?P<body>.*?))??"
    r"(?:\s+-> (?P<name>\w+) = (?P<place>[\w.]+))?"
    r"(?:\s+# differs: (?P<differs>[\w' -]+))?\s*"
)
_MANY = re.compile(r"\$x\((\d+)\)")
_TIMES = re.compile(r"\$times\((\d+): (.*?)\)(?=[\]\s])")


class Request(NamedTuple):
    """One request as the file has it. `keep` is (name, path in the answer); `line` where it stands; `differs` the row that it shows."""

    method: str
    path: str
    body: str | None
    header: tuple[str, str] | None
    keep: tuple[str, str] | None
    differs: str | None
    line: int


class Scene(NamedTuple):
    """Requests that are sent one after the other, with an experiment and a run of their own."""

    title: str
    requests: list[Request]


def read(path: Path) -> list[Scene]:
    """The scenes of a file."""
    scenes: list[Scene] = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        title = _TITLE.fullmatch(text)
        if title:
            scenes.append(Scene(title[1], []))
        elif text and not text.startswith("#"):
            scenes[-1].requests.append(_request(text, number, path))
    return scenes


def _request(text: str, number: int, path: Path) -> Request:
    found = _LINE.fullmatch(text)
    assert found, f"{path.name}:{number}: no request: {text}"
    place = found["path"] if found["path"].startswith("/") else ROOT + found["path"]
    name, _, value = (found["header"] or "").partition(": ")
    keep = (found["name"], found["place"]) if found["name"] else None
    return Request(
        found["method"], place, found["body"] or None, (name, value) if name else None, keep, found["differs"], number
    )


def filled(text: str, known: dict[str, str]) -> str:
    """A text of the file with what its `$` stand for."""
    text = _TIMES.sub(lambda many: ", ".join(many[2].replace("#", str(number)) for number in range(int(many[1]))), text)
    text = _MANY.sub(lambda many: "x" * int(many[1]), text)
    return re.sub(r"\$([a-z]\w*)", lambda name: known.get(name[1], name[0]), text)


def kept(answer: str, place: str) -> str:
    """The value at a place such as `runs.0.info.run_id` in an answer; '' where there is none."""
    try:
        value = json.loads(answer)
        for step in place.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return str(value)
