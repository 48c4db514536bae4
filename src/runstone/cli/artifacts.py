"""`runstone artifacts`: ls, get, cat; and rm, which is with all that gives space back."""

from __future__ import annotations

import os
import posixpath
import sys

import click

from runstone.cli.finding import find_run, reader
from runstone.cli.output import for_people, json_option, progress, show, show_json, size
from runstone.cli.space import rm
from runstone.client import Client
from runstone.entities import FileInfo
from runstone.errors import NotFound


@click.group()
def artifacts() -> None:
    """A run's files.

    RUN is a run's id, the first 4 or more characters of one, its name, or `latest`.
    """


artifacts.add_command(rm)


@artifacts.command()
@click.argument("run")
@click.argument("path", default="")
@json_option
def ls(run: str, path: str, as_json: bool) -> None:
    """What lies in the folder PATH of a run's files (their top, unless given; what runstone recorded itself is in .runstone)."""
    store = reader()
    run_id = find_run(store, run).info.run_id
    path = path.rstrip("/")
    files = store.list_artifacts(run_id, path or None)
    if path and not files:
        files = [_one(store, run_id, path)]
    if as_json:
        show_json([file.to_dictionary() for file in files])
        return
    people = for_people()
    rows = [
        {
            "size": size(file.file_size) if people else file.file_size,
            "path": file.path + ("/" if file.is_dir else ""),
            "digest": (file.digest or "")[:23] if people else file.digest,
        }
        for file in files
    ]
    show(rows, False, "No files here.")


def _one(store: Client, run_id: str, path: str) -> FileInfo:
    for file in store.list_artifacts(run_id, posixpath.dirname(path) or None):
        if file.path == path:
            return file
    raise NotFound(f"No artifact {path!r} in run {run_id}. `runstone artifacts ls {run_id}` lists what there is.")


@artifacts.command()
@click.argument("run")
@click.argument("path", default="")
@click.option(
    "-o", "--output", default=".", show_default=True, help="The folder to put it in; made where it is missing."
)
@json_option
def get(run: str, path: str, output: str, as_json: bool) -> None:
    """Fetch the file or folder PATH, every byte checked (all of the run's files unless PATH is given)."""
    store = reader()
    run_id = find_run(store, run).info.run_id
    os.makedirs(output, exist_ok=True)
    path = path.rstrip("/")
    with progress("fetching", lambda: _bytes(store, run_id, path)) as advance:
        local = store.download_artifacts(run_id, path, output, progress=advance)
    if as_json:
        show_json({"run_id": run_id, "path": local})
    else:
        print(local)


@artifacts.command()
@click.argument("run")
@click.argument("path")
def cat(run: str, path: str) -> None:
    """Write a file's bytes to the output."""
    store = reader()
    for data in store.stream_artifact(find_run(store, run).info.run_id, path):
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _bytes(store: Client, run_id: str, path: str) -> int:
    files = store.list_artifacts(run_id, path or None) or ([_one(store, run_id, path)] if path else [])
    return sum(_bytes(store, run_id, file.path) if file.is_dir else file.file_size or 0 for file in files)
