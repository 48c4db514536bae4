"""Secrets at rest: sealed by a key that is not in the database, so that whoever gets a copy of that cannot sign in our name.

The key is the operator's, from a setting, or else in a file of the store's folder that only its owner reads. A sealed secret is a nonce, the
secret under a key stream of HMAC-SHA256 over nonce and counter, and an HMAC of it all and of the webhook's id: another webhook's cannot be put
in its place.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets

from runstone import settings
from runstone.errors import CorruptData, InvalidParameter, from_os_error

KEY_FILE = "webhooks.key"
SECRET_LENGTH = 1_000
_KEY_LENGTH = 16
_MARK = "v1."
_NONCE, _TAG, _BLOCK = 16, 32, 32


def seal(secret: str, webhook_id: str, folder: str) -> str:
    """A secret as the database keeps it."""
    key = _keys(folder, make=True)[0]
    nonce = os.urandom(_NONCE)
    hidden = _crossed(_derived(key, b"stream"), nonce, secret.encode())
    tag = _tag(key, nonce, hidden, webhook_id)
    return _MARK + base64.urlsafe_b64encode(nonce + hidden + tag).decode()


def unseal(sealed: str, webhook_id: str, folder: str) -> str:
    """The secret. Raises CorruptData where none of the keys that there are opens it."""
    try:
        data = base64.urlsafe_b64decode(sealed.removeprefix(_MARK))
    except (binascii.Error, ValueError):
        data = b""
    nonce, hidden, tag = data[:_NONCE], data[_NONCE:-_TAG], data[-_TAG:]
    for key in _keys(folder, make=False):
        if hmac.compare_digest(tag, _tag(key, nonce, hidden, webhook_id)):
            return _crossed(_derived(key, b"stream"), nonce, hidden).decode()
    raise CorruptData(
        f"The webhook's secret cannot be read: the key that sealed it is neither in {settings.WEBHOOK_KEY.name} nor in the store's "
        f"{KEY_FILE}. Bring it back, or give the webhook a secret anew."
    )


def _keys(folder: str, make: bool) -> list[bytes]:
    """The key that seals, and older ones that still open."""
    given = settings.WEBHOOK_KEY.read()
    if given:
        keys = [text.strip().encode() for text in given.split(",") if text.strip()]
        if not keys or any(len(key) < _KEY_LENGTH for key in keys):
            raise InvalidParameter(
                f"A key in {settings.WEBHOOK_KEY.name} is shorter than {_KEY_LENGTH} characters. Make one: `openssl rand -hex 32`."
            )
        return keys
    path = os.path.join(folder, KEY_FILE)
    try:
        if make and not os.path.exists(path):
            _make(folder, path)
        with open(path, "rb") as file:
            return [file.read().strip()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, f"Reading the key of webhooks' secrets, {path!r}") from error


def _make(folder: str, path: str) -> None:
    # Under another name first, so that nobody reads half of it; two processes may be first at once, and one key stays.
    draft = f"{path}.{os.urandom(8).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_hex(32).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
    there = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(there)
    finally:
        os.close(there)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"runstone webhook secrets: " + purpose, hashlib.sha256)


def _crossed(key: bytes, nonce: bytes, data: bytes) -> bytes:
    count = -(-len(data) // _BLOCK)
    stream = b"".join(hmac.digest(key, nonce + number.to_bytes(4, "big"), hashlib.sha256) for number in range(count))
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))


def _tag(key: bytes, nonce: bytes, hidden: bytes, webhook_id: str) -> bytes:
    return hmac.digest(_derived(key, b"seal"), nonce + webhook_id.encode() + b"\0" + hidden, hashlib.sha256)
