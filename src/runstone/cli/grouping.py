"""Groups of commands: what was meant where a command is not there; and `runstone runs --filter ...` is `runstone runs list --filter ...`."""

from __future__ import annotations

import click

from runstone.cli.choosing import behind_store

# The command that is meant where none is named, in groups that have it.
_LIST = "list"


class Group(click.Group):
    """Its command `list`, where it has one, is meant where none is named; a slip is answered with what is nearly it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before options that stand alone."""
        place = behind_store(args)
        alone = len(args) == place and not ctx.resilient_parsing  # a shell that completes wants the commands
        if _LIST in self.commands and (
            alone or (len(args) > place and args[place].startswith("-") and args[place] not in ctx.help_option_names)
        ):
            args = [*args[:place], _LIST, *args[place:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say what may be meant."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            near = [f"`{ctx.command_path} {one}`" for one in get_close_matches(name, self.list_commands(ctx))]
            hint = f"Did you mean {' or '.join(near)}?" if near else f"`{ctx.command_path} --help` lists the commands."
            raise click.UsageError(f"There is no command {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)
