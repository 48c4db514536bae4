"""Under CI=true a test that is skipped fails: what could not be tested is not said to work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SKIPPED = {
    "test_called.py": "import pytest\ndef test_it():\n    pytest.skip('no such service')\n",
    "test_marked.py": "import pytest\n@pytest.mark.skip(reason='no such service')\ndef test_it():\n    pass\n",
    "test_whole.py": "import pytest\npytest.skip('no such service', allow_module_level=True)\n",
}


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 failed, 2 errors"), ("", "3 skipped")])
def test_a_skip_is_a_failure_only_where_ci_says_so(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    for name, source in SKIPPED.items():
        (tmp_path / name).write_text(source)
    options = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "--continue-on-collection-errors", "-rs"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "."],
        env={**os.environ, "CI": ci},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert done.stdout.count("no such service") >= 3, "the reason is told"
