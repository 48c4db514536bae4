"""`runstone verify`: is all that was stored still there and whole; and what is not, brought back."""

from __future__ import annotations

import sys

import click

from runstone.cli.damages import advice, columns
from runstone.cli.finding import reader
from runstone.cli.output import json_option, progress, show, show_json, size
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.transport.discovery import resolve

_QUICK = (
    "the rows of the database, and that all packs are there, of their lengths, with whole footers. No bytes of files and no metric points "
    "were read: `runstone verify` reads everything."
)


@click.command()
@click.option("--quick", is_flag=True, help="Read no file: the database, and whether all packs are there.")
@click.option(
    "--repair-from",
    "places",
    multiple=True,
    metavar="PLACE",
    help="Bring back what is damaged or lost from another store (a folder, a server), or from the files themselves; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Say what --repair-from could bring back, and change nothing.")
@json_option
def verify(quick: bool, places: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    """Compare every stored byte with its digest, checksum or mirror. Exit code 1 where anything is damaged, and stays so."""
    if dry_run and not places:
        raise click.UsageError("--dry-run goes with --repair-from: a verification changes nothing.")
    if quick and places:
        raise click.UsageError("--quick reads no file, so it finds nothing to repair. Leave it out.")
    store = reader()
    if places:
        for place in places:
            _refuse_itself(store, place)
        return _repair(store, places, dry_run, as_json)
    read = 0
    with progress("verifying") as advance:

        def count(size: int) -> None:
            nonlocal read
            read += size
            advance(size)

        damaged = store.verify(count, quick=quick)
    if as_json:
        show_json({"bytes": read, "quick": quick, "damaged": [damage._asdict() for damage in damaged]})
        return 1 if damaged else 0
    show(columns(store, damaged), False)
    if quick:
        print(f"{len(damaged) or 'nothing'} damaged of what was looked at: {_QUICK}", file=sys.stderr)
    else:
        outcome = f"{len(damaged)} damaged" if damaged else "all as they were stored"
        print(f"{size(read)} read: {outcome}", file=sys.stderr)
    for line in advice(damaged):
        print(line, file=sys.stderr)
    return 1 if damaged else 0


def _refuse_itself(store: Client, place: str) -> None:
    """A folder is taken for the store in it; what is damaged there would not come back from there."""
    if resolve(place) == store.tracking_uri:
        raise InvalidParameter(
            f"--repair-from {place}: that is the damaged store itself ({store.tracking_uri.removeprefix('file://')}). Name another store, or "
            "the files and folders that were logged, each with a --repair-from of its own."
        )


def _repair(store: Client, places: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    with progress("verifying and repairing") as advance:
        done = store.repair(places, dry_run=dry_run, progress=advance)
    if as_json:
        facts = {"chunks": done.chunks, "bytes": done.size, "dry_run": dry_run}
        lists = {"repaired": done.repaired, "damaged": done.left}
        show_json({**facts, **{name: [one._asdict() for one in damages] for name, damages in lists.items()}})
    else:
        could = "could be repaired" if dry_run else "repaired"
        rows = [{"outcome": could, **row} for row in columns(store, done.repaired)]
        show([*rows, *({"outcome": "damaged", **row} for row in columns(store, done.left))], False)
        if not done.repaired and not done.left:
            print("All as they were stored: there is nothing to repair.", file=sys.stderr)
            return 0
        brought = f"{done.chunks} chunk{'' if done.chunks == 1 else 's'} ({size(done.size)}) from {', '.join(places)}"
        print(f"{brought}: {len(done.repaired)} {could}, {len(done.left)} damaged", file=sys.stderr)
        for line in advice(done.left, tried=True):
            print(line, file=sys.stderr)
    return 1 if done.left else 0
