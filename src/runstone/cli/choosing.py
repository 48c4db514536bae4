"""Which store a command works on: `--store`, before the command or behind it, said once."""

from __future__ import annotations

import click

NAME = "--store"
_GIVEN = "runstone.store"


def store_option() -> click.Option:
    """The option. It names the store for all that follows, so that commands need not know of it."""
    return click.Option(
        [NAME],
        metavar="PATH",
        multiple=True,  # so that a second one is no silent change of mind
        expose_value=False,
        callback=_choose,
        help="The store, or the address of a server, to use instead of RUNSTONE_URI's or the nearest .runstone/.",
    )


def with_store(command: click.Command) -> click.Command:
    """A command, and those in it, with the option; the one that has a --store of its own keeps that."""
    if not any(NAME in parameter.opts for parameter in command.params):
        command.params.append(store_option())
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        with_store(inner)
    return command


def behind_store(args: list[str]) -> int:
    """How many of these arguments, from the first on, say which store."""
    place = 0
    while place < len(args) and (args[place] == NAME or args[place].startswith(f"{NAME}=")):
        place += 2 if args[place] == NAME else 1
    return min(place, len(args))


def refuse_another(store: str | None) -> None:
    """Raises UsageError where a command's own option names another store than the one that was named before the command."""
    before = click.get_current_context().meta.get(_GIVEN, [])
    if store and before and before != [store]:
        raise click.UsageError(f"{NAME} names several stores: {before[0]!r}, {store!r}. Give one of them.")


def _choose(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    if not given or context.resilient_parsing:
        return
    from runstone import set_tracking_uri

    said = dict.fromkeys([*context.meta.get(_GIVEN, ()), *given])
    if len(said) > 1:
        raise click.UsageError(f"{NAME} names several stores: {', '.join(map(repr, said))}. Give one of them.", context)
    if not given[0]:
        raise click.UsageError(f"{NAME} names no store: it is empty. Give a folder or a server's address.", context)
    context.meta[_GIVEN] = list(said)
    set_tracking_uri(given[0])
