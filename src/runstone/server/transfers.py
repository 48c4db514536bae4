"""How much is moved at once: threads for those who send and for those who fetch, apart from each other, and whose turn it is.

What waits for its turn is not read from its socket or its disk, so that memory is bounded however many connections there are.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from runstone import settings

# Bodies that are worked on at a time. Each has a thread until its end, and holds some 10 MiB.
_RECEIVERS = 12
# Threads that read what is fetched. None waits for a client: each reads one piece, then another's.
_READERS = 8
# Pieces, of up to 2 MiB, that are on their way to clients at a time.
_PIECES = 32


class Transfers:
    """The threads and turns of one server process.

    `receiving` is for a body's work, which has a place among `places`; `reading` for what never waits for a client. A piece has one
    of `turns` from before it is read until its client took it. `patience` is how long a client may be waited for, in seconds.
    """

    def __init__(self) -> None:
        self.receiving = ThreadPoolExecutor(_RECEIVERS, "runstone-receiver")
        self.reading = ThreadPoolExecutor(_READERS, "runstone-sender")
        self.places = asyncio.Semaphore(_RECEIVERS)
        self.turns = asyncio.Semaphore(_PIECES)
        self.patience = settings.SERVER_REQUEST_TIMEOUT.read() or None
