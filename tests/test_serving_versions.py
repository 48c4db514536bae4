"""A served alias that moves: another version takes over under load, or the old one stays and says why."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until
from tests.support.scoring import Serving, asked, logged

import runstone


def test_another_version_takes_over_under_load_and_no_request_is_lost() -> None:
    logged(1.0, "champion")
    with Serving("models:/line@champion", interval=0.01) as serving:
        with ThreadPoolExecutor(4) as pool:
            over = threading.Event()

            def go_on() -> list[tuple[int, Any]]:
                found = []
                while not over.is_set():
                    found.append(serving.ask(asked(a=3, b=1)))
                return found

            running = [pool.submit(go_on) for _ in range(4)]
            old = serving.watched.now
            logged(2.0, "champion")
            until(lambda: serving.watched.now is not old)
            assert round(serving.ask(asked(a=3, b=1))[1]["predictions"][0], 6) == 6.0
            over.set()
            answers = [answer for one in running for answer in one.result()]
        assert {status for status, _ in answers} == {200}
        assert {round(said["predictions"][0], 6) for _, said in answers} <= {3.0, 6.0}
        until(lambda: not Path(old._folder).exists())
        assert json.loads(serving.send("GET", "/health")[1])["serves"] == "models:/line/2"


class Looks:
    """Counts how often a served model's address is looked at from now on."""

    def __init__(self, serving: Serving) -> None:
        self.count, meant = 0, serving.watched._meant

        def counted() -> Any:
            self.count += 1
            return meant()

        serving.watched._meant = counted  # type: ignore[method-assign]


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    logged(1.0, "champion")
    client = runstone.Client()
    broken = client.create_logged_model("0", "broken")
    client.log_text(broken.model_id, "flavors: {}", "MLmodel")
    client.finalize_logged_model(broken.model_id, "READY")
    with Serving("models:/line@champion", interval=0.01) as serving:
        loads: list[str] = []
        load = serving.watched._load
        serving.watched._load = lambda uri: loads.append(uri) or load(uri)  # type: ignore[func-returns-value]
        client.create_model_version("line", f"models:/{broken.model_id}")
        client.set_registered_model_alias("line", "champion", "2")
        until(lambda: serving.watched.trouble is not None)
        health = json.loads(serving.send("GET", "/health")[1])
        assert (health["serves"], "models:/line/2" in health["trouble"]) == ("models:/line/1", True)
        assert serving.ask(asked(a=3, b=1))[0] == 200
        looks = Looks(serving)
        until(lambda: looks.count > 3)
        assert caplog.text.count("cannot be loaded") == 1
        assert loads == ["models:/line/2"]
        client.set_registered_model_alias("line", "champion", "1")
        until(lambda: serving.watched.trouble is None)


def test_latest_follows_and_a_number_stays() -> None:
    logged(1.0)
    with Serving("models:/line/latest", interval=0.01) as latest, Serving("models:/line/1", interval=0.01) as first:
        assert (latest.watched.moves, first.watched.moves) == (True, False)
        logged(2.0)
        until(lambda: latest.watched.now.name == "models:/line/2")
        assert first.watched.now.name == "models:/line/1"


def test_a_version_that_ends_its_process_when_it_is_loaded_does_not_take_over(tmp_path: Path) -> None:
    client = runstone.Client()
    logged(2.0, "champion")
    (tmp_path / "code.py").write_text("from runstone.models import set_model\nset_model(lambda texts: texts)\n")
    info = runstone.pyfunc.log_model(name="ends", python_model=str(tmp_path / "code.py"), pip_requirements=[])
    client.log_text(info.model_id, "raise SystemExit(0)\n", "code.py")
    with Serving("models:/line@champion", interval=0.01) as serving:
        client.create_model_version("line", info.model_uri)
        client.set_registered_model_alias("line", "champion", "2")
        until(lambda: serving.watched.trouble is not None)
        assert "(SystemExit: 0)" in str(serving.watched.trouble)
        assert serving.ask(asked(a=3, b=1))[0] == 200
