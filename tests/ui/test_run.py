"""A run's page, on what a real training left: why it failed, what it was given, its code, its console while it is written, what came of it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support.servers import Server, serve

import runstone

if TYPE_CHECKING:
    from playwright.sync_api import Page

TRAINING = """
import sys
import numpy
import runstone

runstone.set_experiment("houses")
rows = numpy.arange(12.0).reshape(6, 2)
with runstone.start_run(run_name="wide", log_system_metrics=True, tags={"team": "vision"}) as run:
    runstone.log_params({"optimizer.name": "adam", "optimizer.betas.0": 0.9, "model/width": 512, "seed": 7})
    runstone.log_input(runstone.data.from_numpy(rows, source="rows.npy", name="rows"), context="training")
    for step in range(150):
        runstone.log_metric("train/loss", 1 / (step + 1), step=step)
    runstone.pyfunc.log_model(name="linear", python_model=lambda model_input: model_input, registered_model_name="prices")
    with runstone.start_run(run_name="fold-1", nested=True):
        pass
    print("\\x1b[31mred\\x1b[0m <b>bold</b>", flush=True)
    for line in sys.stdin:
        print(line, end="", flush=True)
    raise ValueError("the loss is <i>NaN</i>")
"""


class Training(NamedTuple):
    """A training that waits for lines to print, and fails at their end; where its run is seen."""

    process: subprocess.Popen[str]
    address: str
    run_id: str


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    folder = tmp_path_factory.mktemp("run")
    code, store = folder / "code", folder / "store"
    code.mkdir()
    (code / "train.py").write_text(TRAINING)
    (code / "size.py").write_text("size = 1\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=n@x.org", *command], cwd=code, check=True)
    (code / "size.py").write_text("size = '<u>two</u>'\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "runstone", "run", "train.py", "--lr", "0.1"],
        cwd=code, env={**os.environ, "RUNSTONE_URI": str(store)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    assert "red" in process.stdout.readline()
    server: Server | None = None
    try:
        server = serve(store)
        run = next(one for one in runstone.Client(store).search_runs(["1"]) if one.info.run_name == "wide")
        yield Training(process, f"{server.url}/#/experiments/1/runs/{run.info.run_id}", run.info.run_id)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        if server is not None:
            server.stop()


def test_its_console_is_followed_and_searched_and_its_failure_is_shown_first(training: Training, page: Page) -> None:
    page.goto(training.address + "/logs")
    page.get_by_text("being written").wait_for()
    assert page.locator(".log-line .ink-1").inner_text() == "red"
    assert page.locator(".log-text").first.inner_text() == "red <b>bold</b>"
    assert training.process.stdin is not None
    training.process.stdin.write("10%\r20%\rdone\n" + "".join(f"line {number}\n" for number in range(3_000)))
    training.process.stdin.flush()
    page.get_by_text("line 2999", exact=True).wait_for()
    assert page.locator(".log-line").count() < 200, "only what can be seen is there"
    page.keyboard.press("/")
    page.keyboard.type("line 15")
    page.get_by_text(re.compile(r"^111$")).wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("1 of 111").wait_for()
    assert page.locator("mark").first.inner_text() == "line 15"
    assert "line=18" in page.url
    number = page.locator(".log-number").nth(4)
    chosen = number.inner_text().replace(",", "")
    number.click()
    page.wait_for_url(re.compile(f"line={chosen}(&|$)"))
    training.process.stdin.close()
    page.locator(".status.FAILED").wait_for()
    page.get_by_role("link", name="overview").click()
    page.get_by_text("ValueError: the loss is <i>NaN</i>", exact=True).wait_for()
    assert page.locator("main").inner_text().index("ValueError") < page.locator("main").inner_text().index("About")


def test_its_facts_are_shown_and_what_people_say_of_it_is_changed_in_place(training: Training, page: Page) -> None:
    page.goto(training.address)
    params = page.get_by_role("region", name="Params")
    params.get_by_role("button", name=re.compile("^optimizer")).click()
    assert "adam" not in params.inner_text()
    page.get_by_role("region", name="Related runs").get_by_role("link", name="fold-1").wait_for()
    notes = page.get_by_role("region", name="Notes")
    notes.get_by_role("button", name="Add").click()
    notes.get_by_role("textbox").fill("# Why\n\n**bold** <script>x</script> [p](javascript:x) [q](https://example.org)")
    notes.get_by_role("button", name="Preview").click()
    assert notes.get_by_role("heading", name="Why").count() == 1
    notes.get_by_role("button", name="Save").click()
    notes.locator("strong").wait_for()
    assert notes.locator("p").inner_text() == "bold <script>x</script> p q"
    assert [one.get_attribute("href") for one in notes.locator("a").all()] == ["https://example.org"]
    server = training.address.partition("/#")[0]
    assert runstone.Client(server).get_run(training.run_id).data.tags["mlflow.note.content"].startswith("# Why\n")
    tags = page.get_by_role("region", name="Tags")
    tags.get_by_role("button", name="Change team").click()
    tags.get_by_role("textbox", name="team").fill("speech")
    tags.evaluate(
        """region => { window.seen = []; new MutationObserver(() => {
            for (const value of region.querySelectorAll(".tag-value")) window.seen.push(value.textContent);
        }).observe(region, { childList: true, subtree: true, characterData: true }); }"""
    )
    page.keyboard.press("Enter")
    tags.get_by_text("speech").wait_for()
    assert set(page.evaluate("window.seen")) == {"speech"}, "the old value is not shown again"
    tags.get_by_role("button", name="Remove team").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    tags.get_by_text("None yet.").wait_for()
    page.get_by_role("button", name="Change the name").click()
    page.get_by_role("textbox", name="the name").fill("wider")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="wider").wait_for()


def test_its_parts_are_found_under_mlflows_addresses_too(training: Training, page: Page) -> None:
    server = training.address.partition("#")[0]
    page.goto(f"{server}#/runs/{training.run_id}/model-metrics")
    page.get_by_role("button", name="table").click()
    page.get_by_role("link", name="train/loss").click()
    points = page.get_by_role("table", name="Points of train/loss")
    points.get_by_role("cell", name="5", exact=True).first.wait_for()
    points.evaluate("element => element.scrollTop = element.scrollHeight")
    points.get_by_role("cell", name="149", exact=True).wait_for()
    page.goto(training.address + "/system-metrics")
    page.get_by_role("figure").first.wait_for()
    assert page.locator(".tabs a[aria-current]").inner_text().startswith("system")
    page.get_by_role("link", name="data").click()
    page.get_by_role("region", name="Dataset rows").get_by_text("training").wait_for()
    assert page.get_by_role("link", name="prices 1").get_attribute("href") == "#/models/prices/versions/1"
    page.get_by_role("link", name="code", exact=True).click()
    changes = page.get_by_role("region", name="Changes")
    assert changes.locator(".patch-line.add").inner_text().strip() == "+size = '<u>two</u>'"
    page.get_by_label("Find a package").fill("numpy")
    page.get_by_role("region", name="Environment").get_by_text("numpy").wait_for()
    again = page.get_by_role("region", name="Run it again").inner_text()
    assert "git apply" in again
    assert "runstone run train.py --lr 0.1" in again
    page.get_by_role("link", name="timeline").click()
    page.get_by_role("link", name="points of train").wait_for()
    page.get_by_role("link", name="registered as prices 1").wait_for()


def test_a_run_of_which_nothing_is_heard_says_so_and_is_ended_by_whoever_knows(training: Training, page: Page) -> None:
    server = training.address.partition("/#")[0]
    client = runstone.Client(server)
    run = client.create_run(client.create_experiment("far away"), start_time=1_700_000_000_000, run_name="lost").info
    client.log_metric(run.run_id, "loss", 0.5, timestamp=1_700_000_090_000)
    page.goto(f"{server}/#/experiments/{run.experiment_id}")
    page.locator(".status.SILENT").wait_for()
    page.get_by_role("link", name="lost").click()
    page.locator(".head .status.SILENT").wait_for()
    note = page.get_by_role("status").filter(has_text="Nothing has been heard of this run for")
    note.get_by_role("button", name="Mark as failed").click()
    page.get_by_role("dialog").get_by_text("This stops nothing").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Mark as failed").click()
    page.locator(".status.FAILED").wait_for()
    note.wait_for(state="detached")
    ended = client.get_run(run.run_id).info
    assert (ended.status, ended.end_time) == ("FAILED", 1_700_000_090_000)
    page.get_by_role("button", name="More").click()
    assert page.get_by_role("button", name="Mark as").count() == 0, "it has ended"
