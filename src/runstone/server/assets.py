"""The page's own files: read once, compressed once, found under a digest of them all, so that a browser may keep them for good."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from runstone.errors import NotFound
from runstone.server.dispatch import Route

_FOLDER = Path(__file__).parent.parent / "ui"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
# Text that gzip makes smaller; a file of fewer bytes fits into one packet anyway.
_COMPRESSED = frozenset(_KINDS)
_SHORT = 1_000
# What a static `import ... from "x"`, `import "x"` or `export ... from "x"` names; `import("x")` is loaded when it is wanted.
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^"'()]*?["']([^"']+)["']""", re.MULTILINE)
# With these and what they import in its head a browser need not find them one after the other: the page, and the place in it that is opened most.
_NAMED = ("app.js", "pages/runs.js")
_MAPPED = {
    "preact": "vendor/preact.js",
    "preact/hooks": "vendor/preact-hooks.js",
    "@preact/signals-core": "vendor/signals-core.js",
    "@preact/signals": "vendor/signals.js",
    "htm": "vendor/htm.js",
    "uplot": "vendor/uplot.js",
}


class Asset(NamedTuple):
    """One file of the page: its type, its bytes, and the same compressed where that is worth it."""

    kind: str
    plain: bytes
    compressed: bytes | None


class Assets(NamedTuple):
    """All files of the page by path, and the digest that stands in their addresses."""

    digest: str
    files: dict[str, Path]


@cache
def assets() -> Assets:
    """The page's files as they are installed."""
    files = {
        str(path.relative_to(_FOLDER)): path
        for path in sorted(_FOLDER.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc", ".html")
    }
    digest = hashlib.blake2b(digest_size=8)
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return Assets(digest.hexdigest(), files)


@cache
def read(path: str) -> Asset:
    """One of the files, kept for the next who asks. Raises NotFound."""
    file = assets().files.get(path)
    if file is None:
        raise NotFound(f"The page has no file {path[:100]!r}. Load it anew.", "ENDPOINT_NOT_FOUND")
    plain = file.read_bytes()
    kind = _KINDS.get(file.suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    worth = file.suffix in _COMPRESSED and len(plain) > _SHORT
    return Asset(kind, plain, gzip.compress(plain, mtime=0) if worth else None)


def asset_routes(prefixed: bool) -> list[Route]:
    """The routes of the page and of its files; `prefixed`: a path stands before them."""

    async def index(request: Request) -> Response:
        """The page: runs, charts, artifacts, models in a browser."""
        return HTMLResponse(_index(), headers={"Content-Security-Policy": policy(), "Cache-Control": "no-cache"})

    async def without_slash(request: Request) -> Response:
        """The page, under a prefix that was typed without its slash: what the page names is beside it, so it has to have one."""
        return RedirectResponse(request.scope["path"].rsplit("/", 1)[-1] + "/", 308)

    async def asset(request: Request) -> Response:
        """A file of the page."""
        if request.path_params["digest"] != assets().digest:
            # Kept for good below a digest that is not theirs, they would be there for those who go back to that version.
            raise NotFound("This is of another version of the page. Load it anew.", "ENDPOINT_NOT_FOUND")
        found = read(request.path_params["path"])
        body, headers = found.plain, {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if found.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body = found.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(body, media_type=found.kind, headers=headers)

    bare = [Route("GET", "", without_slash, None, root=True)] if prefixed else []
    return [
        *bare,
        Route("GET", "/", index, None, root=True),
        Route("GET", "/ui/{digest}/{path:path}", asset, None, root=True),
    ]


@cache
def policy() -> str:
    """What the page may do: its own scripts, its own server, pictures and sounds of artifacts; framed by nobody."""
    told = base64.b64encode(hashlib.sha256(_import_map().encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{told}'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "require-trusted-types-for 'script'",
        )
    )


@cache
def _import_map() -> str:
    before = f"./ui/{assets().digest}/"
    return json.dumps({"imports": {name: before + path for name, path in _MAPPED.items()}})


@cache
def _index() -> str:
    text = (_FOLDER / "index.html").read_text(encoding="utf-8")
    before = f"./ui/{assets().digest}/"
    named = dict.fromkeys(path for first in _NAMED for path in reached(first))
    preloads = "\n".join(f'<link rel="modulepreload" href="{before}{path}">' for path in named)
    return text.replace("{{map}}", _import_map()).replace("{{ui}}", before).replace("{{preloads}}", preloads)


def reached(path: str) -> list[str]:
    """The modules that one imports, and that these import, as far as they are loaded at once: named to the browser it asks for all at a time."""
    found: dict[str, None] = {path: None}
    waiting = [path]
    while waiting:
        one = waiting.pop()
        for name in _IMPORT.findall(assets().files[one].read_text(encoding="utf-8")):
            target = _MAPPED.get(name) or str((Path("/") / one).parent.joinpath(name).resolve().relative_to("/"))
            if target not in found and target in assets().files:
                found[target] = None
                waiting.append(target)
    return list(found)
