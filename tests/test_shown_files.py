"""Files as a browser is given them: in a cage that is named in the answer itself; folders as zips."""

from __future__ import annotations

import io
import struct
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


def test_a_page_is_shown_in_a_frame_and_not_as_if_it_were_the_servers_own(server: Server) -> None:
    run_id = new_run(server)
    Client(server.url).log_files(run_id, {"page.html": b"<h1>Log in</h1>", "paper.pdf": b"%PDF"})

    def told(name: str, destination: str) -> tuple[str, str]:
        headers = fetched(server, f"file?run_id={run_id}&path={name}&show=1", **{"Sec-Fetch-Dest": destination})[2]
        return headers["content-disposition"].split(";")[0], headers["content-type"]

    assert told("page.html", "document") == ("attachment", "text/plain; charset=utf-8")
    assert told("page.html", "iframe") == ("inline", "text/html; charset=utf-8")
    assert told("paper.pdf", "document") == ("inline", "application/pdf")


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 1, 0, 0, 0, 0) + bytes(4)


def test_a_picture_that_would_take_all_memory_is_saved_instead(server: Server) -> None:
    run_id = new_run(server)
    client = Client(server.url)
    profile = b"\xff\xe2\xff\xff" + bytes(65_533)
    large = {
        "a.png": png(30_000, 30_000),
        "a.gif": b"GIF89a" + struct.pack("<HH", 30_000, 30_000),
        "a.bmp": b"BM" + bytes(16) + struct.pack("<ii", 30_000, -30_000),
        "x.webp": b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x2f\x75\0" * 2,
        "l.webp": b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + (16_383 | 16_383 << 14).to_bytes(4, "little"),
        "y.webp": b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 16_383, 16_383),
        "a.jpg": b"\xff\xd8" + profile * 2 + b"\xff\xff\xc2\0\x11\x08" + struct.pack(">HH", 30_000, 30_000) + bytes(9),
        "png.jpg": png(30_000, 30_000),
    }
    small = {
        "b.png": png(9_000, 9_000),
        "b.gif": b"GIF89a",
        "b.jpg": b"\xff\xd8" + b"\xff\xe0\0\0" * 9,
        "b.svg": b"<svg/>",
    }
    client.log_files(run_id, large | small)
    for name in large:
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(server, f"file?run_id={run_id}&path={name}&show=1")
        with refused.value as told:
            assert told.code == 400
            assert b"pixels" in told.read()
        assert fetched(server, f"file?run_id={run_id}&path={name}")[1] == large[name]
    for name, data in small.items():
        assert fetched(server, f"file?run_id={run_id}&path={name}&show=1")[1] == data


def test_a_file_is_found_by_the_name_that_it_was_logged_under(server: Server) -> None:
    run_id = new_run(server)
    client = Client(server.url)
    names = (
        "a#b?c&d.txt",
        "..%2f..%2fx.txt",
        "a%2fb.txt",
        "a/b.txt",
        "<img src=x>.txt",
        "C:x.txt",
        "\u202egpj.txt",
        "a\nb",
        "%",
        "__proto__",
    )
    for name in names:
        client.log_bytes(run_id, name.encode(), name)
    for name in names:
        assert fetched(server, f"file?run_id={run_id}&path={quote(name)}")[1] == name.encode()
        assert client.preview_artifact(run_id, name).size == len(name.encode())
    _, body, _ = fetched(server, f"zip?run_id={run_id}")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {name: name.encode() for name in names}
    for name in ("../x", "a/../b.txt", "/etc/passwd", "a//b.txt"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(server, f"file?run_id={run_id}&path={quote(name)}")
        assert refused.value.code == 400
        refused.value.close()


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("bytes=0-99999999999999999999", 206, "bytes 0-999/1000"),
        ("bytes=-99999999999999999999", 206, "bytes 0-999/1000"),
        ("bytes=99999999999999999999-", 416, "bytes */1000"),
        ("bytes=-0", 416, "bytes */1000"),
        ("bytes=5-2", 200, None),
        ("bytes=0-1,5-9", 200, None),
        ("bytes=--5", 200, None),
        ("lines=0-1", 200, None),
        (f"bytes={'9' * 5_000}-", 200, None),
    ],
)
def test_a_range_is_within_the_file_or_refused(server: Server, asked: str, status: int, told: str | None) -> None:
    run_id = new_run(server)
    Client(server.url).log_bytes(run_id, bytes(1_000), "a.bin")
    try:
        found, body, headers = fetched(server, f"file?run_id={run_id}&path=a.bin", Range=asked)
    except urllib.error.HTTPError as refused:
        found, body, headers = refused.code, b"", dict(refused.headers.items())
        headers = {name.lower(): value for name, value in headers.items()}
        refused.close()
    assert found == status
    assert headers.get("content-range") == told
    assert len(body) == {200: 1_000, 206: 1_000, 416: 0}[status]


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
