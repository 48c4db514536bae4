"""Which store the module-level functions speak to: `set_tracking_uri` and its kin, and the one client they share."""

from __future__ import annotations

import os

from runstone import settings
from runstone.client import Client
from runstone.errors import NotServed
from runstone.transport.discovery import is_gone, resolve

_uri: str | None = None
_client: Client | None = None
# What the shared client was opened for: another working folder or environment may mean another store.
_client_key: tuple[object, ...] | None = None


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Send what is logged from now on to this store: a folder, a file: URI or a server's http(s): address. None or '' goes back to the default.

    It holds for this process and for those it starts (RUNSTONE_URI is set for them).
    """
    global _uri
    _uri = resolve(uri) if uri else None
    settings.URI.write(_uri)


def get_tracking_uri() -> str:
    """The full address of the store that is spoken to."""
    return resolve(_uri)


def is_tracking_uri_set() -> bool:
    """Whether somebody said which store: set_tracking_uri or the environment."""
    return bool(_uri or settings.URI.read())


def set_registry_uri(uri: str) -> None:
    """Models live in the same store as runs, so only its own address is taken."""
    if uri and resolve(uri) != get_tracking_uri():
        from runstone.addresses import masked

        raise NotServed(
            f"set_registry_uri({masked(uri)!r}): models live in the store of the runs, {masked(get_tracking_uri())!r}. Leave the call out."
        )


def get_registry_uri() -> str:
    """The store's address: models live where runs do."""
    return get_tracking_uri()


def client() -> Client:
    """The client that the module-level functions share."""
    global _client, _client_key
    key = (_uri, settings.URI.read()) if _uri or settings.URI.read() else (os.getcwd(),)
    if _client is None or key != _client_key or is_gone(_client._transport):
        _client, _client_key = Client(_uri), key
    return _client
