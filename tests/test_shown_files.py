"""Files as a browser is given them: in a cage that is named in the answer itself; folders as zips."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from tests.support.servers import Server, new_run, serve

from runstone.client import Client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = serve(tmp_path_factory.mktemp("store") / "store")
    yield started
    started.stop()


def fetched(server: Server, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(f"{server.url}/ajax-api/2.0/runstone/artifacts/{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def test_what_is_shown_is_caged_and_all_else_is_saved(server: Server) -> None:
    run_id = new_run(server)
    client = Client(server.url)
    for name in ("page.html", "drawing.svg", "paper.pdf", "tone.mp3", "x.js", "x.unknown", "x.xhtml"):
        client.log_bytes(run_id, b"<script>alert(1)</script>", name)

    def told(name: str, show: str = "&show=1") -> dict[str, str]:
        return fetched(server, f"file?run_id={run_id}&path={name}{show}")[2]

    page = told("page.html")
    assert page["content-type"].startswith("text/html")
    assert page["content-disposition"] == "inline"
    policy = page["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "http" not in policy
    assert "'self'" not in policy.replace("frame-ancestors 'self'", "")
    assert told("drawing.svg")["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert told("paper.pdf")["content-type"] == "application/pdf"
    assert "script-src" not in told("paper.pdf")["content-security-policy"]
    for name in ("x.js", "x.unknown", "x.xhtml"):
        assert told(name)["content-disposition"].startswith("attachment")
        assert told(name)["content-type"] in ("text/plain; charset=utf-8", "application/octet-stream")
    for name in ("page.html", "drawing.svg", "paper.pdf", "tone.mp3"):
        assert told(name)["x-content-type-options"] == "nosniff"
        assert told(name, "")["content-disposition"].startswith("attachment")
        assert told(name, "")["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_film_is_read_from_any_place_on(server: Server) -> None:
    run_id = new_run(server)
    Client(server.url).log_bytes(run_id, bytes(range(256)) * 1_000, "film.mp4")
    status, body, headers = fetched(server, f"file?run_id={run_id}&path=film.mp4&show=1", Range="bytes=255999-")
    assert (status, body) == (206, b"\xff")
    assert headers["content-range"] == "bytes 255999-255999/256000"
    assert headers["content-type"] == "video/mp4"


def test_a_folder_is_a_zip_of_its_files(server: Server) -> None:
    run_id = new_run(server)
    client = Client(server.url)
    files = {
        "top.txt": b"top",
        "a/b/é.txt": "é".encode(),
        "a/large.bin": bytes(3_000_000),
        "a/empty": b"",
        "ab/no": b"x",
    }
    client.log_files(run_id, dict(files))
    for folder in ("", "a", "a/b"):
        _, body, headers = fetched(server, f"zip?run_id={run_id}&path={quote(folder)}")
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            found = {name: archive.read(name) for name in archive.namelist()}
        start = len(folder) + 1 if folder else 0
        assert found == {
            path[start:]: data for path, data in files.items() if path.startswith(f"{folder}/" if folder else "")
        }
        assert headers["content-type"] == "application/zip"
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetched(server, f"zip?run_id={run_id}&path=nothing")
    assert refused.value.code == 404
    refused.value.close()
