"""The page as it is served: its files, what it may do, under a prefix."""

from __future__ import annotations

import gzip
import re
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.servers import Server, serve

from runstone.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module", params=["", "/team/tracking"], ids=["root", "prefix"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    prefix = ["--static-prefix", request.param] if request.param else []
    started = serve(tmp_path_factory.mktemp("store") / "store", *prefix)
    yield started
    started.stop()


def fetched(url: str) -> tuple[bytes, dict[str, str]]:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"}), timeout=60) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def test_its_files_are_compressed_and_kept_for_good(server: Server) -> None:
    text, headers = fetched(server.url + "/")
    assert headers["cache-control"] == "no-cache"
    addresses = re.findall(r'(?:href|src)="\./(ui/[^"]+)"', text.decode())
    assert len(addresses) > 10
    for address in addresses:
        body, told = fetched(f"{server.url}/{address}")
        assert "immutable" in told["cache-control"]
        if told.get("content-encoding") == "gzip":
            assert len(gzip.decompress(body)) > len(body)


def test_a_file_of_another_version_is_not_given_as_that(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        fetched(f"{server.url}/ui/{'0' * 16}/app.js")
    with refused.value as told:
        assert b"Load it anew" in told.read()
        assert told.headers["cache-control"] == "no-store"


def test_it_opens_and_shows_experiments(server: Server, page: Page) -> None:
    page.goto(server.url + "/")
    page.get_by_role("link", name="Default").click()
    page.get_by_role("heading", name="No runs yet").wait_for()
    assert "#/experiments/0" in page.url
    # The first run comes by itself, with what it logs after it was seen, and when it has long ended.
    client = Client(server.url)
    run_id = client.create_run("0").info.run_id
    client.log_param(run_id, "lr", 0.1)
    page.get_by_role("columnheader", name="lr").wait_for()
    client.log_metric(run_id, "loss", 0.5)
    client.set_terminated(run_id)
    page.get_by_role("columnheader", name="loss").wait_for()


def test_its_address_may_lack_the_last_slash(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("link", name="Default").wait_for()
    assert page.url.startswith(server.url + "/")


def test_it_may_run_nothing_but_its_own_scripts(server: Server) -> None:
    policy = fetched(server.url + "/")[1]["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "http:" not in policy


def test_where_figures_are_drawn_two_scripts_run_and_no_other(server: Server) -> None:
    digest = re.search(r"ui/([0-9a-f]+)/", fetched(server.url + "/")[0].decode())
    assert digest is not None
    body, headers = fetched(f"{server.url}/ui/{digest[1]}/stage.html")
    told = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
    scripts = re.findall(r"<script>(.*?)</script>", gzip.decompress(body).decode(), re.DOTALL)
    found = [f"'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in scripts]
    assert told["script-src"].split() == found
    assert len(found) == 2
    assert told["sandbox"] == "allow-scripts"
    assert told["default-src"] == "'none'"
    assert told["img-src"] == "data: blob:"
    assert "immutable" in headers["cache-control"]


def test_every_library_says_what_it_is() -> None:
    vendored = Path("src/runstone/ui/vendor")
    vendored = Path(__file__).parent.parent.parent / vendored
    licences = (vendored / "LICENSES.txt").read_text()
    for path in vendored.glob("*.[jc]s*"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        head = content.decode().split("\n", 1)[0]
        name = re.match(r"/\*! (\S+ \S+) \| ", head)
        assert name is not None, path
        assert name[1] in licences


UI = Path(__file__).parent.parent.parent / "src" / "runstone" / "ui"


@pytest.mark.parametrize("path", [UI / "style.css", *sorted((UI / "styles").iterdir())], ids=lambda path: path.name)
def test_what_is_said_for_one_room_holds_at_every_width(path: Path) -> None:
    """A bracket that a merge loses puts all rules behind it under some room's media query: each room begins outside of one."""
    depth = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert depth == 0 or not line.startswith(("/*", "@media", ".", "table", "button")), (
            f"{path.name}:{number} is inside another rule"
        )
        depth += line.count("{") - line.count("}")
    assert depth == 0
    assert f'{{{{ui}}}}{path.relative_to(UI)}"' in (UI / "index.html").read_text()
