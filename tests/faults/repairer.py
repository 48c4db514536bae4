"""The process that is killed while it repairs. Run as a script with the store's folder as its argument, the second store's is the same with
`.second` behind it; starts when a line comes on stdin."""

from __future__ import annotations

import os
import sys

import runstone


def main() -> None:
    import blake3  # noqa: F401  # loaded beforehand: what matters begins with the line on stdin
    import msgspec  # noqa: F401

    from runstone.operations import checking  # noqa: F401

    client, second = runstone.Client(sys.argv[1]), runstone.Client(sys.argv[1] + ".second")
    os.write(1, b"ready\n")
    sys.stdin.readline()
    client.repair(second)


if __name__ == "__main__":
    main()
