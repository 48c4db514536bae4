"""What the reader does that is killed in its turn: opens the store, and so settles what dead processes left. Starts like the victim."""

from __future__ import annotations

import os
import sys

import runstone


def main() -> None:
    import numpy  # noqa: F401  # loaded beforehand: what matters begins with the line on stdin

    os.write(1, b"ready\n")
    sys.stdin.readline()
    client = runstone.Client(sys.argv[1])
    for run in client.search_runs(["0"]):
        client.get_metric_series(run.info.run_id, "loss")


if __name__ == "__main__":
    main()
