"""`runstone models scan`: what loading a model could run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from runstone.cli import FAILED
from runstone.cli.finding import in_store, model_address, reader
from runstone.cli.output import for_people, json_option, show, show_json

if TYPE_CHECKING:
    from runstone.safety import Report, Scanned

_ORDER = ("dangerous", "unknown", "harmless")
# What a verdict means for who is about to load it.
_ADVICE = {
    "harmless": "harmless: nothing in it runs what it is told.",
    "unknown": (
        "unknown: loading it runs code that runstone does not know. Load it only if you trust who made it: `with runstone.trusting(): ...`."
    ),
    "dangerous": (
        "dangerous: loading it can run commands or reach your files. Do not, unless you know why it has these; ask who made it for a "
        "format without code (skops, safetensors, ONNX)."
    ),
}


@click.command()
@click.argument("model")
@click.option("--strict", is_flag=True, help="Fail on what is unknown, too.")
@json_option
def scan(model: str, strict: bool, as_json: bool) -> int | None:
    """Say what loading MODEL could run, without loading it.

    MODEL is a file or a folder here, or a model of the store: NAME/3, NAME@ALIAS, models:/..., runs:/RUN_ID/PATH. The exit code is 1
    where it is dangerous.
    """
    report = _report(model_address(model))
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(report))
    else:
        show([row for one in report.files for row in _rows(one)], False)
        advice = _ADVICE[report.verdict] if report.files else "harmless: it holds no pickles and no code."
        print(advice, file=sys.stderr)
    return FAILED if report.verdict == "dangerous" or (strict and report.verdict != "harmless") else None


def _report(address: str) -> Report:
    from runstone import safety

    if not in_store(address):
        return safety.scan(address)
    import msgspec

    from runstone.models.fetching import here, located

    reader()  # raises where there is no store, rather than make one
    return msgspec.structs.replace(safety.scan(here(located(address))), path=address)


def _rows(one: Scanned) -> Iterator[dict[str, str]]:
    """A line for each import, the dangerous first, and for each problem: none is too long to read or to search."""
    imports = sorted(one.imports, key=lambda found: _ORDER.index(found.verdict))
    harmless = sum(found.verdict == "harmless" for found in imports)
    said = [(found.verdict, found.name) for found in imports[: len(imports) - harmless if for_people() else None]]
    if for_people() and harmless:
        said.append(("harmless", f"{harmless} harmless"))
    lines = [(verdict, name, "") for verdict, name in said] + [(one.verdict, "", problem) for problem in one.problems]
    if one.verdict not in {verdict for verdict, _, _ in lines}:  # code, and what is not looked into
        lines.insert(0, (one.verdict, "", ""))
    for verdict, name, problem in lines:
        yield {
            "verdict": verdict,
            "file": one.file.replace(os.sep, "/"),
            "kind": one.kind,
            "import": name,
            "problem": problem,
        }
