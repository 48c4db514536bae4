"""`runstone run`: a script as python would run it, with runstone in mlflow's place; `--explain` tells what happens as it happens."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from functools import partial

import click


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--explain", is_flag=True, help="Print a table of each step: action, input, output, what changed.")
@click.option("--json", "as_json", is_flag=True, help="Explain in JSON, an object a line; the script prints to stderr.")
@click.option("-m", "module", is_flag=True, help="SCRIPT is a module's name, as with `python -m`.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(explain: bool, as_json: bool, module: bool, script: str, arguments: tuple[str, ...]) -> Callable[[], None]:
    """Run SCRIPT as `python SCRIPT ARGUMENTS` would, with `import mlflow` meaning runstone. Its exit code is passed on."""
    if not module and not os.path.exists(script):
        raise click.UsageError(f"There is no script {script!r} (working folder: {os.getcwd()}).")
    # The caller runs it, once click is done: click has its own ideas of exceptions, which are the script's business.
    return partial(_run, script, arguments, module, explain or as_json, as_json)


def _run(script: str, arguments: tuple[str, ...], module: bool, explain: bool, as_json: bool) -> None:
    from runstone.cli import script as python

    python.be_mlflow()
    interrupted: list[BaseException] = []
    atexit.register(_end_as_interrupted, interrupted)  # first, so that it is done last
    stopped: Callable[[BaseException], bool] = _unexplained
    if explain:
        from runstone.cli.explaining import explain as begin

        stopped = begin(as_json)
    try:
        (python.run_module if module else python.run_file)(script, arguments)
    except SystemExit as error:
        sys.last_value = error  # where the end of the process looks for the status of runs that are still open
        stopped(error)
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            interrupted.append(error)
        python.report_as_python_does(stopped)
        raise


def _end_as_interrupted(interrupted: list[BaseException]) -> None:
    """Python ends itself by SIGINT after a KeyboardInterrupt, unless an atexit function happened to evaluate code. A shell's loop minds."""
    if interrupted:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _unexplained(error: BaseException) -> bool:
    return False
