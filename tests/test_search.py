"""Searching runs: MLflow's grammar, what goes beyond it, errors with a caret, order, and cursors that stay put."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.support.four import filled
from tests.support.within import ServerWithin

import runstone
from runstone.entities import Metric, Param, RunTag
from runstone.errors import InvalidParameter
from runstone.operations import runs as stored
from runstone.operations import search
from runstone.operations.engine import Engine
from runstone.store import runs as stored_runs
from runstone.store.search import grammar


@pytest.fixture(scope="module", params=["folder", "server"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str], Path]]:
    """A store of four runs, made once, in a folder and on our server: `last` has no loss, `nan`'s is NaN."""
    folder = tmp_path_factory.mktemp("search")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNSTONE_STATE", str(folder / "state"))
        if request.param == "folder":
            path = str(folder / "store")
            yield path, filled(runstone.Client(path)), folder / "store"
            return
        served = ServerWithin(folder / "store")
        yield served.url, filled(runstone.Client(served.url)), folder / "store"
        served.stop()


@pytest.fixture
def runs(store: tuple[str, dict[str, str], Path]) -> dict[str, str]:
    """The ids of the four runs, in the store that is asked."""
    runstone.set_tracking_uri(store[0])
    return store[1]


def names(text: str, **more: Any) -> list[str]:
    found = runstone.search_runs(filter_string=text, output_format="list", **more)
    return sorted(run.info.run_name or "" for run in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a b last nan"),
        ("metrics.loss < 0.3", "a"),
        ("metric.loss <= 0.5 and metrics.loss >= .1", "a b"),
        ("metrics.loss != 0.1", "b nan"),
        ("metrics.loss = 1e-1", "a"),
        ("metrics.`odd/key` = 1 AND params.lr = '0.01'", "b"),
        ('metrics."odd/key" > -1', "a b last nan"),
        ("params.`model type` LIKE 'for%'", "b last nan"),
        ("params.`model type` ILIKE 'FOR%'", "a b last nan"),
        ("parameter.lr != '1'", "a b nan"),
        ("tags.team = 'red'", "a"),
        ("tags.team != 'red'", "b"),
        ("tags.team IS NULL", "last nan"),
        ("tag.team IS NOT NULL", "a b"),
        ("status = 'FINISHED'", "a b last nan"),
        ("status = 'finished'", ""),
        ("attributes.run_name IN ('a', 'nan')", "a nan"),
        ("run.run_name NOT IN ('a')", "b last nan"),
        ("`run name` = \"a\"", "a"),
        ("start_time > 0 and end_time > 1000", "a b last nan"),
        ("metrics.loss < 0.3 AND", "a"),
        ("AND metrics.loss < 0.3 and AND tags.team = 'red' and", "a"),
        ("and", "a b last nan"),
        ("`metrics`.`loss` < 0.3", "a"),
        ("run_name in ('a', \"b\",)", "a b"),
        ("params.lr != 'it''s'", "a b last nan"),
        ("start_time < 99999999999999999999", "a b last nan"),
        # beyond MLflow
        ("metrics.loss not in (0.1)", "b nan"),
        ("metrics.loss not between 0 and 0.3", "b nan"),
        ("not metrics.loss != 0.1", "a last"),
        ("params.lr != 0.1", "b last nan"),
        ("params.lr not between 0.001 and 0.5", "last nan"),
        ("run_name not like '%a%'", "b"),
        ("tags.team not rlike '^r'", "b"),
        ("metrics.loss.min is null", "last"),
        ("metrics.loss.min not in (77)", "a nan"),
        ("experiment_id in ('0', '1') and experiment_id != 7 and experiment_id like '0'", "a b last nan"),
        ("metrics.loss < 0.3 or tags.team = 'blue'", "a b"),
        ("not metrics.loss < 0.3", "b last nan"),
        ("not (metrics.loss < 0.3 or tags.team = 'blue')", "last nan"),
        ("metrics.loss < 1 and tags.team = 'red' or run_name = 'last'", "a last"),
        ("params.lr > 0.05", "a last"),
        ("params.lr = 0.10", "a"),
        ("params.lr between 0.001 and 0.5", "a b"),
        ("params.lr not in ('0.1', '1')", "b nan"),
        ("metrics.loss in (0.1, 0.5)", "a b"),
        ("metrics.loss.max > 8", "a b nan"),
        ("metrics.loss.min > 70", "b"),
        ("metrics.loss.min <= 9", "a nan"),
        ("metrics.`loss.min` > 0", "b"),
        ("metrics.loss.count = 2", "a b nan"),
        ("metrics.`loss`.count = 2", "a b nan"),
        ("metrics.\"loss\".min > 70", "b"),
        ("metrics.loss.first = 9", "a b nan"),
        ("metrics.loss is null", "last"),
        ("run_name rlike '^(a|b)$'", "a b"),
        ("duration < '1h30m' and duration >= 0", "a b last nan"),
        ("lifecycle_stage = 'active' and experiment_id = '0'", "a b last nan"),
    ],
)  # fmt: skip
def test_a_filter_lets_through_what_it_says(runs: dict[str, str], text: str, expected: str) -> None:
    assert " ".join(names(text)) == expected


@pytest.mark.parametrize(
    ("text", "caret_under", "hint"),
    [
        ("metrics.loss >", "", "expected a number"),
        ("metrics.loss > 'x'", "> 'x'", "without quotes"),
        ("params.lr < 'x'", "< 'x'", "LIKE"),
        ("tags.team = 3", "= 3", "as a text it is '3'"),
        ("foo.bar = 1", "foo.bar", "metrics"),
        ("acc > 1", "acc", "did you mean metrics.acc or params.acc or tags.acc?"),
        ("stauts = 'x'", "stauts", "did you mean status?"),
        ("metrics.loss == 1", "== 1", "write ="),
        ("metrics.loss <> 1", "<> 1", "write !="),
        ("status = 'x' && end_time > 1", "&& end", "write AND"),
        ("status = 'x' || end_time > 1", "|| end", "write OR"),
        ("!status = 'x'", "!status", "write NOT"),
        ("status = ‘x’", "‘x’", "quotes are"),
        ("metrics.loss > 1; ", "; ", "without ';'"),
        ("Metrics.loss > 1", "Metrics", "did you mean metrics.loss?"),
        ("metirc.loss > 1", "metirc", "did you mean metric.loss?"),
        ("attributes.lifecycle = 'x'", "attributes", "did you mean lifecycle_stage?"),
        ("dataset.nam = 'x'", "dataset", "valid keys are name, digest, context"),
        ("params.model = forest", "forest", "as a text it is 'forest'"),
        ("params.model contains 'x'", "contains", "LIKE '%...%'"),
        ("params.model is 'x'", "'x'", "compared with = or !="),
        ("params.model not = 'x'", "= 'x'", "LIKE, ILIKE, RLIKE"),
        ("params.lr in (0.1, 'auto')", "in (0.1", "all values numbers"),
        ("metrics. loss > 1", "loss > 1", "right behind 'metrics.'"),
        ("params.`a``b` = 'x'", "`b`", "one of ="),
        ("params.\"'\" = 'x'", '"\'"', "holds no quotes"),
        ("'status' = 'x'", "'status'", "a value stands on the right"),
        ("1 < metrics.loss", "1 <", "a value stands on the right"),
        ("metrics.loss like 'x'", "like", "for a number"),
        ("run_name between 'a' and 'b'", "between", "for a text"),
        ("duration > '1 hour'", "> '1 hour'", "1h30m"),
        ("experiment_id = 'x'", "= 'x'", "an integer"),
        ("run_name rlike '(?=a)'", "rlike", "neither (...) nor (?:...)"),
        ("(metrics.loss > 1", "", "')'"),
        ("metrics.loss > 1 metrics.x > 1", "metrics.x", "AND"),
        ("run_name rlike '('", "rlike", "regular expression"),
        ("run_name = 'x", "'x", "quote"),
        ("   ", "   ", "condition"),
        ("params.x in ()", ")", "number, or a text"),
    ],
)
def test_a_mistake_is_shown_with_a_caret_and_what_would_be_valid(text: str, caret_under: str, hint: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        names(text)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    _, shown, caret = caught.value.message.split("\n")
    place = caret.index("^")
    assert shown[place:].startswith(caret_under)
    assert hint in caught.value.message


@given(some.text(alphabet="abmetrics.params tags'\"`()<>=!,0123456789 ANDORNTLIKE\n\0é", max_size=60))
def test_any_text_parses_or_is_refused_by_name(text: str) -> None:
    with contextlib.suppress(InvalidParameter):
        grammar.parse(text)


@pytest.mark.parametrize("text", ["(" * 5000 + "run_name = 'a'", "not " * 5000 + "run_name = 'a'", "x" * 30_000])
def test_hostile_depth_and_length_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        grammar.parse(text)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*(a*)*b", "(x+x+)+y|(a|aa)+$b"])
def test_a_hostile_pattern_takes_time_linear_in_the_texts(pattern: str) -> None:
    client = runstone.Client()
    for number in range(20):
        client.log_param(client.create_run("0").info.run_id, "p", "a" * (4000 + number))
    # `re` would need some 2**4000 steps for the first of these
    assert client.search_runs(["0"], f"params.p rlike '{pattern}'") == []
    assert len(client.search_runs(["0"], "params.p rlike '^a+$' and params.p not rlike 'b'")) == 20


def test_a_pattern_that_becomes_too_much_work_is_refused_with_its_text() -> None:
    client = runstone.Client()
    chance = random.Random(1)
    for _ in range(5):
        client.log_param(client.create_run("0").info.run_id, "p", "".join(chance.choices("ab", k=4000)))
    # an automaton of up to 2**300 states
    pattern = "(a|b)*a[ab]{300}[^ab]"
    with pytest.raises(InvalidParameter, match="too much work"):
        client.search_runs(["0"], f"params.p rlike '{pattern}'")
    assert len(client.search_runs(["0"], "params.p rlike 'a'")) == 5


def test_ilike_ignores_the_case_of_any_script() -> None:
    client = runstone.Client()
    client.log_param(client.create_run("0", run_name="a").info.run_id, "p", "ÉTÉ Ünit")
    assert len(client.search_runs(["0"], "params.p ilike 'été %' and params.p not like 'été %'")) == 1
    assert len(client.search_runs(["0"], "params.p ilike '%UNIT' or params.p ilike '%ünit'")) == 1


def test_a_search_may_hold_a_thousand_conditions_and_sixty_keys(runs: dict[str, str]) -> None:
    assert names(" or ".join(f"end_time = {number}" for number in range(1000)) + " or run_name = 'a'") == ["a"]
    assert names(" and ".join(f"params.p{number} is null" for number in range(60))) == ["a", "b", "last", "nan"]
    with pytest.raises(InvalidParameter, match="60"):
        names(" and ".join(f"params.p{number} is null" for number in range(61)))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.loss ASC"], "a b nan last"),
        (["metrics.loss DESC"], "b a nan last"),
        (["params.lr"], "b a last nan"),
        (["tags.team desc", "run_name"], "a b last nan"),
        (["run_name DESC"], "nan last b a"),
        (["metrics.loss.min"], "a nan b last"),
    ],
)
def test_order_puts_nan_behind_numbers_and_missing_last(runs: dict[str, str], order: list[str], expected: str) -> None:
    found = runstone.search_runs(order_by=order, output_format="list")
    assert " ".join(run.info.run_name or "" for run in found) == expected


@pytest.mark.parametrize("order", ["metrics.loss ASC, params.lr", "dataset.name", "nothing"])
def test_an_order_that_is_none_is_refused(runs: dict[str, str], order: str) -> None:
    with pytest.raises(InvalidParameter):
        runstone.search_runs(order_by=[order], output_format="list")


@pytest.mark.parametrize("order", [[], ["metrics.m DESC"], ["metrics.m", "tags.t"], ["start_time ASC"]])
def test_pages_give_each_run_once_while_runs_are_being_added(order: list[str]) -> None:
    client = runstone.Client()
    first = set()
    for number in range(17):
        run_id = client.create_run("0", start_time=number % 5).info.run_id
        first.add(run_id)
        if number % 3:
            client.log_metric(run_id, "m", float("nan") if number % 4 == 0 else number % 7)
    seen: list[str] = []
    token = None
    while True:
        page = client.search_runs(["0"], order_by=order, max_results=4, page_token=token)
        seen += [run.info.run_id for run in page]
        client.create_run("0", start_time=2)
        token = page.token
        if token is None or len(seen) > 200:
            break
    assert len(seen) == len(set(seen))
    assert first <= set(seen)


@pytest.mark.parametrize(
    "order", [[], ["start_time"], ["metrics.m"], ["metrics.m DESC"], ["tags.t DESC", "metrics.m"], ["end_time"]]
)
@pytest.mark.parametrize("text", ["", "params.few = 'x'", "metrics.m != 3", "metrics.m > 2 or params.few = 'x'"])
def test_the_order_is_the_same_however_the_search_is_carried_out(order: list[str], text: str) -> None:
    """By the index of what is ordered by, by the rarest condition or by looking at every run: page after page, and all at once."""
    client = runstone.Client()
    for number in range(40):
        value = {0: float("nan"), 1: float("inf"), 2: float("-inf")}.get(number % 8, number % 5)
        tags = [RunTag("t", str(number % 3))] if number % 2 else []
        # over the wire a run may come without a start time
        asked = stored.CreateRun("0", start_time=None if number % 9 == 4 else number // 3, tags=tags)
        run_id = client._transport.call(stored.create_run, asked).run.info.run_id
        params = [Param("few", "x")] if number in (3, 8, 31) else []
        client.log_batch(run_id, metrics=[Metric("m", value, 1, 0)] if number % 6 else [], params=params)
        if number % 4:
            client.set_terminated(run_id, end_time=number % 10)
    found = client.search_runs(["0"], text, order_by=order)
    whole = [run.info.run_id for run in found]
    if order in ([], ["start_time"]):
        times = [run.info.start_time for run in found]
        known = sorted([time for time in times if time is not None], reverse=not order)
        assert times == known + [None] * (len(times) - len(known))
    for size in (1, 2, 7):
        pages, token = [], None
        while token is not None or not pages:
            page = client.search_runs(["0"], text, max_results=size, order_by=order, page_token=token)
            pages += [run.info.run_id for run in page]
            if (token := page.token) is None:
                break
        assert pages == whole


def test_a_token_of_another_search_or_garbage_is_refused(runs: dict[str, str]) -> None:
    client = runstone.Client()
    token = client.search_runs(["0"], max_results=1).token
    assert token
    for wrong, text in ((token, "metrics.loss > 0"), ("garbage", ""), ("bnVsbA==", "")):
        with pytest.raises(InvalidParameter, match="page_token"):
            client.search_runs(["0"], text, max_results=1, page_token=wrong)


def test_views_and_limits(store: tuple[str, dict[str, str], Path], tmp_path: Path) -> None:
    shutil.copytree(store[2], tmp_path / "copy")
    runstone.set_tracking_uri(str(tmp_path / "copy"))
    runs = store[1]
    runstone.delete_run(runs["a"])
    assert names("", run_view_type=2) == ["a"]
    assert len(names("", run_view_type=3)) == 4
    assert len(names("", max_results=2)) == 2
    for wrong in (0, -1, 50_001):
        with pytest.raises(InvalidParameter, match="max_results"):
            runstone.Client().search_runs(["0"], max_results=wrong)


def test_a_frame_has_mlflows_columns(runs: dict[str, str]) -> None:
    frame = runstone.search_runs(order_by=["run_name"])
    assert list(frame.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert frame["metrics.loss"].iloc[0] == 0.1
    assert frame["params.lr"].tolist() == ["0.1", "0.01", "1", "auto"]
    assert len(runstone.search_runs(filter_string="run_name = 'nobody'")) == 0


def test_experiments_are_searched_by_name_tags_and_times() -> None:
    runstone.create_experiment("digits", tags={"team": "red"})
    runstone.create_experiment("letters")

    def found(text: str) -> list[str]:
        return [experiment.name for experiment in runstone.search_experiments(filter_string=text)]

    assert found("name LIKE 'd%'") == ["digits"]
    assert found("tags.team = 'red' or experiment_id = '0'") == ["digits", "Default"]
    assert found("creation_time > 0 and not name = 'Default'") == ["letters", "digits"]
    with pytest.raises(InvalidParameter):
        found("metrics.loss = 1")
    assert found("attributes.name NOT IN ('digits') and experiment_id != '0'") == ["letters"]
    assert found("experiment_id IN ('0', '01') and lifecycle_stage = 'active'") == ["digits", "Default"]
    assert [found.name for found in runstone.search_experiments(order_by=["experiment_id"])] == [
        "Default",
        "digits",
        "letters",
    ]


def test_a_search_looks_at_few_of_many_runs(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, as time says nothing on a busy one."""
    engine = Engine(str(tmp_path / "many"))
    with engine.database.write() as connection:
        for number in range(3000):
            run = stored_runs.insert(connection, f"{number:032x}", 0, f"run {number * 7 % 3000}", "", number, "")
            stored_runs.add_params(connection, run, [("few", str(number % 1000)), ("all", "x")])
            value = number * 37 % 3000
            connection.execute(
                "INSERT INTO metric VALUES (?, 'm', 1, 0, 0, ?, 0, 0, ?, ?, ?)", (run, value, value, value, value)
            )

    def steps(text: str, order: list[str]) -> int:
        taken = [0]

        def count() -> int:
            taken[0] += 1
            return 0

        with engine.database.read() as connection:
            connection.set_progress_handler(count, 10)
            search.search_runs.function(engine, search.SearchRuns(["0"], text, max_results=10, order_by=order))
            connection.set_progress_handler(None, 0)
        return taken[0]

    every_run = steps("metrics.m >= 0 or params.all = 'y'", ["run_name"])
    assert steps("params.few = '7'", ["metrics.m"]) * 20 < every_run
    assert steps("params.few = '7' and params.all = 'x' and metrics.m >= 0", ["run_name"]) * 10 < every_run
    assert steps("", ["metrics.m DESC"]) * 10 < every_run
    assert steps("params.all = 'x' and metrics.m > 5", ["metrics.m"]) * 10 < every_run
    assert steps("params.all = 'x'", ["params.few DESC"]) * 10 < every_run
    assert steps("metrics.m > 5 or params.all = 'y'", []) * 10 < every_run
    assert steps(f"run_id = '{7:032x}' and metrics.m > 0", ["metrics.m"]) * 20 < every_run
