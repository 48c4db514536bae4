"""Sends what waits for webhooks: each webhook's events in their order, every one until its receiver has it or it is given up.

An attempt that ends before its outcome is on disk is made again, by whoever delivers next, under the same delivery id. One process of a
store delivers at a time: it holds a lock, which its death frees.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import queue
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from runstone import settings
from runstone.errors import RunstoneError
from runstone.operations.engine import Engine
from runstone.repository.unfinished import unlock
from runstone.store import webhook_deliveries
from runstone.store.webhook_deliveries import DELIVERED, GIVEN_UP, WAITING, Due
from runstone.webhooks import places, reachable, sending, signing
from runstone.webhooks.secrets import unseal

LOCK_FILE = "webhooks.lock"
# So many receivers can be spoken to at once, each by a thread: one that is slow delays itself alone.
MOST_WEBHOOKS = 100
# Seconds between two looks at what waits, between two attempts at first, and at the most.
_PAUSE = 0.25
_PAUSE_AFTER_ERROR = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 600.0
# An answer that says no, rather than not now, is asked for so often.
_MOST_REFUSALS = 5
_NOT_NOW = frozenset({408, 425, 429})
_log = logging.getLogger("runstone.webhooks")


class Outcome(NamedTuple):
    """What came of an attempt: the receiver's status, if it answered; why it failed, if it did; when it wants to be asked again (s)."""

    status: int | None = None
    problem: str | None = None
    retry_after: int | None = None


def attempt(
    folder: str,
    webhook_id: str,
    url: str,
    sealed: str | None,
    delivery_id: str,
    body: bytes,
    now: float,
    resolve: reachable.Resolve = reachable.resolve,
) -> Outcome:
    """Send one delivery once; `now` in seconds since 1970. What may go wrong is an outcome. The address is checked each time."""
    try:
        seconds = settings.WEBHOOK_TIMEOUT.read()
        deadline = time.monotonic() + seconds
        place = places.read(url)
        addresses = reachable.addresses_of(place, seconds, resolve)
        secret = None if sealed is None else unseal(sealed, webhook_id, folder)
        headers = signing.headers(secret, delivery_id, int(now), body)
        answer = sending.post(place, addresses, headers, body, deadline - time.monotonic())
    except (RunstoneError, sending.NotDelivered) as error:
        return Outcome(problem=str(error))
    if 200 <= answer.status < 300:
        return Outcome(answer.status)
    why = "sends us elsewhere, which is not followed" if 300 <= answer.status < 400 else "does not take it"
    return Outcome(answer.status, f"The receiver answers {answer.status}: it {why}.", answer.retry_after)


class Deliverer:
    """The deliveries of one store, while this process has the turn.

    Args:
        engine: the store.
        resolve: finds the addresses of hosts.
    """

    def __init__(self, engine: Engine, resolve: reachable.Resolve = reachable.resolve) -> None:
        self._engine, self._resolve = engine, resolve
        self._threads = ThreadPoolExecutor(MOST_WEBHOOKS, "runstone-webhook")
        # What has ended; None is a call to look up.
        self._ended: queue.SimpleQueue[tuple[Due, Outcome] | None] = queue.SimpleQueue()
        self._ending = False
        # Webhooks that are being spoken to, and what could not be noted yet.
        self._under_way: set[int] = set()
        self._unnoted: list[tuple[Due, Outcome]] = []

    def stop(self) -> None:
        """Have `run` end; from any thread."""
        self._ending = True
        self._ended.put(None)

    def run(self) -> None:
        """Deliver until told to end; what is under way then is sent again by whoever is next."""
        turn: int | None = None
        try:
            while not self._ending:
                turn = self.take_turn() if turn is None else turn
                try:
                    if turn is not None:
                        self._start()
                    self._note(_PAUSE)
                except Exception as error:  # noqa: BLE001  # what fails now may work the next time
                    _log.warning("webhooks wait: %s", error)
                    self._collect(_PAUSE_AFTER_ERROR)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
            if turn is not None:
                unlock(turn)

    def once(self) -> bool:
        """Send what is due, and what comes due behind it, until nothing is. False where another process delivers."""
        turn = self.take_turn()
        if turn is None:
            return False
        try:
            self._start()
            while self._under_way:
                self._note(None)
                self._start()
            return True
        finally:
            self._threads.shutdown()
            unlock(turn)

    def take_turn(self) -> int | None:
        """The lock, to be given back by `unfinished.unlock`; None where another process has it, or the store cannot be written."""
        try:
            turn = os.open(os.path.join(self._engine.folder, LOCK_FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            return None
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(turn)
            return None
        except OSError:
            pass  # a file system that knows no locks
        return turn

    def _start(self) -> None:
        database, now = self._engine.database, self._engine.now()
        with database.read() as connection:
            due = [found for found in webhook_deliveries.due(connection, now) if found.webhook not in self._under_way]
            bodies = [webhook_deliveries.body(connection, found.event) for found in due]
        for delivery, body in zip(due, bodies, strict=True):
            self._threads.submit(self._send, delivery, body.encode())
            self._under_way.add(delivery.webhook)  # behind it: where no thread can be had, it is due again

    def _send(self, delivery: Due, body: bytes) -> None:
        outcome = Outcome(problem="The delivery failed in the sender, whose log says why. Please report it.")
        try:
            outcome = attempt(
                self._engine.folder, delivery.webhook_id, delivery.url, delivery.secret, delivery.delivery_id, body, time.time(), self._resolve
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001  # a delivery that failed so waits, as for any other reason
            _log.error("delivery %s", delivery.delivery_id, exc_info=error)
        self._ended.put((delivery, outcome))

    def _note(self, seconds: float | None) -> None:
        """Note all that has ended, waiting so long for the first."""
        self._collect(0.0 if self._unnoted else seconds)
        now, patience = self._engine.now(), int(settings.WEBHOOK_PATIENCE.read() * 1000)
        if not self._unnoted:
            return
        with self._engine.database.write() as connection:
            for delivery, outcome in self._unnoted:
                state, wait = _next(delivery, outcome, now, patience)
                webhook_deliveries.note(connection, delivery, state, now, wait, outcome.status, outcome.problem)
            webhook_deliveries.give_up_idle(connection, now - patience)
        for delivery, _ in self._unnoted:
            self._under_way.discard(delivery.webhook)
        self._unnoted.clear()

    def _collect(self, seconds: float | None) -> None:
        with contextlib.suppress(queue.Empty):
            found = self._ended.get(timeout=seconds)
            while True:
                if found is not None:
                    self._unnoted.append(found)
                found = self._ended.get_nowait()


def _next(delivery: Due, outcome: Outcome, now: int, patience: int) -> tuple[str, int]:
    """What state a delivery is in after an attempt, and how long it waits for the next (ms)."""
    if outcome.problem is None:
        return DELIVERED, 0
    refused = outcome.status is not None and 400 <= outcome.status < 500 and outcome.status not in _NOT_NOW
    if now - delivery.time > patience or (refused and delivery.attempts + 1 >= _MOST_REFUSALS):
        return GIVEN_UP, 0
    wait = min(_FIRST_WAIT * 2.0 ** min(delivery.attempts, 20), _LONGEST_WAIT)
    wait = max(wait, min(outcome.retry_after or 0, _LONGEST_WAIT))
    # Somewhat more, never less: receivers that many lost at once should not be asked in step.
    return WAITING, int(wait * (1 + os.urandom(1)[0] / 1024) * 1000)
