"""Regular expressions in time linear in the text, whoever wrote them: an automaton, no backtracking.

`re` may need exponential time for a pattern such as (a+)+b and cannot be interrupted; a search must not hang on a filter's text.
The syntax is what such an automaton can decide: no backreferences, no look-around, no \\b. A pattern is found anywhere in a text;
^ and $ are its ends. Steps of the automaton are remembered per character; making them is bounded by MOST_WORK.

pattern := branch ( "|" branch )*      branch := ( atom [ * + ? {m} {m,} {m,n} ] )*
atom    := character | . | [class] | \\d \\w \\s (and \\D \\W \\S) | ^ | $ | ( pattern ) | (?: pattern ); (?i) at the start ignores case
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from runstone.errors import InvalidParameter

MOST_PATTERN = 500  # characters
MOST_STATES = 2_000  # of the automaton, after {m,n} is written out
MOST_WORK = 3_000_000  # states visited while steps are made: a second or two
_MOST_STEPS = 20_000  # remembered; then they are forgotten and made again
_MOST_DEPTH = 50

Accepts = Callable[[str], bool]


class _State(NamedTuple):
    """Goes on to `ends`: through a character that it accepts, at once (None), or at a text's start ('^') or end ('$')."""

    accepts: Accepts | str | None
    ends: list[int]


class _Places(dict[str, "_Places"]):
    """The states that a text so far can have led to; a character leads on to others, found once and then remembered."""

    __slots__ = ("found", "found_at_end", "pattern", "states")

    def __init__(self, pattern: Pattern, states: frozenset[int]) -> None:
        self.pattern, self.states = pattern, states
        self.found = pattern.match in states
        self.found_at_end: bool | None = None

    def __missing__(self, mark: str) -> _Places:
        return self.pattern.step(self, mark)


class Pattern:
    """A regular expression that can be searched for. Raises InvalidParameter for one that is none, or is too large.

    `refusal` is set, and nothing is found any more, when a search with it has become too much work.
    """

    def __init__(self, written: str) -> None:
        if len(written) > MOST_PATTERN:
            raise InvalidParameter(
                f"Invalid regular expression: it has {len(written)} characters; the limit is {MOST_PATTERN}"
            )
        self.written = written
        self.refusal: InvalidParameter | None = None
        self._states = _Compiler(written).states
        self.match = len(self._states) - 1
        self._known: dict[frozenset[int], _Places] = {}
        self._steps = self._work = 0
        self._start = self._places({0}, "^")

    def __call__(self, text: str | None) -> bool | None:
        """Whether the pattern is found in the text; None (SQL's NULL) for no text."""
        if text is None or self.refusal:
            return None
        places = self._start
        for mark in text:
            places = places[mark]
        if places.found or not text:
            return places.found or self.match in self._closed(set(places.states), "^$")
        if places.found_at_end is None:
            places.found_at_end = self.match in self._closed(set(places.states), "$")
        return places.found_at_end

    def step(self, places: _Places, mark: str) -> _Places:
        """Where a character leads; a match may also start behind it. What has been found stays found."""
        if places.found or self.refusal:
            return places
        if self._steps == _MOST_STEPS:
            for known in self._known.values():
                known.clear()
            self._known.clear()
            self._steps = 0
        reached = {0}
        for number in places.states:
            accepts, ends = self._states[number]
            if accepts is not None and not isinstance(accepts, str) and accepts(mark):
                reached.update(ends)
        following = places[mark] = self._places(reached, "")
        self._steps += 1
        self._work += len(places.states) + len(following.states)
        if self._work > MOST_WORK:
            self.refusal = InvalidParameter(
                f"The regular expression {self.written!r} is too much work on these texts. Write it with fewer repeats, or use LIKE."
            )
        return following

    def _places(self, reached: set[int], edges: str) -> _Places:
        states = self._closed(reached, edges)
        known = self._known.get(states)
        if known is None:
            known = self._known[states] = _Places(self, states)
        return known

    def _closed(self, reached: set[int], edges: str) -> frozenset[int]:
        """The states and those they go on to without a character, given the edges of the text that are here."""
        waiting, closed = list(reached), set(reached)
        while waiting:
            accepts, ends = self._states[waiting.pop()]
            if accepts is None or (isinstance(accepts, str) and accepts in edges):
                waiting += [end for end in ends if end not in closed]
                closed.update(ends)
        return frozenset(closed)


class _Compiler:
    """A recursive descent over a pattern, making states; the last one is the match."""

    def __init__(self, written: str) -> None:
        self.text, self.place, self.depth = written, 0, 0
        self.states: list[_State] = []
        self.fold = written.startswith("(?i)")
        if self.fold:
            self.place = 4
        start = self.add(None, [])
        first, last = self.either()
        if self.place < len(self.text):
            raise self.wrong("a ')' without a '('")
        self.states[start].ends.append(first)
        self.states[last].ends.append(self.add(_never, []))

    def wrong(self, problem: str) -> InvalidParameter:
        return InvalidParameter(f"Invalid regular expression {self.text!r}: {problem} at character {self.place + 1}")

    def add(self, accepts: Accepts | str | None, ends: list[int]) -> int:
        if len(self.states) == MOST_STATES:
            raise self.wrong(f"more than {MOST_STATES} states, repeats written out,")
        self.states.append(_State(accepts, ends))
        return len(self.states) - 1

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.place):
            self.place += len(mark)
            return True
        return False

    # Each of these gives the first and the last state of what it has read; the last goes nowhere yet.

    def either(self) -> tuple[int, int]:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise self.wrong(f"more than {_MOST_DEPTH} groups in one another")
        first, last = self.add(None, []), self.add(None, [])
        while True:
            start, end = self.branch()
            self.states[first].ends.append(start)
            self.states[end].ends.append(last)
            if not self.take("|"):
                break
        self.depth -= 1
        return first, last

    def branch(self) -> tuple[int, int]:
        first = last = self.add(None, [])
        while self.peek() not in ("", "|", ")"):
            start, end = self.repeated()
            self.states[last].ends.append(start)
            last = end
        return first, last

    def repeated(self) -> tuple[int, int]:
        began = self.place
        first, last = self.atom()
        ended = self.place
        least, most = self.repeats()
        if (least, most) == (1, 1):
            return first, last
        # Copies of what was read, one after another, made by reading it again; from the least on each may be left out.
        resume = self.place
        start = end = self.add(None, [])
        leave = self.add(None, [])
        for number in range(least if most is None else most):
            if number:
                self.place = began
                first, last = self.atom()
                assert self.place == ended
            if number >= least:
                self.states[end].ends.append(leave)
            self.states[end].ends.append(first)
            end = last
        if most is None:
            if not least:
                self.states[start].ends.append(first)
                self.states[start].ends.append(leave)
                end = last
            self.states[end].ends.append(first)
        self.states[end].ends.append(leave)
        self.place = resume
        return start, leave

    def repeats(self) -> tuple[int, int | None]:
        least: int
        most: int | None
        if self.take("*"):
            least, most = 0, None
        elif self.take("+"):
            least, most = 1, None
        elif self.take("?"):
            least, most = 0, 1
        elif self.peek() == "{" and (counts := self.counts()):
            least, most = counts
        else:
            return 1, 1
        self.take("?")  # a lazy repeat finds the same texts
        if self.peek() in ("*", "+", "?") or (self.peek() == "{" and self.counts()):
            raise self.wrong("a repeat of a repeat; put parentheses round it")
        return least, most

    def counts(self) -> tuple[int, int | None] | None:
        closing = self.text.find("}", self.place)
        low, comma, high = self.text[self.place + 1 : max(closing, 0)].partition(",")
        if (low + high).strip("0123456789") or not (comma or low):
            return None  # braces that are no count stand for themselves, as in `re`
        least = int(low or 0)
        most = None if comma and not high else int(high or low)
        self.place = closing + 1
        if max(least, most or 0) > MOST_STATES or (most is not None and most < least):
            raise self.wrong("a repeat count that is too large, or whose bounds are reversed,")
        return least, most

    def atom(self) -> tuple[int, int]:
        mark = self.peek()
        if mark in ("*", "+", "?"):
            raise self.wrong("nothing to repeat")
        if self.take("("):
            if self.take("?") and not self.take(":"):
                raise self.wrong("a group that is neither (...) nor (?:...)")
            both = self.either()
            if not self.take(")"):
                raise self.wrong("a '(' that is not closed")
            return both
        self.place += 1
        accepts: Accepts | str
        if mark in ("^", "$"):
            accepts = mark
        elif mark == ".":
            accepts = _not_newline
        elif mark == "[":
            accepts = self.set()
        elif mark == "\\":
            accepts = self.folded(self.escape())
        else:
            accepts = self.folded(_just(mark))
        end = self.add(None, [])
        return self.add(accepts, [end]), end

    def folded(self, accepts: Accepts) -> Accepts:
        if not self.fold:
            return accepts
        return lambda mark: accepts(mark) or accepts(mark.lower()) or accepts(mark.upper())

    def escape(self) -> Accepts:
        mark = self.peek()
        self.place += 1
        if mark in _CLASSES:
            return _CLASSES[mark]
        if mark in _CONTROLS:
            return _just(_CONTROLS[mark])
        if not mark or mark.isalnum():
            raise self.wrong(f"\\{mark}, which is not among \\d \\w \\s \\n \\t \\r and escaped marks,")
        return _just(mark)

    def set(self) -> Accepts:
        negated = self.take("^")
        members: list[Accepts] = []
        while self.peek() != "]" or not members:
            low = self.member()
            if self.peek() == "-" and self.text[self.place + 1 : self.place + 2] not in ("", "]"):
                self.place += 1
                high = self.member()
                if isinstance(low, str) and isinstance(high, str) and low <= high:
                    members.append(_between(low, high))
                    continue
                raise self.wrong("a range in [...] that is none")
            members.append(_just(low) if isinstance(low, str) else low)
        self.place += 1
        members = [self.folded(accepts) for accepts in members]
        if negated:
            return lambda mark: not any(accepts(mark) for accepts in members)
        return lambda mark: any(accepts(mark) for accepts in members)

    def member(self) -> str | Accepts:
        mark = self.peek()
        if not mark:
            raise self.wrong("a '[' that is not closed")
        self.place += 1
        if mark != "\\":
            return mark
        mark = self.peek()
        accepts = self.escape()
        return accepts if mark in _CLASSES else _CONTROLS.get(mark, mark)


def _just(wanted: str) -> Accepts:
    return lambda mark: mark == wanted


def _between(low: str, high: str) -> Accepts:
    return lambda mark: low <= mark <= high


def _never(mark: str) -> bool:
    return False


def _not_newline(mark: str) -> bool:
    return mark != "\n"


def _word(mark: str) -> bool:
    return mark.isalnum() or mark == "_"


_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
_CLASSES: dict[str, Accepts] = {
    "d": str.isdecimal, "w": _word, "s": str.isspace,
    "D": lambda mark: not mark.isdecimal(), "W": lambda mark: not _word(mark), "S": lambda mark: not mark.isspace(),
}  # fmt: skip
