"""No source file above 400 lines, and none named for being a heap: a file is one idea."""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 400
ENDINGS = (".py", ".js", ".css")
# What others wrote.
_FOREIGN = {"vendor", "node_modules"}
HEAPS = {"utils", "helpers", "common", "base", "manager", "misc"}


def main() -> int:
    """Print what breaks the rule; 1 where anything does."""
    wrong = []
    for folder in ("src", "tests", "benchmarks", "examples", "tools"):
        for path in sorted([path for ending in ENDINGS for path in Path(folder).rglob(f"*{ending}")]):
            if _FOREIGN & set(path.parts):
                continue
            lines = len(path.read_text().splitlines())
            if lines > LIMIT:
                wrong.append(f"{path}: {lines} lines; the ceiling is {LIMIT}. Split it by what its parts are.")
            if path.stem in HEAPS:
                wrong.append(f"{path}: a file is named for the one idea it holds, not {path.stem!r}.")
    print("\n".join(wrong) or "sizes: every file is one idea of at most 400 lines")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
