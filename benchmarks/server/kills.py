"""`kill -9` of the server under 20 writers, again and again on one store: is all that was acknowledged there, once, and nothing half?

A writer that has no answer asks the same again when the server is back, as clients do. What it had in hand when the server died may
be there or not; what was answered must be.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import urllib.request
from typing import Any

from benchmarks.measure import Failed
from benchmarks.server.load import Connection, open_connection, request
from benchmarks.server.serving import API, Servers, Serving, path_and_query
from benchmarks.table import Row

WRITERS = 20
_WHEN = 1_795_629_666_000
_FILES = "/api/2.0/mlflow-artifacts/artifacts"


class Ledger:
    """What one writer was told is kept, and what it had asked for: points by step, params by name, digests of files by path."""

    def __init__(self, run_id: str, root: str) -> None:
        self.run_id, self.root = run_id, root
        self.points: dict[int, float] = {}
        self.params: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.asked: dict[str, str] = {}  # digest of every file that was ever begun
        self.asked_steps: set[int] = set()
        self.next = 0


class Ending:
    """When writers stop, and whether the server may be asked just now."""

    def __init__(self) -> None:
        self.over = False
        self.up = asyncio.Event()


def killed(servers: Servers) -> list[Row]:
    """50 kills in the full course."""
    course = servers.course
    kills = course.size(50, 3)
    folder = course.place()
    server = Serving(course, "runstone", folder)
    ledgers = [_ledger(server) for _ in range(WRITERS)]
    asyncio.run(_campaign(servers, server, ledgers, kills, random.Random(20261125)))
    server = Serving(course, "runstone", folder, server.port)
    try:
        lost, twice, halves = _missing(server, ledgers)
    finally:
        server.stop()
    course.clear(folder)
    kept = sum(len(ledger.points) + len(ledger.params) + len(ledger.files) for ledger in ledgers)
    note = f"of {kept:,} acknowledged by {WRITERS} writers, {kills} kills"
    return [
        Row("kill -9 of the server: writes lost", "runstone", lost, "", 0.0, None, note),
        Row("kill -9 of the server: writes there twice", "runstone", twice, "", 0.0),
        Row("kill -9 of the server: partial artifacts", "runstone", halves, "", 0.0),
    ]


def _ledger(server: Serving) -> Ledger:
    run = server.ask("POST", "/runs/create", {"experiment_id": "0", "start_time": _WHEN})["run"]["info"]
    return Ledger(run["run_id"], run["artifact_uri"].removeprefix("mlflow-artifacts:/").strip("/"))


async def _campaign(
    servers: Servers, server: Serving, ledgers: list[Ledger], kills: int, chance: random.Random
) -> None:
    ending = Ending()
    ending.up.set()
    writers = [
        asyncio.create_task(_write(server.port, ledger, ending, random.Random(place)))
        for place, ledger in enumerate(ledgers)
    ]
    try:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            failed = [writer for writer in writers if writer.done()]
            if failed:
                failed[0].result()
            ending.up.clear()
            server.kill()
            server = await asyncio.to_thread(Serving, servers.course, "runstone", server.folder, server.port)
            ending.up.set()
        ending.over = True
        await asyncio.gather(*writers)
    finally:
        ending.over = True
        for writer in writers:
            writer.cancel()
        server.kill()


async def _write(port: int, ledger: Ledger, ending: Ending, chance: random.Random) -> None:
    connection: Connection | None = None
    waiting: tuple[bytes, Any] | None = None
    while not ending.over:
        sent, acknowledge = waiting = waiting or _next(ledger, chance)
        await ending.up.wait()
        try:
            connection = connection or await open_connection(port)
            status, said = await connection.send(sent)
        except OSError:
            connection = None
            await asyncio.sleep(0.005)
            continue
        if status in (429, 503):
            continue
        if status != 200:
            raise Failed(f"a writer was answered {status}: {said[:500]!r}")
        acknowledge()
        waiting = None
    if connection is not None:
        connection.close()


def _next(ledger: Ledger, chance: random.Random) -> tuple[bytes, Any]:
    """The next request of a writer, and what is to be noted when it is acknowledged."""
    number = ledger.next = ledger.next + 1
    kind = chance.randrange(8)
    if kind == 0:
        data = chance.randbytes(chance.choice((10, 5_000, 300_000, 2_000_000)))
        path, digest = f"files/{number}.bin", hashlib.sha256(data).hexdigest()
        ledger.asked[path] = digest
        sent = request("PUT", f"{_FILES}/{ledger.root}/{path}", data, "application/octet-stream")
        return sent, lambda: ledger.files.__setitem__(path, digest)
    if kind == 1:
        key, value = f"param {number}", f"value {number}"
        body = {"run_id": ledger.run_id, "key": key, "value": value}
        return request("POST", f"{API}/runs/log-parameter", body), lambda: ledger.params.__setitem__(key, value)
    steps = [number * 100 + each for each in range(1 if kind < 4 else 20)]
    values = {step: chance.random() for step in steps}
    ledger.asked_steps.update(steps)
    points = [{"key": "loss", "value": value, "timestamp": _WHEN, "step": step} for step, value in values.items()]
    if len(points) == 1:
        body = {"run_id": ledger.run_id, **points[0]}
        return request("POST", f"{API}/runs/log-metric", body), lambda: ledger.points.update(values)
    body = {"run_id": ledger.run_id, "metrics": points}
    return request("POST", f"{API}/runs/log-batch", body), lambda: ledger.points.update(values)


def _missing(server: Serving, ledgers: list[Ledger]) -> tuple[int, int, int]:
    """How much of what was acknowledged is not there, how much is there twice, how many files are not what was sent."""
    lost = twice = halves = 0
    for ledger in ledgers:
        path = path_and_query("/metrics/get-history", run_id=ledger.run_id, metric_key="loss")
        found = [(int(point["step"]), point["value"]) for point in server.ask("GET", path).get("metrics", [])]
        distinct = dict(found)
        twice += len(found) - len(distinct)
        lost += sum(distinct.get(step) != value for step, value in ledger.points.items())
        lost += len(distinct.keys() - ledger.asked_steps)  # nobody asked for these: they are not what was written
        run = server.ask("GET", path_and_query("/runs/get", run_id=ledger.run_id))["run"]
        params = {param["key"]: param["value"] for param in run["data"].get("params", [])}
        lost += sum(params.get(key) != value for key, value in ledger.params.items())
        there = _digests(server, ledger)
        lost += sum(path not in there for path in ledger.files)
        halves += sum(ledger.asked[path] != digest for path, digest in there.items())
    return lost, twice, halves


def _digests(server: Serving, ledger: Ledger) -> dict[str, str]:
    """The files that are listed, and the digests of what a download of each gives."""
    path = f"/artifacts/list?run_id={ledger.run_id}&path=files"
    found = {}
    for file in server.ask("GET", path).get("files", []):
        with contextlib.closing(urllib.request.urlopen(f"{server.url}{_FILES}/{ledger.root}/{file['path']}")) as answer:
            found[file["path"]] = hashlib.sha256(answer.read()).hexdigest()
    return found
