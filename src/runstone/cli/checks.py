"""`runstone verify` and `doctor`: is all that was stored still there and whole."""

from __future__ import annotations

import sys

import click

from runstone.cli.finding import reader
from runstone.cli.output import json_option, progress, show, show_json, show_lines, size


@click.command()
@json_option
def verify(as_json: bool) -> int:
    """Read every stored byte again and compare it with its digest. Exit code 1 where anything is damaged."""
    store = reader()
    read = 0
    with progress("verifying") as advance:

        def count(size: int) -> None:
            nonlocal read
            read += size
            advance(size)

        damaged = store.verify(count)
    rows = [damage._asdict() for damage in damaged]
    if as_json:
        show_json({"bytes": read, "damaged": rows})
    else:
        show(rows, False)
        outcome = f"{len(damaged)} damaged" if damaged else "all as they were stored"
        print(f"{size(read)} read: {outcome}", file=sys.stderr)
    return 1 if damaged else 0


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Say which store this is, what is in it and whether it is well. Exit code 1 where it is not."""
    from runstone.cli.output import for_people
    from runstone.diagnosis import as_lines, report

    found = report()
    if as_json:
        show_json(found)
    elif for_people():
        for name, value in as_lines(found):
            print(f"{name:>12}  {value}")
    else:
        show_lines(("name", "value"), as_lines(found))
    return 0 if found.get("healthy", True) else 1
