"""What can be asked of how things came from each other: a graph of runs, versions, models and datasets, from one of them on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from runstone.entities.artifact_versions import Lineage, LineageEdge, LineageNode
from runstone.errors import InvalidParameter, NotFound
from runstone.operations import model_rules, version_names
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import artifact_versions, lineage, registered_models, runs
from runstone.store.database import Connection
from runstone.store.lineage import Step, Thing

DIRECTIONS = ("up", "down", "both")
DEPTH = 3
MOST_DEPTH = 100
# Things in one answer, and neighbours of one thing that are looked at.
MOST_NODES = 1_000
_KINDS = ("run", "artifact", "model", "registered", "dataset")


class GetLineage(msgspec.Struct, omit_defaults=True):
    """What is asked about: a node's id (`run/ID`, `artifact/NAME:vN`, `model/ID`, `registered/NAME/N`, `dataset/NAME@DIGEST`), or just a
    run's id, a logged model's, a version's reference, or a version of a registered model (`NAME/3`, `NAME@ALIAS`), the last two also with
    `models:/` before them. `direction` is up (what it came from), down (what came from it) or both; `depth`
    how many steps."""

    of: str
    depth: int = DEPTH
    direction: str = "both"
    max_nodes: int = MOST_NODES


@operation("GET", "/runstone/lineage", permission="read")
def get_lineage(engine: Engine, request: GetLineage) -> Lineage:
    """Where something came from and what became of it. Up and down are gone each by itself: what else a source led to is not told."""
    if request.direction not in DIRECTIONS:
        raise InvalidParameter(f"Invalid direction {request.direction[:40]!r}. It is one of {', '.join(DIRECTIONS)}.")
    depth, most = min(max(request.depth, 0), MOST_DEPTH), min(max(request.max_nodes, 1), MOST_NODES)
    with engine.database.read() as connection:
        root = _find(connection, model_rules.required("of", request.of))
        walk = _Walk(connection, root, most)
        if request.direction != "down":
            walk.go(lineage.before, depth, lambda step: step.source)
        if request.direction != "up":
            walk.go(lineage.after, depth, lambda step: step.target)
        return walk.lineage()


class _Walk:
    """A graph that grows from its root, breadth first. A thing is gone on from once in each direction, however often it is come to."""

    def __init__(self, connection: Connection, root: Thing, most: int) -> None:
        self._connection, self._root, self._most = connection, root, most
        self._depths: dict[Thing, int] = {root: 0}
        self._steps: dict[Step, None] = {}
        self._truncated = False

    def go(
        self,
        neighbours: Callable[[Connection, Thing, int], Iterator[Step]],
        depth: int,
        other: Callable[[Step], Thing],
    ) -> None:
        waiting, seen = deque([(self._root, 0)]), {self._root}
        while waiting:
            thing, distance = waiting.popleft()
            if distance == depth:
                continue
            for step in neighbours(self._connection, thing, self._most + 1):
                found = other(step)
                if found not in self._depths:
                    if len(self._depths) >= self._most:
                        self._truncated = True
                        continue
                    self._depths[found] = distance + 1
                self._steps[step] = None
                if found not in seen:
                    seen.add(found)
                    waiting.append((found, distance + 1))

    def lineage(self) -> Lineage:
        nodes = []
        for thing, depth in self._depths.items():
            name, details = lineage.details(self._connection, thing) or (thing[1], {"missing": "true"})
            nodes.append(LineageNode(_id(thing), thing[0], name, depth, details))
        edges = [LineageEdge(_id(step.source), _id(step.target), step.how) for step in self._steps]
        return Lineage(_id(self._root), nodes, edges, self._truncated)


def _id(thing: Thing) -> str:
    return "/".join(thing)


def _find(connection: Connection, of: str) -> Thing:
    """The thing that is meant. Raises NotFound."""
    asked, of = of, of.removeprefix("models:/")
    kind, slash, key = of.partition("/")
    if slash and kind == "artifact":
        return _version(connection, key)
    if slash and kind in _KINDS and lineage.details(connection, (kind, key)) is not None:
        return kind, key
    if runs.find(connection, of) is not None:
        return "run", of
    if lineage.details(connection, ("model", of)) is not None:
        return "model", of
    name = of.partition("@")[0].partition(":")[0]
    if artifact_versions.find_name(connection, name) is not None:
        return _version(connection, of)
    registered = _registered(connection, of)
    if lineage.details(connection, ("registered", registered)) is not None:
        return "registered", registered
    raise NotFound(
        f"Nothing is known of {asked[:300]!r}. Give a run's id, a version (NAME:vN), a logged model's id, a version of a registered model "
        "(NAME/3, NAME@ALIAS) or dataset/NAME@DIGEST."
    )


def _registered(connection: Connection, of: str) -> str:
    """NAME/N for NAME@ALIAS; else what was given."""
    name, at, alias = of.rpartition("@")
    model = registered_models.find(connection, name) if at else None
    version = None if model is None else registered_models.aliased(connection, model, alias)
    return of if version is None else f"{name}/{version}"


def _version(connection: Connection, reference: str) -> Thing:
    version = version_names.require(connection, reference)
    return "artifact", artifact_versions.load(connection, [version.row])[0].reference
