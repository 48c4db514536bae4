"""`runstone artifacts`: ls, get, cat; and rm, which is with all that gives space back."""

from __future__ import annotations

import contextlib
import os
import posixpath
import sys

import click

from runstone.cli.finding import find_run, reader
from runstone.cli.grouping import Group
from runstone.cli.output import for_people, json_option, show, show_json, size
from runstone.cli.space import rm
from runstone.client import Client, fetching
from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotFound


@click.group(cls=Group)
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
            "path": file.path + ("/" if file.is_dir else "*" if people and file.executable else ""),
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
@click.argument("places", nargs=-1, metavar="[PATH]... [DIR]")
@click.option("-o", "--output", metavar="DIR", help="The folder to put it in; then all that is named are PATHs.")
@click.option(
    "--include",
    multiple=True,
    metavar="PATTERN",
    help="Only files that this means, as in a .gitignore; may be repeated.",
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="No files that this means; may be repeated.")
@json_option
def get(
    run: str,
    places: tuple[str, ...],
    output: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fetch the files and folders PATH (all of the run's files unless one is given) into the folder DIR.

    DIR is the last one named that is none of the run's files; it is made where it is missing, and is the working folder where none is
    named. Every byte is checked. What is there already as it should be is left alone, and what was broken off goes on.
    """
    store = reader()
    run_id = find_run(store, run).info.run_id
    paths, folder = _told_apart(store, run_id, [place.rstrip("/") or place for place in places], output)
    done = [
        fetching.fetch(store, run_id, path, folder, None, list(include) or None, list(exclude) or None)
        for path in paths or [""]
    ]
    counts = {source: sum(getattr(one, source) for one in done) for source in ("store", "cache", "resumed", "present")}
    files = sum(one.files for one in done)
    if as_json:
        where = {"path": done[0].path} if len(done) == 1 else {"paths": [one.path for one in done]}
        show_json({"run_id": run_id, **where, "files": files, "bytes": counts})
        return
    for one in done:
        print(one.path)
    told = {
        "store": "from the store",
        "cache": "from the cache",
        "resumed": "had arrived before",
        "present": "were there already",
    }
    parts = [f"{size(count)} {told[source]}" for source, count in counts.items() if count]
    print(f"{files} {'file' if files == 1 else 'files'}: {', '.join(parts) or 'nothing in them'}", file=sys.stderr)


def _told_apart(store: Client, run_id: str, places: list[str], output: str | None) -> tuple[list[str], str]:
    """Which of the places named are the run's files, and which is the folder here."""
    paths, folder = places, output or "."
    if output is None and places and not _exists(store, run_id, places[-1]):
        paths, folder = places[:-1], places[-1]
        _refuse_slip(store, run_id, folder)
    names: dict[str, str] = {}
    for path in paths:
        _one(store, run_id, path)
        if path in names.values() or names.setdefault(posixpath.basename(path), path) != path:
            first = names[posixpath.basename(path)]
            raise InvalidParameter(
                f"{first!r} and {path!r} would have one name in {folder!r}. Fetch them into different folders."
            )
    return paths, folder


def _exists(store: Client, run_id: str, path: str) -> bool:
    try:
        _one(store, run_id, path)
    except (NotFound, InvalidParameter):
        return False
    return True


def _refuse_slip(store: Client, run_id: str, folder: str) -> None:
    """What is nearly a file's name is a slip, and no name of a new folder."""
    from difflib import get_close_matches

    if folder.startswith((".", "/", "~")) or os.path.isdir(folder):
        return
    with contextlib.suppress(InvalidParameter):
        near = [file.path for file in store.list_artifacts(run_id, posixpath.dirname(folder) or None)]
        for meant in get_close_matches(folder, near, 1, 0.75):
            raise NotFound(
                f"No artifact {folder!r} in run {run_id}. Is {meant!r} meant? Or all files, into a new folder of that name: "
                f"runstone artifacts get {run_id} -o {folder}"
            )


@artifacts.command()
@click.argument("run")
@click.argument("path")
def cat(run: str, path: str) -> None:
    """Write a file's bytes to the output."""
    store = reader()
    for data in store.stream_artifact(find_run(store, run).info.run_id, path):
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
