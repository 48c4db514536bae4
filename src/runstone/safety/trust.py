"""Who vouches for a saved model, and what may be read of it because of that."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from runstone import settings
from runstone.errors import Forbidden

_trusting: ContextVar[bool] = ContextVar("runstone_trusting", default=False)
# Digests of what was looked at in this process: what its pickles would import (no words: harmless), and what was warned of.
_looked_at: dict[str, str] = {}
_warned: set[str] = set()
_MOST_NAMED = 8


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

    def pickle(self, path: str) -> None:
        """Let a pickle file (any protocol; joblib's, torch's zip), or a folder with some, be read.

        Raises Forbidden, which names what it would import.
        """
        policy = _policy()
        if policy == "allow":
            return
        paths = _files(path)
        digests = _digests(paths)
        if policy != "refuse" and _made_here(digests):
            return
        found = [words for words in map(_imports, paths, digests) if words]
        if found:
            self._decide(policy, f"its file {os.path.basename(path)!r} {'; '.join(found)}", "".join(digests))

    def types(self, names: Iterable[str], path: str) -> None:
        """Let objects of these types ("module.Name"), which a file names, be made. Raises Forbidden."""
        from runstone.safety.names import HARMLESS, verdict

        policy = _policy()
        parted = [name.rpartition(".") for name in names]
        unknown = [f"{module}.{name}" for module, _, name in parted if verdict(module, name) != HARMLESS]
        if policy == "allow" or not unknown:
            return
        digests = _digests(_files(path))
        if policy == "refuse" or not _made_here(digests):
            self._decide(policy, f"its file {os.path.basename(path)!r} imports {_list(unknown)}", "".join(digests))

    def code(self, path: str, module: str | None = None) -> None:
        """Let Python code that came with the model be run, or a module that its file at `path` names. Raises Forbidden."""
        policy = _policy()
        if policy == "allow" or (policy is None and self.vouched):
            return
        digests = _digests(_files(path))
        if policy == "refuse" or not _made_here(digests):
            brings = f"it brings Python code of its own, {os.path.basename(path)!r}"
            self._decide(
                policy, brings if module is None else f"it is loaded by the module {module!r}", "".join(digests)
            )

    def runs(self, path: str, reason: str) -> None:
        """Let something that is no pickle, and no Python code, be read although it can run code: `reason` says of which kind, as part of a
        sentence. Raises Forbidden."""
        policy = _policy()
        if policy == "allow":
            return
        digests = _digests(_files(path))
        if policy == "refuse" or not _made_here(digests):
            self._decide(policy, reason, "".join([reason, *digests]))

    def _decide(self, policy: str | None, reason: str, key: str) -> None:
        if policy == "refuse":
            raise Forbidden(f"Loading {self.what} could run code: {reason}. RUNSTONE_PICKLE=refuse forbids that here.")
        if policy is None and not self.vouched:
            raise Forbidden(
                f"Loading {self.what} could run code, and neither this store nor this machine knows its files: {reason}. "
                "If you trust who made it, load it within `with runstone.trusting():`, or set RUNSTONE_PICKLE=allow."
            )
        if key not in _warned:
            _warned.add(key)
            warnings.warn(
                f"Loading {self.what} could run code: {reason}. If you trust who made it, `with runstone.trusting():` says so.",
                PickleWarning,
                stacklevel=2,
            )


def _policy() -> str | None:
    """allow, warn or refuse; None where nobody said."""
    said = settings.PICKLE.read()
    return "allow" if _trusting.get() and said != "refuse" else said


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    from runstone.safety.scanning import files_of

    return [os.path.join(path, name) for name in files_of(path)]


def _digests(paths: list[str]) -> list[str]:
    from runstone.safety.remembered import digest_of

    return digest_of(paths)


def _made_here(digests: list[str]) -> bool:
    from runstone.safety.remembered import made_here

    return made_here(digests)


def _imports(path: str, digest: str) -> str:
    """What a file would import that is not known to be harmless, in words; '' for nothing."""
    key = f"{digest}{os.path.splitext(path)[1]}"  # what a file counts as depends on its name
    if key not in _looked_at:
        from runstone.safety.names import DANGEROUS, HARMLESS
        from runstone.safety.scanning import scan_file

        seen = scan_file(path)
        ranked = sorted((one for one in seen.imports if one.verdict != HARMLESS), key=lambda one: one.verdict)
        named = [f"{one.name} (dangerous)" if one.verdict == DANGEROUS else one.name for one in ranked]
        words = [f"imports {_list(named)}"] if named else []
        words += [f"cannot be judged: {'; '.join(seen.problems)}"] if seen.problems else []
        words += ["is Python code"] if seen.kind == "code" else []
        _looked_at[key] = " and ".join(words)
    return _looked_at[key]


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(name if len(name) <= 120 else f"{name[:120]}..." for name in names[:_MOST_NAMED])
    return ascii(shown)[1:-1] + (f" and {more} more" if more > 0 else "")
