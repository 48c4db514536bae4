"""The process that is killed while it prunes. Run as a script with the store's folder as its argument; starts when a line comes on stdin."""

from __future__ import annotations

import os
import sys

import runstone


def main() -> None:
    import blake3  # noqa: F401  # loaded beforehand: what matters begins with the line on stdin
    import msgspec  # noqa: F401

    from runstone.operations import pruning  # noqa: F401

    client = runstone.Client(sys.argv[1])
    os.write(1, b"ready\n")
    sys.stdin.readline()
    client.prune(0)


if __name__ == "__main__":
    main()
