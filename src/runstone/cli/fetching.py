"""What the commands that fetch files into a folder have in common: files that lie there already, interruptions, and what is said at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator

import click

from runstone.cli import INTERRUPTED
from runstone.cli.asking import can_ask
from runstone.cli.output import size, text
from runstone.client.fetching import Fetched
from runstone.errors import AlreadyExists

# Files in the way that a person is shown one by one.
_SHOWN = 10
_SOURCES = {
    "store": "from the store",
    "cache": "from the cache",
    "resumed": "had arrived before",
    "present": "were there already",
}

force_option = click.option("--force", is_flag=True, help="Replace files here that have other bytes; do not ask.")


def refuse_empty(*words: str | None) -> None:
    """Refuse an empty word, as a variable of a shell gives that is not set: it must not mean everything, or the working folder."""
    if "" in words:
        raise click.UsageError("An empty word names neither a file nor a folder. Is a variable of the shell not set?")


def replacing(force: bool, as_json: bool) -> Callable[[list[str]], None] | None:
    """Is told the files here that would be replaced: asks on a terminal, refuses elsewhere. None where they are to be replaced."""
    if force:
        return None
    return _ask if not as_json and can_ask() else _refuse


def _ask(others: list[str]) -> None:
    for place in others[:_SHOWN]:
        print(f"  {text(place)}", file=sys.stderr)
    if len(others) > _SHOWN:
        print(f"  ... and {len(others) - _SHOWN} more", file=sys.stderr)
    what = "1 file here has" if len(others) == 1 else f"{len(others)} files here have"
    if not click.confirm(f"{what} other bytes than would be fetched. Replace?", err=True):
        _refuse(others)


def _refuse(others: list[str]) -> None:
    more = len(others) - 1
    also = f" and {more} more {'file' if more == 1 else 'files'}" if more else ""
    raise AlreadyExists(
        f"{others[0]!r}{also} would be replaced by other bytes. Nothing was written. Say --force to replace what is there, or fetch into another folder."
    )


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends the command at once, and says that nothing is lost. Where it is ignored, or somebody else's, it stays so."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: object) -> None:
    # Threads may wait for a server that says nothing, and Python for them. What is half written is as good as after a kill: it is gone on with.
    bar = "\r\x1b[K\x1b[?25h" if os.isatty(2) else ""
    line = "runstone: interrupted. What has arrived is kept; the same command goes on from there.\n"
    with contextlib.suppress(OSError):
        os.write(2, (bar + line).encode())
    os._exit(INTERRUPTED)


def counts_of(fetched: Fetched) -> dict[str, int]:
    """How many bytes came from where."""
    return {source: getattr(fetched, source) for source in _SOURCES}


def say(fetched: Fetched) -> None:
    """On stderr, how many files there are and where their bytes came from."""
    parts = [f"{size(count)} {_SOURCES[source]}" for source, count in counts_of(fetched).items() if count]
    files = f"{fetched.files} {'file' if fetched.files == 1 else 'files'}"
    print(f"{files}: {', '.join(parts) or 'nothing in them'}", file=sys.stderr)
