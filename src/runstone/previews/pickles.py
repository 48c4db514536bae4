"""Pickles, also joblib's and PyTorch's: what loading them would import, found by walking through them. Nothing is imported or called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from runstone.previews.found import Fact, Imported, Preview, counted, cut
from runstone.previews.window import EnoughError, Frugal, UnreadableError, Window
from runstone.safety.scanning import scan_opened
from runstone.safety.source import Budget, TooLong

# What the walk may go through for a preview: a second or so. `runstone models scan` looks at all of it.
_STEPS, _TEXT, _SIZE = 1_000_000, 16 << 20, 64 << 20
_IMPORTS = 300


class _Enough(EnoughError, TooLong):
    """As the walk knows it: what was seen until then is told."""


def pickle(window: Window, name: str) -> Preview:
    """What loading the file would import, and a verdict."""
    window.enough = _Enough

    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        file = Frugal(window)
        file.seek(0)
        try:
            yield cast(BinaryIO, file)
        finally:
            file.detach()  # the window is read again

    scanned = scan_opened(opened, name, budget=Budget(_STEPS, _TEXT, _SIZE))
    if not scanned.kind and not scanned.problems:
        raise UnreadableError("it holds no pickle")
    return Preview(
        scanned.kind or "pickle",
        [Fact("Kind", scanned.kind or "not known"), Fact("Imports", counted(len(scanned.imports)))],
        verdict=scanned.verdict,
        imports=[Imported(cut(one.name), one.verdict) for one in scanned.imports[:_IMPORTS]],
        problems=[cut(one) for one in scanned.problems[:20]],
    )
