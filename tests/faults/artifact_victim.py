"""What is killed: logs files of many kinds, fetches, deletes and prunes, without end, and says on a pipe what was acknowledged."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import runstone

# Of this many blocks every content is made, so that contents share most of what they have.
BLOCKS = 12


def content(number: int) -> bytes:
    """The bytes of a file, by its number alone: from none to some 5 MB, random, compressible and shared parts in any order."""
    chance = random.Random(number)
    size = chance.choice((0, 10, 5_000, 200_000, 900_000, 2_500_000))
    shared = [random.Random(-chance.randrange(BLOCKS)).randbytes(400_000) for _ in range(size // 250_000)]
    table = f"row {number} of a table\n".encode() * (size // 200)
    parts = [*shared, chance.randbytes(size // 5), table, chance.randbytes(size - size // 5)]
    chance.shuffle(parts)
    return b"".join(parts)


def say(*words: object) -> None:
    """One line, in one write: it is there whole, or not at all."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def main() -> None:
    """`artifact_victim.py STORE FOLDER SEED`."""
    store, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    chance, client = random.Random(seed), runstone.Client(store)
    run_id = client.create_run("0").info.run_id
    say("run", run_id)
    kept: list[str] = []
    for number in range(seed * 10_000, seed * 10_000 + 10_000):
        act = chance.randrange(10)
        if act < 5 or not kept:
            files = {f"{number}.{part}": content(number * 3 + part) for part in range(chance.choice((1, 1, 1, 3)))}
            say("begun", *files)
            for name, data in files.items():
                (folder / name).write_bytes(data)
            client.log_files(run_id, {name: str(folder / name) for name in files})
            say("kept", *files)
            kept += files
            for name in files:
                (folder / name).unlink()
        elif act < 8:
            name = chance.choice(kept)
            client.download_artifacts(run_id, name, str(folder / "fetched"))
        elif act < 9:
            name = kept.pop(chance.randrange(len(kept)))
            say("deleting", name)
            client.delete_artifact(run_id, name)
            say("deleted", name)
        else:
            client.prune()


if __name__ == "__main__":
    main()
