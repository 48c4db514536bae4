"""The terminal. A file for each group of commands, loaded when it is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from runstone.cli.choosing import store_option, with_store
from runstone.cli.grouping import Group
from runstone.errors import RunstoneError, from_os_error

# Command to the module that holds it and what it is for.
COMMANDS = {
    "run": ("running", "Run a script that says `import mlflow` or `import runstone`."),
    "runs": ("runs", "List, show, compare, delete and restore runs."),
    "experiments": ("experiments", "List, make, rename, delete and restore experiments."),
    "metrics": ("metrics", "A run's metrics: a table, or a plot of some."),
    "artifacts": ("artifacts", "List, fetch and print a run's files."),
    "versions": ("versions", "List, show, compare and delete versions of named artifacts."),
    "models": ("models", "The registry: list, show, search, label and follow registered models."),
    "lineage": ("lineage", "What something came from, and what came from it."),
    "server": ("server", "Serve the store over HTTP, to every client that speaks MLflow's wire."),
    "ui": ("server", "The same, and open its first page in a browser."),
    "verify": ("verifying", "Read every stored byte again and compare it with its digest."),
    "usage": ("space", "Say who holds how many bytes, and what sharing saved."),
    "retention": ("retention", "Rules of what is kept of an experiment's runs; `prune` carries them out."),
    "prune": ("pruning", "Free the space of what nothing needs any more; says first what that is."),
    "sync": ("syncing", "Ship what was left on this machine on its way to the store."),
    "doctor": ("diagnosing", "Say which store this is and whether it is well."),
}
# Exit codes, besides 0 and 2 (a wrong command line, click's own). `run` passes the script's on.
FAILED = 1
INTERRUPTED = 130


class _Root(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"runstone.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        return with_store(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])


@click.group(cls=_Root, params=[store_option()])
@click.version_option(package_name="runstone")
@click.pass_context
def root(context: click.Context) -> None:
    """Records machine-learning runs so that nothing is lost."""
    if context.invoked_subcommand != "run" and hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a mark gets a question mark; a script's own stdout stays as python makes it.
        sys.stdout.reconfigure(errors="replace")


def main() -> None:
    """The `runstone` command: a mistake is one sentence on stderr (a JSON object with --json), and an exit code."""
    try:
        # A command gives its exit code, or what is to be run when click is done.
        outcome = root(standalone_mode=False)
        if sys.stdout is not None:  # as it is where the caller closed it
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has enough. Nothing may be written again, not even by the interpreter as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        if _as_json():
            _say("BAD_REQUEST", error.format_message())
        else:
            error.show()
        sys.exit(error.exit_code)
    except RunstoneError as error:
        _say(error.error_code, error.message)
        sys.exit(FAILED)
    except OSError as error:
        known = from_os_error(error, "The command could not go on")
        _say(known.error_code, known.message)
        sys.exit(FAILED)
    if callable(outcome):
        outcome()
    elif outcome:
        sys.exit(outcome)


def _as_json() -> bool:
    return "--json" in sys.argv


def _say(code: str, message: str) -> None:
    if _as_json():
        import json

        print(json.dumps({"error_code": code, "message": message}), file=sys.stderr)
    else:
        print(f"runstone: {message}", file=sys.stderr)
