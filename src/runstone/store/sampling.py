"""The points of several metrics of a run at once, for who draws them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from runstone.store import points, series
from runstone.store.database import Connection
from runstone.store.points import Points


def counts(connection: Connection, runs: Sequence[int], keys: Sequence[str]) -> dict[str, int]:
    """How many points these runs have of each of these metrics; those that none has are missing."""
    found = connection.execute(
        f"SELECT key, sum(count) FROM metric WHERE run IN ({','.join('?' * len(runs))}) AND key IN ({','.join('?' * len(keys))}) GROUP BY key",
        [*runs, *keys],
    )
    return dict(found.fetchall())


def lines(connection: Connection, run: int, keys: Sequence[str]) -> dict[str, Points]:
    """The points of these metrics by (step, timestamp), those that the run has."""
    rows = connection.execute(
        f"SELECT key, id FROM series WHERE run = ? AND key IN ({','.join('?' * len(keys))})", [run, *keys]
    ).fetchall()
    found: dict[str, list[int]] = defaultdict(list)
    for key, number in rows:
        found[key].append(number)
    # Of most metrics there is one series: their chunks come by one statement.
    single = {numbers[0]: key for key, numbers in found.items() if len(numbers) == 1}
    chunks: dict[int, list[bytes]] = defaultdict(list)
    counts: dict[int, int] = defaultdict(int)
    for number, count, data in connection.execute(
        f"SELECT series, count, data FROM series_chunk WHERE series IN ({','.join('?' * len(single))}) ORDER BY series, number",
        list(single),
    ):
        chunks[number].append(data)
        counts[number] += count
    whole = {single[number]: points.decode_all(parts, counts[number]) for number, parts in chunks.items()}
    for key, numbers in found.items():
        if len(numbers) > 1:
            whole[key] = points.join([given for _, given in series.history(connection, run, key)])
    return {key: _sorted(given) for key, given in whole.items()}


def _sorted(given: Points) -> Points:
    import numpy

    step, timestamp, _ = given
    if bool((step[1:] > step[:-1]).all()):
        return given
    return points.at(given, numpy.lexsort((timestamp, step)))
