"""The process that is killed while it makes versions. Run as a script with the store's folder as its argument; starts when a line comes on
stdin, and says what was acknowledged, a line of JSON each."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import runstone

CONTENTS = [random.Random(number // 2).randbytes(40_000 * (number % 2) + 10) for number in range(4)]


def main() -> None:
    import blake3  # noqa: F401  # loaded beforehand: what matters begins with the line on stdin
    import msgspec  # noqa: F401

    from runstone.client import versioning  # noqa: F401

    client = runstone.Client(sys.argv[1])
    run_id = client.create_run("0").info.run_id
    os.write(1, b"ready\n")
    sys.stdin.readline()
    for number, content in enumerate(CONTENTS):
        folder = Path("files")
        folder.mkdir(exist_ok=True)
        (folder / "large").write_bytes(content)
        (folder / "small").write_bytes(b"%d" % number)
        made = client.log_artifact(run_id, "files", name="files", aliases=[f"alias-{number}"])
        assert made is not None
        tell("version", made.reference, number)
        client.use_artifact(run_id, "files")
        tell("used", made.reference, number)


def tell(*words: object) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    main()
