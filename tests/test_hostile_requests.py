"""Whatever is sent to the server, it says no in MLflow's shape: no 5xx, no silence; and it goes on serving."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until
from tests.support.servers import Server, serve
from tests.support.wires import Answer, connect, exchange, request

from runstone.operations.engine import Engine
from runstone.server.app import App
from runstone.server.dispatch import Route

CREATE = "/api/2.0/mlflow/runs/create"
SEARCH = "/api/2.0/mlflow/runs/search"
RIGHT = b'{"experiment_id": "0"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = serve(tmp_path_factory.mktemp("hostile") / "store")
    yield started
    started.kill()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a second only, and has few connections. On a machine that stands still for a second an innocent request may
    be given up on, too: ask until it `serves`."""
    limits = {
        "RUNSTONE_SERVER_HEADER_TIMEOUT": "1",
        "RUNSTONE_SERVER_REQUEST_TIMEOUT": "1",
        "RUNSTONE_SERVER_CONNECTIONS": "50",
    }
    started = serve(tmp_path_factory.mktemp("impatient") / "store", environment=limits)
    yield started
    started.kill()


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Server]:
    """A server that takes small bodies only."""
    started = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_BODY_LIMIT": "1000"})
    yield started
    started.kill()


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Every route, under one prefix."""
    app = App(Engine(str(tmp_path_factory.mktemp("routes") / "store")))
    return [route for route in app.routes.all if not route.path.startswith(("/api/3.0", "/ajax-api"))]


def serves(server: Server) -> bool:
    """Whether it still does what it is for: a run is made, and found."""
    made = exchange(server, request("POST", CREATE, RIGHT))
    if made.status != 200:
        return False
    run_id = json.loads(made.body)["run"]["info"]["run_id"]
    return exchange(server, request("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}")).status == 200


def harmless(answer: Answer) -> bool:
    """Refused, or taken: what is odd need not be wrong. What MLflow's clients know as not there (uploads in parts) is said in MLflow's way."""
    return answer.refuses or answer.status == 200 or (answer.status, answer.code) == (501, "NOT_IMPLEMENTED")


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"\x00\x01\x02\xff",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep and open": b'{"a":[' * 100_000,
    "deep in a field": b'{"tags": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a list": b"[1, 2]",
    "a text": b'"text"',
    "null": b"null",
    "many fields": b"{" + b",".join(b'"f%d": 1' % number for number in range(50_000)) + b"}",
    "one field often": b"{" + b",".join([b'"experiment_id": "0"'] * 10_000) + b', "experiment_id": 5}',
    "huge integer": b'{"experiment_id": "0", "start_time": ' + b"9" * 10_000 + b"}",
    "integer beyond 64 bits": b'{"experiment_id": "0", "start_time": 18446744073709551616}',
    "huge exponent": b'{"experiment_id": "0", "start_time": 1e999999999}',
    "long fraction": b'{"experiment_id": "0", "start_time": 0.' + b"1" * 100_000 + b"}",
    "no UTF-8": b'{"experiment_id": "\xff\xfe"}',
    "overlong UTF-8": b'{"experiment_id": "\xc0\xb0"}',
    "half a pair": b'{"experiment_id": "0", "run_name": "\\ud800"}',
    "half a pair as bytes": b'{"experiment_id": "0", "run_name": "\xed\xa0\x80"}',
    "control characters": b'{"experiment_id": "0\x01"}',
    "open text": b'{"experiment_id": "0',
    "open escape": b'{"experiment_id": "\\u12',
    "a mark of byte order": b"\xef\xbb\xbf" + RIGHT + b"}",
    "UTF-16": RIGHT.decode().encode("utf-16"),
    "long key": b'{"' + b"k" * 1_000_000 + b'": 1, "experiment_id": 5}',
    "long value": b'{"experiment_id": "' + b"9" * 1_000_000 + b'"}',
    "not a number": b'{"experiment_id": NaN}',
    "a comment": b'{"experiment_id": /* */ "0", "run_name": 1}',
    "compressed": gzip.compress(RIGHT),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_request_is_refused(server: Server, body: bytes) -> None:
    answer = exchange(server, request("POST", CREATE, body))
    assert answer.refuses, (answer.status, answer.body[:300])
    assert len(answer.body) < 2_000, "the answer is not a means to send much for little"
    assert serves(server)


def test_every_route_bears_every_body_and_query(server: Server, routes: list[Route]) -> None:
    queries = [
        "%",
        "a=%zz",
        "%ff=%fe",
        "a=%00",
        "&" * 5_000,
        "=".join("a" * 500),
        "run_id=%ed%a0%80",
        "max_results=1e9&max_results=",
        "?" * 99,
    ]
    wrong = []
    for route in routes:
        path = _filled(route.path, "x")
        asked = [
            request(route.method, path, body)
            for name, body in BODIES.items()
            if "deep" not in name and "long" not in name
        ]
        asked += [request(route.method, f"{path}?{query}") for query in queries]
        if route.path.startswith("/api/2.0/mlflow-artifacts/artifacts/{") and route.method == "PUT":
            continue  # any bytes are a file: tests/test_artifact_routes.py
        if route.path.endswith("/runstone/events"):
            continue  # its answer has no end: tests/test_events.py
        for said in asked:
            answer = exchange(server, said)
            if not (harmless(answer) or answer.status in (304, 405)):
                wrong.append((route.method, route.path, said[-80:], answer.status, answer.body[:200]))
    assert wrong == []
    assert serves(server)


HOSTILE_PARTS = [
    "..", "%2e%2e", "%2E%2e%2F", "..%2f..%2fetc%2fpasswd", "%252e%252e%252f", "%00", "a%00b", "%ff%fe", "%c0%ae", "%ed%a0%80", ";a=b", "a;b",
    "%23", "%3f", "%5c..%5c", "a%0d%0ax:%20y", "%0a", "'; DROP TABLE run; --", "%27%20OR%201=1", "{run_id}", "%7Brun_id%7D", "*", "~root",
    "C:%5Cwindows", "file:%2f%2f%2fetc", "x" * 20_000, "%e4%b8%ad%f0%9f%98%80", "null", "-1", "99999999999999999999", "<script>", "${jndi:x}",
]  # fmt: skip


def test_hostile_parts_of_paths_are_refused_on_every_route_that_has_any(server: Server, routes: list[Route]) -> None:
    named = [route for route in routes if "{" in route.path]
    assert len(named) > 10
    wrong = []
    for route in named:
        for part in HOSTILE_PARTS:
            target = _filled(route.path, part.replace(" ", "%20"))
            answer = exchange(
                server, request(route.method, target, b"{}" if route.method in ("POST", "PATCH") else b"")
            )
            if (answer.status == 200 and not _is_empty(answer)) or not harmless(answer):
                wrong.append((route.method, target[:200], answer.status, answer.body[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert serves(server)


def _is_empty(answer: Answer) -> bool:
    """Nothing was there, and nothing was done: a listing without files, an end without a beginning."""
    return answer.status in (200, 204) and answer.body in (b"", b"{}", b'{"files":[]}')


def _filled(path: str, part: str) -> str:
    import re

    return re.sub(r"{\w+(:path)?}", lambda _: part, path)


HEADERS: dict[str, tuple[dict[str, str], str | None]] = {
    "no Host": ({}, None),
    "an empty Host": ({}, ""),
    "a foreign Host": ({}, "evil.example"),
    "a foreign Host with our port": ({}, "evil.example:5000"),
    "a Host that begins as ours": ({}, "localhost.evil.example"),
    "a Host that ends as ours": ({}, "evil-localhost"),
    "a Host with a user": ({}, "localhost@evil.example"),
    "a foreign Host behind a user": ({}, "evil.example#localhost"),
    "a Host of another notation": ({}, "2130706433"),
    "two Hosts": ({"host": "evil.example"}, "localhost"),
    "two Hosts, ours last": ({"host": "localhost"}, "evil.example"),
    "two Origins, ours last": ({"Origin": "https://evil.example", "origin": "http://localhost"}, "localhost"),
    "two types, ours last": ({"Content-Type": "text/plain", "content-type": "application/json"}, "localhost"),
    "a forwarded Host": ({"X-Forwarded-Host": "localhost"}, "evil.example"),
    "a foreign Origin": ({"Origin": "https://evil.example"}, "localhost"),
    "no Origin's name": ({"Origin": "null"}, "localhost"),
    "an Origin that begins as ours": ({"Origin": "http://localhost.evil.example"}, "localhost"),
    "an Origin on another port": ({"Origin": "http://localhost:1"}, "localhost"),
    "a page of another site": ({"Sec-Fetch-Site": "cross-site"}, "localhost"),
    "a page of a sister site": ({"Sec-Fetch-Site": "same-site"}, "localhost"),
    "plain text": ({"Content-Type": "text/plain"}, "localhost"),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, "localhost"),
    "a form with files": ({"Content-Type": "multipart/form-data; boundary=x"}, "localhost"),
    "a type that begins as JSON": ({"Content-Type": "application/jsonx"}, "localhost"),
    "JSON as a parameter": ({"Content-Type": "text/plain; application/json"}, "localhost"),
    "no type": ({"Content-Type": ""}, "localhost"),
    "a length that is none": ({"Content-Length": "-5"}, "localhost"),
    "a length in words": ({"Content-Length": "ten"}, "localhost"),
    "a length beyond all": ({"Content-Length": "99999999999999999999"}, "localhost"),
    "a length of a terabyte": ({"Content-Length": "1099511627776"}, "localhost"),
    "two lengths": ({"content-length": "5"}, "localhost"),
    "a length and chunks": ({"Transfer-Encoding": "chunked"}, "localhost"),
    "an unknown encoding of the transfer": ({"Transfer-Encoding": "x"}, "localhost"),
    "a long header": ({"X-Long": "x" * 200_000}, "localhost"),
    "many headers": ({f"X-{number}": "x" * 50 for number in range(5_000)}, "localhost"),
}


@pytest.mark.parametrize(("headers", "host"), HEADERS.values(), ids=HEADERS)
def test_games_with_headers_are_refused(server: Server, headers: dict[str, str], host: str | None) -> None:
    answer = exchange(server, request("POST", CREATE, RIGHT, headers, host))
    assert answer.refuses, (answer.status, answer.body[:300])
    assert serves(server)


def test_a_compressed_body_is_refused_before_it_is_unpacked(server: Server) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    answer = exchange(server, request("POST", CREATE, bomb, {"Content-Encoding": "gzip"}))
    assert answer.refuses, (answer.status, answer.body[:300])
    assert serves(server)


@pytest.mark.parametrize(
    "said",
    [
        request("POST", CREATE, b"5\r\n{\"exp\r\n", {"Transfer-Encoding": "chunked"}).replace(b"Content-Length: 11\r\n", b""),
        request("POST", CREATE, b"", {"Content-Length": "500"}) + b'{"experiment_id',
        request("POST", CREATE, RIGHT)[:40],
        b"",
        b"\r\n",
    ],
    ids=["chunks without an end", "a body that stops", "headers that stop", "nothing", "an empty line"],
)  # fmt: skip
def test_who_does_not_go_on_is_not_waited_for(impatient: Server, said: bytes) -> None:
    answer = exchange(impatient, said)  # ends: else the server hangs
    assert answer.status == 0 or answer.code is not None
    until(lambda: serves(impatient))


def test_a_body_beyond_the_limit_is_refused_said_or_not(narrow: Server) -> None:
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    endless = (
        request("POST", CREATE, b"", {"Transfer-Encoding": "chunked"}).replace(b"Content-Length: 0\r\n", b"")
        + chunk * 300
    )
    for said in (request("POST", CREATE, b" " * 1001), endless):
        answer = exchange(narrow, said)
        assert answer.refuses, (answer.status, answer.body[:300])
        assert b"RUNSTONE_SERVER_BODY_LIMIT" in answer.body
    assert serves(narrow)


@pytest.mark.parametrize(
    "said",
    [
        b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,
        b"GET / HTTP/1.1\nHost: localhost\n\n", b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET \x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"\x00" * 1000,
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"TRACE /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_hardly_http_is_answered_or_closed_and_never_an_error_of_the_servers(
    server: Server, said: bytes
) -> None:
    answer = exchange(server, said, patience=0.2)
    assert answer.status < 500, answer
    assert answer.status in (0, 200, 204) or answer.code is not None, answer
    assert serves(server)


def test_what_an_order_says_again_costs_nothing(server: Server) -> None:
    order = ["run_name", "run_name DESC", "metrics.m"] * 5_000
    body = json.dumps({"experiment_ids": ["0"], "order_by": order, "max_results": 1}).encode()
    assert exchange(server, request("POST", SEARCH, body)).status == 200


def test_two_requests_in_one_breath_are_two(server: Server) -> None:
    """A body that its length does not cover is the next request, for this server as for any before it."""
    hidden = request("POST", CREATE, RIGHT, host="evil.example")
    first = request("POST", SEARCH, b"{}", {"Connection": "keep-alive"})
    answer = exchange(server, first + hidden)
    assert answer.status == 200
    assert b"experiment_id" not in answer.body


def _noise(chance: random.Random, right: bytes) -> bytes:
    """A right request with some of its bytes changed, doubled or left out."""
    data = bytearray(right)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place = chance.randrange(len(data))
        act = chance.randrange(4)
        if act == 0:
            data[place] = chance.randrange(256)
        elif act == 1:
            del data[place : place + chance.randrange(1, 8)]
        elif act == 2:
            data[place:place] = chance.choice(
                [b"\x00", b'"', b"{", b"}", b"[", b"]", b",", b"9" * 30, b"\\u0000", b"\xff", b"%", b"\r\n"]
            )
        else:
            data[place:place] = data[place : place + chance.randrange(1, 40)]
        if not data:
            break
    return bytes(data)


RIGHT_ONES: list[tuple[str, Any]] = [
    ("runs/create", {"experiment_id": "0", "run_name": "r", "start_time": 1, "tags": [{"key": "a", "value": "b"}]}),
    ("runs/log-batch", {"run_id": "f" * 32, "metrics": [{"key": "m", "value": 1.5, "timestamp": 1, "step": 2}], "params": [{"key": "p", "value": "v"}]}),
    ("runs/search", {"experiment_ids": ["0"], "filter": "metrics.m > 1 and params.p = 'x'", "order_by": ["metrics.m DESC"], "max_results": 5}),
    ("runs/log-inputs", {"run_id": "f" * 32, "datasets": [{"dataset": {"name": "d", "digest": "e", "source_type": "local", "source": "{}"}}]}),
    ("logged-models/search", {"experiment_ids": ["0"], "filter": "name = 'm'", "order_by": [{"field_name": "metrics.m", "ascending": True}]}),
    ("model-versions/create", {"name": "m", "source": "runs:/" + "f" * 32 + "/m", "tags": [{"key": "a", "value": "b"}]}),
]  # fmt: skip


def _drizzle(server: Server, seed: int, count: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        path, fields = chance.choice(RIGHT_ONES)
        body = _noise(chance, json.dumps(fields).encode())
        answer = exchange(server, request("POST", f"/api/2.0/mlflow/{path}", body))
        assert harmless(answer), (path, body, answer)
        whole = _noise(chance, request("POST", f"/api/2.0/mlflow/{path}", json.dumps(fields).encode()))
        answer = exchange(server, whole, patience=0.05)
        assert answer.status < 500, (whole, answer)
        assert answer.status in (0, 200, 204) or answer.code is not None, (whole, answer)


def test_noise_is_refused_or_taken(server: Server) -> None:
    _drizzle(server, 20261125, 300)
    assert serves(server)


@pytest.mark.soak
def test_much_noise_is_refused_or_taken(server: Server) -> None:
    for seed in range(40):
        _drizzle(server, seed, 1_000)
        assert serves(server)


def test_a_crowd_of_half_requests_does_not_keep_others_out_for_long(impatient: Server) -> None:
    with contextlib.ExitStack() as crowd:
        for _ in range(100):
            connection = crowd.enter_context(connect(impatient))
            with contextlib.suppress(ConnectionError):  # there are too many
                connection.sendall(b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: local")
        until(lambda: serves(impatient))
