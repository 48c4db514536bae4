"""`python -m benchmarks.artifacts`: artifacts beside `cp`, MLflow's local and proxied stores and W&B offline, in turn, as one table."""

from __future__ import annotations

import sys

from benchmarks.artifacts import checkpoints, files, folders, once, reading, standing, transfers
from benchmarks.artifacts.contenders import Contenders
from benchmarks.command import held

BENCHMARKS = {
    "file": files.versions,
    "checkpoints": checkpoints.frozen,
    "folder": folders.small_files,
    "server": transfers.transfers,
    "cached": reading.cached,
    "tail": reading.tail,
    "memory": standing.peaks,
    "kill": standing.kills,
}
# Minutes each: only where they are asked for.
LONG = {"stored-once": once.stored_once, "million": folders.million, "sparse": files.sparse}


def main() -> int:
    """0 when every bar that was measured is met, 1 when one is missed."""
    return held("python -m benchmarks.artifacts", __doc__, BENCHMARKS, ("mlflow", "wandb"), Contenders, LONG)


if __name__ == "__main__":
    sys.exit(main())
