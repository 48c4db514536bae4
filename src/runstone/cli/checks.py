"""`runstone verify` and `runstone doctor`: is all that was stored still there and whole."""

from __future__ import annotations

import sys

import click

from runstone.cli.output import reader, show


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def verify(as_json: bool) -> None:
    """Read every stored byte again and compare it with its digest. Exit code 1 where anything is damaged."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeElapsedColumn

    from runstone import settings

    store = reader()
    read = [0, 0]
    shown = sys.stderr.isatty() and settings.PROGRESS.read()
    with Progress(
        "verifying", BarColumn(), DownloadColumn(), TimeElapsedColumn(), console=Console(stderr=True), disable=not shown
    ) as bar:
        task = bar.add_task("", total=None)

        def progress(size: int) -> None:
            read[0] += 1
            read[1] += size
            bar.advance(task, size)

        damaged = store.verify(progress)
    if as_json or damaged:
        show([damage._asdict() for damage in damaged], as_json, "")
    if not as_json:
        print(
            f"{read[0]} files, {read[1]:,} bytes read: "
            + (f"{len(damaged)} damaged" if damaged else "all as they were stored")
        )
    sys.exit(1 if damaged else 0)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> None:
    """Say which store this is, what is in it and whether it is well. Exit code 1 where it is not."""
    import json

    from runstone.diagnosis import report

    found = report()
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:>10}: {value}")
    sys.exit(0 if found.get("healthy", True) else 1)
