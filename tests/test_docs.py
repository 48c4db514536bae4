"""What the docs name exists, and what exists is named: settings, operations, files, targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from runstone import settings
from runstone.cli import root

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


def _sections(page: Path) -> dict[str, str]:
    """Headings that name a command, and what stands below each up to the next heading."""
    parts = re.split(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {title: text for title, text in zip(parts[1::2], parts[2::2], strict=True) if title.startswith("runstone ")}


def _commands() -> dict[str, click.Command]:
    """Every command of the terminal by what is typed for it."""
    found: dict[str, click.Command] = {}

    def walk(name: str, command: click.Command) -> None:
        found[name] = command
        if isinstance(command, click.Group):
            for part in command.list_commands(click.Context(command)):
                inner = command.get_command(click.Context(command), part)
                assert inner is not None
                walk(f"{name} {part}", inner)

    walk("runstone", root)
    return found


def _options(command: click.Command) -> set[str]:
    return {name for option in command.params if isinstance(option, click.Option) for name in option.opts}


def test_every_command_and_option_is_described_and_what_is_described_exists() -> None:
    page = ROOT / "docs" / "terminal.md"
    sections, commands = _sections(page), _commands()
    assert set(sections) == set(commands) - {"runstone"}
    for name, text in sections.items():
        listed = {
            option for line in re.findall(r"^- (.*)$", text, re.MULTILINE) for option in _named(line.split(":")[0])
        }
        # What every command has is described once.
        assert "--store" in _options(commands[name]), name
        assert listed - {"--store"} == _options(commands[name]) - {"--store"}, f"{name} in docs/terminal.md"
    assert _options(root) <= set(_named(page.read_text()))


def _named(text: str) -> list[str]:
    return re.findall(r"(?<=`)(--?[a-z][a-z-]*)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    commands = _commands()
    text = page.read_text()
    shells = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    typed = re.findall(r"`runstone ([^`\n]+)`", text) + re.findall(r"^runstone (.+)$", shells, re.MULTILINE)
    for line in typed:
        words = line.split()
        command: click.Command = root
        name = "runstone"
        while words and isinstance(command, click.Group) and f"{name} {words[0]}" in commands:
            name = f"{name} {words.pop(0)}"
            command = commands[name]
        assert name != "runstone" or words[0].startswith("-"), f"{page.name} names `runstone {line}`"
        options = _options(commands.get(f"{name} list", command)) | {"--help"}
        if name != "runstone run":
            assert {word for word in words if re.match(r"--?[a-z]", word)} <= options, f"{page.name}: `runstone {line}`"


def test_the_page_on_search_names_what_can_be_asked_and_nothing_else() -> None:
    from runstone.store.search import grammar, names

    text = (ROOT / "docs" / "search.md").read_text()
    tables = [
        [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in block.splitlines() if line.startswith("|")]
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    ]
    found = [{name for row in table for name in row} for table in tables]
    entities, summaries, runs, experiments, logged_models, registered_models, versions, operators = found
    assert entities == set(names.RUN_ENTITIES) - {""}
    assert {name.removeprefix(".") for name in summaries} == set(names.SUMMARIES)
    assert runs == set(names.RUN_ATTRIBUTES)
    assert experiments == set(names.EXPERIMENT_ATTRIBUTES)
    assert logged_models == set(names.LOGGED_MODEL_ATTRIBUTES)
    assert registered_models == set(names.REGISTERED_MODEL_ATTRIBUTES)
    assert versions == set(names.MODEL_VERSION_ATTRIBUTES)
    negations = {f"NOT {name}" for name in (*grammar.PATTERNS, "IN", "BETWEEN")}
    assert operators == {*grammar.COMPARISONS, "IN", "BETWEEN", *negations, "IS NULL", "IS NOT NULL"}
    for name in (
        *names.DATASET_COLUMNS,
        *names.EXPERIMENT_ENTITIES,
        *names.LOGGED_MODEL_ENTITIES,
        *names.REGISTRY_ENTITIES,
    ):
        assert f"`{name}`" in text or not name
