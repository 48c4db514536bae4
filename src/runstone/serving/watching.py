"""The version that an address means: watched, loaded beside the one that serves, put in its place; the old one leaves when it is idle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from runstone.errors import RunstoneError
from runstone.fluent.location import client
from runstone.models.locating import Version, locate
from runstone.serving.failing import told
from runstone.serving.loading import ModelNotLoaded
from runstone.serving.standing import Standing

_log = logging.getLogger("runstone.serving")
# Seconds between two looks at whether an old version is idle.
_DRAINING = 0.05

Load = Callable[[str], Standing]


class Watched:
    """What serves now, by an address.

    Args:
        uri: the model's address.
        load: loads what an address means.

    Raises:
        NotFound, InvalidParameter, Forbidden, CorruptData: it cannot be loaded now.
    """

    def __init__(self, uri: str, load: Load) -> None:
        self.uri, self._load = uri, load
        self.now = load(uri)
        self._failed: Version | None = None
        self.trouble: str | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def moves(self) -> bool:
        """Whether the address may come to mean another version."""
        version = self.now.version
        return version is not None and not self.uri.removeprefix("models:/").strip("/").startswith(
            f"{version.name}/{version.number}"
        )

    async def look(self) -> bool:
        """Look what the address means; whether another version serves from now on. What fails is told in `trouble` and the log."""
        try:
            meant = await asyncio.to_thread(self._meant)
        except (RunstoneError, OSError) as error:
            self._tell(f"What {self.uri} means cannot be found out: {error}", None)
            return False
        if meant is None or meant == self.now.version:
            self._failed = self.trouble = None
            return False
        if meant == self._failed:
            return False  # it was tried; a version never changes
        address = "/".join((f"models:/{meant.name}/{meant.number}", *_inner(self.uri)))
        try:
            found = await asyncio.to_thread(self._load, address)
        except Exception as error:  # noqa: BLE001  # whatever a model may raise when it is loaded: the old one goes on
            why = error.__cause__ or error if isinstance(error, ModelNotLoaded) else error
            self._tell(f"{address}, which {self.uri} means now, cannot be loaded ({told(why)})", meant)
            return False
        old, self.now = self.now, found
        self._failed = self.trouble = None
        _log.warning("%s: %s serves from now on, in place of %s", self.uri, found.name, old.name)
        leaving = asyncio.create_task(_leave(old))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        return True

    def _meant(self) -> Version | None:
        return locate(client(), self.uri).version

    def _tell(self, trouble: str, failed: Version | None) -> None:
        if trouble != self.trouble:
            _log.error("%s; %s goes on", trouble, self.now.name)
        self.trouble, self._failed = trouble, failed or self._failed

    def drop(self) -> None:
        """Let go of everything."""
        self.now.drop()


def _inner(uri: str) -> list[str]:
    """The path behind the version in an address."""
    parts = uri.removeprefix("models:/").strip("/").split("/")
    return parts[1:] if "@" in parts[0] else parts[2:]


async def _leave(old: Standing) -> None:
    while not old.idle:
        await asyncio.sleep(_DRAINING)
    await asyncio.to_thread(old.drop)
