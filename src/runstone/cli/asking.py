"""What deletes for good, or takes in what can run code, asks first: on a terminal the person, elsewhere for --yes."""

from __future__ import annotations

import sys

import click

from runstone.cli.output import for_people

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def can_ask() -> bool:
    """Whether a person is there who reads a question and answers it."""
    return for_people() and sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str, yes: bool, otherwise: str = "Nothing was deleted: it would be for good") -> bool:
    """Whether it may be done; `otherwise` begins what is said where nobody can be asked and --yes was not given. Raises UsageError there."""
    if yes:
        return True
    if not can_ask():
        raise click.UsageError(f"{otherwise}, and in a pipe nobody can be asked. Add --yes.")
    return click.confirm(question, err=True)
