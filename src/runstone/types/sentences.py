"""How sentences about data call what they are about: a value by its type, a number of things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# What a name begins with where it is spoken with a vowel: "uint8" is not, "ndarray" is.
_AN = ("a", "e", "i", "o", "nd")


def called(value: Any) -> str:
    """A value by its type: an int, an ndarray, a str, a DataFrame."""
    name = type(value).__name__
    return f"{'an' if name.lower().startswith(_AN) else 'a'} {name}"


def counted(number: int, noun: str) -> str:
    """A number of things with a regular plural: 1 value, 2 values."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def there_are(number: int, noun: str) -> str:
    """There is 1 value; there are 2 values."""
    return f"There {'is' if number == 1 else 'are'} {counted(number, noun)}"


def lacking(noun: str, names: Iterable[Any]) -> str:
    """Things that are not there: the column 'a', which is missing; the columns 'a', 'b', which are missing."""
    told = list(map(repr, names))
    several = len(told) > 1
    return f"the {noun}{'s' * several} {', '.join(told)}, which {'are' if several else 'is'} missing"
