"""Which store is meant: an address given, the environment's, or the nearest `.runstone/` above the working folder, as git does it."""

from __future__ import annotations

import os

from runstone import settings
from runstone.errors import InvalidParameter, NotServed
from runstone.transport import Transport
from runstone.transport.local import DATABASE_NAME, LocalTransport

STORE_NAME = ".runstone"

# Opened once per process: a store's connections and caches are shared by every client of it.
_opened: dict[str, LocalTransport] = {}


def resolve(uri: str | os.PathLike[str] | None = None) -> str:
    """The full address of the store that `uri` means; None asks the environment, then the folders above the working one.

    Raises InvalidParameter for an address that names no kind of store, NotServed for a kind that runstone does not serve.
    """
    given = os.fspath(uri) if uri is not None else settings.URI.read()
    if not given:
        return "file://" + _nearest()
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


def is_store(folder: str) -> bool:
    """Whether a store was made in the folder (its database may be lost; its packs tell)."""
    return any(os.path.exists(os.path.join(folder, name)) for name in (DATABASE_NAME, "packs"))


def open_transport(uri: str | os.PathLike[str] | None = None) -> Transport:
    """The transport to the store that `uri` means (see `resolve`); made when it is a folder that is not there yet."""
    address = resolve(uri)
    folder = address.removeprefix("file://")
    transport = _opened.get(folder)
    # A store deleted and made again under a running program is another store: its database must be opened anew.
    if transport is None or not os.path.exists(os.path.join(folder, DATABASE_NAME)):
        transport = _opened[folder] = LocalTransport(folder)
    return transport


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

    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise InvalidParameter(f"The store's address {uri!r} names another host. Write file:///folder.")
    return unquote(parts.path)


def _refuse(uri: str) -> None:
    scheme = uri.split(":", 1)[0]
    if scheme in ("http", "https"):
        raise NotServed(f"{uri!r}: this runstone does not talk to servers yet. Point RUNSTONE_URI at a folder.")
    if scheme.split("+")[0] in ("sqlite", "postgresql", "mysql", "mssql", "databricks"):
        raise NotServed(
            f"{uri!r}: a runstone store is a folder, which holds its own database. Point RUNSTONE_URI at a folder."
        )
    raise InvalidParameter(f"{uri!r} names no kind of store. Give a folder or a file: URI.")
