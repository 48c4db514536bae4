"""`runstone artifacts`: ls, get, cat; and rm, which is with all that gives space back."""

from __future__ import annotations

import os
import posixpath
import shlex
import sys

import click

from runstone.cli.fetching import counts_of, force_option, interruptible, refuse_empty, replacing, say
from runstone.cli.finding import find_run, reader
from runstone.cli.grouping import Group
from runstone.cli.output import for_people, json_option, show, show_json, size
from runstone.cli.space import rm
from runstone.client import Client, fetching
from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotFound
from runstone.operations.artifacts import HIDDEN

# Names that are so alike, by difflib's ratio, that one may be a slip for the other, or is worth telling; and how many are told.
_NEAR, _RESEMBLING, _NEAREST = 0.75, 0.4, 3


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
        if not _exists(store, run_id, path):
            raise _missing(store, run_id, path)
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
@force_option
@json_option
def get(
    run: str,
    places: tuple[str, ...],
    output: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """Fetch the files and folders PATH (all of the run's files unless one is given) into the folder DIR.

    DIR is made where it is missing, and is the working folder where none is named. ./NAME, ../NAME, /NAME, . and .. are always a
    folder here; any other word is a PATH where the run has it, and else, as the last one, DIR. A word with a suffix (best.pt), and what
    is nearly the name of a file of the run's, is never taken for a new folder: write ./best.pt or best.pt/, or say -o best.pt.

    Every byte is checked. What is there already as it should be is left alone, and what was broken off goes on. Files here that have other
    bytes are not replaced without asking.
    """
    store = reader()
    run_id = find_run(store, run).info.run_id
    paths, folder = _told_apart(store, run_id, run, list(places), output)
    with interruptible():
        files = [
            file
            for path in paths or [""]
            for file in fetching.wanted(store, run_id, path, list(include) or None, list(exclude) or None)
        ]
        done = fetching.fetch_files(store, files, f"run {run_id}", folder, None, run_id, replacing(force, as_json))
    local = [os.path.join(done.path, posixpath.basename(path)) for path in paths] or [done.path]
    if as_json:
        where = {"path": local[0]} if len(local) == 1 else {"paths": local}
        show_json({"run_id": run_id, **where, "files": done.files, "bytes": counts_of(done)})
        return
    for path in local:
        print(path)
    say(done)


def _told_apart(store: Client, run_id: str, run: str, places: list[str], output: str | None) -> tuple[list[str], str]:
    """Which of the places named are the run's files, and which is the folder here."""
    refuse_empty(*places, output)
    paths, folder = places, output
    if output is None and places and (_is_here(places[-1]) or not _exists(store, run_id, places[-1].rstrip("/"))):
        paths, folder = places[:-1], places[-1]
        if not _is_here(folder):
            _refuse_slip(store, run_id, folder, [run, *paths])
    paths = [path.rstrip("/") for path in paths]
    names: dict[str, str] = {}
    for path in paths:
        if _is_here(path):
            raise InvalidParameter(
                f"{path!r} is a folder here; a run's files are named without './' and '/' before them, and the folder is named once, as the last."
            )
        if not _exists(store, run_id, path):
            raise _missing(store, run_id, path)
        if path in names.values() or names.setdefault(posixpath.basename(path), path) != path:
            first = names[posixpath.basename(path)]
            raise InvalidParameter(
                f"{first!r} and {path!r} would have one name in {folder or '.'!r}. Fetch them into different folders."
            )
    return paths, folder or "."


def _is_here(place: str) -> bool:
    """Whether it can only be a folder here, by how it is written: no path of a run's begins so."""
    return place.startswith(("/", "./", "../")) or place in (".", "..")


def _exists(store: Client, run_id: str, path: str) -> bool:
    try:
        _one(store, run_id, path)
    except (NotFound, InvalidParameter):
        return False
    return True


def _refuse_slip(store: Client, run_id: str, folder: str, before: list[str]) -> None:
    """What looks like a file, or is nearly what the run has, is a slip, and no name of a new folder."""
    looks_like_file = not folder.endswith("/") and posixpath.splitext(folder)[1]
    name = folder.rstrip("/")
    is_recorded = name.split("/")[0] == HIDDEN  # what runstone records of a run lies there; here it is the store
    if not looks_like_file and not is_recorded and not _nearest(store, run_id, name, _NEAR):
        return
    again = shlex.join(["runstone", "artifacts", "get", *before, f"./{name}"])
    raise NotFound(f"{_missing(store, run_id, name).message} If a folder here of that name is meant: {again}")


def _missing(store: Client, run_id: str, path: str) -> NotFound:
    near = _nearest(store, run_id, path, _RESEMBLING)
    nearest = f"; nearest: {', '.join(map(repr, near))}" if near else ""
    return NotFound(
        f"No artifact {path!r} in run {run_id}{nearest}. `runstone artifacts ls {run_id}` lists what there is."
    )


def _nearest(store: Client, run_id: str, path: str, likeness: float) -> list[str]:
    """Paths of a run's files and folders that are so like this one, or of which the last name is."""
    from difflib import get_close_matches

    known = set()
    for file in fetching.wanted(store, run_id, ""):
        known.add(file.name)
        known.update(file.name[:end] for end, mark in enumerate(file.name) if mark == "/")
    by_name: dict[str, list[str]] = {}
    for one in sorted(known):
        by_name.setdefault(posixpath.basename(one), []).append(one)
    close = by_name.get(posixpath.basename(path), []) + get_close_matches(path, sorted(known), _NEAREST, likeness)
    for name in get_close_matches(posixpath.basename(path), list(by_name), _NEAREST, likeness):
        close += by_name[name]
    return list(dict.fromkeys(close))[:_NEAREST]


@artifacts.command()
@click.argument("run")
@click.argument("path")
def cat(run: str, path: str) -> None:
    """Write a file's bytes to the output."""
    store = reader()
    for data in store.stream_artifact(find_run(store, run).info.run_id, path):
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
