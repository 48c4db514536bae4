"""Logged models whose maker died before their files were there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.scripts import start

import runstone

pytestmark = pytest.mark.everywhere


def test_a_model_whose_maker_was_killed_has_failed_where_a_run_tells_that_it_is_dead(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        f"""
        import runstone
        runstone.set_tracking_uri({runstone.get_tracking_uri()!r})
        runstone.initialize_logged_model("of no run")
        with runstone.start_run():
            runstone.finalize_logged_model(runstone.initialize_logged_model("whole").model_id, "READY")
            for name in ("first", "second"):
                runstone.initialize_logged_model(name)
            print("made")
            input()
        """,
    )

    def statuses() -> dict[str, str]:
        return {model.name: str(model.status) for model in runstone.Client().search_logged_models(["0"])}

    assert process.stdout is not None
    assert process.stdout.readline() == "made\n"
    expected = {"of no run": "PENDING", "whole": "READY", "first": "PENDING", "second": "PENDING"}
    assert statuses() == expected
    process.kill()
    process.communicate()
    assert statuses() == {**expected, "first": "FAILED", "second": "FAILED"}
    (found,) = runstone.Client().search_runs(["0"])
    assert found.info.status == "KILLED"
