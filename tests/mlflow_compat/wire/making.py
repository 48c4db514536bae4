"""Makes requests from a seed: for each route a request that is right, and of it one field after the other that is wrong in some way."""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

from tests.mlflow_compat.wire.reading import ROOT, Request, Scene

_ID = "f" * 32
_DATASET = {"name": "d#", "digest": "abc", "source_type": "local", "source": "{}", "schema": "{}", "profile": "{}"}


class Route(NamedTuple):
    """A route and a request that it takes; `#` in a text is the request's own number."""

    method: str
    path: str
    fields: dict[str, Any]


ROUTES = [
    Route("POST", "experiments/create", {"name": "$new #", "tags": [{"key": "a", "value": "b"}]}),
    Route("GET", "experiments/get", {"experiment_id": "$experiment"}),
    Route("GET", "experiments/get-by-name", {"experiment_name": "Default"}),
    Route("POST", "experiments/update", {"experiment_id": "$experiment", "new_name": "$new #"}),
    Route("POST", "experiments/set-experiment-tag", {"experiment_id": "$experiment", "key": "k", "value": "v"}),
    Route("POST", "experiments/delete-experiment-tag", {"experiment_id": "$experiment", "key": "nobody"}),
    Route("POST", "runs/create", {"experiment_id": "$experiment", "user_id": "bob", "run_name": "r", "start_time": 1000}),
    Route("GET", "runs/get", {"run_id": "$run"}),
    Route("POST", "runs/delete", {"run_id": _ID}),
    Route("POST", "runs/restore", {"run_id": "$run"}),
    Route("POST", "runs/update", {"run_id": "$run", "status": "FINISHED", "end_time": 2000, "run_name": "other"}),
    Route("POST", "runs/log-parameter", {"run_id": "$run", "key": "k#", "value": "v"}),
    Route("POST", "runs/set-tag", {"run_id": "$run", "key": "k", "value": "v"}),
    Route("POST", "runs/delete-tag", {"run_id": "$run", "key": "nobody"}),
    Route(
        "POST",
        "runs/log-metric",
        {"run_id": "$run", "key": "k", "value": 0.5, "timestamp": 1000, "step": 3, "dataset_name": "d", "dataset_digest": "e"},
    ),
    Route("POST", "runs/log-batch", {"run_id": "$run", "metrics": [{"key": "m", "value": 0.5, "timestamp": 1000, "step": 3}]}),
    Route("POST", "runs/log-batch", {"run_id": "$run", "params": [{"key": "b#", "value": "v"}]}),
    Route("POST", "runs/log-batch", {"run_id": "$run", "tags": [{"key": "t", "value": "v"}]}),
    Route("POST", "runs/log-inputs", {"run_id": "$run", "datasets": [{"dataset": _DATASET, "tags": [{"key": "k", "value": "v"}]}]}),
    Route(
        "POST",
        "runs/search",
        {"experiment_ids": ["999999"], "filter": "metrics.m > 0", "run_view_type": "ALL", "max_results": 5, "order_by": ["start_time"]},
    ),
    Route("POST", "experiments/search", {"filter": "name = '$new'", "view_type": "ALL", "max_results": 5, "order_by": ["name"]}),
    Route("GET", "experiments/search", {"filter": "name = '$new'", "view_type": "ALL", "max_results": 5, "order_by": ["name"]}),
    Route("GET", "metrics/get-history?run_id=$run", {"metric_key": "nobody", "max_results": 5}),
    Route("GET", "artifacts/list", {"run_id": "$run", "path": "folder"}),
    Route("POST", "registered-models/create", {"name": "$new #", "description": "d", "tags": [{"key": "a", "value": "b"}]}),
    Route("GET", "registered-models/get", {"name": "nobody"}),
    Route("PATCH", "registered-models/update", {"name": "nobody", "description": "d"}),
    Route("POST", "registered-models/set-tag", {"name": "nobody", "key": "k", "value": "v"}),
    Route("GET", "registered-models/search", {"filter": "name = '$new'", "max_results": 5, "order_by": ["name"]}),
    Route("POST", "model-versions/create", {"name": "nobody", "source": "runs:/$run/model", "run_id": "$run", "description": "d"}),
    Route("GET", "model-versions/get", {"name": "nobody", "version": "1"}),
    Route("POST", "registered-models/alias", {"name": "nobody", "alias": "champion", "version": "1"}),
    Route("POST", "logged-models", {"experiment_id": "$experiment", "name": "m", "model_type": "t"}),
    Route("POST", "logged-models/search", {"experiment_ids": ["999999"], "filter": "name = 'm'", "max_results": 5}),
    Route("POST", "runs/outputs", {"run_id": "$run", "models": [{"model_id": "m-1", "step": 1}]}),
]  # fmt: skip

# Fields that take one of some names; MLflow passes over what is none of them.
_NAMED = {"status", "view_type", "run_view_type"}
# Without these, or the key of a dataset's tag, MLflow keeps half a dataset, or half a model.
_WHOLE = {"dataset", "model_id", *_DATASET}
_ABSENT = object()
# What may stand in a field instead of what should.
TEXTS = [
    "",
    " ",
    "é中😀",
    "x" * 300,
    "x" * 9000,
    "a\nb",
    "../a",
    "a//b",
    "0",
    "-1",
    "1.5",
    "NaN",
    "null",
    "true",
    "abc",
    "%41",
    "a'b",
    _ID,
]
NUMBERS = [0, -1, 5, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**20, 1.0, 0.5, -2.5, 1e15, 1e300]
OTHERS = [True, False, [], {}, ["a"], [1], [None], {"a": 1}, [[]], None, _ABSENT]


_NO_SIZES = [_ABSENT, None, "", "0", "-1", [], [None], *(number for number in NUMBERS if number < 1)]


class Made(NamedTuple):
    """A request, and whether the field that was changed in it has a value of another type than it takes."""

    request: Request
    mistyped: bool


def made(chance: random.Random, count: int) -> list[tuple[Scene, list[bool]]]:
    """A scene for each route, of `count` requests; and of each request, whether it has a value of a type that its field does not take."""
    scenes = []
    for place, route in enumerate(ROUTES):
        requests = [_made(chance, route, number) for number in range(count)]
        title = f"{place}: {route.method} {route.path}"
        scenes.append((Scene(title, [one.request for one in requests]), [one.mistyped for one in requests]))
    return scenes


def _made(chance: random.Random, route: Route, number: int) -> Made:
    fields = json.loads(json.dumps(route.fields).replace("#", str(number)))
    owner, key = chance.choice(list(_places(fields)))
    right = owner[key]
    if chance.random() < 0.05:
        fields["unknown"] = chance.choice([1, "x", {"a": [None]}])
        value = right
    else:
        value = chance.choice(chance.choice([TEXTS, NUMBERS, OTHERS]))
    if key == "max_results" and value in _NO_SIZES:  # differences.md, "page sizes"
        value = right
    if value is _ABSENT:
        owner.pop(key)
    else:
        owner[key] = value
    if route.method == "GET":
        path, body = f"{route.path}{'&' if '?' in route.path else '?'}{_query(fields)}", None
    else:
        path, body = route.path, json.dumps(fields, ensure_ascii=chance.random() < 0.5)
    absent = value is _ABSENT or value is None
    if route.method == "GET" and isinstance(value, float):
        value = str(value)  # in a query it is a text, and no integer's
    half = (key in _WHOLE or (key == "key" and "datasets" in fields)) and (absent or value == "")
    mistyped = half or (not absent and (not _fits(right, value) or (key in _NAMED and value != right)))
    root = chance.choice([ROOT, ROOT, ROOT.replace("/api/", "/ajax-api/")])
    return Made(Request(route.method, root + path, body, None, None, None, number), mistyped)


def _places(fields: Any) -> list[tuple[Any, Any]]:
    """Every field, also of what is nested, as (what holds it, its name or place)."""
    found = []
    for key, value in fields.items() if isinstance(fields, dict) else enumerate(fields):
        if isinstance(fields, dict):
            found.append((fields, key))
        if isinstance(value, dict | list):
            found += _places(value)
    return found


def _fits(right: Any, value: Any) -> bool:
    if isinstance(right, str):
        return isinstance(value, str)
    if isinstance(right, list):  # one that is empty, or of what the right one holds
        return isinstance(value, list) and all(type(item) is type(right[0]) and item != {"a": 1} for item in value)
    if isinstance(right, dict):
        return False
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    if isinstance(value, str):
        return value.lstrip("-").isdigit() and (isinstance(right, float) or -(2**63) <= int(value) < 2**63)
    most = 2**31 if right == 5 else 2**63  # a size of a page, a time or a step
    return isinstance(right, float) or (float(value).is_integer() and -most <= value < most)


def _query(fields: dict[str, Any]) -> str:
    from urllib.parse import quote

    pairs = []
    for key, value in fields.items():
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                pairs.append(f"{key}={quote(item if isinstance(item, str) else json.dumps(item), safe='$')}")
    return "&".join(pairs)
