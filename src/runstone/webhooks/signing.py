"""What a delivery says of itself: its id, when it was sent, and, where the webhook has a secret, a signature; in MLflow's headers."""

from __future__ import annotations

import base64
import hashlib
import hmac

SIGNATURE, TIMESTAMP, DELIVERY_ID = "X-MLflow-Signature", "X-MLflow-Timestamp", "X-MLflow-Delivery-Id"
_VERSION = "v1"


def headers(secret: str | None, delivery_id: str, sent: int, body: bytes) -> dict[str, str]:
    """The headers of a delivery; `sent` in seconds since 1970. Without a secret there is no signature."""
    said = {DELIVERY_ID: delivery_id, TIMESTAMP: str(sent)}
    if secret:
        said[SIGNATURE] = signature(secret, delivery_id, said[TIMESTAMP], body)
    return said


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of "id.timestamp.body" by the secret, as MLflow spells it."""
    signed = b".".join((delivery_id.encode(), timestamp.encode(), body))
    return f"{_VERSION},{base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()}"
