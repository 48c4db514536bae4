"""A pickle is walked through, opcode by opcode, as an unpickler would; nothing is imported, called or made.

What is kept of each value is only what names and lengths can be made of (`values`). Where an unpickler would raise, the walk ends:
it has seen all that could have run until then, and says that the pickle is broken.
"""

from __future__ import annotations

import _compat_pickle
from collections.abc import Iterable
from typing import Any

from runstone.safety.opcodes import LINE, STEPS
from runstone.safety.source import Budget, Ended, Source, TooLong
from runstone.safety.values import ARRAY_ARGUMENTS, ARRAYS, KEPT, OTHER, Global, Made, Stopped, Unknowable, array_bytes

# A name is short; what is longer is data.
_NAME = 512
CALLS_COMPUTED = "it calls what it computed"
TOO_LONG = "it is too long to be looked at"
_RECONSTRUCTOR = Global("copyreg", "_reconstructor")


class Seen:
    """What was found, over all that was walked of one file.

    Attributes:
        names: everything that would be imported, in the order of it.
        problems: why what was found may not be all, or means more than its names say.
        inner: constants that look like pickles.
        budget: what may be gone through yet.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self.names: dict[Global, None] = {}
        self.problems: dict[str, None] = {}
        self.inner: list[bytes] = []
        self.budget = Budget() if budget is None else budget


class Walker:
    """One pickle, from its first opcode to its STOP.

    Args:
        source: where its bytes are.
        seen: what is added to.
        arrays: raw arrays stand behind joblib's descriptions of them.
    """

    def __init__(self, source: Source, seen: Seen, arrays: bool = False) -> None:
        self.source: Source = source
        self.seen, self.arrays = seen, arrays
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.protocol = self.frame = 0

    def walk(self) -> Any:
        """Go to its STOP; what is known of the result comes back. Raises Stopped, Ended, TooLong."""
        read, seen = self.source.read, self.seen
        budget = seen.budget
        while True:
            opcode = read(1)[0]
            if opcode == 46:  # STOP
                if self.source.position < self.frame:
                    seen.problems["its frames do not end where it ends"] = None
                return self.pop()
            step = STEPS.get(opcode)
            if step is None:
                raise Stopped
            budget.steps -= 1
            if budget.steps < 0:
                raise TooLong
            step(self)

    def pop(self) -> Any:
        """Take what goes into something else."""
        value = self.taken()
        if self.arrays:
            self.keep_plain((value,))
        return value

    def taken(self) -> Any:
        """Take what is called, or what calls are given."""
        if not self.stack:
            raise Stopped
        return self.stack.pop()

    def keep_plain(self, values: Iterable[Any]) -> None:
        # joblib's unpickler reads an array after any object of this class, however that was made: so there is one way to make it
        for value in values:
            if value in ARRAYS or value in ARRAY_ARGUMENTS:
                self.seen.problems["its arrays are made in no way of joblib's"] = None
                raise Stopped

    def top(self) -> Any:
        if not self.stack:
            raise Stopped
        return self.stack[-1]

    def filled(self) -> Any:
        """What items are put into, or a state: a mapping that a module holds (scikit-learn's activations) is the whole process's."""
        held = self.top()
        if isinstance(held, Global):
            self.seen.problems["it alters what it imports"] = None
        return held

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise Stopped
        items, self.stack = self.stack, self.marks.pop()
        if self.arrays and tuple(items) not in ARRAY_ARGUMENTS:
            self.keep_plain(items)
        return items

    def text(self, found: bytes, encoding: str, errors: str = "strict") -> Any:
        """A constant; it is kept if it may be part of a name."""
        try:
            text = found.decode(encoding, errors)
        except UnicodeDecodeError as error:
            raise Stopped from error
        self.seen.budget.text -= len(text)
        if self.seen.budget.text < 0:
            raise TooLong
        return text

    def constant(self, length: int, encoding: str, errors: str = "strict") -> None:
        if length > _NAME:
            self.source.skip(length)
            self.push(OTHER)
        else:
            self.push(self.text(self.source.read(length), encoding, errors))

    def line(self, encoding: str = "ascii") -> str:
        text: str = self.text(self.source.line(LINE), encoding)
        return text

    def whole(self) -> int:
        try:
            return int(self.line())
        except ValueError as error:
            raise Stopped from error

    def name(self, module: Any, name: Any) -> Global:
        """What an unpickler would import."""
        if not isinstance(module, str) or not isinstance(name, str):
            self.seen.problems["it computes the names of what it imports"] = None
            return Global("?", "?")
        if self.protocol < 3:
            module, name = _compat_pickle.NAME_MAPPING.get(
                (module, name), (_compat_pickle.IMPORT_MAPPING.get(module, module), name)
            )
        found = Global(module, name)
        self.seen.names[found] = None
        if len(self.seen.names) > 100_000:
            raise TooLong
        return found

    def call(self, called: Any, args: Any) -> Any:
        """The result of a call, if that is something to know of."""
        if not isinstance(called, Global):
            self.seen.problems[CALLS_COMPUTED] = None
            return OTHER
        if called in KEPT:
            return Made(called, args)
        if called == _RECONSTRUCTOR and args in ARRAY_ARGUMENTS:
            return Made(args[0], ())
        if self.arrays:
            self.keep_plain((args,))
        return OTHER

    def state(self, state: Any) -> None:
        """BUILD."""
        made = self.filled()
        if isinstance(made, Made):
            again, made.state = made.state is not None, state
            if self.arrays and made.callable in ARRAYS:
                self._pass_array(made, again)
                self.stack[-1] = OTHER

    def _pass_array(self, made: Made, again: bool) -> None:
        if self.source.position < self.frame:  # joblib's unpickler would look for the array behind the frame
            self.seen.problems["its frames do not end where its arrays begin"] = None
            raise Stopped
        try:
            raw = array_bytes(made, again)
        except Unknowable as error:
            self.seen.problems["the lengths of its arrays cannot be told"] = None
            raise Stopped from error
        if raw is None:
            Walker(self.source, self.seen).walk()
            return
        if raw.padded:
            self.source.skip(self.source.number(1))
        self.source.skip(raw.length)


def walk(source: Source, seen: Seen, arrays: bool = False) -> tuple[bool, Any]:
    """Walk a pickle to its end or to where an unpickler would raise: whether it came to its STOP, and what is known of the result."""
    try:
        return True, Walker(source, seen, arrays).walk()
    except (Stopped, Ended, EOFError):
        return False, OTHER
    except TooLong:
        seen.problems[TOO_LONG] = None
        return False, OTHER
