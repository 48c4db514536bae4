"""Modules of the page that know no browser, tested where they run: by node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.support.servers import ROOT

_NODE = ROOT / ".venv" / "bin" / "node"


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "modules").glob("*.test.js")), ids=lambda path: path.stem
)
def test_a_module_does_what_its_tests_say(path: Path) -> None:
    done = subprocess.run(
        [_NODE, "--test", "--test-reporter", "spec", path], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
