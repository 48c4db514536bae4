"""Whose an object is, is told by its type: a library's own classes come before those that they are made of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import keras
import prophet
import pytest
import spacy
import torch
from sklearn.linear_model import LinearRegression
from tests.deep import networks, pipelines

from runstone import flavors

pytestmark = pytest.mark.filterwarnings("ignore")

KINDS: dict[str, tuple[Callable[[], Any], str | None]] = {
    "a model of Keras on PyTorch": (lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), "keras"),
    "a layer of PyTorch": (lambda: torch.nn.Linear(4, 2), "pytorch"),
    "a Lightning module": (networks.Lit, "pytorch"),
    "a scripted module": (lambda: torch.jit.script(networks.Own()), "pytorch"),
    "a pipeline of spaCy": (lambda: spacy.blank("en"), "spacy"),
    "a forecast": (prophet.Prophet, "prophet"),
    "a pipeline of transformers": (pipelines.classifier, "transformers"),
    "a model of transformers": (lambda: pipelines.classifier().model, "pytorch"),
    "an estimator": (LinearRegression, "sklearn"),
    "tensors by name": (lambda: networks.Own().state_dict(), None),
    "a tensor": (lambda: networks.X, None),
    "a function": (lambda: len, None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_its_librarys(kind: str) -> None:
    make, flavor = KINDS[kind]
    found = flavors.of(make())
    assert (None if found is None else found.name) == flavor


def test_no_library_is_imported_that_nobody_has_an_object_of() -> None:
    source = """
import sys, runstone
from runstone import flavors
import runstone.pytorch, runstone.keras, runstone.spacy, runstone.prophet, runstone.onnx, runstone.transformers
from sklearn.linear_model import LinearRegression
assert flavors.of(LinearRegression()).name == "sklearn"
large = {"torch", "keras", "transformers", "spacy", "prophet", "onnx", "onnxruntime"} & set(sys.modules)
print(sorted(large))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
