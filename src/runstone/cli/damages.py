"""How damage is told: whole to programs; to people whose it is, what it means, and what can be done."""

from __future__ import annotations

import re
from collections.abc import Callable

from runstone.cli.output import for_people
from runstone.client import Client
from runstone.client.verification import Damage
from runstone.errors import RunstoneError

# Digits of a digest, or of a pack's name, that tell it from others.
_ENOUGH = 12
_DIGITS = re.compile(r"\b[0-9a-f]{32,64}\b")
_CONTENT = re.compile(r"^the content \S+: ")


def columns(store: Client, damaged: list[Damage]) -> list[dict[str, str]]:
    """Rows of a table of damage."""
    if not for_people():
        return [damage._asdict() for damage in damaged]
    names: dict[str, str] = {}
    for damage in damaged:
        if damage.owner not in names:
            names[damage.owner] = _whose(store, damage.owner)
    return [
        {
            "of": names[damage.owner],
            "path": damage.path,
            "problem": f"{_meaning(damage)}: {_shortened(damage.problem)}",
        }
        for damage in damaged
    ]


def advice(left: list[Damage], tried: bool = False) -> list[str]:
    """Sentences on what can be done about damage.

    Args:
        left: what is damaged.
        tried: whether other places were asked already.
    """
    lines = []
    if any(damage.path != "runstone.db" and not _is_points(damage) for damage in left):
        lines.append(
            "What is left needs a place that has it: give further ones, `--repair-from PLACE` each."
            if tried
            else "`runstone verify --repair-from STORE` brings files back from another store (a folder or a server that has them), or from the "
            "files that were logged; with --dry-run it says which."
        )
    if any(damage.path == "runstone.db" for damage in left):
        lines.append("What is wrong with the database (runstone.db) itself is not repaired: restore it from a backup.")
    if any(damage.path.startswith("metric ") for damage in left):
        lines.append("Metric points lie in the database only: restore runstone.db from a backup, or log them again.")
    if any(damage.path.startswith("journal/") for damage in left):
        lines.append("What is left of a journal (journal/*.damaged) is kept for you; delete it when it is dealt with.")
    return lines


def _whose(store: Client, owner: str) -> str:
    """An owner by its name, and by what can be typed for it."""
    kind, _, name = owner.partition("/")
    named: dict[str, Callable[[], str]] = {
        "runs": lambda: f"run {store.get_run(name).info.run_name} ({name[:8]})",
        "models": lambda: f"model {store.get_logged_model(name).name} ({name})",
        "versions": lambda: name,
        "": lambda: "the store",
    }
    if kind not in named:
        return owner
    try:
        return named[kind]()
    except RunstoneError:  # what is damaged may be what holds the name
        return owner


def _is_points(damage: Damage) -> bool:
    return damage.path.startswith(("metric ", "journal/"))


def _meaning(damage: Damage) -> str:
    if damage.path.startswith("metric "):
        return "points were not read back as logged"
    if damage.path.startswith("journal/"):
        return "points were lost on their way"
    if damage.path.startswith("packs/"):
        return "the pack is not whole"
    if damage.path == "runstone.db":
        return "the database is damaged"
    if not damage.path:
        return "bytes that no file has any more"
    return "the file cannot be read whole"


def _shortened(problem: str) -> str:
    return _DIGITS.sub(lambda match: match[0][:_ENOUGH], _CONTENT.sub("", problem))
