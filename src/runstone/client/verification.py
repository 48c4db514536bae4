"""The client's methods on the store as a whole: is every byte still as it was stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from runstone.errors import CorruptData, NotFound
from runstone.operations import artifacts, checking, packs
from runstone.operations.artifacts import PlacedChunk
from runstone.repository.chunks import VERIFY

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from runstone.client import Client

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# Contents and packs read side by side: cores share the hashing, and a server is asked ahead.
_AT_ONCE = 4
# Contents whose chunks are asked for at once.
_CONTENTS = 100


class Damage(NamedTuple):
    """What is not as it was stored, and whose it is: a file by its path, a metric as `metric 'KEY'`, a pack or the database by its name.

    The owner of what belongs to nothing in particular is ''.
    """

    owner: str
    path: str
    problem: str


class Findings(NamedTuple):
    """What a verification found: damage that is told; and, for a repair, which chunks are damaged or lost (with what names them), and
    which packs are not whole.
    """

    damages: list[Damage]
    chunks: dict[str, list[Damage]]
    packs: dict[str, str]


def verify(self: Client, progress: Callable[[int], None] | None = None, *, quick: bool = False) -> list[Damage]:
    """Compare all that is stored with its digests, checksums and mirrors; what is damaged.

    A flipped bit anywhere in the store's database, its log and its packs is told, unless it lies where nothing is kept (free pages).

    Args:
        progress: is told the bytes of contents and of points as they are read, from any thread but by one at a time. A content that many
            files share is read once.
        quick: compare the database with itself and see that all packs are there, with whole footers; read no file.
    """
    return examine(self, progress, quick=quick).damages


def examine(self: Client, progress: Callable[[int], None] | None = None, *, quick: bool = False) -> Findings:
    """As `verify`, with what a repair needs to know."""
    from concurrent.futures import ThreadPoolExecutor

    told = _in_turn(progress or (lambda size: None))
    found = Findings([], {}, {})
    # The log first: what is asked later may write the store, and so over what the log lost.
    found.damages.extend(Damage("", "runstone.db", problem) for problem in _tables(self))
    with ThreadPoolExecutor(_AT_ONCE, "runstone-verify") as pool:
        if not quick:
            _examine_contents(self, found, told, pool)
        _examine_packs(self, found, pool, quick)
        if not quick:
            _examine_loose(self, found)
            found.damages.extend(_points(self, told))
    found.damages.extend(_journals(self))
    return Findings(sorted(set(found.damages)), found.chunks, found.packs)


def _in_turn(progress: Callable[[int], None]) -> Callable[[int], None]:
    """Progress that is told by several threads, one after the other."""
    guard = Lock()

    def told(size: int) -> None:
        with guard:
            progress(size)

    return told


def _tables(self: Client) -> Iterator[str]:
    table: str | None = ""
    while table is not None:
        answer = self._transport.call(checking.check_table, checking.CheckTable(table))
        yield from answer.problems
        table = answer.next


def _points(self: Client, told: Callable[[int], None]) -> Iterator[Damage]:
    place: tuple[int, str] | None = (0, "")
    while place is not None:
        checked = self._transport.call(checking.check_points, checking.PointsAfter(*place))
        yield from (Damage(f"runs/{d.run_id}", f"metric {d.key!r}", d.problem) for d in checked.damaged)
        told(checked.size)
        place = checked.next


def _journals(self: Client) -> Iterator[Damage]:
    """What was found damaged in journals before, and kept beside them."""
    folder = os.path.join(self._folder, "journal")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(".damaged"):
            yield Damage("", f"journal/{name}", "Points on their way could not be read; this is what was left of them.")


def _examine_contents(self: Client, found: Findings, told: Callable[[int], None], pool: Executor) -> None:
    after = 0
    while page := self._transport.call(artifacts.list_contents, artifacts.ContentsAfter(after)).contents:
        parts = [page[start : start + _CONTENTS] for start in range(0, len(page), _CONTENTS)]
        # Those of a page are shared out; a large content does not wait for the small ones beside it.
        large = [[content] for content in page if content.size > checking.LARGE]
        small = [[content for content in part if content.size <= checking.LARGE] for part in parts]
        for _, damaged in _side_by_side(pool, lambda part: _damaged(self, part, told), [*large, *small]):
            for content, problem, chunks in damaged:
                names = self._transport.call(artifacts.get_names, artifacts.GetContent(content.digest)).names
                # Of a content that no file means any more: a file logged later could, so it is told all the same.
                named = [Damage(owner, path, problem) for owner, path in names or [("", "")]]
                found.damages.extend(named)
                for chunk in chunks:
                    found.chunks.setdefault(chunk, []).extend(named)
        after = page[-1].number


def _damaged(
    self: Client, contents: list[artifacts.StoredContent], told: Callable[[int], None]
) -> list[tuple[artifacts.StoredContent, str, list[str]]]:
    """Those of some contents that do not read back, what the first problem of each is, and which chunks are damaged."""
    damaged = []
    for content, places in _placed(self, contents):
        problem = _problem(self, places, content, told)
        if problem is not None:
            # Once more, by where its chunks are now: a pack may have been rewritten meanwhile, or the content be gone.
            for _, now in _placed(self, [content]):
                problem = _problem(self, now, content, lambda size: None)
                if problem is not None:
                    damaged.append((content, problem, [chunk.digest for chunk in now if not is_whole(self, chunk)]))
    return damaged


def _placed(
    self: Client, contents: list[artifacts.StoredContent]
) -> list[tuple[artifacts.StoredContent, list[PlacedChunk]]]:
    """Contents with their chunks, without those that were deleted and pruned meanwhile."""
    request = artifacts.GetContents([content.digest for content in contents])
    try:
        found = self._transport.call(artifacts.get_contents, request).contents
    except NotFound:
        return [] if len(contents) == 1 else [some for content in contents for some in _placed(self, [content])]
    return [(content, one.chunks) for content, one in zip(contents, found, strict=True)]


def _problem(
    self: Client, places: list[PlacedChunk], content: artifacts.StoredContent, told: Callable[[int], None]
) -> str | None:
    what, size = f"the content {content.digest}", 0
    try:
        for data in self._repository.read(places, content.digest, what):
            size += len(data)
            told(len(data))
    except CorruptData as error:
        told(max(0, content.size - size))  # its other chunks are looked at one by one
        return error.message.replace(VERIFY, "")  # which is what is done here
    return None if size == content.size else f"{what}: it is {size} bytes long, the database says {content.size}."


def is_whole(self: Client, place: PlacedChunk) -> bool:
    """Whether a chunk reads back as it was stored."""
    try:
        for _ in self._repository.read([place], place.digest, "the chunk"):
            pass
    except CorruptData:
        return False
    return True


def _examine_packs(self: Client, found: Findings, pool: Executor, quick: bool) -> None:
    """Packs are whole when all that lies in them is: what the index looks for there, what it does not, and the footer."""
    known = self._transport.call(packs.list_packs, packs.AllPacks()).packs
    looked_at = _side_by_side(pool, lambda pack: _pack_problem(self, *pack, quick), sorted(known.items()))
    for (name, _), problem in looked_at:
        if problem is not None:
            found.packs[name] = problem
            # A pack that is lost or cut short is told by the files in it.
            if not any(name in damage.problem for damage in found.damages):
                found.damages.append(Damage("", f"packs/{name}", problem))


def _pack_problem(self: Client, name: str, size: int, quick: bool) -> str | None:
    from runstone.repository.packs import read_pack

    expected = _in_pack(self, name)
    if not expected:
        return None  # nothing is looked for there: it may be gone
    try:
        footer = read_pack(self._repository.blobs, name, size).chunks
        lying = {(chunk.digest, chunk.offset): chunk for chunk in footer}
        for place in expected:
            if lying.pop((place.digest, place.offset or 0), None) is None:
                return f"the footer of the pack {name} does not name the chunk {place.digest} at {place.offset}"
        copies = [] if quick else [placed(name, chunk) for chunk in lying.values()]
        spare = next((copy for copy in copies if not is_whole(self, copy)), None)
        problem = spare and f"in the pack {name} a copy of the chunk {spare.digest} is damaged that nothing needs"
    except CorruptData as error:
        problem = error.message
    # Deleted or rewritten meanwhile: what was in it is elsewhere.
    return problem if problem and _in_pack(self, name) else None


def _in_pack(self: Client, name: str) -> list[PlacedChunk]:
    return self._transport.call(checking.list_chunks_in_pack, checking.PackOf(name)).chunks


def _examine_loose(self: Client, found: Findings) -> None:
    after: int | None = 0
    while after is not None:
        page = self._transport.call(checking.list_loose_chunks, checking.LooseAfter(after))
        for place in page.chunks:
            if not is_whole(self, place):
                where = "runstone.db" if place.pack is None else f"packs/{place.pack}"
                damage = Damage("", where, f"the chunk {place.digest}, which no file has yet, is damaged")
                found.damages.append(damage)
                found.chunks.setdefault(place.digest, []).append(damage)
        after = page.next


def placed(pack: str, chunk: object) -> PlacedChunk:
    """Where a chunk lies that a pack's footer names."""
    import msgspec

    facts = msgspec.structs.asdict(chunk)  # type: ignore[arg-type]
    return PlacedChunk(pack=pack, **facts)


def _side_by_side(
    pool: Executor, function: Callable[[Item], Outcome], items: Iterable[Item]
) -> Iterator[tuple[Item, Outcome]]:
    """Items and what a function makes of them, a few at a time, in their order."""
    from collections import deque

    waiting: deque[tuple[Item, object]] = deque()
    for item in items:
        waiting.append((item, pool.submit(function, item)))
        if len(waiting) > _AT_ONCE:
            done, future = waiting.popleft()
            yield done, future.result()  # type: ignore[attr-defined]
    for done, future in waiting:
        yield done, future.result()  # type: ignore[attr-defined]
