"""What is killed: logs files without waiting for them, one of them again and again, and says on a pipe which calls have returned."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import runstone

# Of each path what is logged of it, in order.
FILES = {
    "small.txt": [b"first", b"second and longer", b"third"],
    "large.bin": [b"".join(number.to_bytes(4, "big") for number in range(start, start + 150_000)) for start in (0, 7)],
    "stream.bin": [b"stream" * 50_000],
}


def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    client = runstone.Client(sys.argv[1])
    run_id = client.create_run("0").info.run_id
    tell("run", run_id)
    for turn in range(3):
        for path, contents in FILES.items():
            if turn < len(contents):
                tell("begun", path, turn)
                if path == "stream.bin":
                    client.log_artifact(run_id, io.BytesIO(contents[turn]), path, wait=False)
                else:
                    Path(path).write_bytes(contents[turn])
                    client.log_artifact(run_id, path, wait=False)
                    Path(path).write_bytes(b"written anew at once")
                tell("returned", path, turn)
    client.set_terminated(run_id)
    tell("end")


def tell(*words: object) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
