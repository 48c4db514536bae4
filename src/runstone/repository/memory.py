"""Memory in large pieces, mapped rather than allocated: it begins with a page, and goes back to the system with its last user."""

from __future__ import annotations

import contextlib
import mmap


def mapped(size: int) -> memoryview:
    """So many bytes, zero. Where the system has large pages, they are of those: it hands out two of them instead of a thousand."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)
