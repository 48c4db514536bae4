"""The same requests to a real MLflow server and to ours are answered the same, or as docs/differences.md says, under "REST"."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat import real
from tests.mlflow_compat.wire import comparing, making, reading
from tests.mlflow_compat.wire.playing import played
from tests.support.servers import mlflow_server, serve

pytestmark = pytest.mark.compat

FILES = {path.stem: reading.read(path) for path in sorted((Path(__file__).parent / "wire" / "requests").glob("*.txt"))}
SCENES = [(name, scene) for name, scenes in FILES.items() for scene in scenes]
GENERATED = making.made(random.Random(20261125), 12)
PAGE = real.ROOT / "docs" / "differences.md"


def _sent(folder: Path, number: int) -> dict[str, dict[str, list[Any]]]:
    """What one server, MLflow's (0) or ours (1), answers to everything."""
    server = serve(folder / "store") if number else mlflow_server(folder / "mlflow")
    try:
        written = {name: played(server.url, scenes, name) for name, scenes in FILES.items()}
        return {**written, "generated": played(server.url, [scene for scene, _ in GENERATED], "generated")}
    finally:
        server.kill()


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """MLflow's answers and ours; asked for once, by whichever worker of the test run comes first."""
    real.require_mlflow()
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "wire"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "outcomes.json").exists():
            with ThreadPoolExecutor() as both:
                answers = list(both.map(_sent, [folder] * 2, [0, 1]))
            (folder / "outcomes.json").write_text(json.dumps(answers))
    theirs, ours = json.loads((folder / "outcomes.json").read_text())
    return theirs, ours


@pytest.mark.parametrize(("name", "scene"), SCENES, ids=[f"{name}: {scene.title}" for name, scene in SCENES])
def test_each_request_is_answered_as_mlflow_answers_it(
    name: str, scene: reading.Scene, outcomes: tuple[Any, Any]
) -> None:
    wrong = []
    answers = zip(scene.requests, *(side[name][scene.title] for side in outcomes), strict=True)
    for request, theirs, ours in answers:
        if comparing.same(theirs, ours) != (request.differs is None):
            what = "is marked as different and is not" if request.differs else "differs"
            asked = f"{request.method} {request.path} {request.body or ''}"[:300]
            wrong += [f"{name}.txt:{request.line}: {asked}: {what}", *comparing.apart(theirs, ours)]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(("scene", "mistyped"), GENERATED, ids=[scene.title for scene, _ in GENERATED])
def test_a_request_that_is_wrong_in_one_field_is_answered_as_mlflow_answers_it(
    scene: reading.Scene, mistyped: list[bool], outcomes: tuple[Any, Any]
) -> None:
    wrong = _unlike(scene, mistyped, *(side["generated"][scene.title] for side in outcomes))
    assert not wrong, "\n" + "\n".join(wrong)


def _unlike(scene: reading.Scene, mistyped: list[bool], theirs: list[Any], ours: list[Any]) -> list[str]:
    wrong = []
    for request, odd, one, other in zip(scene.requests, mistyped, theirs, ours, strict=True):
        if not comparing.alike(one, other, odd):
            asked = f"{request.method} {request.path} {request.body or ''}"[:300]
            wrong += [asked, *comparing.apart(one, other)]
    return wrong


@pytest.mark.soak
def test_thousands_of_requests_that_are_wrong_in_one_field(tmp_path: Path) -> None:
    real.require_mlflow()
    made = making.made(random.Random(), 120)
    theirs, ours = mlflow_server(tmp_path / "mlflow"), serve(tmp_path / "store")
    try:
        scenes = [scene for scene, _ in made]
        with ThreadPoolExecutor() as both:
            answers = list(both.map(lambda server: played(server.url, scenes, "generated"), [theirs, ours]))
    finally:
        theirs.kill()
        ours.kill()
    wrong = [line for scene, odd in made for line in _unlike(scene, odd, *(side[scene.title] for side in answers))]
    assert not wrong, "\n" + "\n".join(wrong)


def _rows(section: str) -> set[str]:
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| \*\*([\w' -]+)\*\* \|", text, re.MULTILINE))


def test_every_difference_is_explained_and_every_explanation_is_of_a_difference() -> None:
    shown = {request.differs for _, scene in SCENES for request in scene.requests if request.differs}
    assert shown - _rows("Calls") == _rows("REST")


def test_a_scene_is_played_under_one_title_only() -> None:
    for scenes in FILES.values():
        assert len({scene.title for scene in scenes}) == len(scenes)
