"""Addresses that webhooks may not reach: however they are spelt, wherever their name leads, whenever it changes where it leads."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.receivers import Receiver
from tests.support.receivers import receiver as receiver
from urllib3.util import parse_url

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.webhooks import places, reachable, sending

EVENTS = ["registered_model.created"]
PUBLIC = "93.184.215.14"
METADATA = "169.254.169.254"


@pytest.fixture
def client() -> Client:
    return runstone.Client()


class Names:
    """A name server: what a host's addresses are at the next look, and how often each was looked up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        real = socket.getaddrinfo

        def answer(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
            if host not in self.answers:
                return real(host, port, *arguments, **named)
            self.asked.append(host)
            left = self.answers[host]
            addresses = left.pop(0) if len(left) > 1 else left[0]
            return [found for address in addresses for found in real(address, port, *arguments, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def refused(client: Client, url: str) -> str:
    """Why no webhook can be made with it."""
    try:
        client.create_webhook("hook", url, EVENTS)
    except InvalidParameter as error:
        return str(error)
    raise AssertionError(f"{url!r} was taken")


HOSTS = [
    "127.0.0.1", "127.1", "127.0.0.01", "0177.0.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0", "0.0.0.0", "127.0.0.1.",
    "10.1.2.3", "172.16.0.1", "192.168.1.1", METADATA, "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
    "192.0.0.192", "192.88.99.1", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "localhost", "localhost.", "LOCALHOST", "ip6-localhost",
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::1]", "[2001:db8::1]", "[3fff::1]", "[fe80::1]",
    "[fe80::1%25lo]", "[fe80::1%lo]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[5f00::1]", "[4000::1]",
    f"[::ffff:{PUBLIC}]", f"[64:ff9b::{PUBLIC}]",
    "127.0.0.1%00.example.com", "127.0.0.1#.example.com", "127.0.0.1\\.example.com", "example.com@127.0.0.1", "127.0.0.1:80@example.com",
    "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "münchen.example", "a..b", ".a", "-a.example", "a-.example", "a" * 64 + ".example", "",
    # other spellings of a public one
    "1572394766", "0x5db8d70e", "0135.0270.0327.016", "93.12113678", "93.184.215.014",
    "exa mple.com", "example.com\t", "example.com\n", "1.2.3.4.5", "1.2.3.256", "example.0x1", "[::1", "::1",
]  # fmt: skip
URLS = [
    f"http://{PUBLIC}/", f"ftp://{PUBLIC}/", f"file://{PUBLIC}/", "file:///etc/passwd", f"gopher://{PUBLIC}/", f"//{PUBLIC}/", PUBLIC, "https:", "https://",
    "https:///x", f"https:/{PUBLIC}/", f"https:\\\\{PUBLIC}/", f" https://{PUBLIC}/", f"https://{PUBLIC}/ ", f"https://{PUBLIC}/\r\nX: y", f"https://{PUBLIC}/a b",
    f"https://{PUBLIC}/#a", f"https://{PUBLIC}:0/", f"https://{PUBLIC}:22/", f"https://{PUBLIC}:25/", f"https://{PUBLIC}:65536/", f"https://{PUBLIC}:+80/",
    f"https://{PUBLIC}:/", f"https://{PUBLIC}:80:80/", f"https://me:w0rd@{PUBLIC}/", f"https://me@{PUBLIC}/", f"https://@{PUBLIC}/",
    f"https://{PUBLIC}/" + "a" * 2048, "javascript:alert(1)", "data:,x", "", "\0",
]  # fmt: skip


def test_a_host_that_is_inside_or_unclear_is_refused(client: Client) -> None:
    for host in HOSTS:
        assert refused(client, f"https://{host}/hook"), host
    assert client.list_webhooks() == []


def test_an_address_that_is_no_plain_https_one_is_refused_and_not_repeated(client: Client) -> None:
    for url in URLS:
        said = refused(client, url)
        assert len(url) < 12 or url not in said
        assert "w0rd" not in said


def test_an_address_of_the_public_network_is_taken_and_read_as_it_is(client: Client) -> None:
    made = client.create_webhook("hook", f"HTTPS://{PUBLIC}:8443?a=%20b&c=/d", EVENTS)
    place = places.read(made.url)
    assert place == places.Place("https", PUBLIC, 8443, "/?a=%20b&c=/d")
    assert place.authority == f"{PUBLIC}:8443"
    assert places.read("https://[2606:4700::0001]/x") == places.Place("https", "2606:4700::1", 443, "/x")
    assert places.read("https://[2606:4700::1]:444444"[:-1].replace("44444", "8443")).authority == "[2606:4700::1]:8443"
    with pytest.raises(InvalidParameter):
        client.update_webhook(made.webhook_id, url="https://127.0.0.1/")
    assert client.get_webhook(made.webhook_id).url == made.url


@given(st.ip_addresses())
@example(ipaddress.ip_address("2001:1::1"))
@example(ipaddress.ip_address("192.31.196.1"))
def test_a_public_address_is_global_by_pythons_tables_too_and_stands_for_no_other(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if reachable.is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert reachable.may_be_named(str(address))
        if isinstance(address, ipaddress.IPv6Address):
            assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)
            assert address in ipaddress.ip_network("2000::/3")


INSIDE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip


@given(st.sampled_from(INSIDE).flatmap(lambda block: st.ip_addresses(network=block)))
def test_no_address_of_a_special_block_is_public(address: object) -> None:
    assert not reachable.is_public(str(address))


@given(
    st.sampled_from(["169.254.0.0/16", "224.0.0.0/4", "0.0.0.0/8"]).flatmap(
        lambda block: st.ip_addresses(network=block)
    ),
    st.sampled_from(["{}", "::ffff:{}", "::{}", "64:ff9b::{}", "::ffff:0:{}"]),
)
@example(ipaddress.ip_address("0.0.0.1"), "::{}")
def test_neighbours_and_metadata_are_not_reached_by_any_name_or_form(address: object, form: str) -> None:
    said = ipaddress.ip_address(form.format(address))
    # One address has two meanings: this machine, which may be named, and 0.0.0.1 in an old spelling.
    assert reachable.may_be_named(str(said)) == (said == ipaddress.ip_address("::1"))


@given(
    st.text(alphabet=st.sampled_from("ahtps:/\\.@%#?[]0123456789x-_ \t\u3002é"), max_size=40).map(
        lambda tail: "https://" + tail
    )
)
@example("https://a:80@b:90/")
@example("https://a?@b")
@example("https://a\\@b")
def test_whatever_is_read_other_readers_of_addresses_read_the_same(url: str) -> None:
    try:
        place = places.read(url)
    except InvalidParameter:
        return
    split, parsed = urlsplit(url), parse_url(url)
    host = f"[{place.host}]" if ":" in place.host else place.host
    assert (split.hostname, split.port or 443, split.username) == (place.host, place.port, None)
    assert (parsed.host, parsed.port or 443, parsed.auth) == (host, place.port, None)


def test_a_name_that_leads_inside_is_refused_also_where_it_leads_outside_as_well(client: Client, names: Names) -> None:
    names.answers = {"in.example": [["10.0.0.5"]], "both.example": [[PUBLIC, "::1"]], "out.example": [[PUBLIC]]}
    for host in ("in.example", "both.example"):
        said = refused(client, f"https://{host}/")
        assert host in said
        assert "10.0.0.5" not in said
    assert client.create_webhook("hook", "https://out.example/", EVENTS)


def test_a_name_that_nobody_knows_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(
            socket.EAI_NONAME, "Name or service not known"
        )  # whatever this machine's name server does

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "not known" in refused(client, "https://hooks.invalid/")


def test_a_name_server_that_does_not_answer_is_waited_for_no_longer_than_a_receiver(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **named: free.wait(60) and [])
    monkeypatch.setenv("RUNSTONE_WEBHOOK_TIMEOUT", "0.2")
    assert "not found in 0.2 seconds" in refused(client, "https://slow.example/")
    free.set()


def test_a_name_that_changes_where_it_leads_is_looked_at_anew_with_each_delivery(
    client: Client, names: Names, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    names.answers = {"rebind.example": [[PUBLIC], ["127.0.0.1"]]}
    made = client.create_webhook("hook", f"http://rebind.example:{receiver.port}/hook", EVENTS)
    client.create_registered_model("forest")
    assert client.deliver_webhooks() == 1
    result = client.test_webhook(made.webhook_id)
    assert not result.success
    (delivery,) = client.list_webhook_deliveries()
    for problem in (delivery.problem, result.error_message):
        assert "not on the public network" in str(problem)
    assert receiver.got == []


def test_what_was_checked_is_what_is_connected_to(
    client: Client, names: Names, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look for each attempt; a second would be answered with an address where nobody listens."""
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "inside.example")
    names.answers = {"inside.example": [["127.0.0.1"]]}
    made = client.create_webhook("hook", f"http://inside.example:{receiver.port}/hook", EVENTS)
    names.asked, names.answers["inside.example"] = [], [["127.0.0.1"], ["127.0.0.9"]]
    assert client.test_webhook(made.webhook_id).success
    assert names.asked == ["inside.example"]
    assert receiver.got[0].headers["Host"] == f"inside.example:{receiver.port}"


def test_only_what_the_operator_named_is_reached_inside(
    client: Client, names: Names, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", f"a.example, A.example:81, 127.0.0.1:{receiver.port} ,[::1]")
    names.answers = {name: [["127.0.0.1"]] for name in ("a.example", "b.a.example", "example")}
    for host in ("b.a.example", "example", f"127.0.0.1:{receiver.port + 1}", "127.0.0.2", "localhost", "a.example:25"):
        refused(client, f"http://{host}/")
    for host in ("a.example", "A.example:81", f"127.0.0.1:{receiver.port}", "[::1]:8080"):
        client.create_webhook("hook", f"http://{host}/", EVENTS)
    names.answers["a.example"] = [[METADATA]]
    assert "not on the public network" in refused(client, "http://a.example/")


def test_a_redirect_is_not_followed(client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    for status in (301, 302, 303, 307, 308):
        leading = Receiver(lambda got, status=status: status, redirect=receiver.url)
        monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", f"127.0.0.1:{leading.port}")
        result = client.test_webhook(client.create_webhook("hook", leading.url, EVENTS).webhook_id)
        leading.stop()
        assert (result.success, result.response_status) == (False, status)
        assert "not followed" in str(result.error_message)
    assert receiver.got == []


def test_of_an_answer_that_is_always_still_to_come_no_more_is_read_than_of_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000 + b"HTTP/1.1 204 No Content\r\n\r\n")
                connection.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        place = places.Place("http", "127.0.0.1", listening.getsockname()[1], "/")
        with pytest.raises(sending.NotDelivered, match="no HTTP answer"):
            sending.post(place, ["127.0.0.1"], {}, b"{}", 60)
        thread.join()


def _certificate(folder: Path, name: str) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_the_names_whatever_the_address(
    client: Client, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _certificate(tmp_path, "hooks.example")
    receiver = Receiver(certificate=str(certificate))
    names.answers = {name: [["127.0.0.1"]] for name in ("hooks.example", "other.example")}
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "hooks.example,other.example")
    hook = client.create_webhook("hook", f"https://hooks.example:{receiver.port}/", EVENTS).webhook_id
    other = client.create_webhook("other", f"https://other.example:{receiver.port}/", EVENTS).webhook_id
    unknown = client.test_webhook(hook)
    assert not unknown.success
    assert "certificate" in str(unknown.error_message)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert client.test_webhook(hook).success
    wrong = client.test_webhook(other)
    receiver.stop()
    assert not wrong.success
    assert "other.example" in str(wrong.error_message)
    assert len(receiver.got) == 1


def _odd_server(talk: Callable[[socket.socket], None]) -> tuple[socket.socket, threading.Thread]:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            while not connection.recv(65536).endswith(b"{}"):  # the body, which may come apart from the head
                pass
            with contextlib.suppress(OSError):  # whoever asked has had enough
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listening, thread


def _drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"H")
        threading.Event().wait(0.01)


def _flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: " + b"y" * 1000 + b"\r\n")


@pytest.mark.parametrize(
    ("talk", "seconds", "said"),
    [
        (_drip, 0.3, "took longer"),
        (lambda connection: connection.recv(1), 0.3, "took longer"),
        (_flood, 60, "no HTTP answer"),
        (lambda connection: None, 60, "no HTTP answer"),
        (lambda connection: connection.sendall(b"SSH-2.0-x\r\n\r\n"), 60, "no HTTP answer"),
        (lambda connection: connection.sendall(b"HTTP/1.1 2000 OK\r\n\r\n"), 60, "no HTTP answer"),
    ],
)
def test_an_answer_is_read_for_a_bounded_time_and_length(
    talk: Callable[[socket.socket], None], seconds: float, said: str
) -> None:
    listening, thread = _odd_server(talk)
    place = places.Place("http", "127.0.0.1", listening.getsockname()[1], "/")
    with pytest.raises(sending.NotDelivered, match=said):
        sending.post(place, ["127.0.0.1"], {}, b"{}", seconds)
    thread.join()
    listening.close()


def test_an_answer_behind_others_that_say_wait_is_the_one() -> None:
    text = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 429 No\r\nRetry-After: 17\r\n\r\nRetry-After: 99\r\n"
    listening, thread = _odd_server(lambda connection: connection.sendall(text))
    place = places.Place("http", "127.0.0.1", listening.getsockname()[1], "/")
    assert sending.post(place, ["127.0.0.9", "127.0.0.1"], {}, b"{}", 60) == sending.Answer(429, 17)
    thread.join()
    listening.close()


def test_no_proxy_of_the_environment_is_asked(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url)
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    hidden = Receiver()
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "127.0.0.1")
    assert client.test_webhook(client.create_webhook("hook", hidden.url, EVENTS).webhook_id).success
    hidden.stop()
    assert (len(hidden.got), receiver.got) == (1, [])
