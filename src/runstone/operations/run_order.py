"""The order of a table of runs, which stands still while one reads: made by the first window, kept by a stamp as row numbers (800 kB for 100,000
runs), for all others. In a nested table runs stand below the run that they name as their parent, as far as those are open."""

from __future__ import annotations

import hashlib
import secrets
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.search import runs_scope, stages_of
from runstone.store import run_table as store
from runstone.store.database import Connection
from runstone.store.search.names import RUNS
from runstone.store.search.order import Term
from runstone.store.search.query import page

TIES = [Term("run.start_time", True, True), Term("run.run_id", False, False)]
# Experiments of one table, runs that are open in it, characters of a stamp.
EXPERIMENTS, OPEN = 1_000, 1_000
_STAMP = 64
_ORDERS = 32
# How deep a run is shown to stand; deeper ones stand there, too.
_DEEPEST = 60


class AskedRuns(msgspec.Struct, omit_defaults=True):
    """Runs that a search (docs/search.md) finds, and which of them. Those that
    ask for the same with one `stamp` (of an earlier answer, or one's own) get the same order. `nested`: runs that
    have their parent in the table stand below it, and only where it is among `open`."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"
    order_by: list[str] = []
    offset: int = 0
    limit: int = 100
    stamp: str = ""
    nested: bool = False
    open: list[str] = []


class Order(NamedTuple):
    """A table's rows. `depths` has a byte for each row of a nested one, `below` how many runs stand below one; `found` runs are there with those
    that are folded, `all` without a filter."""

    rows: array[int]
    depths: bytes | None
    below: dict[int, int] | None
    found: int
    all: int
    stamp: str


class _Found(NamedTuple):
    """What a search found, and which row has which below it; None before that was asked."""

    rows: array[int]
    tree: dict[int, list[int]] | None


class _Orders:
    """The orders that were asked for last, in this process. Whoever asks for one that is gone has it made anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], _Found] = OrderedDict()

    def get(self, folder: str, name: str) -> _Found | None:
        with self._lock:
            found = self._kept.get((folder, name))
            if found is not None:
                self._kept.move_to_end((folder, name))
            return found

    def keep(self, folder: str, name: str, found: _Found) -> _Found:
        with self._lock:
            self._kept[folder, name] = found
            while len(self._kept) > _ORDERS:
                self._kept.popitem(last=False)
        return found


_orders = _Orders()


def ordered(connection: Connection, engine: Engine, request: AskedRuns) -> Order:
    """The rows of a table. Raises InvalidParameter for what cannot be asked."""
    if len(request.open) > OPEN or len(request.stamp) > _STAMP:
        raise InvalidParameter(f"A table has {OPEN} open runs at the most, and a stamp of an earlier answer.")
    experiments = experiments_of(request.experiment_ids)
    stages = stages_of(request.run_view_type)
    if not experiments:
        return Order(array("q"), None, None, 0, 0, "")
    stamp = request.stamp or secrets.token_hex(8)
    # What a stamp means is a matter of whoever asks for the same: nobody gets the rows of another search by it.
    # (By a digest: what was asked may be long, and names are kept.)
    asked = repr((experiments, stages, request.filter, request.order_by)).encode("utf-8", "surrogatepass")
    name = f"{stamp} {hashlib.blake2b(asked, digest_size=16).hexdigest()}"
    everything = store.count(connection, experiments, stages)
    found = _orders.get(engine.folder, name) if request.stamp else None
    if found is None:
        scope = runs_scope(experiments, stages)
        rows, _ = page(connection, RUNS, scope, request.filter, request.order_by, TIES, max(everything, 1), None)
        found = _orders.keep(engine.folder, name, _Found(array("q", rows), None))
    if request.nested and found.tree is None:
        found = _orders.keep(engine.folder, name, found._replace(tree=_tree(connection, experiments, found.rows)))
    if not request.nested or not found.tree:
        return Order(found.rows, None, None, len(found.rows), everything, stamp)
    open_rows = set(store.rows_of(connection, request.open))
    rows_shown, depths = array("q"), bytearray()
    for row, depth in _unfolded(found.rows, found.tree, open_rows):
        rows_shown.append(row)
        depths.append(min(depth, _DEEPEST))
    below = {row: len(some) for row, some in found.tree.items()}
    return Order(rows_shown, bytes(depths), below, len(found.rows), everything, stamp)


def experiments_of(ids: Sequence[str]) -> list[int]:
    """The numbers of the experiments that a table is of. Raises InvalidParameter for more than it may be of."""
    if len(ids) > EXPERIMENTS:
        raise InvalidParameter(f"{len(ids)} experiments are asked for; a table is of {EXPERIMENTS} at the most.")
    return [rules.experiment_number(one) for one in ids]


def _tree(connection: Connection, experiments: Sequence[int], rows: Sequence[int]) -> dict[int, list[int]]:
    """Which rows stand below which, in the table's order; a circle of parents is cut at its first."""
    parents = store.parents(connection, experiments)
    if not parents:
        return {}
    there = set(rows)
    parents = {row: parent for row, parent in parents.items() if parent in there and row in there}
    rooted: set[int] = set()
    for row in rows:
        way: set[int] = set()
        at = row
        while at in parents and at not in rooted and at not in way:
            way.add(at)
            at = parents[at]
        if at in way:
            del parents[at]
        rooted |= way
    tree: dict[int, list[int]] = {}
    for row in rows:
        if row in parents:
            tree.setdefault(parents[row], []).append(row)
    return tree


def _unfolded(rows: Sequence[int], tree: dict[int, list[int]], open_rows: set[int]) -> Iterator[tuple[int, int]]:
    inner = {row for some in tree.values() for row in some}
    for root in rows:
        if root in inner:
            continue
        left = [(root, 0)]
        while left:
            row, depth = left.pop()
            yield row, depth
            if row in open_rows:
                left += [(child, depth + 1) for child in reversed(tree.get(row, ()))]
