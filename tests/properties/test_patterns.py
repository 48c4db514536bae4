"""Patterns of files mean what a plain reading of them means, and none of them takes long, however many stars it has."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runstone.errors import InvalidParameter
from runstone.operations.patterns import chooser

PARTS = st.lists(st.sampled_from(["a", "b", "*", "?", "**", "[ab]", "[!a]"]), min_size=1, max_size=4).map("".join)
PATTERNS = st.lists(PARTS | st.just("**"), min_size=1, max_size=5).map("/".join)
PATHS = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6).map("/".join)


def name_fits(pattern: str, name: str) -> bool:
    """Every way of sharing a name among the stars."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return name_fits(pattern[1:], name) or (name != "" and name_fits(pattern, name[1:]))
    length = pattern.index("]") + 1 if pattern[0] == "[" else 1
    choices = {"?": "ab", "[ab]": "ab", "[!a]": "b"}.get(pattern[:length], pattern[:length])
    return name != "" and name[0] in choices and name_fits(pattern[length:], name[1:])


def fits(parts: list[str], names: list[str]) -> bool:
    """Every way of sharing folders among the `**`; what lies below a folder that is meant is meant too."""
    if not parts:
        return True
    if parts[0] == "**":
        return bool(names) and (len(parts) == 1 or fits(parts[1:], names) or fits(parts, names[1:]))
    return bool(names) and name_fits(parts[0], names[0]) and fits(parts[1:], names[1:])


@given(PATTERNS, PATHS)
@example("b/*", "b")
@example("a/**/b", "a/b")
@example("*a*b", "aab/b")
def test_a_pattern_means_what_a_plain_reading_of_it_means(pattern: str, path: str) -> None:
    parts = pattern.split("/") if "/" in pattern else ["**", pattern]
    assert chooser([pattern], None)(path) == fits(parts, path.split("/"))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 500 + "b", "a" * 1000),
        ("**/a/" * 200 + "b", "a/" * 500 + "c"),
        ("**/*a*a*/" * 100 + "b", "aaa/" * 250 + "c"),
        ("a*" * 200 + "/" + "?*" * 200 + "b", "a" * 500 + "/" + "a" * 500),
    ],
)
def test_a_pattern_of_nothing_but_stars_is_answered(pattern: str, path: str) -> None:
    assert not chooser([pattern], None)(path)


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("./x", ["x", "x/y"], ["d/x"]),
        ("/x", ["x", "x/y"], ["d/x"]),
        ("a/./b", ["a/b"], ["a/x/b"]),
        ("a//b", ["a/b"], ["a/x/b"]),
        ("x/", ["x/y", "d/x/y"], ["x", "d/x", "xx/y"]),
        ("d/x*/", ["d/x1/y"], ["d/x1", "x1/y"]),
        ("**/", ["x/y"], ["x"]),
        ("\\!x", ["!x", "d/!x"], ["x", "\\!x"]),
        ("fig\\[1].png", ["fig[1].png"], ["fig1.png"]),
        ("a\\*\\?", ["a*?"], ["abc"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[!]a]", ["b"], ["]", "a"]),
        ("x!", ["x!"], ["x"]),
    ],
)
def test_a_pattern_is_read_as_people_write_it(pattern: str, meant: list[str], not_meant: list[str]) -> None:
    means = chooser([pattern], None)
    assert [path for path in (*meant, *not_meant) if means(path)] == meant


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("!x", "begins with '!'"),
        ("[a", r"'\[' without its '\]'"),
        ("[!]", r"'\[' without its '\]'"),
        ("a/../b", "no '\\.\\.'"),
        ("a\\b", "'/' between folders"),
        ("a\\", "'/' between folders"),
        ("./", "Write '\\*' for all files"),
        ("[z-a]", "means nothing: bad character range z-a\\.$"),
    ],
)
def test_a_pattern_that_means_nothing_is_refused_and_told_why(pattern: str, told: str) -> None:
    with pytest.raises(InvalidParameter, match=told):
        chooser([pattern], None)
