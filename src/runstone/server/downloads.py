"""An opened file as an HTTP response: ranges, conditions, and headers that keep it from ever being a page of this server's."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from runstone.operations.reading import Opened
from runstone.server.pieces import Pieces
from runstone.server.transfers import Transfers

_RANGE = re.compile(r"bytes=(\d{0,20})-(\d{0,20})")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+")
# What a browser may be told it is. All else is bytes, or text where people want to read it: a page or a picture with script in it,
# opened in a browser, must not run as if it were ours.
_PLAIN = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "application/zip", "application/gzip"}
)
# As MLflow says them, whose page shows them as text.
_TEXTS = frozenset(
    [
        "txt",
        "log",
        "err",
        "cfg",
        "conf",
        "cnf",
        "cf",
        "ini",
        "properties",
        "prop",
        "hocon",
        "toml",
        "yaml",
        "yml",
        "xml",
        "json",
        "js",
        "py",
        "py3",
        "csv",
        "tsv",
        "md",
        "rst",
        "ipynb",
        "MLmodel",
        "MLproject",
        "html",
        "htm",
    ]
)
_CAGE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def download(
    request: Request, opened: Opened, name: str, transfers: Transfers, shown: Mapping[str, str] | None = None
) -> Response:
    """The answer to a GET or HEAD of an opened file, which is closed when that is sent.

    Args:
        request: may ask for one range of it, or only if it changed.
        opened: the file.
        name: what whoever saves it is told to call it.
        transfers: threads that read it, and turns.
        shown: headers that let a browser show it, in place of those that have it saved (shown.py).
    """
    headers = {
        "Content-Type": media_type(name),
        "Content-Disposition": disposition(name),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        **_CAGE,
        **(shown or {}),
    }
    tag = None if opened.name is None else f'"{opened.name}"'
    if tag is not None:
        headers["ETag"] = tag
        if _names(request.headers.get("if-none-match"), tag):
            opened.close()
            return Response(status_code=304, headers=headers)
    status, start, stop = 200, 0, opened.size
    if request.headers.get("if-range", tag) == tag:
        wanted = _range(request.headers.get("range"), opened.size)
        if wanted is not None:
            start, stop = wanted
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.size}"
            status = 206
            if start >= stop:
                headers["Content-Range"] = f"bytes */{opened.size}"
                opened.close()
                return Response(status_code=416, headers=headers)
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        opened.close()
        return Response(status_code=status, headers=headers)
    return Pieces(partial(opened.read, start, stop), opened.close, transfers, status, headers)


def media_type(name: str) -> str:
    """A type under which nothing in it is run."""
    last = name.rpartition("/")[2]
    if last.rpartition(".")[2] in _TEXTS:
        return "text/plain; charset=utf-8"
    guessed, encoding = mimetypes.guess_type(last)
    return guessed if guessed in _PLAIN and encoding is None else "application/octet-stream"


def disposition(name: str) -> str:
    """Save it, and call it so; a name that is more than plain letters is spelt as RFC 6266 has it."""
    last = name.rpartition("/")[2]
    if _TOKEN.fullmatch(last):
        return f"attachment; filename={last}"
    return f"attachment; filename*=UTF-8''{quote(last, safe='', errors='replace')}"


def _names(condition: str | None, tag: str) -> bool:
    return condition is not None and (
        condition.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in condition.split(",")]
    )


def _range(text: str | None, size: int) -> tuple[int, int] | None:
    """The range asked for, as [start, stop); empty where it lies behind the end. None: all of it, as for what cannot be read."""
    match = _RANGE.fullmatch(text.strip()) if text else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size
