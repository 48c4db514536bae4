"""Who vouches for a saved model, and what may be read of it because of that."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from runstone import settings
from runstone.errors import Forbidden
from runstone.safety.contents import contents
from runstone.safety.held import Held
from runstone.warning import warn

_trusting: ContextVar[bool] = ContextVar("runstone_trusting", default=False)
# Digests of what was looked at in this process: what its pickles would import (no words: harmless), and what was warned of.
_looked_at: dict[str, str] = {}
_warned: set[str] = set()
_MOST_NAMED = 4
# What makes functions and classes out of the code that a pickle brings.
_OWN_CODE = ("cloudpickle.cloudpickle._make_", "cloudpickle.cloudpickle._builtin_type")


class PickleWarning(UserWarning):
    """Loading a model imports what is not known to be harmless; it names it. Once for each file's digest."""


@contextlib.contextmanager
def trusting() -> Iterator[None]:
    """Say that you trust who made the models that are loaded within: their pickles and code may run anything, and nothing is said.

    It holds for this thread, or this task. RUNSTONE_PICKLE=refuse is stronger.
    """
    token = _trusting.set(True)
    try:
        yield
    finally:
        _trusting.reset(token)


class Trust:
    """Asked by a flavor before it reads what can run code.

    Args:
        what: the model, as an error names it.
        vouched: whether its bytes are what this store was given, by their digests; else they are somebody else's.
    """

    def __init__(self, what: str, vouched: bool) -> None:
        self.what, self.vouched = what, vouched

    def pickle(self, file: str | Held) -> None:
        """Let a pickle file (any protocol; joblib's, torch's zip), or a folder with some, be read. Raises Forbidden, which names what it would import.

        Args:
            file: its path; or the file as it will be read, so that nothing else can be put there between the look and the load.
        """
        policy = _policy()
        if policy == "allow":
            return
        looked = _Look(file)
        if policy != "refuse" and looked.made_here():
            return
        words = looked.words()
        if words:
            self._decide(policy, f"its file {looked.name!r} {'; '.join(words)}", looked.key)

    def types(self, names: Iterable[str], file: str | Held) -> None:
        """Let objects of these types ("module.Name"), which a file names, be made. Raises Forbidden."""
        policy, asked = _policy(), list(names)
        if policy == "allow" or not asked:
            return
        from runstone.safety.names import unknown_types

        unknown = unknown_types(asked)
        if not unknown:
            return
        looked = _Look(file)
        if policy == "refuse" or not looked.made_here():
            self._decide(policy, f"its file {looked.name!r} imports {_list(unknown)}", looked.key)

    def code(self, path: str, module: str | None = None, data: str | None = None) -> None:
        """Let Python code that came with the model be run. Raises Forbidden.

        Args:
            path: the file or folder of code; of a module that is named, the file that names it.
            module: a module that is to be imported because `path` names it.
            data: what that module is to be given: a file or folder.
        """
        policy = _policy()
        if policy == "allow" or (policy is None and self.vouched):
            return
        looked = [_Look(one) for one in (path, data) if one is not None]
        if policy == "refuse" or not all(one.made_here() for one in looked):
            brings = f"it brings Python code of its own, {looked[0].name!r}"
            reason = brings if module is None else f"it is loaded by the module {module!r:.200}"
            self._decide(policy, reason, "".join(one.key for one in looked))

    def runs(self, path: str | Held, reason: str) -> None:
        """Let something that is no pickle, and no Python code, be read although it can run code: `reason` says of which kind, as part of a
        sentence. Raises Forbidden."""
        policy = _policy()
        if policy == "allow":
            return
        looked = _Look(path)
        if policy == "refuse" or not looked.made_here():
            self._decide(policy, reason, f"{reason}{looked.key}")

    def _decide(self, policy: str | None, reason: str, key: str) -> None:
        if policy == "refuse":
            raise Forbidden(f"Loading {self.what} could run code: {reason}. RUNSTONE_PICKLE=refuse forbids that here.")
        if policy is None and not self.vouched:
            raise Forbidden(
                f"Loading {self.what} was refused, for it can run code, and was not saved on this machine: {reason}.\n"
                "If you trust who made it, say so: `with runstone.trusting():` around the call, or RUNSTONE_PICKLE=allow for the whole program. "
                "`runstone models scan` shows all that it would run."
            )
        if key not in _warned:
            _warned.add(key)
            warn(
                f"Loading {self.what} could run code: {reason}. If you trust who made it, `with runstone.trusting():` says so.",
                PickleWarning,
            )


def allows_all() -> bool:
    """Whether whatever is loaded now may run anything: by `trusting`, or the setting."""
    return _policy() == "allow"


def refused(folder: str) -> dict[str, str]:
    """The files of a model's folder for which it would not be loaded as it stands here, and what each is or imports, in words; those with
    dangerous imports first. Empty for a folder that is harmless, or made here. Loads nothing."""
    from runstone.safety.names import DANGEROUS, HARMLESS
    from runstone.safety.remembered import made_here
    from runstone.safety.scanning import scan

    policy, found = _policy(), {}
    if policy in ("allow", "warn"):
        return {}
    for one in sorted(scan(folder).files, key=lambda one: one.verdict != DANGEROUS):
        path = os.path.join(folder, one.file)
        if one.verdict == HARMLESS or not os.path.isfile(path):
            continue
        with Held(path) as file:
            if policy == "refuse" or not made_here([file.digest()]):
                found[one.file] = _imports(file, False) or "; ".join(one.problems)
    return found


class _Look:
    """A file, or the files of a folder, as they are when they are asked about."""

    def __init__(self, file: str | Held) -> None:
        path = file if isinstance(file, str) else file.path
        self.name = os.path.basename(path.rstrip("/"))
        self._held = None if isinstance(file, str) else file
        self._paths: list[str] = [path]
        self._odd: dict[str, str] = {}
        self._surely = True
        if self._held is None and os.path.isdir(path):
            found = contents(path)
            # Nothing is known of what is behind a link to a folder, and Python would import it.
            self._surely = False
            self._paths, self._odd = [os.path.join(path, name) for name in found.files], found.odd
        self._digests = [file.digest() for file in self._files()]
        self.key = "".join([*self._digests, *self._odd])

    def _files(self) -> Iterator[Held]:
        if self._held is not None:
            yield self._held
            return
        for path in self._paths:
            with Held(path) as file:
                yield file

    def made_here(self) -> bool:
        """Whether this user made all of it on this machine."""
        from runstone.safety.remembered import made_here

        return not self._odd and bool(self._digests) and made_here(self._digests)

    def words(self) -> list[str]:
        """What it would import that is not known to be harmless; empty for nothing."""
        found = [_imports(file, self._surely) for file in self._files()]
        return [words for words in found if words] + [f"has {what}, {name!r:.120}" for name, what in self._odd.items()]


def _policy() -> str | None:
    """allow, warn or refuse; None where nobody said."""
    said = settings.PICKLE.read()
    return "allow" if _trusting.get() and said != "refuse" else said


def _imports(file: Held, surely: bool) -> str:
    """What a file would import that is not known to be harmless, in words; '' for nothing. `surely` it will be read as a pickle."""
    key = f"{file.digest()}{surely}{os.path.splitext(file.path)[1]}"  # what a file counts as depends on its name
    if key not in _looked_at:
        from runstone.safety.names import DANGEROUS, HARMLESS
        from runstone.safety.scanning import scan_held
        from runstone.safety.walking import CALLS_COMPUTED

        seen = scan_held(file, os.path.basename(file.path), surely)
        ranked = sorted((one for one in seen.imports if one.verdict != HARMLESS), key=lambda one: one.verdict)
        # A function that cloudpickle keeps is code, whatever else it needs: the names of how it is put together tell nobody anything.
        own = any(one.name.startswith(_OWN_CODE) for one in ranked)
        named = [
            f"{one.name} (dangerous)" if one.verdict == DANGEROUS else one.name
            for one in ranked
            if not (own and one.name.startswith(("cloudpickle.", "builtins.type")))
        ]
        problems = [one for one in seen.problems if not (own and one == CALLS_COMPUTED)]
        words = ["holds Python code of its own (cloudpickle)"] if own else []
        words += [f"imports {_list(named)}"] if named else []
        words += [f"cannot be judged: {'; '.join(problems)}"] if problems else []
        words += ["is Python code"] if seen.kind == "code" else []
        _looked_at[key] = " and ".join(words)
    return _looked_at[key]


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(name if len(name) <= 120 else f"{name[:120]}..." for name in names[:_MOST_NAMED])
    return ascii(shown)[1:-1] + (f" and {more} more" if more > 0 else "")
