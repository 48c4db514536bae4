"""Figures for Prometheus, in its text format (version 0.0.4): counted in plain dicts, on the event loop's thread alone."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

# Seconds; a request is counted in the first that it fits in, and in all above.
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


class Figures:
    """What was answered, by route."""

    def __init__(self) -> None:
        self.under_way = 0
        self._answered: Counter[tuple[str, int]] = Counter()
        self._fitting: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._answered[route, status] += 1
        fitting = self._fitting.get(route)
        if fitting is None:
            fitting = self._fitting[route] = [0] * (len(BUCKETS) + 1)
        fitting[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def page(self, transactions: int, writes: int) -> bytes:
        """All of it as text; the writer's figures are told by whoever asks."""
        lines = _head("runstone_requests_total", "counter", "Requests answered.")
        for (route, status), count in sorted(self._answered.items()):
            lines.append(f'runstone_requests_total{{route="{_safe(route)}",status="{status}"}} {count}')
        lines += _head("runstone_request_seconds", "histogram", "Time to answer.")
        for route, fitting in sorted(self._fitting.items()):
            total, name = 0, f'route="{_safe(route)}"'
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), fitting, strict=True):
                total += count
                lines.append(f'runstone_request_seconds_bucket{{{name},le="{bound}"}} {total}')
            lines.append(f"runstone_request_seconds_sum{{{name}}} {self._seconds[route]}")
            lines.append(f"runstone_request_seconds_count{{{name}}} {total}")
        for name, kind, value, meaning in (
            ("runstone_requests_under_way", "gauge", self.under_way, "Requests being answered."),
            ("runstone_transactions_total", "counter", transactions, "Transactions of writes on disk."),
            ("runstone_writes_total", "counter", writes, "Writes in those transactions."),
        ):
            lines += [*_head(name, kind, meaning), f"{name} {value}"]
        return ("\n".join(lines) + "\n").encode()


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]


def _safe(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
