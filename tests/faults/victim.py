"""What the killed process does: logs of every kind, and a line on stdout, unbuffered, for each that was acknowledged.

Run as a script with the store's folder as its argument; starts when a line comes on stdin.
"""

from __future__ import annotations

import json
import os
import random
import sys

import runstone


def say(*words: object) -> None:
    """Tell what was acknowledged; not through sys.stdout, which the run records."""
    os.write(1, (json.dumps(words) + "\n").encode())


def large(seed: int) -> bytes:
    """Bytes of a file of several chunks."""
    return random.Random(seed).randbytes(900_000)


def main() -> None:
    import numpy  # noqa: F401  # loaded beforehand: what matters begins with the line on stdin
    import pyfastcdc  # noqa: F401

    runstone.set_tracking_uri(sys.argv[1])
    os.makedirs("folder/deep", exist_ok=True)
    for name, data in (("small", b"small"), ("large", large(1)), ("folder/a", b"a"), ("folder/deep/b", large(2))):
        with open(name, "wb") as file:
            file.write(data)
    os.write(1, b"ready\n")
    sys.stdin.readline()
    with runstone.start_run(tags={"given": "at the start"}) as run:
        run_id = run.info.run_id
        say("run", run_id)
        runstone.log_params({f"param {number}": number for number in range(5)})
        say("params", 5)
        runstone.log_metric("loss", 1.0, step=1, timestamp=1001)
        say("point", "loss", 1, 1001, 1.0)
        runstone.log_metric("loss", 0.5, step=2, timestamp=1002)
        say("point", "loss", 2, 1002, 0.5)
        print("something for the console", file=sys.stderr)
        runstone.log_artifact("small")
        say("file", "small", 5)
        runstone.log_artifact("large")
        say("file", "large", 900_000)
        runstone.get_run(run_id)  # reads, and so ships the points
        runstone.set_tag("later", "yes")
        say("tag", "later", "yes")
        runstone.log_metrics({"loss": 0.25, "accuracy": 0.9}, step=3, timestamp=1003)
        say("point", "loss", 3, 1003, 0.25)
        say("point", "accuracy", 3, 1003, 0.9)
        runstone.log_artifact("folder")
        say("file", "folder/a", 1)
        say("file", "folder/deep/b", 900_000)
        runstone.log_text("another content", "small")
        say("file", "small", 15)
        with runstone.start_run(nested=True) as child:
            say("child", child.info.run_id)
            runstone.log_metric("inner", 1.0, step=1, timestamp=1004)
    say("end")


if __name__ == "__main__":
    main()
