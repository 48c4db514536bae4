"""A group of commands that lists when it is given no command: `runstone runs --filter ...` is `runstone runs list --filter ...`."""

from __future__ import annotations

import click


class ListingGroup(click.Group):
    """Its command `list` is the one meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before options that stand alone."""
        alone = not args and not ctx.resilient_parsing  # a shell that completes wants the commands
        if alone or (args and args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)
