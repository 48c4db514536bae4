"""Models, versions and logged models in a browser, of a training that logged two models of scikit-learn and registered them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from tests.support.servers import Server, serve

import runstone
from runstone.client import Client
from runstone.models import validate_serving_input

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("store") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNSTONE_URI", str(folder))
        _train()
    started = serve(folder)
    yield started
    started.stop()


def _train() -> None:
    frame = load_iris(as_frame=True).frame
    data, kind = frame.drop(columns="target"), frame["target"]
    held = runstone.data.from_pandas(frame, name="held out")
    client = Client()
    for columns in (list(data), list(data)[:3]):
        model = LogisticRegression(max_iter=500).fit(data[columns], kind)
        with runstone.start_run(run_name=f"of {len(columns)}"):
            runstone.log_input(held, context="training")
            runstone.log_param("columns", len(columns))
            info = runstone.sklearn.log_model(
                model, name="iris", input_example=data[columns].head(2), registered_model_name="iris"
            )
            runstone.log_metric("accuracy", model.score(data[columns], kind), model_id=info.model_id, dataset=held)
            runstone.log_metrics({"system/cpu": 7.0, "tpr": 0.5}, model_id=info.model_id)
    for number in range(101):
        client.create_registered_model(f"one-{number:03}")
    client.set_registered_model_alias("iris", "champion", "1")
    client.protect_alias("iris", "champion", users=["ada"])
    client.update_registered_model("iris", description="Tells <b>irises</b> apart.")


def test_an_alias_is_moved_by_one_who_was_told_what_it_means(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/models?filter=aliases %3D 'champion'")
    page.get_by_role("row", name="iris").get_by_text("Tells <b>irises</b> apart.", exact=True).wait_for()
    page.get_by_role("link", name="iris", exact=True).click()
    page.get_by_role("heading", name="About").wait_for()
    page.get_by_text("Tells <b>irises</b> apart.", exact=True).first.wait_for()
    page.get_by_role("cell", name="0.97333").or_(page.get_by_role("cell", name="0.96")).first.wait_for()
    page.get_by_role("button", name="Move… champion").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("2")
    assert dialog.get_by_role("definition").all_inner_texts() == [
        "@champion means version 1",
        "@champion means version 2",
    ]
    move = dialog.get_by_role("button", name="Move to version 2")
    assert move.is_disabled()
    dialog.get_by_label("I mean it").check()
    move.click()
    page.get_by_role("row", name=re.compile(r"Alias @champion version 1 version 2")).wait_for()
    assert Client(server.url).get_model_version_by_alias("iris", "champion").version == "2"


def test_a_version_tells_what_it_takes_and_makes_a_request_that_it_answers(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/models/iris/versions/1")
    page.get_by_text("Harmless", exact=True).wait_for()
    page.get_by_role("row", name="petal width (cm) double").wait_for()
    page.get_by_text(re.compile(r"scikit-learn==")).first.wait_for()
    page.get_by_role("link", name="try it").click()
    page.get_by_label("sepal length (cm), row 1").fill("wide")
    page.get_by_text("sepal length (cm) of row 0 is no number.").wait_for()
    page.get_by_label("sepal length (cm), row 1").fill("6.5")
    page.get_by_role("button", name="JSON").click()
    body = json.loads(page.get_by_label("Request", exact=True).inner_text())
    assert body["dataframe_split"]["data"][0][0] == 6.5
    runstone.set_tracking_uri(server.url)
    validate_serving_input("models:/iris/1", json.dumps(body))
    # From the version back to the run, by keyboard alone.
    page.get_by_role("link", name="lineage").click()
    page.get_by_role("group", name="Lineage").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if "run" in page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"):
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="of 4").wait_for()


def test_two_versions_are_compared_where_they_differ(server: Server, page: Page, tmp_path: Path) -> None:
    page.goto(f"{server.url}/#/models/iris")
    page.get_by_label("Choose version 1").wait_for()
    heads = page.locator(".versions thead th.number").all_inner_texts()
    assert heads == ["accuracy · held out", "tpr", "system/cpu"], "the machine's own come last"
    for key in ("j", "x", "k", "j", "j", "x", "c"):
        page.keyboard.press(key)
    page.get_by_role("row", name="petal width (cm) double –").wait_for()
    page.get_by_role("row", name="columns 4 3").wait_for()
    page.get_by_role("row", name=re.compile(r"accuracy · held out 0\.97333 0\.\d+ −")).wait_for()
    assert page.get_by_role("row", name="sepal width (cm)").count() == 0
    page.get_by_text("Both need the same.").wait_for()


def test_lists_of_models_are_gone_through_by_keyboard_and_page_by_page(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/models?sort=name")
    at = page.locator("tr.at")
    page.get_by_text("1 to 100").first.wait_for()
    page.keyboard.press("j")
    at.get_by_role("link", name="iris").wait_for()
    page.keyboard.press("x")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("101 to 102, the last").first.wait_for()
    assert page.locator("tbody tr").count() == 2
    # Beyond a page's rows is the page before or after.
    page.keyboard.press("j")
    at.get_by_text("one-099").wait_for()
    page.keyboard.press("k")
    at.get_by_text("one-098").wait_for()
    page.keyboard.press("x")
    page.get_by_text("2 models chosen").wait_for()
    page.keyboard.press("c")
    page.get_by_text("one-098 has no version to compare.").wait_for()
    Client(server.url).create_model_version("one-098", "models:/iris/1")
    page.reload()
    page.get_by_text("1 to 100").first.wait_for()
    page.get_by_label("Choose iris").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Previous").click()
    page.get_by_label("Choose one-098").check()
    page.keyboard.press("c")
    page.get_by_role("columnheader", name="iris 2").first.wait_for()
    page.get_by_role("columnheader", name="one-098 1").first.wait_for()
    page.get_by_role("row", name="columns 3 4").wait_for()
    page.goto(f"{server.url}/#/experiments/0/models")
    page.get_by_text("2 models").wait_for()
    for key in ("j", "x", "j", "x", "c"):
        page.keyboard.press(key)
    page.get_by_role("heading", name="Compare 2 runs").wait_for()
    page.get_by_role("link", name="artifacts").click()
    page.get_by_role("button", name="Differences of the model iris").click()
    differs = page.get_by_role("dialog").locator("tr.differs").filter(has_text="petal")
    differs.first.wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.go_back()
    page.go_back()
    page.get_by_text("2 models").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="iris").wait_for()
    assert "/models/m-" in page.url
