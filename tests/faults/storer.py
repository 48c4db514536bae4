"""What the crowd around a pruner does: stores, deletes and reads files that are alike, and says which it kept.

Run as a script: a store's address, what it is to do (write, read, prune), and a number. It ends when it has done its rounds, or (read and
prune) when a line comes on stdin; its last line says what a writer kept, as JSON: path to the seed of its content.
"""

from __future__ import annotations

import json
import random
import select
import sys

import runstone

# Contents that all writers share: each is deleted and stored anew, all the time, by several of them.
POOL, ROUNDS = 12, 25


def content(seed: int) -> bytes:
    """Bytes of a file; small ones, one chunk, several chunks."""
    return random.Random(seed).randbytes((9_000, 120_000, 700_000, 2_500_000)[seed % 4])


def write(client: runstone.Client, number: int) -> dict[str, int]:
    """Store and delete for some rounds; what is left is read back at once and told."""
    chosen = random.Random(number)
    run_id = client.create_run("0", tags={"writer": str(number)}).info.run_id
    kept: dict[str, int] = {}
    for place in range(ROUNDS):
        # What others store and delete comes first: it is known to be there long before it is named. What stays lies among what goes.
        files = {f"{place}/{name}": chosen.randrange(POOL) for name in range(chosen.randrange(1, 4))}
        own = 1000 * (number + 1) + 4 * place
        files |= {f"stays/{place}": own + 2, f"goes/{place}": own + 3}
        client.log_files(run_id, {path: content(seed) for path, seed in files.items()})
        for path, seed in files.items():
            assert client.read_artifact(run_id, path) == content(seed), path
        client.delete_artifact(run_id, f"goes/{place}")
        del files[f"goes/{place}"]
        kept.update(files)
        while len(goes := sorted(path for path in kept if not path.startswith("stays/"))) > 4:
            gone = chosen.choice(goes)
            client.delete_artifact(run_id, gone)
            del kept[gone]
    return {f"{run_id} {path}": seed for path, seed in kept.items()}


def read(client: runstone.Client) -> None:
    """Read what never goes, until told to end: all is asked for where it lies, and only then read, a piece of each in turn."""
    while not _told():
        streams = []
        for run in client.search_runs(["0"], "tags.writer LIKE '%'"):
            writer = int(run.data.tags["writer"])
            for file in client.list_artifacts(run.info.run_id, "stays"):
                seed = 1000 * (writer + 1) + 4 * int(file.path.removeprefix("stays/")) + 2
                streams.append((seed, client.stream_artifact(run.info.run_id, file.path), bytearray()))
        left = list(streams)
        while left:
            for stream in list(left):
                data = next(stream[1], None)
                if data is None:
                    assert stream[2] == content(stream[0])
                    left.remove(stream)
                else:
                    stream[2].extend(data)


def prune(client: runstone.Client) -> int:
    """Prune until told to end, and then once more: it may have been told before it began. How many bytes that freed."""
    freed, told = 0, False
    while not told:
        told = _told()
        done = client.prune(0)
        assert not done.problems, done.problems
        freed += done.freed
    return freed


def _told() -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main() -> None:
    client = runstone.Client(sys.argv[1])
    outcome: object = None
    if sys.argv[2] == "write":
        outcome = write(client, int(sys.argv[3]))
    elif sys.argv[2] == "read":
        read(client)
    else:
        outcome = prune(client)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
