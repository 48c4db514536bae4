"""YAML is read as PyYAML's safe loader reads it, whichever text: what it says, and what it is refused for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from runstone.safety.texts import read_yaml

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.datetimes()
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4),
    max_leaves=12,
)
# Pieces that texts of YAML are made of, well-formed and not.
_PIECES = st.sampled_from([
    "a: ", "b", "- ", "? ", ": ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", "&x ", "*x", "!!str ", "!!int ", "!!set ", "! ", "<<: ", "= ", "~",
    "null", "yes", "0o7", "0x1F", "1_000", "1:30", ".nan", ".inf", "1e3", "1.5", "'", '"', "#", "---", "...", "2026-11-29", "2026-13-45",
    "%YAML 1.1\n", "|", ">\n", "\t", "é",
])  # fmt: skip


@given(_VALUES, st.booleans())
def test_what_is_written_comes_back(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert repr(read_yaml(text)) == repr(yaml.load(text, Loader=yaml.CSafeLoader))


@given(st.lists(_PIECES, max_size=25).map("".join))
@example("a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n")
@example("&x a: &x b\n")
@example("a: 1\na: 2\nb: 3\n")
@example("{[1]: 2}")
@example("a: 1\n---\nb: 2\n")
@example("'<<': 1\n'=': 2\n=: 3\n")
@example("!!set {a, b}")
@example("? a\n: b\n?\n: c")
@example("")
@example("---\n...\n")
def test_any_text_says_what_pyyaml_reads_of_it(text: str) -> None:
    try:
        expected = repr(yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, AttributeError, LookupError, TypeError):
        with pytest.raises(ValueError):
            read_yaml(text)
    else:
        assert repr(read_yaml(text)) == expected
