"""Where a figure of plotly's is drawn: an answer that holds plotly and a script of ours, in a cage. What is drawn there is sent to it by the page
that frames it, as data: no text of a figure is ever part of a document."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from runstone.errors import NotFound
from runstone.server.assets import assets
from runstone.server.dispatch import Route

_FOLDER = Path(__file__).parent.parent / "ui"
_STYLE = "html, body { margin: 0; height: 100%; overflow: hidden } #figure { height: 100% }"


class Stage(NamedTuple):
    """The answer, compressed, and what it may do."""

    compressed: bytes
    policy: str


@cache
def stage() -> Stage:
    """It is made once, when somebody looks at a figure."""
    scripts = [
        _harmless(gzip.decompress((_FOLDER / "vendor" / "plotly.js.gz").read_bytes()).decode()),
        _harmless((_FOLDER / "previews" / "stage.js").read_text(encoding="utf-8")),
    ]
    allowed = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts]
    document = "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Figure</title>',
            f'<style>{_STYLE}</style></head><body><div id="figure"></div>',
            *(f"<script>{one}</script>" for one in scripts),
            "</body></html>",
        )
    )
    policy = (
        "sandbox allow-scripts",
        "default-src 'none'",
        # These two and no other: a script in a figure would not run, had plotly let it through.
        f"script-src {' '.join(allowed)}",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
    return Stage(gzip.compress(document.encode(), mtime=0), "; ".join(policy))


def stage_routes() -> list[Route]:
    """The route, which has the digest of the page's files in it: browsers keep the answer for good."""

    async def answer(request: Request) -> Response:
        """Where the page draws figures of plotly's: apart from itself, with nothing that it could reach."""
        if request.path_params["digest"] != assets().digest:
            raise NotFound("This is of another version of the page. Load it anew.", "ENDPOINT_NOT_FOUND")
        found = await asyncio.to_thread(stage)
        headers = {
            "Content-Security-Policy": found.policy,
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        body = found.compressed
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, media_type="text/html", headers=headers)

    return [Route("GET", "/ui/{digest}/stage.html", answer, None, root=True)]


def _harmless(script: str) -> str:
    """A script as it may stand in a document: lines end as a browser reads them, and no text in it ends the element."""
    return script.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")
