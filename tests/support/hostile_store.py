"""A store in which every text is hostile: markup, script, links that run, marks that turn the line round, words that never end."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.support.pages import Seen

from runstone.client import Client
from runstone.entities import Metric, Param, RunTag

MARKUP = '<img src=x onerror="window.canary=1">'
SCRIPT = "</script><script>window.canary=1</script>"
LINK = "javascript:window.canary=1"
TEMPLATE = "${window.canary=1}{{constructor.constructor('window.canary=1')()}}"
BACKWARDS = "\u202egnp.exe\u202c \u200f\u2067abc\u2066 \u0627\u0644\u0639\u0631\u0628\u064a\u0629"
EMOJI = "👩‍👩‍👧‍👦🏳️‍🌈" * 20
CONTROL = "a\x01\x07\x1b[31mb\x7f\ufeff\u2028c %00 \\0"
LONG = "x" * 5_000
# What every object of JavaScript's has already.
INHERITED = ("__proto__", "constructor", "toString", "hasOwnProperty")
TEXTS = [MARKUP, SCRIPT, LINK, TEMPLATE, BACKWARDS, EMOJI, CONTROL, LONG]

_HTML = "<script>try { parent.canary = 1; top.canary = 1 } catch (e) {} window.canary = 1</script><img src=x onerror='top.canary=1'><b>b</b>"
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="top.canary=1" width="9" height="9"><script>top.canary=1</script></svg>'
_MARKDOWN = f"# {MARKUP}\n\n{SCRIPT}\n\n[a link]({LINK}) ![a picture]({LINK}) <a href='{LINK}'>x</a>\n\n[data](data:text/html,<script>1</script>) {LONG}\n"
_NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": _MARKDOWN},
        {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": SCRIPT, "outputs": [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": _HTML, "application/javascript": "top.canary=1", "image/svg+xml": _SVG}},
            {"output_type": "stream", "name": "stdout", "text": CONTROL + LONG},
            None, 5, {"data": None}, {"output_type": "error", "traceback": [1, {"a": 1}, None], "ename": {}},
        ]},
        {"cell_type": {"a": 1}, "source": {"a": 1}, "outputs": "none"}, {},
    ],
}  # fmt: skip
_PLOTLY = {"data": [{"type": "scatter", "x": [1, 2], "y": [2, 1], "name": MARKUP, "hovertemplate": SCRIPT}], "layout": {"title": {"text": f"<a href='{LINK}'>{MARKUP}</a>"}}}  # fmt: skip
FILES = {
    "page.html": _HTML,
    "picture.svg": _SVG,
    "notes.md": _MARKDOWN,
    "notebook.ipynb": json.dumps(_NOTEBOOK),
    "figure.plotly.json": json.dumps(_PLOTLY),
    "table.csv": f'a,"{SCRIPT}"\n"{MARKUP}",=1+1\n{LONG},{BACKWARDS}\n',
    "text.txt": CONTROL + LONG + MARKUP,
    "data.json": json.dumps({MARKUP: SCRIPT, "long": LONG, "__proto__": {"canary": 1}}),
    "config.yaml": f"a: !!python/object/apply:os.system ['true']\nb: '{LONG}'\n",
    f"{MARKUP}.txt": MARKUP,
    f"folder {BACKWARDS}/{EMOJI[:60]}.bin": LONG,
    "x" * 200 + "/" + "y" * 200 + ".png": MARKUP,
}


def fill(uri: str, folder: Path) -> Seen:
    """Make it, through a server's address; `folder` is that store, into whose tables is written what no operation takes."""
    client = Client(uri)
    experiments = [client.create_experiment(text[:500]) for text in TEXTS]
    for one in experiments:
        client.set_experiment_tag(one, "mlflow.note.content", _MARKDOWN)
        client.set_experiment_tag(one, "key", LONG)
    main = experiments[0]
    runs = [_run(client, main, text, number) for number, text in enumerate(TEXTS)]
    client.log_files(runs[0], {name: text.encode() for name, text in FILES.items()})
    client.set_tag(runs[1], "mlflow.parentRunId", runs[0])
    name = MARKUP.replace("/", "").replace(":", "")
    logged = client.create_logged_model(
        main, name="markup", source_run_id=runs[0], tags={"k": SCRIPT}, params={"p": LONG}
    )
    client.log_files(logged.model_id, {"MLmodel": f"flavors: {{}}\nmodel_uuid: '{MARKUP}'\n".encode()})
    client.finalize_logged_model(logged.model_id, "READY")
    with contextlib.suppress(Exception):  # where its rules refuse such a name, the tables get it below
        client.create_registered_model(name, {"k": SCRIPT}, _MARKDOWN)
    registered = next((one.name for one in client.search_registered_models()), "")
    if registered:
        client.create_model_version(registered, f"models:/{logged.model_id}", tags={"k": MARKUP}, description=_MARKDOWN)
        client.set_registered_model_alias(registered, "champion", "1")
    _force(folder)
    return Seen(main, runs, tuple(FILES), registered, logged.model_id)


def _run(client: Client, experiment: str, text: str, number: int) -> str:
    run = client.create_run(
        experiment, run_name=text, tags={"mlflow.note.content": _MARKDOWN, "mlflow.source.name": text}
    )
    run_id = run.info.run_id
    tags: dict[str, Any] = {
        "mlflow.runColor": "red;background:url(//evil)", "mlflow.user": text, "mlflow.source.git.commit": text,
        "mlflow.source.git.repoURL": LINK, "hostile": text, "k" * 250: text, **dict.fromkeys(INHERITED, text),
    }  # fmt: skip
    params = [Param("hostile", text), Param("link", LINK), Param("p" * 250, text)]
    params += [Param(one, text) for one in INHERITED]
    metrics = [
        Metric(key, step + number, 1_000 + step, step)
        for key in ("hostile", "m" * 250, "loss", *INHERITED)
        for step in range(5)
    ]
    metrics += [Metric("odd", value, 1, step) for step, value in enumerate((float("nan"), float("inf"), -1e308, 1e308))]
    client.log_batch(run_id, metrics, params, [RunTag(key, value) for key, value in tags.items()])
    if number:
        client.set_terminated(run_id)
    return run_id


def _force(folder: Path) -> None:
    """What rules refuse: a store may have been made by another program."""
    (database,) = folder.glob("*.db")
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        for table in ("param", "tag", "metric"):
            connection.execute(f"UPDATE {table} SET key = ? WHERE key = 'hostile'", (MARKUP,))
        connection.execute("UPDATE run SET user_id = ?", (MARKUP,))
        connection.execute("UPDATE run SET run_name = ? WHERE run_name = ?", ("a\0b" + SCRIPT, CONTROL))
