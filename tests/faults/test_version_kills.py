"""A process that makes versions is killed at its calls: what was acknowledged is there, whole; no version is half there, no number twice."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from tests.faults import namer, sweep
from tests.support import tracing

import runstone
from runstone.errors import NotFound

NAMER = Path(namer.__file__)

pytestmark = pytest.mark.skipif(tracing.can_trace() is not None, reason=str(tracing.can_trace()))


def check(store: Path, told: list[list[object]]) -> None:
    client = runstone.Client(store)
    assert client.verify() == []
    found = list(reversed(client.search_artifact_versions("files")))
    assert [version.version for version in found] == [f"v{number}" for number in range(len(found))]
    for number, version in enumerate(found):
        assert {file.path for file in version.files} == {"large", "small"}
        assert (version.read("large"), version.read("small")) == (namer.CONTENTS[number], b"%d" % number)
        assert f"alias-{number}" in version.aliases
        assert len(version.info.produced_by) == 1
    if found:
        assert found[-1].aliases[-1] == "latest"
    made = {version.reference: version for version in found}
    for what, reference, _ in told:
        assert str(reference) in made, "a version that was acknowledged is gone"
        assert what != "used" or made[str(reference)].info.used_by
    # and it goes on
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, b"next", "next")
    assert client.log_artifact_version(run_id, "next", "files").version == f"v{len(found)}"
    with pytest.raises(NotFound):
        client.get_artifact_version(f"files:v{len(found) + 1}")


@pytest.mark.parametrize("stride", [23, pytest.param(1, marks=pytest.mark.soak)])
def test_no_version_is_half_there_wherever_its_maker_is_killed(tmp_path: Path, stride: int) -> None:
    for number in itertools.count(1, stride):
        store = tmp_path / str(number)
        calls, told = sweep.kill(tmp_path / f"work {number}", store, number, NAMER)
        check(store, told)
        shutil.rmtree(store)
        if len(calls) < number:  # it ended before
            break
    assert len(told) == 2 * len(namer.CONTENTS)
