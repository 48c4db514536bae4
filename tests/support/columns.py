"""Columns of a table of runs: of each kind one, and of a metric another of its values."""

from __future__ import annotations

from runstone.operations.run_table import Column

LOSS = Column("metric", "loss")
LEAST = Column("metric", "loss", "min")
RATE = Column("param", "lr")
TEAM = Column("tag", "team")
