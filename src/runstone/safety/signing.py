"""A folder's files are signed with a key (Ed25519), and checked against it: paths, digests and sizes, in a file beside them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from runstone.errors import CorruptData, Forbidden, InvalidParameter, NotFound
from runstone.safety.contents import contents
from runstone.safety.held import Held

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FILE_NAME = "runstone-signature.json"
_WHAT = b"runstone model signature 1\n"
_MOST_BYTES = 64 << 20


class _Signed(msgspec.Struct, forbid_unknown_fields=True):
    files: list[tuple[str, str, int]]
    signature: str


def make_key(path: str) -> str:
    """Make a key to sign with at `path`, for nobody else to read, and the one to check with at `path`.pub, which comes back.

    Raises InvalidParameter where either is there already.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    for place, content, mode in ((path, secret, 0o600), (f"{path}.pub", public, 0o644)):
        try:
            number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError as error:
            raise InvalidParameter(f"There is a file at {place!r} already; a key is never written over.") from error
        with os.fdopen(number, "wb") as file:
            file.write(content)
    return f"{path}.pub"


def signature_of(folder: str, key: str) -> bytes:
    """What the signature's file is to hold for a folder, by the key in the file `key`."""
    files = _files(folder)
    signed = _Signed(files, _private(key).sign(_WHAT + msgspec.json.encode(files)).hex())
    return msgspec.json.format(msgspec.json.encode(signed), indent=1)


def check(folder: str, public_key: str) -> None:
    """Check a folder's files against the signature among them.

    Raises:
        NotFound: it is not signed.
        Forbidden: it is signed with another key, or the signature was altered.
        CorruptData: files are not as they were signed, or came to them, or are missing.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        with open(os.path.join(folder, FILE_NAME), "rb") as file:
            signed = msgspec.json.decode(file.read(_MOST_BYTES), type=_Signed)
    except FileNotFoundError as error:
        raise NotFound(f"The model at {folder!r} is not signed: it has no {FILE_NAME}.") from error
    except msgspec.MsgspecError as error:
        raise Forbidden(f"The signature of the model at {folder!r} is none: {error}.") from error
    key = _public(public_key)
    try:
        key.verify(bytes.fromhex(signed.signature), _WHAT + msgspec.json.encode(signed.files))
    except (InvalidSignature, ValueError) as error:
        raise Forbidden(
            f"The model at {folder!r} was not signed with the key of {public_key!r}, or was altered."
        ) from error
    changed = sorted({name for name, _, _ in set(_files(folder)) ^ set(signed.files)})
    if changed:
        raise CorruptData(f"Files of the model at {folder!r} are not as they were signed: {', '.join(changed[:5])}.")


def signed_files(content: bytes) -> list[tuple[str, str, int]]:
    """Path, digest and size of each file that a signature's file names; who signed them is not looked at. Raises Forbidden for what is no signature."""
    try:
        return msgspec.json.decode(content, type=_Signed).files
    except msgspec.MsgspecError as error:
        raise Forbidden(f"The signature is none: {error}.") from error


def _files(folder: str) -> list[tuple[str, str, int]]:
    found = contents(folder)
    for place, what in sorted({**dict.fromkeys(found.links, "a link"), **found.odd}.items()):
        raise InvalidParameter(f"{os.path.join(folder, place)!r} is {what}, which no signature can speak for.")
    signed = []
    for name in found.files:
        if name != FILE_NAME:
            path = os.path.join(folder, name)
            with Held(path) as file:
                signed.append((name, file.digest(), os.path.getsize(path)))
    return signed


def _private(path: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with open(path, "rb") as file:
        content = file.read(1 << 16)
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise InvalidParameter(f"{path!r} holds no key to sign with: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidParameter(
            f"{path!r} holds a key of another kind than Ed25519. runstone.models.make_signing_key makes one."
        )
    return key


def _public(path: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    with open(path, "rb") as file:
        content = file.read(1 << 16)
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError as error:
        raise InvalidParameter(
            f"{path!r} holds no key to check with: {error}. It is the one that ends in .pub."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidParameter(f"{path!r} holds a key of another kind than Ed25519.")
    return key
