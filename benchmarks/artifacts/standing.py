"""What the other benchmarks saw beside their figures: the memory of client and server; and where the kills are counted."""

from __future__ import annotations

from benchmarks.artifacts.contenders import Contenders
from benchmarks.table import Row, missing


def peaks(contenders: Contenders) -> list[Row]:
    """The largest resident memory of any process of runstone's in this course, by what it was; comes last."""
    rows = []
    for figure, most, bar in (
        ("peak memory of a client", contenders.client_peak, 128.0),
        ("peak memory of the server", contenders.server_peak, 200.0),
    ):
        if most:
            rows.append(Row(figure, "runstone", most / 1e6, "MB", bar))
        else:
            rows.append(missing(figure, "runstone", "MB", "nothing of it ran in this course"))
    return rows


def kills(contenders: Contenders) -> list[Row]:
    """Counted by a test, which fails where it is not 0."""
    note = "pytest -m soak tests/faults/test_artifact_kills.py"
    return [missing("bytes lost, partial or wrong over 200 kills, full disks and read-only ones", "runstone", "", note)]
