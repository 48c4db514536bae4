"""What the docs name exists, and what exists is named: settings, operations, files, targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runstone import settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def test_every_setting_is_described_as_it_is() -> None:
    rows = {}
    for line in (ROOT / "docs" / "settings.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = cells[1:]
    described = {
        name: (default, meaning, re.findall(r"`(\w+)`", also)) for name, (default, meaning, also) in rows.items()
    }
    existing = {}
    for setting in settings.ALL:
        default = (
            "unset"
            if setting.default is None
            else str(int(setting.default) if isinstance(setting.default, bool) else setting.default)
        )
        existing[setting.name] = (default, setting.meaning, list(setting.also))
    assert described == existing


def test_nothing_but_the_settings_reads_the_environment() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        if path.name not in ("settings.py", "diagnosis.py"):
            assert not re.search(r"os\.(environ|getenv)", path.read_text()), f"{path} reads the environment itself"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for target in re.findall(r"`((?:src|tests|docs|benchmarks|examples|tools|requirements)/[\w./-]*)`", text):
        assert (ROOT / target).exists(), f"{page.name} names {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)[^`]*`", page.read_text()))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_a_page_names_is_there(page: Path) -> None:
    known = {setting.name for setting in settings.ALL} | {"RUNSTONE_TEST_MLFLOW"}
    assert set(re.findall(r"\bRUNSTONE_[A-Z_]+\b", page.read_text())) <= known


def test_the_design_names_every_room_of_the_house() -> None:
    text = (ROOT / "docs" / "design.md").read_text()
    for path in (ROOT / "src" / "runstone").iterdir():
        if path.name.startswith("_") or path.name == "py.typed":
            continue
        name = f"`{path.name}/`" if path.is_dir() else f"`{path.name}`"
        assert name in text, f"docs/design.md does not say what {name} holds"
