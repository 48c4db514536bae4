"""Chunks that lie compressed."""

from __future__ import annotations

# `size` stays that of the plain bytes; `stored` is how many bytes a chunk lies in, 0 where it lies as it is.
SQL = """
ALTER TABLE chunk ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN codec TEXT NOT NULL DEFAULT '';
"""
