"""The client's methods on the store as a whole: is every byte still as it was stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runstone.client.downloads import chunks_now
from runstone.errors import CorruptData, NotFound
from runstone.operations import artifacts

if TYPE_CHECKING:
    from runstone.client import Client


class Damage(NamedTuple):
    """What does not read back as it was stored: a file by its path, or a metric as `metric 'KEY'`, and whose it is."""

    owner: str
    path: str
    problem: str


def verify(self: Client, progress: Callable[[int], None] | None = None) -> list[Damage]:
    """Read every file and every metric point of the store again and compare them with their digests and checksums; what is damaged.

    Args:
        progress: is told the bytes of each piece that was read. A content that many files share is read once.
    """
    from runstone.operations import store

    damaged: list[Damage] = []
    told = progress or (lambda size: None)
    after = 0
    while page := self._transport.call(artifacts.list_contents, artifacts.ContentsAfter(after)).contents:
        for content in page:
            problem = _problem(self, content.digest)
            if problem is not None:
                names = self._transport.call(artifacts.get_names, artifacts.GetContent(content.digest)).names
                # Of a content that no file means any more: a file logged later could, so it is told all the same.
                damaged.extend(Damage(owner, path, problem) for owner, path in names or [("", "")])
            told(content.size)
        after = page[-1].number
    place: int | None = 0
    while place is not None:
        checked = self._transport.call(store.check_points, store.PointsAfter(place))
        damaged.extend(Damage(f"runs/{d.run_id}", f"metric {d.key!r}", d.problem) for d in checked.damaged)
        told(checked.size)
        place = checked.next
    return sorted(damaged)


def _problem(self: Client, digest: str) -> str | None:
    try:
        places = self._transport.call(artifacts.get_content, artifacts.GetContent(digest)).chunks
        for _ in self._repository.read(places, digest, f"the content {digest}", again=partial(chunks_now, self)):
            pass
    except NotFound:
        pass  # deleted and pruned meanwhile
    except CorruptData as error:
        return error.message
    return None
