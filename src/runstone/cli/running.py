"""`runstone run`: a script as python would run it, with runstone in mlflow's place; `--explain` tells what happens as it happens."""

from __future__ import annotations

import os
import runpy
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--explain", is_flag=True, help="Print a table of each step: action, input, output, what changed.")
@click.option("--json", "as_json", is_flag=True, help="With --explain: a JSON object a line.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(explain: bool, as_json: bool, script: str, arguments: tuple[str, ...]) -> None:
    """Run SCRIPT as `python SCRIPT ARGUMENTS` would, with `import mlflow` meaning runstone. Its exit code is passed on."""
    from runstone.fluent import endings, session
    from runstone.mlflow_alias import install_as_mlflow

    if not os.path.isfile(script):
        raise click.UsageError(f"There is no script {script!r}.")
    install_as_mlflow()
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    explanation = None
    if explain:
        from runstone.cli.explaining import Explanation

        explanation = Explanation(as_json)
        explanation.begin()
    try:
        runpy.run_path(script, run_name="__main__")
    except BaseException as error:
        session.end_all(endings.status_of(error))
        if explanation is not None:
            explanation.stopped(error)
        if isinstance(error, SystemExit):
            raise
        _traceback(error, script)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)
    session.end_all("FINISHED")
    if explanation is not None:
        explanation.done()


def _traceback(error: BaseException, script: str) -> None:
    """As python prints it: from the script's own first line on."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace or error.__traceback__)
