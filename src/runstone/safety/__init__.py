"""Whether what would run code when it is loaded may be: static looks at pickles, and a policy. Runs nothing of what it looks at."""

from __future__ import annotations

TYPE_CHECKING = False

_HOMES = {
    "PickleWarning": "trust", "trusting": "trust", "scan": "scanning", "Report": "scanning", "Scanned": "scanning", "Import": "scanning",
}  # fmt: skip

__all__ = ["Import", "PickleWarning", "Report", "Scanned", "scan", "trusting"]

if TYPE_CHECKING:
    from runstone.safety.scanning import Import as Import
    from runstone.safety.scanning import Report as Report
    from runstone.safety.scanning import Scanned as Scanned
    from runstone.safety.scanning import scan as scan
    from runstone.safety.trust import PickleWarning as PickleWarning
    from runstone.safety.trust import trusting as trusting


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"runstone.safety has no {name!r}.")
    return getattr(import_module(f"runstone.safety.{home}"), name)
