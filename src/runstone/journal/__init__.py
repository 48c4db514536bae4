"""Metric points on their way: appended to this process's journal of a run, shipped to the store in batches, adopted when we die."""

from __future__ import annotations

from runstone.journal.adoption import Adopted, alone, is_live, left_behind, recover, refused
from runstone.journal.departure import ONE_ATTEMPT, ship_all
from runstone.journal.shipping import afterwards
from runstone.journal.waiting import rejected
from runstone.journal.writer import Journal, flush_all, open_journal

__all__ = [
    "ONE_ATTEMPT",
    "Adopted",
    "Journal",
    "afterwards",
    "alone",
    "flush_all",
    "is_live",
    "left_behind",
    "open_journal",
    "recover",
    "refused",
    "rejected",
    "ship_all",
]
