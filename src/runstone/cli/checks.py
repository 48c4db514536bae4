"""`runstone verify` and `doctor`: is all that was stored still there and whole."""

from __future__ import annotations

import sys

import click

from runstone.cli.finding import reader
from runstone.cli.output import json_option, progress, show, show_json, show_lines, size
from runstone.client import Client
from runstone.client.verification import Damage


@click.command()
@click.option("--quick", is_flag=True, help="Read no file: the database, and whether all packs are there.")
@click.option(
    "--repair-from",
    metavar="PLACE",
    help="Bring back what is damaged or lost from another store (a folder, a server), or from the files themselves.",
)
@click.option("--dry-run", is_flag=True, help="Say what --repair-from could bring back, and change nothing.")
@json_option
def verify(quick: bool, repair_from: str | None, dry_run: bool, as_json: bool) -> int:
    """Compare every stored byte with its digest, checksum or mirror. Exit code 1 where anything is damaged, and stays so."""
    if dry_run and repair_from is None:
        raise click.UsageError("--dry-run goes with --repair-from: a verification changes nothing.")
    if quick and repair_from is not None:
        raise click.UsageError("--quick reads no file, so it finds nothing to repair. Leave it out.")
    store = reader()
    if repair_from is not None:
        return _repair(store, repair_from, dry_run, as_json)
    read = 0
    with progress("verifying") as advance:

        def count(size: int) -> None:
            nonlocal read
            read += size
            advance(size)

        damaged = store.verify(count, quick=quick)
    if as_json:
        show_json({"bytes": read, "damaged": _rows(damaged)})
    else:
        show(_rows(damaged), False)
        outcome = f"{len(damaged)} damaged" if damaged else "all as they were stored"
        print(f"{size(read)} read: {outcome}", file=sys.stderr)
    return 1 if damaged else 0


def _repair(store: Client, place: str, dry_run: bool, as_json: bool) -> int:
    with progress("verifying") as advance:
        done = store.repair(place, dry_run=dry_run, progress=advance)
    if as_json:
        facts = {"chunks": done.chunks, "bytes": done.size, "dry_run": dry_run}
        show_json({**facts, "repaired": _rows(done.repaired), "damaged": _rows(done.left)})
    else:
        could = "could be repaired" if dry_run else "repaired"
        rows = [{"outcome": could, **row} for row in _rows(done.repaired)]
        show([*rows, *({"outcome": "damaged", **row} for row in _rows(done.left))], False)
        brought = f"{done.chunks} chunks ({size(done.size)}) from {place}"
        print(f"{brought}: {len(done.repaired)} {could}, {len(done.left)} damaged", file=sys.stderr)
    return 1 if done.left else 0


def _rows(damaged: list[Damage]) -> list[dict[str, str]]:
    return [damage._asdict() for damage in damaged]


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
