"""The public face: what `import runstone` costs and promises."""

from __future__ import annotations

import subprocess
import sys

import pytest

import runstone


def test_importing_runstone_loads_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import runstone; print(sorted(m for m in set(sys.modules) - before if not m.startswith('runstone')))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert eval(out) == ["__future__"], out


def test_a_plain_script_loads_no_heavy_module(tmp_path: object) -> None:
    code = (
        "import sys, runstone, os\n"
        "open('a.txt', 'w').write('x')\n"
        "with runstone.start_run():\n    runstone.log_param('a', 1)\n    runstone.log_artifact('a.txt')\n"
        "heavy = {'numpy', 'pandas', 'yaml', 'click', 'rich', 'asyncio', 'dataclasses', 'logging', 'http', 'email', 'ssl', 'random', 'urllib3'}\n"
        "heavy |= {'runstone.store.search.sql', 'runstone.operations.search', 'runstone.operations.series', 'runstone.store.series', 'shutil', 'hashlib', 'runstone.client.spool'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


@pytest.mark.parametrize("name", runstone.__all__)
def test_every_name_of_the_face_is_there_and_explained(name: str) -> None:
    value = getattr(runstone, name)
    assert value.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="evaluate"):
        _ = runstone.evaluate
    with pytest.raises(AttributeError, match=r"no 'log_modle'\. Did you mean 'log_model'\?"):
        _ = runstone.log_modle
    with pytest.raises(AttributeError, match="It has what MLflow has"):
        _ = runstone.genai
