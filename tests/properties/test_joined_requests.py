"""Requests that are asked as one get what each gets alone, byte for byte: rows of numbers, and rows of texts, nulls and whole numbers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import runstone
from runstone.models import ModelSignature
from runstone.serving.questions import Question
from runstone.serving.standing import Standing
from runstone.types import ColSpec, Schema

NUMBERS = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [3.0, 1.0, 0.0, 2.0]})
MIXED = pandas.DataFrame({"a": [0.0, None, 2.0, 3.0], "n": [1, 2, 3, 4], "s": ["x", "y", None, "z"]})
SCHEMA = Schema([ColSpec("double", "a", False), ColSpec("long", "n"), ColSpec("string", "s", False)])

VALUES = st.one_of(st.none(), st.floats(-5, 5), st.integers(-5, 5), st.sampled_from(["x", "y", ""]), st.just(2**60))
NUMBER = st.floats(-5, 5, width=32) | st.integers(-5, 5)
BODIES = {
    "numbers": st.one_of(
        st.lists(st.fixed_dictionaries({"a": NUMBER, "b": NUMBER}), max_size=3),
        st.lists(st.fixed_dictionaries({"a": VALUES, "b": NUMBER}), max_size=2),
    ),
    "mixed": st.one_of(
        st.lists(st.fixed_dictionaries({"a": NUMBER | st.none(), "n": st.integers(-5, 5), "s": st.sampled_from(["x", "y", None])}), max_size=3),
        st.lists(st.fixed_dictionaries({"a": VALUES, "n": VALUES, "s": VALUES}), max_size=2),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def standings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Standing]]:
    """A forest on numbers, and a tree on columns of several types, picked by name."""
    folder = tmp_path_factory.mktemp("models")
    forest = RandomForestRegressor(5, random_state=0).fit(NUMBERS, [1.0, 2.0, 3.0, 4.0])
    signature = ModelSignature(Schema([ColSpec("double", "a"), ColSpec("double", "b")]))
    runstone.sklearn.save_model(forest, folder / "numbers", signature=signature, pip_requirements=[])
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["s", "n"]), ("passthrough", ["a"]), remainder="drop"
    )
    tree = make_pipeline(columns, DecisionTreeClassifier(random_state=0)).fit(MIXED, [0, 1, 2, 3])
    runstone.sklearn.save_model(
        tree, folder / "mixed", signature=ModelSignature(SCHEMA), pyfunc_predict_fn="predict_proba", pip_requirements=[]
    )
    with runstone.safety.trusting():
        found = {name: Standing(str(folder / name)) for name in ("numbers", "mixed")}
    yield found
    for one in found.values():
        one.drop()


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
def test_an_answer_is_the_same_among_others(standings: dict[str, Standing], name: str, data: st.DataObject) -> None:
    standing = standings[name]
    together: dict[Any, list[Question]] = defaultdict(list)
    for body in data.draw(st.lists(BODIES[name], max_size=6)):
        try:
            question = standing.questions.read("application/json", json.dumps({"dataframe_records": body}).encode())
        except runstone.errors.RunstoneError:
            continue
        if question.key is not None:
            together[question.key].append(question)
    for questions in together.values():
        answer = standing.batcher._answer
        said = [one if isinstance(one, bytes) else type(one) for one in answer(questions)]
        alone = [one if isinstance(one, bytes) else type(one) for question in questions for one in answer([question])]
        assert said == alone
