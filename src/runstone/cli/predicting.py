"""`runstone models predict`: a model is asked the rows of a file."""

from __future__ import annotations

import sys
from typing import Any

import click

from runstone.cli.finding import readable_model
from runstone.cli.serving import environment_options, in_environment, model_option, traceback_option, with_cause

# Rows of models that are known to go by rows, asked at a time unless told.
_ROWS = 10_000


@click.command()
@model_option
@click.option(
    "--input-path",
    "-i",
    "source",
    metavar="FILE",
    help="The rows: .csv, .parquet, .jsonl, or a .json request; stdin unless given.",
)
@click.option(
    "--output-path",
    "-o",
    "target",
    metavar="FILE",
    help="For what it says: .json, .jsonl, .csv, .parquet; stdout unless given.",
)
@click.option(
    "--content-type",
    "-t",
    "kind",
    type=click.Choice(["json", "jsonl", "csv", "parquet"]),
    help="Of the rows, where the name does not end in it.",
)
@traceback_option
@click.option("--chunk-rows", type=click.IntRange(0), help="Rows asked at a time; 0: all at once.")
@click.option(
    "--pip-requirements-override",
    "-r",
    "override",
    metavar="LINES",
    help="Requirements in place of the model's, as x==1,z==2; in an environment of its own.",
)
@click.option("--env", "extra", multiple=True, metavar="KEY=VALUE", help="A variable for the model's own environment.")
@environment_options
def predict(
    uri: str,
    source: str | None,
    target: str | None,
    kind: str | None,
    chunk_rows: int | None,
    shows: bool,
    override: str | None,
    extra: tuple[str, ...],
    **environment: Any,
) -> None:
    """Ask a model the rows of a file. What it says is put in FILE's place when all of it is there."""
    from runstone.client.progress import shown
    from runstone.mlflow_alias import install_as_mlflow
    from runstone.models.fetching import fetch
    from runstone.serving import files
    from runstone.serving.loading import load
    from runstone.serving.writing import sink
    from runstone.types.sentences import counted

    becomes = files.written(target)
    address = readable_model(uri)
    files.require(source)  # what is not there is said before an environment is made, or a model loaded
    in_environment(address, override=_listed(override), extra=_variables(extra), **environment)
    install_as_mlflow()  # a model's own code says `import mlflow`
    rows = files.source(source, sys.stdin.buffer, kind)
    with with_cause(shows):
        model = load(fetch(address), address)
        chunk = chunk_rows if chunk_rows is not None else _ROWS if model.goes_by_rows else 0
        with (
            sink(target, becomes, sys.stdout.buffer) as taking,
            shown("predicting", rows.size) as advance,
        ):
            count = files.predict(model, rows, taking, chunk or None, advance)
    if target:
        asked = f"{counted(count, 'row')} {'was' if count == 1 else 'were'}" if rows.kind != "json" else "it was"
        print(f"runstone: {asked} asked; {target} has what the model says", file=sys.stderr)


def _listed(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def _variables(given: tuple[str, ...]) -> dict[str, str]:
    if wrong := [text for text in given if text.find("=") < 1]:
        raise click.UsageError(f"--env {wrong[0]!r} is no KEY=VALUE.")
    return {text.partition("=")[0]: text.partition("=")[2] for text in given}
