"""`python -m benchmarks.artifacts`: artifacts beside `cp`, MLflow's local and proxied stores and W&B offline, in turn, as one table."""

from __future__ import annotations

import sys

from benchmarks.artifacts import checkpoints, files, folders, once, reading, standing, transfers
from benchmarks.artifacts.contenders import Contenders
from benchmarks.command import chosen, conduct, options, place
from benchmarks.course import Course
from benchmarks.environments import prepare

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
    given = options("python -m benchmarks.artifacts", __doc__, {**BENCHMARKS, **LONG})
    pythons = chosen(prepare(install=not given.no_install, peers=("mlflow", "wandb")), given)
    with place(given) as folder:
        course = Course(pythons, folder, given.quick)
        contenders = Contenders(course)
        asked = {**BENCHMARKS, **{name: row for name, row in LONG.items() if name in given.names}}
        try:
            return conduct(asked, contenders, given, course.say)
        finally:
            contenders.stop()


if __name__ == "__main__":
    sys.exit(main())
