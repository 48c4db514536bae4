"""`make screenshots`: every page in light and dark, of a store with real trainings, into docs/images/ as small PNGs."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import browsers, gallery  # noqa: E402
from tests.support.pages import CHARTED, SETTLED, Seen, addresses  # noqa: E402
from tests.support.within import ServerWithin  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = ROOT / "docs" / "images"
# The addresses that are shown in the docs, by the picture's name.
SHOWN = {
    "experiments": "experiments", "runs": "runs", "groups": "runs", "charts": "charts", "explore": "explored", "run": "run", "metrics": "run-metrics", "artifacts": "file-0",
    "compare": "compare", "models": "models", "model": "model", "version": "version", "logged-model": "logged-model",
}  # fmt: skip
# What is chosen there, so that a picture shows more than what one sees at first.
CHOSEN = {
    "runs": {
        "columns": "m.val/accuracy\nm.val/accuracy|line\nm.val/loss|min\nm.val/loss|line\np.model.hidden\np.optimizer.lr\np.optimizer.decay\np.seed"
    },
    "groups": {
        "view": "both",
        "group": "p.model.hidden",
        "band": "std",
        "columns": "m.val/accuracy\nm.val/loss",
    },
    "explore": {"metric": "val/loss", "log": "m.val/loss"},
}
# Pixels of height, where 800 would cut what the picture is of, or begin a row of charts that nobody sees.
TALL = {"explore": 1_080, "groups": 780}


def main(wanted: list[str]) -> None:
    """Take the pictures of these names, or all."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = ServerWithin(Path(folder) / "store")
        try:
            seen = gallery.fill(server.url, sweep=200)
            with browsers.browser() as browser:
                for scheme in ("light", "dark"):
                    _take(browser, server.url, seen, scheme, wanted)
        finally:
            server.stop()


def _take(browser: Browser, url: str, seen: Seen, scheme: str, wanted: list[str]) -> None:
    there = addresses(seen)
    with browsers.visit(browser, color_scheme=scheme) as page:
        for picture, name in SHOWN.items():
            if name not in there or (wanted and picture not in wanted):
                continue
            page.set_viewport_size({"width": 1280, "height": TALL.get(picture, 800)})
            page.goto("about:blank")
            address = f"{url}/{there[name]}"
            if picture in CHOSEN:
                address += f"{'&' if '?' in address else '?'}{urlencode(CHOSEN[picture])}"
            page.goto(address)
            page.wait_for_load_state("networkidle")
            browsers.until(page, SETTLED)
            browsers.until(page, CHARTED)
            path = IMAGES / f"{picture}-{scheme}.png"
            path.write_bytes(small(page.screenshot()))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1_000} kB")


def small(picture: bytes) -> bytes:
    """The same PNG in 256 colours: a third of its bytes, and nobody sees it."""
    from PIL import Image

    reduced = (
        Image.open(io.BytesIO(picture))
        .convert("RGB")
        .quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    )
    written = io.BytesIO()
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
