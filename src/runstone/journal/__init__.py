"""Metric points on their way: appended to this process's journal of a run, shipped to the store in batches, adopted when we die."""

from __future__ import annotations

from runstone.journal.adoption import Adopted, is_live, recover
from runstone.journal.writer import Journal, flush_all, open_journal

__all__ = ["Adopted", "Journal", "flush_all", "is_live", "open_journal", "recover"]
