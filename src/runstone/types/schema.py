"""Schemas: of columns, of tensors, and of the params of predicting."""

from __future__ import annotations


class Schema:
    """What data is."""


class ParamSchema:
    """What params are."""
