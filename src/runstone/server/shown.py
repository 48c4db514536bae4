"""Files as a browser may show them: pictures, sounds, films, PDFs, and pages in a cage that lets them reach nothing."""

from __future__ import annotations

from runstone.errors import InvalidParameter
from runstone.operations.reading import Opened
from runstone.previews.pictures import HEAD, pixels

_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "ico": "image/x-icon",
    "apng": "image/apng",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "weba": "audio/webm",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "mov": "video/quicktime",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
}
# Pixels of a picture that a browser is given to show: four bytes of its memory each.
_PIXELS = 100_000_000
# No script, no request; a drawing may have styles of its own and hold its pictures.
_STILL = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'"
# A browser shows no PDF in a sandbox. With this type and `nosniff` it is a PDF or nothing.
_PAPER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
# Reports are scripts. They run as nobody (an origin of their own, without cookies or storage), and there is no address they may ask.
_PAGE = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval' data: blob:",
        "style-src 'unsafe-inline' data:",
        "img-src data: blob:",
        "media-src data: blob:",
        "font-src data:",
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)


def shown(name: str, opened: Opened, alone: bool = False) -> dict[str, str] | None:
    """The headers with which a browser shows a file of this name, and runs nothing of it as ours; None: it is saved instead.

    `alone`: in a tab of its own, where a page could pretend to be ours, below our address, and go on to any other. Raises InvalidParameter for a picture that would take all of the browser's memory.
    """
    kind = _TYPES.get(name.rpartition("/")[2].rpartition(".")[2].lower())
    if kind is None or (alone and kind.startswith("text/html")):
        return None
    if kind.startswith("image/"):
        found = pixels(b"".join(opened.read(0, min(opened.size, HEAD))))
        if found is not None and found > _PIXELS:
            raise InvalidParameter(f"The picture has {found:,} pixels, more than {_PIXELS:,}. Save it to look at it.")
    policy = _PAGE if kind.startswith("text/html") else _PAPER if kind == "application/pdf" else _STILL
    headers = {"Content-Type": kind, "Content-Disposition": "inline", "Content-Security-Policy": policy}
    return {**headers, "Vary": "Sec-Fetch-Dest"} if policy is _PAGE else headers
