"""`runstone artifacts`: ls, get, cat."""

from __future__ import annotations

import sys

import click

from runstone.cli.output import find_run, reader, show


@click.group()
def artifacts() -> None:
    """A run's files."""


@artifacts.command()
@click.argument("run")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def ls(run: str, path: str | None, as_json: bool) -> None:
    """What lies in a folder of the run's (the top unless PATH is given; what runstone recorded itself is in .runstone)."""
    store = reader()
    files = store.list_artifacts(find_run(store, run).info.run_id, path)
    rows = [{"path": f.path + ("/" if f.is_dir else ""), "size": f.file_size, "digest": f.digest} for f in files]
    show(rows, as_json, "Nothing here.")


@artifacts.command()
@click.argument("run")
@click.argument("path", default="")
@click.option("-o", "--output", default=".", show_default=True, help="The folder to put it in.")
def get(run: str, path: str, output: str) -> None:
    """Fetch a file or folder, every byte checked (all of the run's files unless PATH is given)."""
    store = reader()
    print(store.download_artifacts(find_run(store, run).info.run_id, path, output))


@artifacts.command()
@click.argument("run")
@click.argument("path")
def cat(run: str, path: str) -> None:
    """Write a file's bytes to the output."""
    store = reader()
    sys.stdout.buffer.write(store.read_artifact(find_run(store, run).info.run_id, path))
