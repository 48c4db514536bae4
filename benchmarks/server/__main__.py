"""`python -m benchmarks.server`: runstone's server beside MLflow's and FastTrackML's, in turn, as one table with ratios and bars."""

from __future__ import annotations

import sys

from benchmarks.command import held
from benchmarks.environments import SERVERS
from benchmarks.server import kills, reading, standing, training, transfers, writing
from benchmarks.server.serving import Servers

BENCHMARKS = {
    "start": standing.standing,
    "log-batch": writing.log_batch,
    "log-metric": writing.log_metric,
    "training": training.training,
    "search": reading.search,
    "history": reading.history,
    "artifact": transfers.transfers,
    "kill": kills.killed,
}


def main() -> int:
    """0 when every bar that was measured is met, 1 when one is missed."""
    return held("python -m benchmarks.server", __doc__, BENCHMARKS, SERVERS, Servers)


if __name__ == "__main__":
    sys.exit(main())
