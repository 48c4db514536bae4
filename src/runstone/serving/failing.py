"""What a model raises, in words: for the log, beside a mark that the client is told, or for who stands before the terminal."""

from __future__ import annotations

import logging
import os
import traceback

from runstone.errors import BadRequest

_log = logging.getLogger("runstone.serving")
# Characters of an error in the log: a model may say all that it was asked, and a client may ask it often.
_MOST_LOGGED = 10_000
_MOST_TOLD = 300


def told(error: BaseException) -> str:
    """An error's kind and what it says, in a line."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001  # it is the model's own, and may be anything
        said = ""
    return f"{type(error).__name__}: {said:.{_MOST_TOLD}}".removesuffix(": ")


def marked(error: BaseException) -> str:
    """Write an error to the log; the mark that it stands beside."""
    mark = os.urandom(4).hex()
    text = "".join(traceback.format_exception(error)).rstrip()
    if len(text) > _MOST_LOGGED:
        half = _MOST_LOGGED // 2
        text = f"{text[:half]}\n[... {len(text) - 2 * half:,} characters ...]\n{text[-half:]}"
    _log.error("error %s\n%s", mark, text)
    return mark


def failed(error: BaseException) -> BadRequest:
    """What a client is told of it."""
    return BadRequest(
        f"The model fails on this input ({type(error).__name__}): is it what the model was made for? "
        f"The server's log says more, beside {marked(error)}."
    )
