"""Sharing, counted: how many bytes a group of files holds, and how many nobody else holds. Arithmetic on columns; knows no store.

A chunk that two groups hold is stored once. It counts for both as stored and for neither as unique: unique is what deleting the group
would free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy

    Column = numpy.ndarray[Any, Any]

# Links that are looked at at once: bounds the memory, however often contents are shared.
_AT_ONCE = 2_000_000


class Account(NamedTuple):
    """Columns, a row for each group: its files, their bytes as they were logged, those of its chunks as they lie, those nobody else has."""

    files: Column
    logical: Column
    stored: Column
    unique: Column


def account(
    groups: Column, contents: Column, count: int, sizes: Column, of_content: Column, of_chunk: Column, stored: Column
) -> Account:
    """Count.

    Args:
        groups: each file's group, from 0; `count` of one that is in no group, and holds what it has all the same.
        contents: each file's content, from 0.
        count: how many groups there are.
        sizes: each content's bytes.
        of_content: each link's content, rising.
        of_chunk: each link's chunk, from 0.
        stored: each chunk's bytes where it lies.
    """
    import numpy

    files = numpy.bincount(groups, minlength=count + 1)[:count]
    logical = _summed(groups, sizes[contents] if len(contents) else sizes[:0], count)
    # Whoever holds a chunk: the least and the greatest of its groups tell whether there is one only.
    least = numpy.full(len(sizes), count + 1)
    greatest = numpy.full(len(sizes), -1)
    numpy.minimum.at(least, contents, groups)
    numpy.maximum.at(greatest, contents, groups)
    chunk_least = numpy.full(len(stored), count + 1)
    chunk_greatest = numpy.full(len(stored), -1)
    numpy.minimum.at(chunk_least, of_chunk, least[of_content])
    numpy.maximum.at(chunk_greatest, of_chunk, greatest[of_content])
    alone = chunk_least == chunk_greatest
    unique = _summed(chunk_least[alone], stored[alone], count)
    return Account(files, logical, _stored(groups, contents, count, len(sizes), of_content, of_chunk, stored), unique)


def _stored(
    groups: Column,
    contents: Column,
    count: int,
    content_count: int,
    of_content: Column,
    of_chunk: Column,
    stored: Column,
) -> Column:
    """Each group's chunks, once."""
    import numpy

    pairs = numpy.unique(groups * content_count + contents)
    pairs = pairs[: numpy.searchsorted(pairs, count * content_count)]
    group, content = pairs // max(content_count, 1), pairs % max(content_count, 1)
    start = numpy.searchsorted(of_content, numpy.arange(content_count + 1))
    lengths = numpy.diff(start)[content] if len(content) else content
    ends = numpy.cumsum(lengths)
    total = numpy.zeros(count)
    first = 0
    while first < len(pairs):
        # As many pairs as fit, but all of a group at once.
        before = ends[first - 1] if first else 0
        last = max(int(numpy.searchsorted(ends, before + _AT_ONCE)), first + 1)
        last = int(numpy.searchsorted(group, group[last - 1], side="right"))
        some = slice(first, last)
        rows = numpy.repeat(start[content[some]] - (ends[some] - lengths[some]), lengths[some])
        rows += numpy.arange(before, ends[last - 1])
        held = numpy.unique(numpy.repeat(group[some], lengths[some]) * len(stored) + of_chunk[rows])
        total += _summed(held // max(len(stored), 1), stored[held % max(len(stored), 1)], count)
        first = last
    return total.astype(numpy.int64)


def _summed(groups: Column, amounts: Column, count: int) -> Column:
    import numpy

    # Sums of floats are exact to 2**53, nine million gigabytes.
    return numpy.bincount(groups, weights=amounts, minlength=count + 1)[:count].astype(numpy.int64)
