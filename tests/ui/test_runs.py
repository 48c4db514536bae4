"""The table of runs: filter, groups, nested runs, choosing, views and files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.support.browsers import until, visit
from tests.support.servers import Server, serve

from runstone.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

NAME = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = tmp_path_factory.mktemp("store") / "store"
    client = Client(str(store))
    experiment = client.create_experiment("digits")
    for rate in ("0.1", "0.01"):
        parent = client.create_run(experiment, run_name=f"sweep {rate}")
        for seed in range(3):
            run = client.create_run(
                experiment,
                run_name=NAME if seed == 0 else f"seed {seed}",
                tags={"mlflow.parentRunId": parent.info.run_id},
            )
            client.log_param(run.info.run_id, "lr", rate)
            client.log_param(run.info.run_id, "seed", seed)
            for step in range(4):
                client.log_metric(run.info.run_id, "loss", float(rate) * (seed + 1) / (step + 1), step=step)
            client.set_terminated(run.info.run_id)
        client.set_terminated(parent.info.run_id)
    started = serve(store)
    yield started
    started.stop()


def rows(page: Page) -> Locator:
    return page.locator(".grid-body [role=row]")


def test_runs_are_filtered_chosen_deleted_and_brought_back(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/1")
    page.get_by_role("button", name="3 runs below sweep 0.1").click()
    page.get_by_role("link", name=NAME).wait_for()
    assert rows(page).count() == 5
    page.keyboard.press("/")
    page.keyboard.type("params.lr = '0.0")
    page.get_by_role("option", name="'0.01'").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("3 of 8 runs").wait_for()
    page.keyboard.press("Escape")
    for key in "jxjjX":
        page.keyboard.press(key)
    page.get_by_text("3 runs chosen").wait_for()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("0 of 5 runs").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("3 of 8 runs").wait_for()


def test_the_best_run_is_a_press_on_a_head_away_and_back_leads_through_what_was_seen(
    server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/#/experiments/1")
    head = page.get_by_role("columnheader", name="loss")
    head.wait_for()
    head.click(position={"x": 4, "y": 10})  # beside its name, which stands at the other end
    page.locator("[aria-sort=ascending]", has_text="loss").wait_for()
    assert rows(page).first.get_by_role("cell", name="0.0025").is_visible()
    page.get_by_role("button", name="explore").click()
    page.get_by_role("heading", name="Importance").wait_for()
    page.go_back()
    page.locator("[aria-sort=ascending]", has_text="loss").wait_for()
    # Words that compare nothing are a part of a name; a name that no run has is said.
    page.get_by_label("Filter runs").fill("SEED 2")
    page.keyboard.press("Enter")
    page.get_by_text("2 of 8 runs").wait_for()
    page.get_by_label("Filter runs").fill("params.learning_rate = '0.1'")
    page.keyboard.press("Enter")
    page.get_by_text("No run has params.learning_rate.").wait_for()
    page.go_back()
    page.get_by_text("2 of 8 runs").wait_for()


def test_far_down_a_box_chooses_and_back_from_a_run_one_is_where_one_was(server: Server, page: Page) -> None:
    client = Client(server.url)
    many = client.create_experiment("many")
    for number in range(230):
        client.set_terminated(client.create_run(many, run_name=f"run {number}").info.run_id)
    page.goto(f"{server.url}/#/experiments/{many}")
    page.get_by_role("link", name="run 229", exact=True).wait_for()
    page.locator(".grid").evaluate("(grid) => { grid.scrollTop = 210 * 30; }")
    # Rows that have come later are chosen by the mouse as the first ones are.
    page.get_by_label("Choose run 12", exact=True).click()
    page.get_by_label("Choose run 10", exact=True).click()
    page.get_by_text("2 runs chosen").wait_for()
    scrolled = page.locator(".grid").evaluate("(grid) => grid.scrollTop")
    page.get_by_role("link", name="run 11", exact=True).click()
    page.get_by_role("heading", name="Params").wait_for()
    page.go_back()
    page.get_by_text("2 runs chosen").wait_for()
    until(page, f"document.querySelector('.grid')?.scrollTop === {scrolled}")
    page.get_by_role("link", name="run 11", exact=True).wait_for()


def test_mlflow_s_addresses_of_runs_say_the_same_here(server: Server, page: Page) -> None:
    theirs = "searchFilter=metrics.%22loss%22+<+0.1&orderByKey=metrics.%60loss%60&orderByAsc=true&startTime=ALL"
    page.goto(f"{server.url}/#/experiments/1/s?{theirs}&lifecycleFilter=Active&datasetsFilter=W10%3D")
    page.get_by_text("6 of 8 runs").wait_for()
    page.locator("[aria-sort=ascending]", has_text="loss").wait_for()
    assert page.get_by_label("Filter runs").input_value() == 'metrics."loss" < 0.1'
    assert "orderByKey" not in page.url


def test_names_stay_in_sight_when_the_table_is_moved_aside(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 600})
    page.goto(
        f"{server.url}/#/experiments/1?columns=m.loss%0Ap.lr%0Ap.seed%0At.mlflow.user%0At.mlflow.parentRunId&flat=1"
    )
    name = page.get_by_role("link", name="sweep 0.01")
    name.wait_for()
    before = name.bounding_box()
    page.locator(".grid").evaluate("(grid) => { grid.scrollLeft = 300; }")
    page.locator(".grid.aside").wait_for()
    assert name.bounding_box() == before
    page.locator(".grid").evaluate("(grid) => { grid.scrollLeft = 0; }")
    page.locator(".grid:not(.aside)").wait_for()
    assert name.bounding_box() == before


def test_rows_do_not_wait_for_which_columns_there_are(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/1")
    page.get_by_role("columnheader", name="loss").wait_for()
    until(page, "(localStorage.getItem('runstone.usual') ?? '').includes('loss')")
    page.route("**/runstone/runs/columns", lambda route: None)  # never answered from now on
    for address in ("experiments/1", "experiments/1?columns=m.loss"):
        page.goto("about:blank")
        page.goto(f"{server.url}/#/{address}")
        page.get_by_role("link", name="sweep 0.1", exact=True).wait_for()
        page.get_by_role("columnheader", name="loss").wait_for()


def test_the_best_of_a_loss_is_its_least_until_one_says_otherwise(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/1?filter=params.seed%20%3D%20'2'&columns=p.lr")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="best of loss").click()
    page.get_by_text("best: min").first.wait_for()
    page.get_by_role("cell", name="0.075", exact=True).wait_for()
    page.get_by_role("button", name="Which way loss is better").click()
    page.get_by_text("best: max").first.wait_for()
    page.get_by_role("cell", name="0.3", exact=True).wait_for()


def test_groups_have_means_and_lead_to_their_runs(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/1?sort=metrics.loss")
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_label("lr").check()
    page.get_by_text("0.05 ± 0.025").wait_for()
    # Groups stand in the order of the runs; the best is a press on the head away.
    assert rows(page).first.inner_text().split()[1] == "lr=0.1"
    page.get_by_role("columnheader", name="loss").click()
    assert rows(page).first.inner_text().split()[1] == "lr=0.01"
    page.get_by_role("button", name="charts", exact=True).click()
    page.get_by_role("list", name="Groups").get_by_text("lr=0.01").wait_for()
    page.get_by_role("button", name="table", exact=True).click()
    page.get_by_role("button", name="Runs of lr=0.1", exact=True).click()
    page.get_by_role("link", name="seed 2").wait_for()
    page.get_by_role("button", name="lr=0.1", exact=True).click()
    page.get_by_text("3 of 8 runs").wait_for()
    assert "params.lr" in page.url


def test_groups_and_what_a_sweep_tells_go_on_with_the_runs(server: Server, page: Page) -> None:
    client = Client(server.url)
    experiment = client.create_experiment("under way")
    runs = {}
    for kind, loss in (("a", 1.0), ("b", 2.0)):
        runs[kind] = client.create_run(experiment, run_name=f"run {kind}").info.run_id
        client.log_param(runs[kind], "kind", kind)
        client.log_metric(runs[kind], "loss", loss, step=0)
    page.goto(f"{server.url}/#/experiments/{experiment}?group=p.kind&columns=m.loss")
    for order in ("ascending", "descending"):
        page.get_by_role("columnheader", name="loss").get_by_role("button").click()
        page.locator(f"[aria-sort={order}]", has_text="loss").wait_for()

    def told() -> list[str]:
        return page.locator("[data-column=group] .cut").all_inner_texts()

    page.get_by_role("button", name="kind=b", exact=True).wait_for()
    assert told() == ["kind=b", "kind=a"]
    page.get_by_role("button", name="Runs of kind=a").click()
    page.get_by_role("link", name="run a").wait_for()
    # Means and the runs below them change where they are, though the order by them is another now.
    client.log_metric(runs["a"], "loss", 8.0, step=1)
    until(
        page,
        "() => [...document.querySelectorAll(\"[data-column='group:m.loss']\")].filter((one) => one.innerText === '8').length === 2",
    )
    assert told() == ["kind=b", "kind=a", "run a"]

    page.get_by_role("button", name="explore").click()
    page.get_by_role("button", name="by group").click()
    page.get_by_role("button", name="kind=a").click()
    page.get_by_role("status").filter(has_text="1 of 2 runs").wait_for()
    other = client.create_run(experiment, run_name="another a").info.run_id
    client.log_param(other, "kind", "a")
    page.get_by_role("status").filter(has_text="2 of 3 runs").wait_for()
    for run in (*runs.values(), other):
        client.set_terminated(run)


def test_views_are_kept_for_all_and_what_is_found_is_saved_as_files(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/1?sort=metrics.loss&filter=metrics.loss%20%3E%200")
    page.get_by_text("6 of 8 runs").wait_for()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name").fill("worst first")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="View: worst first").wait_for()
    tags = Client(server.url).get_experiment("1").tags
    assert "metrics.loss" in tags["runstone.view.worst first"]

    def saved(kind: str) -> str:
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        return str(download.value.path())

    with open(saved("CSV"), newline="") as file:
        told = list(csv.DictReader(file))
    assert [float(row["metrics.loss"]) for row in told] == pytest.approx([0.075, 0.05, 0.025, 0.0075, 0.005, 0.0025])
    table = pytest.importorskip("pyarrow.parquet").read_table(saved("Parquet")).to_pylist()
    assert [(row["run_name"], row["params.lr"], row["metrics.loss"]) for row in table] == [
        (row["run_name"], row["params.lr"], float(row["metrics.loss"])) for row in told
    ]
    assert all(re.match("20", str(row["start_time"])) for row in table)


@pytest.mark.soak
def test_runs_under_way_change_in_their_places(server: Server, page: Page) -> None:
    client = Client(server.url)
    page.goto(f"{server.url}/#/experiments/1?columns=m.live")
    page.get_by_text("8 runs", exact=True).wait_for()
    run = client.create_run("1", run_name="under way").info.run_id
    page.get_by_role("button", name="1 new run").click()
    page.get_by_role("link", name="under way").wait_for()
    for step, value in enumerate((0.5, 0.25)):
        client.log_metric(run, "live", value, step=step)
        page.locator("[data-column='m.live']", has_text=str(value)).wait_for()
    other = client.create_run("1").info.run_id
    page.get_by_role("button", name="1 new run").wait_for()
    page.locator("[data-column=name]", has_text="under way").dblclick(position={"x": 200, "y": 15})
    page.get_by_label("Name of the run").fill("renamed")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="renamed").wait_for()
    assert client.get_run(run).info.run_name == "renamed"
    for one in (run, other):
        client.set_terminated(one)


# What moved though nobody touched anything, as parts of the screen.
JUMPS = """window.jumped = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) window.jumped += one.value })
  .observe({type: "layout-shift", buffered: true})"""


def test_a_phone_comes_to_the_first_run_soon_and_nothing_jumps(server: Server, browser: Browser) -> None:
    Client(server.url).set_experiment_tag("1", "mlflow.note.content", "Small **networks**")
    with visit(browser, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True) as page:
        page.add_init_script(JUMPS)
        page.goto(f"{server.url}/#/experiments/1")
        page.get_by_role("button", name="About").wait_for()
        rows(page).first.wait_for()
        box = rows(page).first.bounding_box()
        assert box is not None
        assert box["y"] < 320
        assert page.evaluate("window.jumped") < 0.01
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.get_by_role("toolbar", name="Chosen runs").wait_for()
        assert rows(page).first.bounding_box() == box, "the next row to choose is where it was"
        page.get_by_role("button", name="Clear").click()
        page.emulate_media(media="print")
        rows(page).first.wait_for()
        assert page.get_by_role("button", name="Status").is_visible(), (
            "a column's head is a button, and is printed all the same"
        )
        assert not page.get_by_role("button", name="charts").is_visible()
        page.emulate_media(media="screen")
        page.get_by_role("button", name="About").click()
        page.get_by_role("region", name="About").get_by_text("networks").wait_for()
        page.get_by_role("button", name="charts").click()
        page.get_by_role("button", name="Axes").click()
        page.get_by_label("log y").check()
        page.get_by_role("button", name="log y").wait_for()
        bar = page.get_by_role("toolbar", name="Charts").bounding_box()
        assert bar is not None
        assert bar["height"] < 90
