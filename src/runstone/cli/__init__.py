"""The terminal. A file for each group of commands, loaded when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

# Command to the module that holds it and what it is for.
COMMANDS = {
    "run": ("running", "Run a script that says `import mlflow` or `import runstone`."),
    "runs": ("runs", "List, show, compare, delete and restore runs."),
    "metrics": ("metrics", "A run's metrics: a table, or a plot of one."),
    "artifacts": ("artifacts", "List, fetch and print a run's files."),
    "verify": ("checks", "Read every stored byte again and compare it with its digest."),
    "doctor": ("checks", "Say which store this is and whether it is well."),
}
# Exit codes: 0 done; 1 it failed, or damage was found; 2 the command line is wrong; `run` passes the script's own on.
FAILED = 1


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"runstone.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])


@click.group(cls=_Group)
@click.option("--store", metavar="PATH", help="The store to use instead of RUNSTONE_URI's or the nearest .runstone/.")
@click.version_option(package_name="runstone")
def root(store: str | None) -> None:
    """Records machine-learning runs so that nothing is lost."""
    if store:
        from runstone import set_tracking_uri

        set_tracking_uri(store)


def main() -> None:
    """The `runstone` command: errors of ours are one sentence on stderr."""
    from runstone.errors import RunstoneError

    try:
        root(standalone_mode=True)
    except RunstoneError as error:
        if "--json" in sys.argv:
            print(error.serialize_as_json(), file=sys.stderr)
        else:
            print(f"runstone: {error.message}", file=sys.stderr)
        sys.exit(FAILED)
