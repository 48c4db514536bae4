"""A server's thread that sends what waits for webhooks. Of several processes that serve a store one does."""

from __future__ import annotations

import threading

from runstone.operations.delivering import Deliverer
from runstone.operations.engine import Engine


class Messenger:
    """The thread, from `start` to `stop`."""

    def __init__(self, engine: Engine) -> None:
        self._deliverer = Deliverer(engine)
        self._thread = threading.Thread(target=self._deliverer.run, name="runstone-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, limit: float) -> None:
        """End, in so many seconds at the most. What has not arrived yet is sent by the next server."""
        self._deliverer.stop()
        self._thread.join(limit)
