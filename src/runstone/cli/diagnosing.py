"""`runstone doctor`: which store is this, and is it well."""

from __future__ import annotations

import click

from runstone.cli.output import for_people, json_option, show_json, show_lines


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Say which store this is, what is in it and whether it is well. Exit code 1 where it is not."""
    from runstone.diagnosis import as_lines, report

    found = report()
    if as_json:
        show_json(found)
    elif for_people():
        for name, value in as_lines(found):
            print(f"{name:>12}  {value}")
    else:
        show_lines(("name", "value"), as_lines(found))
    return 0 if found.get("healthy", True) else 1
