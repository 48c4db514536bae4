"""What each opcode of a pickle does to the walker's stack and memo: as an unpickler, but with what little is known of the values."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.safety.source import TooLong
from runstone.safety.values import ARRAY_ARGUMENTS, OTHER, Stopped

if TYPE_CHECKING:
    from runstone.safety.walking import Walker

LINE = 1 << 20
# Bytes that a pickle in a pickle may have to be looked at as such; items that a description of an array may have.
_INNER = 16 << 20
_FIELDS = 64


def _bytes(walker: Walker, length: int) -> None:
    start = walker.source.read(min(length, 2))
    rest = length - len(start)
    if (
        length < _INNER
        and len(walker.seen.inner) < 1000
        and (start[:1] == b"\x80" or start in (b"c_", b"co", b"cb", b"cp"))
    ):
        walker.seen.inner.append(start + walker.source.read(rest))
    else:
        walker.source.skip(rest)
    walker.push(OTHER)


def _tuple(items: list[Any]) -> Any:
    return tuple(items) if len(items) <= _FIELDS else OTHER


def _set_items(walker: Walker, items: list[Any]) -> None:
    held = walker.filled()
    if isinstance(held, dict):
        for key, value in zip(items[::2], items[1::2], strict=False):
            held[key if isinstance(key, str) else OTHER] = value
            if len(held) > _FIELDS:  # no description of an array, and nothing of it is asked
                held.clear()
                held[OTHER] = OTHER
                break


def _integer(walker: Walker) -> None:
    text = walker.line()
    try:
        walker.push({"00": False, "01": True}[text] if text in ("00", "01") else int(text, 0))
    except ValueError as error:
        raise Stopped from error


def _long(walker: Walker) -> None:
    text = walker.line()
    try:
        walker.push(int(text.removesuffix("L")) if len(text) < 40 else OTHER)
    except ValueError as error:
        raise Stopped from error


def _signed(walker: Walker, length: int) -> None:
    if length > 16:
        walker.source.skip(length)
        walker.push(OTHER)
    else:
        walker.push(int.from_bytes(walker.source.read(length), "little", signed=True))


def _quoted(walker: Walker) -> None:
    line = walker.source.line(LINE)
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b'"', b"'"):
        raise Stopped
    try:
        plain = codecs.escape_decode(line[1:-1])[0]
    except (ValueError, DeprecationWarning) as error:  # a warning, where warnings are errors
        raise Stopped from error
    walker.push(walker.text(plain, "latin-1"))


def _unicode(walker: Walker) -> None:
    walker.push(walker.text(walker.source.line(LINE), "raw-unicode-escape"))


def _pop(walker: Walker) -> None:
    if walker.stack:
        walker.stack.pop()
    else:
        walker.since_mark()


def _mark(walker: Walker) -> None:
    walker.marks.append(walker.stack)
    walker.stack = []


def _put(walker: Walker, index: int) -> None:
    if index < 0:
        raise Stopped
    walker.memo[index] = walker.top()
    if len(walker.memo) > 5_000_000:
        raise TooLong


def _get(walker: Walker, index: int) -> None:
    if index not in walker.memo:
        raise Stopped
    walker.push(walker.memo[index])


def _protocol(walker: Walker) -> None:
    walker.protocol = walker.source.number(1)
    if walker.protocol > 5:
        raise Stopped


def _frame(walker: Walker) -> None:
    length = walker.source.number(8)
    if walker.source.position < walker.frame:
        walker.seen.problems["its frames overlap"] = None
    walker.frame = walker.source.position + length


def _global(walker: Walker) -> None:
    module = walker.line("utf-8")
    walker.push(walker.name(module, walker.line("utf-8")))


def _stack_global(walker: Walker) -> None:
    name = walker.pop()
    walker.push(walker.name(walker.pop(), name))


def _inst(walker: Walker) -> None:
    module = walker.line("ascii")
    called = walker.name(module, walker.line("ascii"))
    args = _tuple(walker.since_mark())
    walker.push(walker.call(called, args))


def _obj(walker: Walker) -> None:
    args = walker.since_mark()
    if not args:
        raise Stopped
    walker.push(walker.call(args[0], _tuple(args[1:])))


def _new(walker: Walker, keywords: bool) -> None:
    named = walker.pop() if keywords else {}
    args = walker.pop()
    walker.push(walker.call(walker.taken(), args if named == {} else OTHER))


def _reduce(walker: Walker) -> None:
    args = walker.taken()
    walker.push(walker.call(walker.taken(), args))


def _extension(walker: Walker, length: int) -> None:
    code = walker.source.number(length)
    walker.seen.problems["it names what it imports by a number of this process (copyreg)"] = None
    walker.push(walker.name("copyreg.extension", str(code)))


def _append(walker: Walker) -> None:
    walker.pop()
    walker.filled()


def _gather(walker: Walker) -> None:
    walker.since_mark()
    walker.filled()


def _set_item(walker: Walker) -> None:
    value, key = walker.pop(), walker.pop()
    _set_items(walker, [key, value])


def _dict(walker: Walker) -> None:
    items = walker.since_mark()
    walker.push({})
    _set_items(walker, items)


def _top(walker: Walker) -> None:
    walker.push(walker.top())


def _last(walker: Walker, count: int) -> None:
    items = tuple([walker.taken() for _ in range(count)][::-1])
    if walker.arrays and items not in ARRAY_ARGUMENTS:
        walker.keep_plain(items)
    walker.push(items)


def _marked(walker: Walker, value: Callable[[list[Any]], Any]) -> None:
    walker.push(value(walker.since_mark()))


def _build(walker: Walker) -> None:
    walker.state(walker.pop())


def _float(walker: Walker) -> None:
    walker.source.line(LINE)
    walker.push(OTHER)


def _double(walker: Walker) -> None:
    walker.source.read(8)
    walker.push(OTHER)


def _persistent_line(walker: Walker) -> None:
    walker.line()
    walker.push(OTHER)


def _read_only(walker: Walker) -> None:
    walker.top()


def _pop_mark(walker: Walker) -> None:
    walker.since_mark()


def _persistent(walker: Walker) -> None:
    walker.pop()
    walker.push(OTHER)


# STRING's kin (T, U) are texts of Python 2: read as latin-1, every byte has a meaning, and names are ASCII anyway.
STEPS: dict[int, Callable[[Walker], None]] = {
    ord("("): _mark, ord("0"): _pop, ord("1"): _pop_mark, ord("2"): _top,
    0x80: _protocol, 0x95: _frame,
    ord("N"): lambda w: w.push(None), 0x88: lambda w: w.push(True), 0x89: lambda w: w.push(False),
    ord("I"): _integer, ord("L"): _long, ord("J"): lambda w: _signed(w, 4),
    ord("K"): lambda w: w.push(w.source.number(1)), ord("M"): lambda w: w.push(w.source.number(2)),
    0x8A: lambda w: _signed(w, w.source.number(1)), 0x8B: lambda w: _signed(w, w.source.number(4)),
    ord("F"): _float, ord("G"): _double,
    ord("S"): _quoted, ord("T"): lambda w: w.constant(w.source.number(4), "latin-1"),
    ord("U"): lambda w: w.constant(w.source.number(1), "latin-1"), ord("V"): _unicode,
    ord("X"): lambda w: w.constant(w.source.number(4), "utf-8", "surrogatepass"),
    0x8C: lambda w: w.constant(w.source.number(1), "utf-8", "surrogatepass"),
    0x8D: lambda w: w.constant(w.source.number(8), "utf-8", "surrogatepass"),
    ord("B"): lambda w: _bytes(w, w.source.number(4)), ord("C"): lambda w: _bytes(w, w.source.number(1)),
    0x8E: lambda w: _bytes(w, w.source.number(8)), 0x96: lambda w: _bytes(w, w.source.number(8)),
    ord(")"): lambda w: w.push(()), ord("t"): lambda w: _marked(w, _tuple),
    0x85: lambda w: _last(w, 1), 0x86: lambda w: _last(w, 2), 0x87: lambda w: _last(w, 3),
    ord("]"): lambda w: w.push(OTHER), ord("l"): lambda w: _marked(w, lambda _: OTHER), ord("a"): _append, ord("e"): _gather,
    ord("}"): lambda w: w.push({}), ord("d"): _dict, ord("s"): _set_item, ord("u"): lambda w: _set_items(w, w.since_mark()),
    0x8F: lambda w: w.push(OTHER), 0x90: _gather, 0x91: lambda w: _marked(w, lambda _: OTHER),
    ord("p"): lambda w: _put(w, w.whole()), ord("q"): lambda w: _put(w, w.source.number(1)),
    ord("r"): lambda w: _put(w, w.source.number(4)), 0x94: lambda w: _put(w, len(w.memo)),
    ord("g"): lambda w: _get(w, w.whole()), ord("h"): lambda w: _get(w, w.source.number(1)),
    ord("j"): lambda w: _get(w, w.source.number(4)),
    ord("c"): _global, 0x93: _stack_global, ord("i"): _inst, ord("o"): _obj,
    0x81: lambda w: _new(w, False), 0x92: lambda w: _new(w, True), ord("R"): _reduce, ord("b"): _build,
    0x82: lambda w: _extension(w, 1), 0x83: lambda w: _extension(w, 2), 0x84: lambda w: _extension(w, 4),
    ord("P"): _persistent_line, ord("Q"): _persistent,
    0x97: lambda w: w.push(OTHER), 0x98: _read_only,
}  # fmt: skip
