"""One requirement, as pip writes it (PEP 508): its name, extras, versions, address and marker. Knows nothing of what is installed.

The library `packaging` reads them too; importing it costs more than all that a model's saving does here, and it need not be installed.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

_HEAD = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)\Z", re.DOTALL)
_CLAUSE = re.compile(r"(===|==|!=|~=|<=|>=|<|>)\s*([^\s,()]+)\Z")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<sign>===|==|!=|~=|<=|>=|<|>|[()])|(?P<word>[A-Za-z_][A-Za-z0-9_.]*))"""
)
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
# In which of a marker's variables numbers count by their size and not by their letters.
_VERSIONS = ("python_version", "python_full_version", "implementation_version")


class Requirement(NamedTuple):
    """A requirement.

    Attributes:
        name: as it was written; `key(name)` compares.
        extras: of the distribution, that are wanted too.
        clauses: (operator, version) pairs, all of which are to hold.
        url: from where, in place of versions; '' is from an index.
        marker: under which condition, as it was written; '' is always.
    """

    name: str
    extras: tuple[str, ...] = ()
    clauses: tuple[tuple[str, str], ...] = ()
    url: str = ""
    marker: str = ""

    def __str__(self) -> str:
        head = f"{self.name}[{','.join(self.extras)}]" if self.extras else self.name
        body = f" @ {self.url}" if self.url else ",".join(f"{sign}{version}" for sign, version in self.clauses)
        return f"{head}{body}" + (f"{' ' if self.url else ''}; {self.marker}" if self.marker else "")

    def applies(self, extras: tuple[str, ...] = ()) -> bool:
        """Whether its marker holds here, for a distribution that was asked for with some of its extras. Raises ValueError."""
        return not self.marker or any(_holds(self.marker, extra) for extra in (extras or ("",)))

    def met_by(self, version: str) -> bool | None:
        """Whether a version is one that it means; None where that takes more than comparing plain numbers."""
        found = [_meets(sign, wanted, version) for sign, wanted in self.clauses]
        return False if False in found else None if None in found else True


def key(name: str) -> str:
    """A distribution's name as it is compared: `Foo._bar` is `foo-bar`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def public(version: str) -> str:
    """A version without what only one builder calls it: 2.13.0 of 2.13.0+cpu. It means both, and an index has it."""
    return version.partition("+")[0]


def parse(text: str) -> Requirement:
    """Read a requirement. Raises ValueError, which says what is wrong."""
    found = _HEAD.match(text)
    if found is None:
        raise ValueError(f"{text.strip()!r:.200} does not begin with a distribution's name")
    name, extras, rest = found[1], found[2] or "", found[3]
    wanted = tuple(extra.strip() for extra in extras.split(",") if extra.strip())
    if rest.startswith("@"):
        url, _, marker = rest[1:].strip().partition(" ;")
        return Requirement(name, wanted, (), url.strip(), marker.strip())
    versions, _, marker = rest.partition(";")
    versions = versions.strip()
    if versions.startswith("(") and versions.endswith(")"):
        versions = versions[1:-1]
    clauses = []
    for clause in filter(None, (part.strip() for part in versions.split(","))):
        sign = _CLAUSE.match(clause)
        if sign is None:
            raise ValueError(f"{clause!r:.100} of {text.strip()!r:.200} is no version such as '>=1.2'")
        clauses.append((sign[1], sign[2]))
    if marker.strip():
        _holds(marker.strip(), "")  # so that a marker that cannot be read is said where it is met
    return Requirement(name, wanted, tuple(clauses), "", marker.strip())


def _meets(sign: str, wanted: str, version: str) -> bool | None:
    if sign in ("==", "===") and wanted == version:
        return True
    if "+" not in wanted:
        version = public(version)
    if sign in ("==", "!=") and wanted.endswith(".*") and _PLAIN.match(wanted[:-2]) and _PLAIN.match(version):
        parts = _numbers(wanted[:-2])
        same = (_numbers(version) + (0,) * len(parts))[: len(parts)] == parts
        return same if sign == "==" else not same
    if not (_PLAIN.match(wanted) and _PLAIN.match(version)):
        return True if sign in ("==", "===") and wanted == version else None
    if sign == "~=":
        upto = len(_numbers(wanted)) - 1
        return _compare(">=", wanted, version) and (_numbers(version) + (0,) * upto)[:upto] == _numbers(wanted)[:upto]
    return _compare("==" if sign == "===" else sign, wanted, version)


def _compare(sign: str, wanted: str, version: str) -> bool:
    left, right = _numbers(version), _numbers(wanted)
    length = max(len(left), len(right))
    left, right = left + (0,) * (length - len(left)), right + (0,) * (length - len(right))
    return {
        "==": left == right, "!=": left != right, "<=": left <= right, ">=": left >= right, "<": left < right, ">": left > right,
    }[sign]  # fmt: skip


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def _here() -> Mapping[str, str]:
    full = platform.python_version()
    return {
        "implementation_name": sys.implementation.name, "implementation_version": full, "os_name": os.name,
        "platform_machine": platform.machine(), "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(), "platform_system": platform.system(), "platform_version": platform.version(),
        "python_full_version": full, "python_version": ".".join(full.split(".")[:2]), "sys_platform": sys.platform,
    }  # fmt: skip


@cache
def _holds(marker: str, extra: str) -> bool:
    tokens = _tokens(marker)
    value, rest = _either(tokens, extra, marker)
    if rest:
        raise ValueError(f"{marker!r:.200} is no marker: it goes on after its end")
    return value


def _tokens(marker: str) -> list[str]:
    found, place = [], 0
    while place < len(marker.rstrip()):
        match = _TOKEN.match(marker, place)
        if match is None:
            raise ValueError(f"{marker!r:.200} is no marker: {marker[place : place + 20]!r} means nothing")
        found.append(match[0].strip())
        place = match.end()
    return found


def _either(tokens: list[str], extra: str, marker: str) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, extra, marker)
    while tokens[:1] == ["or"]:
        other, tokens = _both(tokens[1:], extra, marker)
        value = value or other
    return value, tokens


def _both(tokens: list[str], extra: str, marker: str) -> tuple[bool, list[str]]:
    value, tokens = _one(tokens, extra, marker)
    while tokens[:1] == ["and"]:
        other, tokens = _one(tokens[1:], extra, marker)
        value = value and other
    return value, tokens


def _one(tokens: list[str], extra: str, marker: str) -> tuple[bool, list[str]]:
    if tokens[:1] == ["("]:
        value, tokens = _either(tokens[1:], extra, marker)
        if tokens[:1] != [")"]:
            raise ValueError(f"{marker!r:.200} is no marker: a parenthesis is not closed")
        return value, tokens[1:]
    if tokens[1:3] == ["not", "in"]:
        tokens = [tokens[0], "not in", *tokens[3:]]
    if len(tokens) < 3:
        raise ValueError(f"{marker!r:.200} is no marker such as 'python_version < \"3.12\"'")
    left, sign, right = tokens[:3]
    return _relation(left, sign, right, extra, marker), tokens[3:]


def _relation(left: str, sign: str, right: str, extra: str, marker: str) -> bool:
    one, other = _value(left, extra, marker), _value(right, extra, marker)
    if "extra" in (left, right):
        one, other = key(one), key(other)
    if sign in ("in", "not in"):
        return (one in other) is (sign == "in")
    if left in _VERSIONS or right in _VERSIONS:
        met = _meets(sign, other, one) if left in _VERSIONS else _meets(_turned(sign), one, other)
        if met is not None:
            return met
    if sign in ("==", "===", "!="):
        return (one == other) is (sign != "!=")
    if sign in ("<", ">", "<=", ">="):
        return {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[sign]
    raise ValueError(f"{marker!r:.200} is no marker: {sign!r} compares nothing")


def _turned(sign: str) -> str:
    return {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(sign, sign)


def _value(word: str, extra: str, marker: str) -> str:
    if word[0] in "\"'":
        return word[1:-1]
    if word == "extra":
        return extra
    name = word.replace("os.name", "os_name").replace("sys.platform", "sys_platform").replace("platform.", "platform_")
    if name not in _here():
        raise ValueError(f"{marker!r:.200} is no marker: {word!r} is not known")
    return _here()[name]
