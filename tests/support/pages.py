"""Which addresses the page has, as its table in app.js says, and where each is seen in a store: tests that go everywhere go by this."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

# The page is drawn: a heading or a sentence is there, and no bones where one looks (charts further below come when they are looked at).
SETTLED = """() => document.querySelector("main h1, main .note.bad, main .empty") && [...document.querySelectorAll("main .bone")].every((one) => {
  const box = one.getBoundingClientRect();
  return box.height === 0 || box.top > innerHeight || box.bottom < 0;
})"""
# And every chart that one looks at has its lines.
CHARTED = """() => [...document.querySelectorAll("main figure")].every((one) => {
  const box = one.getBoundingClientRect();
  return box.top > innerHeight || box.bottom < 0 || one.querySelector("canvas, svg, img, video, table, pre");
})"""
_APP = Path(__file__).parent.parent.parent / "src" / "runstone" / "ui" / "app.js"


class Seen(NamedTuple):
    """What a store has to be looked at; a list's first is the one whose own page is looked at."""

    experiment: str
    runs: list[str]
    files: tuple[str, ...] = ()
    registered: str = ""
    logged: str = ""


def patterns() -> list[str]:
    """The page's kinds of addresses: `experiments/:ids/runs/:run/*`."""
    return re.findall(r'^  \["([^"]*)", (?:\(\) =>|\w+\])', _APP.read_text(), re.MULTILINE)


def addresses(seen: Seen) -> dict[str, str]:
    """Addresses behind the page's own, by a name for each. Raises AssertionError where a kind of address is not among them."""
    experiment, run = f"#/experiments/{seen.experiment}", f"#/experiments/{seen.experiment}/runs/{seen.runs[0]}"
    model = f"#/models/{_part(seen.registered)}"
    compared = "#/compare-runs?runs=" + quote("[" + ",".join(f'"{one}"' for one in seen.runs[:3]) + "]", safe="")
    found = {
        "first": "",
        "experiments": "#/experiments",
        "runs": experiment,
        "charts": f"{experiment}?view=charts",
        "explored": f"{experiment}?view=explore",
        "run": run,
        "run-alone": f"#/runs/{seen.runs[0]}",
        "compare": f'{compared}&experiments=%5B"{seen.experiment}"%5D',
        **{
            f"compare-{view}": f'{compared}&experiments=%5B"{seen.experiment}"%5D&view={view}'
            for view in ("environment", "artifacts")
        },
        "metric": f'#/metric?runs=%5B"{seen.runs[0]}"%5D&metric="train%2Floss"&experiments=%5B"{seen.experiment}"%5D&x_axis=relative&y_axis_scale=log',
        "metric-named": f'#/metric/train%2Floss?runs=%5B"{seen.runs[0]}"%5D&experiment={seen.experiment}',
        "several": f"#/compare-experiments/s?experiments=%5B%22{seen.experiment}%22,%220%22%5D",
        "bookmarked": f"{experiment}/s?viewStateShareKey=0",
        "webhooks": "#/webhooks",
        "models": "#/models",
        "model": model,
        "version": f"{model}/versions/1",
        **{
            f"version-{tab.replace(' ', '-')}": f"{model}/versions/1?tab={quote(tab)}"
            for tab in ("files", "try it", "lineage", "changes")
        },
        "versions-compared": f"#/compare-model-versions?name=%22{_part(seen.registered)}%22&versions=1,1",
        "logged-models": f"{experiment}/models",
        "logged-model": f"{experiment}/models/{seen.logged}",
        **{f"run-{tab}": f"{run}/{tab}" for tab in _tabs()},
        **{f"file-{number}": f"{run}/artifacts/{_path(file)}" for number, file in enumerate(seen.files)},
    }
    there = patterns()
    reached = {name: next((one for one in there if _fits(one, address)), None) for name, address in found.items()}
    # The same module under two addresses is one kind: the first of them shows it.
    missing = set(there) - set(reached.values()) - {"experiments/:ids/runs"}
    assert not missing, f"tests/support/pages.py names no address of the page's {sorted(missing)}"
    return {name: address for name, address in found.items() if reached[name] is not None}


def _tabs() -> list[str]:
    """The tabs of a run's page: what its module tells apart."""
    text = (_APP.parent / "pages" / "run.js").read_text()
    return sorted(set(re.findall(r'\bat\("([a-z-]+)"\)', text)) - {"overview"})


def _fits(pattern: str, address: str) -> bool:
    parts = [one for one in address.lstrip("#").split("?")[0].split("/") if one]
    wanted = [one for one in pattern.split("/") if one]
    for at, one in enumerate(wanted):
        if one == "*":
            return True
        if at >= len(parts) or not (one.startswith(":") or one == parts[at]):
            return False
    return len(wanted) == len(parts)


def _part(text: str) -> str:
    return quote(text, safe="")


def _path(path: str) -> str:
    return "/".join(_part(one) for one in path.split("/"))
