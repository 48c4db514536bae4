"""The way to a server when it is a bad one: broken TLS, answers that do not end, proxies, tokens that cannot be sent, passwords that are seen."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.answers import answers  # noqa: F401
from tests.support.servers import free_port
from tests.support.unreliable import LOSE, Proxy

import runstone
from runstone.addresses import is_same_place, masked
from runstone.connection import Connection, each_within, within
from runstone.diagnosis import report
from runstone.errors import InvalidParameter, NotServed, RunstoneError, Unreachable, WrongAnswer
from runstone.repository.behind import Behind

FINE = (200, {}, b"{}")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried again."""
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")


@pytest.fixture
def listening() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Gives each connection to a function, one after the other; the port."""
    made: list[socket.socket] = []

    def listen(serve: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(listener)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    yield listen
    for listener in made:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_handshake_that_breaks_off_is_a_server_that_is_away(listening: Any) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(65536)

    with pytest.raises(Unreachable, match="EOF"):
        Connection(f"https://127.0.0.1:{listening(hang_up)}").request("GET", "/")


def test_a_server_that_speaks_no_tls_is_a_wrong_address(answers: Any) -> None:
    there = answers(FINE)
    with pytest.raises(WrongAnswer, match="http or https"):
        Connection(there.url.replace("http:", "https:")).request("GET", "/")


def test_certificates_that_are_not_there_are_told_of(monkeypatch: pytest.MonkeyPatch, listening: Any) -> None:
    monkeypatch.setenv("RUNSTONE_SERVER_CERTIFICATE", "/nowhere/ca.pem")
    with pytest.raises(WrongAnswer, match=r"No such file.*RUNSTONE_SERVER_CERTIFICATE"):
        Connection(f"https://127.0.0.1:{listening(lambda connection: None)}").request("GET", "/")


def test_an_answer_that_comes_in_a_trickle_is_given_no_more_time_than_any_other(listening: Any) -> None:
    gone = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
        for _ in range(200):
            gone.wait(0.02)
            connection.sendall(b"x")

    with within(0.5), pytest.raises(Unreachable, match=r"in time|timed out"):
        Connection(f"http://127.0.0.1:{listening(trickle)}").request("GET", "/")


def test_an_answer_in_chunks_is_taken_whole(listening: Any) -> None:
    def in_chunks(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"5\r\nhello\r\n")
        connection.sendall(b"0\r\n\r\n")

    assert Connection(f"http://127.0.0.1:{listening(in_chunks)}").request("GET", "/").body == b"hello" * 50


def test_an_answer_that_breaks_off_is_none(listening: Any) -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")

    with pytest.raises(Unreachable, match="5 bytes read, 5 more expected"):
        Connection(f"http://127.0.0.1:{listening(half)}").request("GET", "/")


def test_what_may_not_happen_twice_is_not_sent_twice_when_the_answer_is_lost(
    answers: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "3")
    there = answers(FINE)
    proxy = Proxy(there.url)
    proxy.say(LOSE, 1)
    with pytest.raises(Unreachable, match="Remote end closed connection without response"):
        Connection(proxy.url).request("POST", "/", body=b"", repeatable=False)
    assert len(there.asked) == 1
    proxy.say(LOSE, 1)
    assert Connection(proxy.url).request("POST", "/", body=b"").status == 200
    assert len(there.asked) == 3
    proxy.down()


def test_nobody_there_is_said_in_the_systems_words() -> None:
    with pytest.raises(Unreachable, match=r": Connection refused\. Start it"):
        Connection(f"http://127.0.0.1:{free_port()}").request("GET", "/")


@pytest.mark.parametrize("said", ["²", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_time_to_wait_that_is_no_number_is_not_waited_for(
    answers: Any,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "1")
    there = answers((503, {"Retry-After": said}, b""), FINE)
    assert Connection(there.url).request("GET", "/").status == 200


def test_another_port_of_the_host_is_another_server(answers: Any) -> None:
    elsewhere = answers(FINE)
    there = answers((307, {"Location": elsewhere.url}, b""))
    with pytest.raises(WrongAnswer, match="sends us to"):
        Connection(there.url).request("GET", "/")
    assert elsewhere.asked == []


def test_a_file_that_is_redirected_is_sent_from_where_it_began(answers: Any) -> None:
    there = answers((307, {"Location": "/new"}, b""), FINE)
    file = io.BytesIO(b"not this, hello")
    file.seek(10)
    with within(60):
        response = Connection(there.url).stream("PUT", "/old", body=file, headers={"Content-Length": "5"})
    response.release_conn()
    assert [(path, body) for _, path, _, body in there.asked] == [("/old", b"hello"), ("/new", b"hello")]


def test_a_stream_that_cannot_be_read_twice_is_not_redirected(answers: Any) -> None:
    there = answers((307, {"Location": "/new"}, b""), FINE)
    reading, writing = os.pipe()
    os.write(writing, b"hello")
    os.close(writing)
    with open(reading, "rb") as stream, pytest.raises(WrongAnswer, match="read twice"):
        Connection(there.url).stream("PUT", "/old", body=stream, headers={"Content-Length": "5"})


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("http://h/a", "http://H:80/b", True),
        ("http://h/a", "https://h/a", True),
        ("https://h/a", "https://h:443/b", True),
        ("https://h/a", "http://h/a", False),
        ("http://h:5000/a", "https://h/a", False),
        ("http://h:5000/a", "http://h:5001/a", False),
        ("http://h/a", "http://h:none/a", False),
        ("http://h/a", "ftp://h/a", False),
    ],
)
def test_only_the_same_place_is_told_who_we_are(old: str, new: str, same: bool) -> None:
    assert is_same_place(old, new) is same


def test_the_line_break_that_a_file_ends_with_is_no_part_of_a_token(
    answers: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = answers(FINE)
    monkeypatch.setenv("RUNSTONE_TOKEN", "abc\n")
    Connection(there.url).request("GET", "/")
    assert there.asked[0][2]["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("token", ["abc\ndef", "abc\u20acdef", "abc\u00e9def", "abc\x00def".replace("\x00", "\x01")])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("RUNSTONE_TOKEN", token)
    with pytest.raises(InvalidParameter, match="RUNSTONE_TOKEN") as caught:
        Connection(f"http://127.0.0.1:{free_port()}").request("GET", "/")
    assert "def" not in str(caught.value)


def test_a_proxy_is_told_the_name_and_password_that_are_in_its_address(
    answers: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = answers(FINE)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", there.url.replace("//", "//me:p%40ss@"))
    assert Connection("http://tracking.invalid").request("GET", "/x").status == 200
    ((_, path, headers, _),) = there.asked
    assert path == "http://tracking.invalid/x"
    assert base64.b64decode(headers["Proxy-Authorization"].split()[1]).decode() == "me:p@ss"


@pytest.mark.parametrize(
    "address",
    [
        "http://me:secret@host:port",
        "http://me:sec/secret@host",
        "http://me:se@secret@",
        "http://me:secret@h?x=1",
        "postgresql://me:secret@host/db",
    ],
)
def test_an_address_that_is_refused_is_not_shown_with_its_password(address: str) -> None:
    with pytest.raises((InvalidParameter, NotServed)) as caught:
        runstone.set_tracking_uri(address)
    assert "secret" not in str(caught.value)
    assert "***@" in str(caught.value)


def test_the_report_shows_no_password_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://me:se@secret@127.0.0.1:{free_port()}"
    monkeypatch.setenv("RUNSTONE_URI", address)
    found = report()
    assert "secret" not in json.dumps(found)
    assert found["store"] == masked(address)
    with pytest.raises(RunstoneError) as caught:
        runstone.set_registry_uri(address.replace("127", "126"))
    assert "secret" not in str(caught.value)


def test_sync_of_all_tells_a_token_to_no_server_in_the_clear_but_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNSTONE_OFFLINE_AFTER", "0.1")
    monkeypatch.setenv("RUNSTONE_END_TIMEOUT", "0")
    url = f"http://127.0.0.1:{free_port()}"

    def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **environment}
        return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)

    run("-c", "import runstone\nwith runstone.start_run(): runstone.log_metric('loss', 1.0)", RUNSTONE_URI=url)
    elsewhere = run("-m", "runstone", "sync", "--all", RUNSTONE_TOKEN="abc")
    assert elsewhere.returncode == 1
    assert f"{url} is not asked" in elsewhere.stderr
    assert "No server answers" not in elsewhere.stderr
    for trusted in (
        run("-m", "runstone", "sync", "--all"),
        run("-m", "runstone", "sync", "--all", RUNSTONE_TOKEN="abc", RUNSTONE_URI=url + "/"),
    ):
        assert f"No server answers at {url}" in trusted.stderr


def test_threads_that_send_for_us_have_our_patience(
    listening: Callable[[Callable[[socket.socket], None]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_TIMEOUT", "600")
    said = threading.Event()

    def hang(connection: socket.socket) -> None:
        said.wait()

    asked, behind = Connection(f"http://127.0.0.1:{listening(hang)}"), Behind()

    def ask() -> None:
        asked.request("GET", "/")

    with each_within(0.2, retries=0):
        behind.start(ask)
    with pytest.raises(Unreachable):
        behind.wait()
    behind.end()
    said.set()
