"""Files as a browser may show them: pictures, sounds, films, PDFs, and pages in a cage that lets them reach nothing."""

from __future__ import annotations

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


def shown(name: str) -> dict[str, str] | None:
    """The headers with which a browser shows a file of this name, and runs nothing of it as ours; None: it is saved instead."""
    kind = _TYPES.get(name.rpartition("/")[2].rpartition(".")[2].lower())
    if kind is None:
        return None
    policy = _PAGE if kind.startswith("text/html") else _PAPER if kind == "application/pdf" else _STILL
    return {"Content-Type": kind, "Content-Disposition": "inline", "Content-Security-Policy": policy}
