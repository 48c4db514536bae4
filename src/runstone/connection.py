"""HTTP to one server: a pool of connections, patience, credentials, certificates. Knows nothing of operations.

A request is sent again where that can do no harm: when it never got there, when the server says "not now", and, if it may be carried
out twice, when it is not known whether it was. All of it together takes no longer than a bounded time, but for two things: a file that is
sent or fetched takes as long as bytes keep moving, and a server that sends the headers of its answer in a trickle is waited for.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone import settings
from runstone.addresses import is_same_place, masked, split_credentials
from runstone.errors import InvalidParameter, RunstoneError, Unreachable, WrongAnswer
from runstone.version import __version__

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

# A server that says so has not carried the request out, or is a proxy that could not ask one.
NOT_NOW = frozenset({408, 429, 503})
# A proxy that does not know what became of it. (500 is not among them: it is an answer, and lasts as long as its cause.)
UNCERTAIN = frozenset({502, 504})
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 10.0
_MOST_REDIRECTS = 3
_PIECE = 1 << 20
# What a TLS failure says, in one word of its reason, where trying again would change nothing.
_LASTING = re.compile("CERTIFICATE|VERSION|PROTOCOL|HTTP_REQUEST|HANDSHAKE_FAILURE|UNKNOWN_CA|NO_SHARED_CIPHER")


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Patience(threading.local):
    deadline: float | None = None
    each: float | None = None
    retries: int | None = None


_patience = _Patience()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all requests of this thread in the block end by then, one way or the other."""
    outer, deadline = _patience.deadline, time.monotonic() + seconds
    _patience.deadline = deadline if outer is None else min(deadline, outer)
    try:
        yield
    finally:
        _patience.deadline = outer


@contextlib.contextmanager
def each_within(seconds: float, retries: int) -> Iterator[None]:
    """Give each request of this thread in the block so much time, and so many retries."""
    outer = _patience.each, _patience.retries
    _patience.each, _patience.retries = seconds, retries
    try:
        yield
    finally:
        _patience.each, _patience.retries = outer


def with_our_patience(act: Callable[[], Any]) -> Callable[[], Any]:
    """`act`, to be done by another thread with the patience of this one."""
    ours = _patience.deadline, _patience.each, _patience.retries

    def done() -> Any:
        _patience.deadline, _patience.each, _patience.retries = ours
        return act()

    return done


_connections: weakref.WeakSet[Connection] = weakref.WeakSet()
# In a forked child: its parent's pools, which nobody may touch.
_parents: list[PoolManager | None] = []


def _after_fork() -> None:
    for connection in list(_connections):
        connection._forked()


os.register_at_fork(after_in_child=_after_fork)


class Connection:
    """A server at an address. Any thread may use it; a forked child opens connections of its own.

    Args:
        address: as `addresses.normal` gives it. A name and password in it are sent as such and shown to nobody.
    """

    def __init__(self, address: str) -> None:
        self.address, self._given = split_credentials(address)
        self._pool: PoolManager | None = None
        self._guard = threading.Lock()
        _connections.add(self)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """The answer to a request, whatever its status; `path` goes behind the address, quoted already.

        Args:
            method: GET, POST, ...
            path: with a '/' at its start, and the query.
            body: what is sent.
            headers: besides the credentials.
            repeatable: whether being carried out twice is no worse than once.

        Raises:
            Unreachable: there is no server, or it says that it cannot now, for longer than we wait.
            WrongAnswer: it sends us to another place.
        """
        response, data = self._send(method, path, body, headers, repeatable, stream=False)
        return Answer(response.status, response.headers, data)

    def stream(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> BaseHTTPResponse:
        """An answer whose body is still to be read (`.stream()`), and to be given back (`.release_conn()`). A body that is a file is
        sent as it is read; then nothing is sent again."""
        return self._send(method, path, body, headers, isinstance(body, bytes | None), stream=True)[0]

    def pieces(self, response: BaseHTTPResponse, size: int) -> Iterator[bytes]:
        """A streamed answer's body, a piece at a time. Raises Unreachable where it breaks off before its end."""
        from urllib3.exceptions import HTTPError

        try:
            yield from response.stream(size)
        except (HTTPError, OSError) as error:
            response.close()
            raise Unreachable(
                f"{self.address} broke off in the midst of an answer: {_said(error)}. Try again."
            ) from error

    def close(self) -> None:
        """Close what is open."""
        with self._guard:
            if self._pool is not None:
                self._pool.clear()
            self._pool = None

    def _forked(self) -> None:
        # Another thread may have held the lock. The parent's sockets stay open here, without a word on them: whatever closes them takes
        # locks that may be held, too.
        self._guard = threading.Lock()
        _parents.append(self._pool)
        self._pool = None

    def _send(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, repeatable: bool, stream: bool
    ) -> tuple[BaseHTTPResponse, bytes]:
        """The answer and, where it is not for streaming, its whole body."""
        deadline = self._deadline()
        retries = settings.HTTP_RETRIES.read() if _patience.retries is None else _patience.retries
        url, redirects, attempt = self.address + path, 0, 0
        plain = not hasattr(body, "read")
        start = None if plain or not body.seekable() else body.tell()
        while True:
            try:
                (response, data), problem = self._once(method, url, body, headers, deadline, stream), None
            except _NotSent as error:
                response, data, problem, again = None, b"", _said(error), plain
            except _Lost as error:
                response, data, problem, again = None, b"", _said(error), plain and repeatable
            if response is not None:
                if 300 <= response.status < 400 and "location" in response.headers:
                    url, redirects = self._follow(method, url, response), redirects + 1
                    if redirects > _MOST_REDIRECTS:
                        raise WrongAnswer(f"{self.address} sends us in a circle: last to {masked(url)}.")
                    if start is not None:
                        body.seek(start)
                    elif not plain:
                        raise WrongAnswer(
                            f"{self.address} sends us to {masked(url)} with a stream that cannot be read twice. Log it as a file."
                        )
                    continue
                if response.status not in NOT_NOW and not (response.status in UNCERTAIN and repeatable):
                    return response, data
                again = plain
            wait = _wait(attempt, response)
            attempt += 1
            if not again or attempt > retries or time.monotonic() + wait >= deadline:
                if response is not None:
                    return response, data
                raise Unreachable(self._nobody(problem))
            if response is not None:
                response.drain_conn()
            time.sleep(wait)

    def _deadline(self) -> float:
        limit = settings.HTTP_TIMEOUT.read()
        deadline = time.monotonic() + (limit if _patience.each is None else min(limit, _patience.each))
        return deadline if _patience.deadline is None else min(deadline, _patience.deadline)

    def _once(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None, deadline: float, stream: bool
    ) -> tuple[BaseHTTPResponse, bytes]:
        import urllib3
        from urllib3 import exceptions

        left = max(deadline - time.monotonic(), 0.001)
        try:
            response = self._open_pool().request(
                method, url, body=body, headers={**self._credentials(), **(headers or {})}, retries=False, redirect=False,
                preload_content=False, timeout=urllib3.Timeout(total=left),
            )  # fmt: skip
            return response, b"" if stream else _whole(response, deadline)
        except exceptions.SSLError as error:
            if not _is_lasting(error):
                raise _Lost from error
            raise WrongAnswer(
                f"{self.address}: the server's certificate or TLS is not as it should be: {_said(error)}. Name the certificates that it is "
                f"to be checked against in {settings.SERVER_CERTIFICATE.name}, or mend the address (http or https?)."
            ) from error
        except exceptions.LocationValueError as error:
            raise InvalidParameter(f"{self.address} is no server's address: {error}.") from error
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyError) as error:
            raise _NotSent from error
        except (exceptions.HTTPError, OSError) as error:
            raise _Lost from error

    def _open_pool(self) -> PoolManager:
        with self._guard:
            if self._pool is None:
                self._pool = self._new_pool()
            return self._pool

    def _new_pool(self) -> PoolManager:
        import urllib3

        options: dict[str, Any] = {"maxsize": 16, "cert_file": settings.CLIENT_CERTIFICATE.read()}
        trusted = settings.SERVER_CERTIFICATE.read()
        if settings.INSECURE_TLS.read():
            options.update(cert_reqs="CERT_NONE", assert_hostname=False)
        elif trusted:
            options["ca_cert_dir" if os.path.isdir(trusted) else "ca_certs"] = trusted
        proxy = settings.proxy_for(self.address)
        if not proxy:
            return urllib3.PoolManager(**options)
        proxy, given = split_credentials(proxy)
        if given is not None:
            options["proxy_headers"] = {"Proxy-Authorization": _basic(*given)}
        return urllib3.ProxyManager(proxy, **options)

    def _credentials(self) -> dict[str, str]:
        headers = {"User-Agent": f"runstone/{__version__}", "Accept-Encoding": "identity"}
        token, name, password = settings.TOKEN.read(), settings.USERNAME.read(), settings.PASSWORD.read()
        if self._given is not None:
            name, password = self._given
        if name and password is not None:
            headers["Authorization"] = _basic(name, password)
        elif token:
            headers["Authorization"] = f"Bearer {_as_header(token)}"
        return headers

    def _follow(self, method: str, url: str, response: BaseHTTPResponse) -> str:
        from urllib.parse import urljoin

        there = urljoin(url, response.headers["location"])
        response.drain_conn()
        # What we send, and who we are, is for the server that was named; a POST that is redirected with 301 would come out as a GET.
        if not is_same_place(url, there) or (method not in ("GET", "HEAD") and response.status not in (307, 308)):
            raise WrongAnswer(
                f"{self.address} sends us to {masked(there)}. If that is the server, name it in {settings.URI.name}."
            )
        return there

    def _nobody(self, problem: object) -> str:
        return (
            f"No server answers at {self.address}: {problem}. Start it (`runstone server`), or name another store with "
            f"{settings.URI.name} or set_tracking_uri()."
        )


class _NotSent(Exception):
    """The request did not leave; the cause says why."""


class _Lost(Exception):
    """What became of the request is not known; the cause says why."""


def _whole(response: BaseHTTPResponse, deadline: float) -> bytes:
    """The body of an answer. What is left of the time is for all of it, not for each piece."""
    data = bytearray()
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer did not end in time")
            sock = getattr(response.connection, "sock", None)  # none is left where all of it has been received
            if sock is not None:
                sock.settimeout(left)
            piece = response.read1(_PIECE)
            if not piece:
                response.release_conn()
                return bytes(data)
            data += piece
    except BaseException:
        response.close()
        raise


def _is_lasting(error: Exception) -> bool:
    """Whether a TLS failure is one of certificates or of what the two sides speak. Otherwise it is one of the network's, or of a proxy
    whose server restarts."""
    import ssl

    cause = error.args[0] if error.args else error
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLCertVerificationError):
        return bool(_LASTING.search(cause.reason or ""))
    return True  # a certificate of another host's, or a file of certificates that cannot be read


def _basic(name: str, password: str) -> str:
    from base64 import b64encode

    # What is no Unicode in the environment goes as the bytes that it is.
    return "Basic " + b64encode(f"{name}:{password}".encode(errors="surrogateescape")).decode()


def _as_header(token: str) -> str:
    """A token without the line break that files end with. Raises InvalidParameter, which does not name it, for one that cannot be sent."""
    bare = token.strip()
    if not bare.isascii() or not bare.isprintable():
        raise InvalidParameter(
            f"The token in {settings.TOKEN.name} holds a character that no header can carry: a line break or control character, or one "
            "beyond ASCII. Set the variable to the token alone."
        )
    return bare


def _said(error: BaseException) -> str:
    """The innermost words of an error: those around them name the parts of the library that it passed."""
    inner = error.__cause__ or next((item for item in reversed(error.args) if isinstance(item, BaseException)), None)
    if inner is not None:
        return _said(inner)
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


def _wait(attempt: int, response: BaseHTTPResponse | None) -> float:
    said = "" if response is None else response.headers.get("retry-after", "")
    if said.isascii() and said.isdigit():  # a date, the other form, would need a clock that agrees with the server's
        return float(said)
    # Between half and all of it: many clients that lost one server must not come back in step.
    longest: float = min(_FIRST_WAIT * 2.0**attempt, _LONGEST_WAIT)
    return longest * (0.5 + os.urandom(1)[0] / 512)


def answer_error(answer: Answer, address: str) -> RunstoneError:
    """The error that an answer means; in MLflow's JSON where it is in that, else one that says what was answered."""
    import msgspec

    from runstone.errors import Refused, TooLarge, from_wire

    if answer.status == 413:
        return TooLarge(
            f"{address} takes no request as large as this one (413). Send less at once, or raise the limit of the server, or of the proxy "
            "before it."
        )
    try:
        said = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = {}
    if isinstance(said.get("error_code"), str):
        return from_wire(said["error_code"], str(said.get("message", "")))
    if answer.status in (401, 403):
        return Refused(
            f"{address} answers {answer.status}: it wants to know who asks. Set {settings.USERNAME.name} and {settings.PASSWORD.name}, or "
            f"{settings.TOKEN.name}."
        )
    start = answer.body[:80].decode("utf-8", "replace").strip()
    if answer.status in NOT_NOW or answer.status in UNCERTAIN:
        return Unreachable(f"{address} answers {answer.status} {start!r}: it cannot now. Try again later.")
    return WrongAnswer(
        f"{address} answers {answer.status} {start!r}, which is not what a tracking server says. Is this its address, path and all?"
    )
