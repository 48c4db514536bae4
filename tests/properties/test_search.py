"""The search language, for any text, any tree and any runs: nothing but InvalidParameter is raised, print and parse are inverse,
SQL finds what a plain evaluation in Python finds, and patterns agree with `re`."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import runstone
from runstone.entities import Metric, Param, Run
from runstone.errors import InvalidParameter
from runstone.store.search import grammar
from runstone.store.search.grammar import Branch, Comparison, Identifier, Node
from runstone.store.search.patterns import Pattern

PIECES = [
    "metrics.", "params.", "tags.", "dataset.", "foo.", "loss", "lr", "team", "name", "`", "'", '"', "''", "\\'", "(", ")", ",", " ", "\n",
    "=", "==", "!=", "<", ">", ">=", "<>", "&&", "||", "!", "~", ";", "-", "1", ".5", "1e400", "9" * 30, "-2.", "٣", "é", "\0", "\ud800",
    " and ", " or ", " not ", " in ", " like ", " ilike ", " rlike ", " between ", " is ", " null ", "status", "start_time", "duration",
    "experiment_id", "(a+)+$", "[", "{9}", "1h30m", "metrics.loss.min > 1", "params.lr = 'x'", "tags.team != 'x'", "start_time < 3",
]  # fmt: skip
TEXTS = some.lists(some.sampled_from(PIECES), max_size=14).map("".join) | some.text(max_size=30)


class Told(NamedTuple):
    """A store, its runs in the usual order, and the points of each."""

    client: runstone.Client
    runs: list[Run]
    history: dict[str, dict[str, list[Metric]]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A store of runs that differ in every way that the generated filters ask about."""
    client = runstone.Client(str(tmp_path_factory.mktemp("search") / "store"))
    values = [0.0, 1.0, -2.5, math.nan, math.inf]
    for number in range(24):
        points = [
            Metric(key, values[(number + step * shift) % 5], step, step)
            for key, shift, steps in (("m", 1, number % 4), ("n.x", 2, number % 3))
            for step in range(steps)
        ]
        params = {"p": ["a", "B", "1", "1.0", "nan", "é%"][number % 6]} if number % 4 else {}
        tags = {"t": ["a", "A_", ""][number % 3]} if number % 2 else {}
        run_id = client.create_run("0", start_time=number // 2, run_name=f"run {number % 5}", tags=tags).info.run_id
        client.log_batch(run_id, metrics=points, params=[Param(key, value) for key, value in params.items()])
        if number % 3:
            client.set_terminated(run_id, "FAILED" if number % 2 else "FINISHED", number)
    runs = client.search_runs(["0"])
    ids = [run.info.run_id for run in runs]
    history = {run_id: {key: client.get_metric_history(run_id, key) for key in ("m", "n.x")} for run_id in ids}
    return Told(client, runs, history)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_filter_or_is_refused_by_name(store: Told, text: str) -> None:
    client = store.client
    for asked in ({"filter_string": text}, {"order_by": [text]}, {"page_token": text}):
        with contextlib.suppress(InvalidParameter):
            client.search_runs(["0"], max_results=1, **asked)  # type: ignore[arg-type]
        with contextlib.suppress(InvalidParameter):
            client.search_experiments(max_results=1, **asked)  # type: ignore[arg-type]


def words(*names: str) -> some.SearchStrategy[str]:
    return some.sampled_from(names)


NUMBERS = some.sampled_from([0, 1, -2.5, 0.5, 2, 1e300])
STRINGS = some.sampled_from(["a", "A", "B", "b", "1", "1.0", "é%", "É%", "", "run 1", "FINISHED", "x'y", 'x"y'])
LIKES = some.sampled_from(["a", "%", "_", "a%", "%é%", "É%", "A_", "R%", "run _", "%1%"])
PATTERNS = some.sampled_from(["a", "^a$", "(?i)A", "[0-9]$", "^(run|B).*1", "^$", "é?%", "[^a]+", r"\d\.?"])
METRICS = words("m", "n.x", "m.min", "m.max", "m.count", "m.first", "n.x.last", "none")


def compared(left: some.SearchStrategy[Identifier], kind: str) -> some.SearchStrategy[Comparison]:
    values = NUMBERS if kind == "number" else STRINGS
    many = some.lists(values, min_size=1, max_size=3).map(tuple)
    plain = ["=", "!=", "<", "<=", ">", ">="] if kind == "number" else ["=", "!="]
    ways = [
        some.tuples(some.sampled_from(plain), some.tuples(values)),
        some.tuples(words("IN", "NOT IN"), many),
        some.tuples(words("IS NULL", "IS NOT NULL"), some.just(())),
    ]
    if kind == "number":
        ways.append(some.tuples(words("BETWEEN", "NOT BETWEEN"), some.tuples(values, values)))
    else:
        ways.append(some.tuples(words("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE"), some.tuples(LIKES)))
        ways.append(some.tuples(words("RLIKE", "NOT RLIKE"), some.tuples(PATTERNS)))
    return some.builds(lambda name, way: Comparison(name, way[0], way[1], 0), left, some.one_of(ways))


def named(entity: str, keys: some.SearchStrategy[str]) -> some.SearchStrategy[Identifier]:
    return some.builds(lambda key, quoted: Identifier(entity, key, quoted, 0), keys, some.booleans())


COMPARISONS = some.one_of(
    compared(named("metrics", METRICS), "number"),
    compared(named("params", words("p", "none")), "text"),
    compared(named("params", words("p")), "number"),
    compared(named("tags", words("t", "none")), "text"),
    compared(named("attributes", words("start_time", "end_time", "duration")), "number"),
    compared(named("", words("run_name", "status")), "text"),
)
TREES: some.SearchStrategy[Node] = some.recursive(
    COMPARISONS,
    lambda parts: (
        some.builds(lambda part: Branch("NOT", (part,)), parts)
        | some.builds(Branch, words("AND", "OR"), some.lists(parts, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def written(node: Node) -> str:
    """A tree as a filter's text."""
    if isinstance(node, Branch):
        if node.kind == "NOT":
            return f"NOT ({written(node.parts[0])})"
        return f" {node.kind} ".join(f"({written(part)})" for part in node.parts)
    key = f"`{node.left.key}`" if node.left.quoted else node.left.key
    left = f"{node.left.entity}.{key}" if node.left.entity else key
    values = [
        f'"{value}"' if "'" in str(value) else f"'{value}'" if isinstance(value, str) else repr(value)
        for value in node.values
    ]
    if node.operator.endswith("IN"):
        return f"{left} {node.operator} ({', '.join(values)})"
    return f"{left} {node.operator} {' AND '.join(values)}"


def without_places(node: Node) -> Node:
    if isinstance(node, Branch):
        return Branch(node.kind, tuple(without_places(part) for part in node.parts))
    return node._replace(place=0, left=node.left._replace(place=0))


@given(TREES)
def test_a_tree_that_is_printed_parses_to_itself(tree: Node) -> None:
    parsed = grammar.parse(written(tree))
    assert parsed is not None
    assert without_places(parsed) == tree


class Known(NamedTuple):
    """What a run has under a name: nothing, NaN, or a value."""

    there: bool
    value: Any  # None where missing, and for NaN


def known(run: Run, history: dict[str, list[Metric]], left: Identifier, numeric: bool) -> Known:
    """What stands on the left of a comparison, by the words of docs/search.md."""
    if left.entity == "metrics":
        base, _, suffix = left.key.rpartition(".")
        points = history.get(left.key, [])
        if not points and not left.quoted and suffix in ("min", "max", "first", "last", "count"):
            points = history.get(base, [])
            numbers = [point.value for point in points if not math.isnan(point.value)]
            summary = {
                "min": min(numbers, default=None), "max": max(numbers, default=None), "count": len(points),
                "first": points[0].value if points else None, "last": points[-1].value if points else None,
            }  # fmt: skip
            value: Any = summary[suffix]
        else:
            value = points[-1].value if points else None
        return Known(bool(points), None if value is None or math.isnan(value) else value)
    if left.entity in ("params", "tags"):
        text = getattr(run.data, left.entity).get(left.key)
        if not numeric or text is None:
            return Known(text is not None, text)
        try:
            number = float(text)
        except ValueError:
            return Known(True, None)
        return Known(True, None if math.isnan(number) else number)
    if left.key == "duration":
        found = None if run.info.end_time is None else run.info.end_time - (run.info.start_time or 0)
    else:
        found = getattr(run.info, left.key)
    return Known(found is not None, found)


def matched(pattern: str, text: str, *, fold: bool) -> bool:
    if fold:
        pattern, text = pattern.lower(), text.lower()
    return re.fullmatch(re.escape(pattern).replace("%", ".*").replace("_", "."), text, re.DOTALL) is not None


def holds(node: Node, run: Run, history: dict[str, list[Metric]]) -> bool:
    """A filter's meaning, said a second time and as plainly as can be."""
    if isinstance(node, Branch):
        parts = [holds(part, run, history) for part in node.parts]
        return {"NOT": not parts[0], "AND": all(parts), "OR": any(parts)}[node.kind]
    numeric = node.left.entity == "metrics" or any(not isinstance(value, str) for value in node.values)
    there, value = known(run, history, node.left, numeric)
    if node.operator.startswith("IS"):
        return there == (node.operator == "IS NOT NULL")
    operator = node.operator.removeprefix("NOT ")
    negated = operator != node.operator or operator == "!="
    return there and negated != (value is not None and plainly(operator, value, node.values))


def plainly(operator: str, value: Any, values: tuple[Any, ...]) -> bool:
    first = values[0]
    return {
        "=": lambda: value == first, "!=": lambda: value == first, "<": lambda: value < first, "<=": lambda: value <= first,
        ">": lambda: value > first, ">=": lambda: value >= first, "IN": lambda: value in values,
        "BETWEEN": lambda: first <= value <= values[1], "LIKE": lambda: matched(first, value, fold=False),
        "ILIKE": lambda: matched(first, value, fold=True), "RLIKE": lambda: re.search(first, value) is not None,
    }[operator]()  # fmt: skip


ORDER = some.lists(
    some.sampled_from(
        [
            "metrics.m",
            "metrics.`n.x`",
            "metrics.m.min",
            "params.p",
            "tags.t",
            "start_time",
            "end_time",
            "duration",
            "run_name",
        ]
    ),
    max_size=2,
)


@given(TREES, ORDER, some.booleans(), some.integers(1, 9))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sql_finds_page_by_page_what_plain_python_finds(
    store: Told, tree: Node, order: list[str], descending: bool, size: int
) -> None:
    client, runs, history = store
    expected = [run for run in runs if holds(tree, run, history[run.info.run_id])]
    for clause in reversed(order):
        expected = ordered(expected, clause, descending, history)
    clauses = [clause + (" DESC" if descending else "") for clause in order]
    found: list[str] = []
    token = None
    while token is not None or not found:
        page = client.search_runs(["0"], written(tree), max_results=size, order_by=clauses, page_token=token)
        found += [run.info.run_id for run in page]
        token = page.token
        if token is None:
            break
    assert found == [run.info.run_id for run in expected]


def ordered(runs: list[Run], clause: str, descending: bool, history: dict[str, dict[str, list[Metric]]]) -> list[Run]:
    """Sorted by one clause: values, then NaN, then what is missing."""
    entity, dot, key = clause.partition(".")
    entity, key = (entity, key) if dot else ("", entity)
    left = Identifier(entity, key.strip("`"), "`" in key, 0)
    found = [(run, known(run, history[run.info.run_id], left, False)) for run in runs]
    values = sorted(
        (pair for pair in found if pair[1].value is not None), key=lambda pair: pair[1].value, reverse=descending
    )
    return [
        *(run for run, _ in values),
        *(run for run, has in found if has.there and has.value is None),
        *(run for run, has in found if not has.there),
    ]


ATOMS = some.sampled_from(
    [
        "a",
        "b",
        "A",
        ".",
        "[ab]",
        "[^a]",
        r"\d",
        r"\w",
        r"\S",
        "(a|b)",
        "(?:ab)",
        "(a*b)",
        "^",
        "$",
        "\n",
        "é",
        r"\.",
        "(|a)",
        "()",
    ]
)
REPEATS = some.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,}", "{,2}", "*?", "{0}", "|"])
WRITTEN = some.builds(
    lambda fold, parts: fold + "".join(map("".join, parts)),
    some.sampled_from(["", "(?i)"]),
    some.lists(some.tuples(ATOMS, REPEATS), max_size=6),
)


@given(WRITTEN, some.lists(some.text("abA1_.\né", max_size=8), min_size=1, max_size=5))
@settings(max_examples=400)
def test_a_pattern_finds_what_re_finds(pattern: str, texts: list[str]) -> None:
    try:
        # `re` lets $ match before a last line break too
        known = re.compile(pattern.replace("$", r"\Z"))
    except re.error:
        return
    ours = Pattern(pattern)
    for text in texts:
        assert ours(text) == (known.search(text) is not None)


@given(some.text("ab*+?{}(),|[]^$\\-dws.12\n", max_size=30))
def test_any_text_is_a_pattern_or_is_refused_by_name(text: str) -> None:
    with contextlib.suppress(InvalidParameter):
        assert Pattern(text)("abc") in (True, False)
