"""Which store is meant: an address given, the environment's, or the nearest `.runstone/` above the working folder, as git does it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runstone import settings
from runstone.errors import InvalidParameter, NotServed
from runstone.transport import Transport
from runstone.transport.local import DATABASE_NAME, LocalTransport
from runstone.transport.opened import Opened

if TYPE_CHECKING:
    from runstone.transport.server import ServerTransport

STORE_NAME = ".runstone"
SERVERS = ("http://", "https://")

# A store's connections and caches are shared by every client of it in this process.
_MOST = 32
_opened: Opened[LocalTransport] = Opened(_MOST)
_servers: Opened[ServerTransport] = Opened(_MOST)


def resolve(uri: str | os.PathLike[str] | None = None) -> str:
    """The full address of the store that `uri` means; None asks the environment, then the folders above the working one.

    Raises InvalidParameter for an address that names no kind of store, NotServed for a kind that runstone does not serve.
    """
    given = os.fspath(uri) if uri is not None else settings.URI.read()
    if not given:
        return "file://" + _nearest()
    if given.lower().startswith(SERVERS):
        from runstone.addresses import normal

        return normal(given)
    if given.startswith("file:"):
        given = _from_file_uri(given)
    elif "://" in given or given.startswith("databricks"):
        _refuse(given)
    if "\0" in given:
        raise InvalidParameter(f"The store's address {given!r} holds a NUL character. Give a folder.")
    folder = os.path.abspath(os.path.expanduser(given))
    inner = os.path.join(folder, STORE_NAME)
    if not os.path.exists(os.path.join(folder, DATABASE_NAME)) and os.path.exists(os.path.join(inner, DATABASE_NAME)):
        folder = inner
    return "file://" + folder


def is_store(address: str) -> bool:
    """Whether a store is at this full address: a folder where one was made (its database may be lost; its packs tell), or a server."""
    folder = address.removeprefix("file://")
    return address.startswith(SERVERS) or any(
        os.path.exists(os.path.join(folder, name)) for name in (DATABASE_NAME, "packs")
    )


def servers_waited_for() -> list[str]:
    """The addresses of the servers that a folder of this machine has something for, or had."""
    state, found = settings.state_folder(), []
    for name in sorted(os.listdir(state)) if os.path.isdir(state) else []:
        path = os.path.join(state, name, "address")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                address = file.read().strip()
            if address.startswith(SERVERS):  # half a one is written anew by whoever speaks to that server next
                found.append(address)
    return found


def is_gone(transport: Transport) -> bool:
    """Whether the folder of an opened store was taken away."""
    return transport.uri.startswith("file://") and not os.path.isdir(transport.folder)


def open_transport(uri: str | os.PathLike[str] | None = None) -> Transport:
    """The transport to the store that `uri` means (see `resolve`); made when it is a folder that is not there yet.

    A server is not asked anything yet.
    """
    address = resolve(uri)
    if address.startswith(SERVERS):
        return _open_server(address)
    folder = address.removeprefix("file://")
    transport = _opened.get(folder)
    # A store deleted and made again under a running program is another store: its database must be opened anew.
    if transport is None or not os.path.exists(os.path.join(folder, DATABASE_NAME)):
        transport = _opened.put(folder, LocalTransport(folder))
    return transport


def _open_server(address: str) -> ServerTransport:
    from runstone.transport.server import ServerTransport

    return _servers.get(address) or _servers.put(address, ServerTransport(address))


def _nearest() -> str:
    folder = start = os.getcwd()
    while True:
        candidate = os.path.join(folder, STORE_NAME)
        if os.path.exists(os.path.join(candidate, DATABASE_NAME)):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return os.path.join(start, STORE_NAME)
        folder = parent


def _from_file_uri(uri: str) -> str:
    if uri.startswith("file:///") and not any(mark in uri for mark in "%?#"):
        return uri.removeprefix("file://")  # the usual case, without urllib's import
    from urllib.parse import unquote, urlsplit

    from runstone.addresses import masked

    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise InvalidParameter(f"The store's address {masked(uri)!r} names another host. Write file:///folder.")
    return unquote(parts.path)


def _refuse(uri: str) -> None:
    from runstone.addresses import masked

    scheme = uri.split(":", 1)[0]
    if scheme.split("+")[0] in ("sqlite", "postgresql", "mysql", "mssql", "databricks"):
        raise NotServed(
            f"{masked(uri)!r}: a runstone store is a folder, which holds its own database, or a server. Point RUNSTONE_URI at a folder or at its http(s): address."
        )
    raise InvalidParameter(
        f"{masked(uri)!r} names no kind of store. Give a folder, a file: URI or the http(s): address of a server."
    )
