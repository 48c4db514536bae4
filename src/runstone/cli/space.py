"""What gives space back, and what says where it is: `runstone usage`, `runstone artifacts rm`."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.asking import agreed, yes_option
from runstone.cli.finding import find_run, reader
from runstone.cli.output import for_people, json_option, show, show_json, size
from runstone.errors import NotFound, WrongFileKind

if TYPE_CHECKING:
    from runstone.operations.books import Share
    from runstone.operations.usage import Usage

_KINDS = ("experiments", "runs", "models", "versions", "kinds")
# Cells of a bar, and the eighths of one.
_WIDTH = 16
# Cells of the figures beside it.
_FIGURES = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


@click.command()
@click.option("--by", type=click.Choice(_KINDS), help="These only.")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 10_000), help="So many of each.")
@json_option
def usage(by: str | None, top: int, as_json: bool) -> None:
    """Who holds how many bytes, and what sharing saved.

    LOGGED is what files are, STORED what they take where they lie (once, and compressed), UNIQUE what nobody else has of that: what
    deleting them would free.
    """
    found = reader().usage(top)
    shown = [by] if by else list(_KINDS)
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(found))
    elif for_people():
        _summary(found)
        for kind in shown:
            _shares(kind, getattr(found, kind), found.counts[kind])
    else:
        show(
            [{"of": kind, **_plain(share)} for kind in shown for share in getattr(found, kind)], False, "No files here."
        )


def _plain(share: Share) -> dict[str, Any]:
    import msgspec

    row: dict[str, Any] = msgspec.to_builtins(share)
    return row


def _summary(found: Usage) -> None:
    most = max(found.logical, 1)
    lines = [
        ("logged", found.logical, f"{found.files:,} files"),
        ("shared", found.shared, "was stored already"),
        ("compressed", found.compressed, "saved by compression"),
        ("stored", found.stored, f"{found.stored / most:.0%} of what was logged" if found.logical else ""),
    ]
    for name, count, meaning in lines:
        print(f"{name:>12}  {size(count):>8}  {_bar(count / most)}  {meaning}")
    disk = found.disk
    print(f"{'on the disk':>12}  {size(disk.packs + disk.database + disk.journal + disk.other):>8}", end="")
    print(f"  {size(disk.packs)} of packs, {size(disk.database)} of database, {size(disk.journal)} of journals")
    print(f"{'prunable':>12}  {size(found.prunable):>8}  needed by nothing")
    if found.deleted:
        print(f"{'deleted':>12}  {size(found.deleted):>8}  held by deleted runs and models only")


def _shares(kind: str, shares: list[Share], count: int) -> None:
    if not shares:
        return
    most = max(share.stored for share in shares) or 1
    # A version's reference is to be typed again, so the bar makes room for it.
    longest = max(len(share.id) for share in shares) if kind == "versions" else 0
    barred = longest + _WIDTH + _FIGURES <= shutil.get_terminal_size().columns
    print()
    rows = [
        {
            kind: _named(kind, share),
            "files": share.files,
            "logged": size(share.logical),
            "stored": size(share.stored),
            "unique": size(share.unique),
            **({"": _bar(share.stored / most)} if barred else {}),
        }
        for share in shares
    ]
    show(rows, False, parts={kind: 1.0}, typed=kind if kind == "versions" else "")
    if count > len(shares):
        print(f"... of {count:,}: `--top {count}` shows all.", file=sys.stderr)


def _named(kind: str, share: Share) -> str:
    """What can be typed again stands first, and whole: a long name is cut at its end."""
    if kind in ("kinds", "versions"):
        return share.id
    return f"{share.id[:8] if kind == 'runs' else share.id}  {share.name}"


def _bar(part: float) -> str:
    full, eighth = divmod(round(min(max(part, 0.0), 1.0) * _WIDTH * 8), 8)
    return ("█" * full + (_EIGHTHS[eighth] if eighth else "")).ljust(_WIDTH)


@click.command()
@click.argument("run")
@click.argument("path")
@click.option("-r", "--recursive", is_flag=True, help="A folder, with all that is in it.")
@yes_option
@json_option
def rm(run: str, path: str, recursive: bool, yes: bool, as_json: bool) -> int:
    """Delete the file PATH of a run's, for good. Its bytes are freed by `runstone prune`.

    On a terminal it asks; elsewhere it needs --yes.
    """
    from runstone.client.artifacts import own_artifacts

    store = reader()
    run_id = find_run(store, run).info.run_id
    path = path.rstrip("/")
    above = own_artifacts(store, run_id, path.rpartition("/")[0] or None)
    # Asked by itself: what is hidden is not listed among the rest.
    is_folder = bool(own_artifacts(store, run_id, path))
    if is_folder and not recursive:
        raise WrongFileKind(f"{path!r} is a folder. `-r` deletes it with all that is in it.", path)
    missing = NotFound(f"No artifact {path!r} in run {run_id}. `runstone artifacts ls {run_id}` lists what there is.")
    if not is_folder and all(file.path != path for file in above):
        raise missing  # rather than asked about
    what = f"the folder {path!r} with all that is in it" if is_folder else repr(path)
    if not agreed(f"Delete {what}, of run {run_id[:12]}, for good?", yes):
        return 1
    try:
        deleted = store.delete_artifact(run_id, path)
    except NotFound as error:
        raise missing from error
    if as_json:
        show_json({"run_id": run_id, "path": path, "files": deleted.files, "bytes": deleted.size})
    else:
        files = "1 file" if deleted.files == 1 else f"{deleted.files} files"
        print(f"deleted {files}, {size(deleted.size)}", file=sys.stderr)
    return 0
