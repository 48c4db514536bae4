"""What gives space back: `runstone artifacts rm`."""

from __future__ import annotations

import sys

import click

from runstone.cli.finding import find_run, reader
from runstone.cli.output import json_option, show_json, size
from runstone.errors import NotFound, WrongFileKind


@click.command()
@click.argument("run")
@click.argument("path")
@click.option("-r", "--recursive", is_flag=True, help="A folder, with all that is in it.")
@json_option
def rm(run: str, path: str, recursive: bool, as_json: bool) -> None:
    """Delete the file PATH of a run's. Its bytes are freed by `runstone prune`."""
    store = reader()
    run_id = find_run(store, run).info.run_id
    path = path.rstrip("/")
    above = store.list_artifacts(run_id, path.rpartition("/")[0] or None)
    if not recursive and any(file.path == path and file.is_dir for file in above):
        raise WrongFileKind(f"{path!r} is a folder. `-r` deletes it with all that is in it.", path)
    try:
        deleted = store.delete_artifact(run_id, path)
    except NotFound as error:
        raise NotFound(
            f"No artifact {path!r} in run {run_id}. `runstone artifacts ls {run_id}` lists what there is."
        ) from error
    if as_json:
        show_json({"run_id": run_id, "path": path, "files": deleted.files, "bytes": deleted.size})
    else:
        files = "1 file" if deleted.files == 1 else f"{deleted.files} files"
        print(f"deleted {files}, {size(deleted.size)}", file=sys.stderr)
