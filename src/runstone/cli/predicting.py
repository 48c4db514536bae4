"""`runstone models predict`: a model is asked the rows of a file."""

from __future__ import annotations

import sys
from typing import Any

import click

from runstone.cli.serving import check_environment, environment_options

# Rows of models that are known to go by rows, asked at a time unless told.
_ROWS = 10_000


@click.command()
@click.option(
    "--model-uri",
    "-m",
    "uri",
    required=True,
    metavar="URI",
    help="The model: models:/NAME@ALIAS, models:/NAME/3, runs:/RUN/NAME, a folder.",
)
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
@click.option("--chunk-rows", type=click.IntRange(0), help="Rows asked at a time; 0: all at once.")
@environment_options
def predict(
    uri: str, source: str | None, target: str | None, kind: str | None, chunk_rows: int | None, **given: Any
) -> None:
    """Ask a model the rows of a file. What it says is put in FILE's place when all of it is there."""
    from runstone.client.progress import shown
    from runstone.mlflow_alias import install_as_mlflow
    from runstone.models.pyfunc import load
    from runstone.serving import files
    from runstone.serving.writing import sink

    check_environment(given)
    install_as_mlflow()  # a model's own code says `import mlflow`
    rows = files.Source(source, b"" if source else sys.stdin.buffer.read(), files.kind_of(source, kind))
    rows.open().close()  # what is not there is said before a model is loaded
    model = load(uri)
    chunk = chunk_rows if chunk_rows is not None else _ROWS if model.goes_by_rows else 0
    with (
        sink(target, files.kind_of(target, None), sys.stdout.buffer) as taking,
        shown("predicting", rows.size) as advance,
    ):
        count = files.predict(model, rows, taking, chunk or None, advance)
    if target:
        print(
            f"runstone: {f'{count:,} rows were' if count else 'it was'} asked; {target} has what the model says",
            file=sys.stderr,
        )
