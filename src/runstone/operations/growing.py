"""What can be asked of files that still grow: read a stretch, keep for good what dead processes left."""

from __future__ import annotations

import msgspec

from runstone.errors import NotFound
from runstone.operations import artifacts, rules, storing
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.repository import growing

# Bytes in one answer.
STRETCH = 1024 * 1024


class ReadGrowing(msgspec.Struct):
    """A stretch of a growing file of a run's, from a byte on."""

    run_id: str
    path: str
    offset: int = 0
    limit: int = STRETCH


class Stretch(msgspec.Struct):
    """The bytes there are now; none behind the end. `size` is the file's: where it is less than before, the file was shortened."""

    data: bytes
    size: int


class RunOfFiles(msgspec.Struct):
    """A run, by id."""

    run_id: str


@operation("GET", "/runstone/artifacts/growing", permission="read")
def read_growing(engine: Engine, request: ReadGrowing) -> Stretch:
    """A stretch of a file that still grows (one whose `digest` is None). Raises NotFound where there is none such: it may be whole by now."""
    run_id = rules.check_run_id(request.run_id)
    folder, _, name = request.path.partition("/")
    for file in growing.find(engine.folder, run_id) if folder == artifacts.HIDDEN else []:
        if file.name == name:
            data = growing.read(file.path, max(0, request.offset), max(0, min(request.limit, STRETCH)))
            if data is not None:
                return Stretch(data, max(file.size, request.offset + len(data)))
    raise NotFound(f"No artifact {request.path!r} of run {run_id} is growing. read_artifact reads what is whole.")


@operation("POST", "/runstone/artifacts/adopt", permission="edit", alone=True)
def adopt_growing(engine: Engine, request: RunOfFiles) -> Empty:
    """Keep as artifacts the growing files of a run whose writers are dead."""
    run_id = rules.check_run_id(request.run_id)
    for file in growing.find(engine.folder, run_id):
        leftover = growing.take(file.path)
        if leftover is None:
            continue
        kept = False
        try:
            storing.store_streams(engine, f"runs/{run_id}", [(f"{artifacts.HIDDEN}/{file.name}", leftover.stream)])
            kept = True
        except NotFound:
            kept = True  # the run itself is gone, and with it whatever its console said
        finally:
            leftover.close(remove=kept)
    return Empty()
