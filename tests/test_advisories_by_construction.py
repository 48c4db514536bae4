"""Classes of published vulnerabilities that the code itself excludes: routes that somebody forgot to guard, and means to do harm with."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.support.servers import ROOT

from runstone.operations.engine import Engine
from runstone.server.app import App
from runstone.server.dispatch import PREFIXES, Route


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    return App(Engine(str(tmp_path_factory.mktemp("routes") / "store"))).routes.all


def test_route_twins(routes: list[Route]) -> None:
    """A route is one thing under every prefix: the same answer, the same permission (v3 once went unguarded where v2 was guarded)."""
    meanings: dict[tuple[str, str], set[tuple[int, str | None]]] = {}
    places: dict[tuple[str, str], set[str]] = {}
    for route in routes:
        for prefix in PREFIXES:
            if route.path.startswith(prefix + "/"):
                below = (route.method, route.path.removeprefix(prefix))
                meanings.setdefault(below, set()).add((id(route.answer), route.permission))
                places.setdefault(below, set()).add(prefix)
    assert len(meanings) > 60
    assert [below for below, meaning in meanings.items() if len(meaning) != 1] == []
    assert [below for below, found in places.items() if found != set(PREFIXES)] == []


def test_missing_authorization(routes: list[Route]) -> None:
    """No route without a declared permission, but those that say what anybody may know. What changes something is no reading."""
    open_to_all = {route.path for route in routes if route.permission is None}
    pages = {
        "/",
        "/ui/{digest}/{path:path}",
        "/ui/{digest}/stage.html",
        "/health",
        "/version",
        "/metrics",
        "/api/openapi.json",
    }
    assert open_to_all == pages | {f"{prefix}/mlflow/server-info" for prefix in PREFIXES}
    searches = ("/search", "/search-datasets", "/get-latest-versions", "/find", "/chunks/places", "/chunks/locate")
    # What the page shows, and a model's small files: asked by POST, for what is asked may be long.
    searches += ("/artifacts/small", "/models/measures", "/pulse", "/series/sampled")
    searches += tuple(
        f"/runstone/runs/{name}" for name in ("columns", "groups", "ids", "matrix", "numbers", "table", "values")
    )
    reading = [route for route in routes if route.permission == "read" and route.method not in ("GET", "HEAD")]
    assert [route.path for route in reading if not route.path.endswith(searches)] == []


ASKING = (
    "http.client",
    "urllib.request.urlopen",
    "urllib.request.Request",
    "runstone.connection",
    "runstone.repository.blobs.http",
)
SERVING = (
    "server",
    "operations",
    "store",
    "webhooks",
    "repository",
    "entities",
    "settings.py",
    "spellings.py",
    "errors.py",
)
# The one part of them that asks a server is our client's; a server's stores are folders and buckets that its operator named.
OUR_CLIENTS = ROOT / "src" / "runstone" / "repository" / "blobs" / "http.py"
# What runs code it is handed, asks other servers, or writes where an archive says.
FORBIDDEN = {
    "pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jinja2", "subprocess", "pty", "ctypes", "code", "runpy", "tarfile", "zipfile",
    "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "xmlrpc", "webbrowser", "tempfile",
}  # fmt: skip


# Who may touch the network itself, and by what. One listens; one looks a name up; one connects, to an address that the other has checked.
NETWORK = {
    "server/listening.py": {"socket.AF_INET", "socket.AF_INET6", "socket.SOCK_STREAM", "socket.SOL_SOCKET", "socket.SO_REUSEADDR", "socket.socket",
                      "socket.gethostname", "socket.getfqdn"},
    "webhooks/reachable.py": {"socket.getaddrinfo", "socket.SOCK_STREAM"},
    "webhooks/sending.py": {"socket.socket", "socket.AF_INET", "socket.AF_INET6", "socket.SOCK_STREAM", "ssl.create_default_context"},
}  # fmt: skip
CONNECTING = ("connect", "connect_ex", "create_connection", "open_connection", "sendto", "start_tls")

# Hands the time that a thread may take on to another one; asks nobody.
PATIENCE = "runstone.connection.with_our_patience"


def _modules() -> list[Path]:
    found = [ROOT / "src" / "runstone" / name for name in SERVING]
    paths = [path for place in found for path in ([place] if place.suffix else sorted(place.rglob("*.py")))]
    return [path for path in paths if path != OUR_CLIENTS]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_unsafe_loading_command_injection_and_outgoing_requests(path: Path) -> None:
    """Nothing that serves can unpickle, run a program, fill a template, open an archive or ask another server."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
        wrong += [name for name in names if name.split(".")[0] in FORBIDDEN or name.startswith(ASKING)]
        wrong = [name for name in wrong if name != PATIENCE]
        if path.name == "zips.py":  # it writes them: what is in one goes nowhere here
            wrong = [name for name in wrong if name != "zipfile"]
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in (
                "eval",
                "exec",
                "compile",
                "__import__",
                "os.system",
                "os.popen",
                "yaml.load",
            ) or called.startswith(("os.exec", "os.spawn")):
                wrong.append(f"{called} in line {node.lineno}")
    # One call: the table reads the annotations of our own functions.
    assert [name for name in wrong if not (path.name == "table.py" and name.startswith("eval"))] == []


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_server_side_request_forgery(path: Path) -> None:
    """Nothing that serves can connect to anything, but for the one module that tells webhooks, to addresses that were checked."""
    name = str(path.relative_to(ROOT / "src" / "runstone"))
    tree = ast.parse(path.read_text())
    imported = {
        alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    network = {
        found for found in imported if found.split(".")[0] in ("socket", "ssl", "socketserver", "selectors", "http")
    }
    assert network <= ({"socket", "ssl"} if name in NETWORK else set())
    used = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("socket", "ssl")
    }
    assert used <= NETWORK.get(name, set())
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    connecting = {call for call in calls if call.split(".")[-1] in CONNECTING} - {"sqlite3.connect"}
    assert connecting == ({"connection.connect"} if name == "webhooks/sending.py" else set())
    senders = {found for found in imported if "webhooks" in found and found.split(".")[-1] in ("sending", "post")}
    assert senders <= ({"runstone.webhooks.sending"} if name == "operations/delivering.py" else set())


def test_what_is_connected_to_was_checked() -> None:
    """The one caller of the one module that connects hands it what `addresses_of` gave, and nothing else."""
    tree = ast.parse((ROOT / "src" / "runstone" / "operations" / "delivering.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "sending.post"]
    assert [ast.unparse(argument) for call in calls for argument in call.args[:2]] == ["place", "addresses"]
    assigned = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    assert [text for text in assigned if text.startswith(("addresses =", "place ="))] == [
        "place = places.read(url)",
        "addresses = reachable.addresses_of(place, seconds, resolve)",
    ]
