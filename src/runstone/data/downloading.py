"""One file from an http(s) address into a folder. The server chooses neither the name nor the place."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from runstone.errors import InvalidParameter, StorageError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

# Seconds of silence after which a server counts as gone; bytes read at a time.
_PATIENCE = 30.0
_PIECE = 1 << 20
_UNSAFE = re.compile(r"[^\w.-]+")


def download(url: str, folder: str | None) -> str:
    """The path of the downloaded file: in `folder`, or a new temporary one; whole or not there.

    Raises:
        InvalidParameter: the address is not http(s), or leads to one that is not.
        StorageError: the server does not answer, refuses, or breaks off.
    """
    import shutil
    import tempfile
    from http.client import HTTPException
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise InvalidParameter(f"A download is from an http or https address, not {parts.scheme}:.")
    # what the address ends in, and of that only what is harmless in a name
    name = _UNSAFE.sub("_", unquote(parts.path).rpartition("/")[2]).lstrip(".") or "data"
    place = tempfile.mkdtemp(prefix="runstone-data-") if folder is None else folder
    target = os.path.join(place, name)
    partial = f"{target}.{os.getpid()}.partial"
    try:
        with _opener().open(url, timeout=_PATIENCE) as answer, open(partial, "xb") as file:
            shutil.copyfileobj(answer, file, _PIECE)
            expected = answer.headers.get("Content-Length")
            if expected is not None and file.tell() != int(expected):
                raise EOFError(f"it broke off after {file.tell()} of {expected} bytes")
        os.replace(partial, target)
    except (OSError, EOFError, HTTPException) as error:
        raise StorageError(f"Cannot download {parts.hostname}{parts.path}: {error}.", target) from error
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
        if folder is None and not os.listdir(place):
            os.rmdir(place)
    return target


def _opener() -> OpenerDirector:
    """It speaks http and https, and follows a redirection to nothing else."""
    from urllib import request

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler, request.UnknownHandler, request.HTTPHandler, request.HTTPSHandler,
        request.HTTPDefaultErrorHandler, request.HTTPRedirectHandler, request.HTTPErrorProcessor,
    ):  # fmt: skip
        opener.add_handler(handler())
    return opener
