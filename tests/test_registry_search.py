"""Searches of a registry look at few of many versions and models, and find the same as by looking at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benchmarks.registry import VERSIONS, fill

from runstone.operations import model_search
from runstone.operations.engine import Engine

MODELS = 300


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = str(tmp_path_factory.mktemp("registry"))
    fill(folder, MODELS)
    return Engine(folder)


def steps_of(engine: Engine, ask: Callable[[], list[str]]) -> tuple[list[str], int]:
    """What is found, and the steps of SQLite's machine that it took, as time says nothing on a busy one."""
    taken = [0]

    def count() -> int:
        taken[0] += 1
        return 0

    with engine.database.read() as connection:
        connection.set_progress_handler(count, 10)
        found = ask()
        connection.set_progress_handler(None, 0)
    return found, taken[0]


def test_a_search_of_versions_looks_at_few(engine: Engine) -> None:
    def asked(text: str) -> tuple[list[str], int]:
        request = model_search.SearchModelVersions(text, max_results=10)
        search = model_search.search_model_versions.function
        return steps_of(engine, lambda: [f"{one.name}/{one.version}" for one in search(engine, request).model_versions])

    nobody, every = asked("user_id = 'nobody'")
    assert nobody == []
    newest = [f"model-{number:05}/{VERSIONS}" for number in range(MODELS - 1, MODELS - 11, -1)]
    for text, expected in {
        "": [f"model-{MODELS - 1:05}/{number}" for number in range(VERSIONS, 0, -1)],
        "aliases = 'champion'": newest,
        f"tags.stage = 's{VERSIONS}'": newest,
        f"tags.stage = 's{VERSIONS}' AND aliases = 'champion'": newest,
        "name = 'model-00007'": [f"model-00007/{number}" for number in range(VERSIONS, 0, -1)],
        "name LIKE '%-00007'": [f"model-00007/{number}" for number in range(VERSIONS, 0, -1)],
        "name RLIKE '-0000[78]$' AND tags.stage = 's1'": ["model-00008/1", "model-00007/1"],
        "name LIKE '%nobody%'": [],
        "metrics.accuracy > 2": [],
        "params.depth = 'nobody'": [],
    }.items():
        found, steps = asked(text)
        assert (text, found) == (text, expected)
        assert steps * 2 < every, text


def test_a_search_of_logged_models_looks_at_few(engine: Engine) -> None:
    def asked(text: str) -> tuple[list[str], int]:
        request = model_search.SearchLoggedModels(["0"], text, max_results=10)
        search = model_search.search_logged_models.function
        return steps_of(engine, lambda: [one.model_id for one in search(engine, request).models])

    nobody, every = asked("model_type = 'nobody'")
    assert nobody == []
    best = [one for one in range(VERSIONS, VERSIONS * (MODELS + 1)) if one * 7_919 % 100_003 > 99_900]
    for text, expected in {
        "metrics.accuracy > 0.99898": [f"m-{one:032x}" for one in reversed(best)],
        "metrics.accuracy > 2": [],
        "name = 'nobody'": [],
    }.items():
        found, steps = asked(text)
        assert (text, sorted(found)) == (text, sorted(expected))
        assert steps * 10 < every, text
