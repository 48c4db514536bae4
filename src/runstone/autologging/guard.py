"""What keeps a training from our failures: each step of recording is an attempt, and the first that fails is told of."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runstone.warning import warn

if TYPE_CHECKING:
    from runstone.autologging.options import Options

_told: set[tuple[str, str]] = set()


@contextlib.contextmanager
def attempt(options: Options, what: str) -> Iterator[None]:
    """A step of recording. What it raises ends here, and is told of once; Ctrl-C goes through.

    Args:
        options: of the library that trains.
        what: what the step records, as a sentence has it.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001  (whatever it is, the training is not to know)
        tell(options, what, error)


def tell(options: Options, what: str, error: Exception | str) -> None:
    """Warn, once for each library and step, that something is not recorded."""
    key = (options.flavor, what)
    if options.silent or key in _told:
        return
    _told.add(key)
    reason = error if isinstance(error, str) else f"{type(error).__name__}: {error!s:.500}"
    text = f"Autologging of {options.flavor}: {what} could not be recorded: {reason.rstrip('.')}. The training goes on."
    try:
        warn(text)
    except Warning:  # where warnings are made errors, ours is none for the training
        print(text, file=sys.stderr)


def forget(flavor: str) -> None:
    """Tell again of what fails from now on."""
    for key in [key for key in _told if key[0] == flavor]:
        _told.discard(key)
