"""Points that arrived, by run."""

from __future__ import annotations

# A run at a time is put into its series, so that nobody waits for all of them.
SQL = "CREATE INDEX arrival_by_run ON arrival (run)"
