"""`runstone lineage`: what something came from and what came from it, as a tree, as JSON, or for Graphviz."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.finding import find_run, reader
from runstone.cli.output import console, for_people, json_option, show, show_json, text
from runstone.client import Client
from runstone.errors import InvalidParameter, NotFound

if TYPE_CHECKING:
    from runstone.entities.artifact_versions import Lineage, LineageNode

# Lines of a tree: what is come to by several ways is gone on from at each of them.
_MOST_LINES = 2_000
_SHAPES = {"run": "box", "artifact": "note", "model": "component", "registered": "cds", "dataset": "cylinder"}


@click.command()
@click.argument("of")
@click.option("--depth", default=3, show_default=True, type=click.IntRange(0, 100), help="How many steps to go.")
@click.option("--up", is_flag=True, help="What it came from only.")
@click.option("--down", is_flag=True, help="What came from it only.")
@click.option("--dot", is_flag=True, help="As a graph for Graphviz.")
@json_option
def lineage(of: str, depth: int, up: bool, down: bool, dot: bool, as_json: bool) -> None:
    """What OF came from and what came from it: a run, a version of a named artifact (NAME:vN, NAME:ALIAS), a logged model's id, a version
    of a registered model (NAME/3, NAME@ALIAS) or dataset/NAME@DIGEST."""
    if dot and as_json:
        raise click.UsageError("--dot and --json are two ways to print the graph. Give one of them.")
    direction = "up" if up and not down else "down" if down and not up else "both"
    found = _ask(reader(), of, depth, direction)
    if as_json:
        show_json(found.to_dictionary())
    elif dot:
        _show_dot(found)
    elif for_people():
        _show_tree(found)
    else:
        nodes = {node.id: node for node in found.nodes}
        show(
            [{"source": edge.source, "how": edge.how, "target": edge.target} for edge in found.edges],
            False,
            nodes[found.root].name,
        )
    if found.truncated:
        print("There is more than this; ask for less depth, or from another place.", file=sys.stderr)


def _ask(store: Client, of: str, depth: int, direction: str) -> Lineage:
    """By what a person may call a run, too."""
    try:
        return store.lineage(of, depth, direction)
    except (NotFound, InvalidParameter) as error:
        try:
            run_id = find_run(store, of).info.run_id
        except (NotFound, InvalidParameter):
            raise error from None
        return store.lineage(run_id, depth, direction)


def _show_tree(found: Lineage) -> None:
    from rich.tree import Tree

    nodes = {node.id: node for node in found.nodes}
    before: dict[str, list[tuple[str, str]]] = {}
    after: dict[str, list[tuple[str, str]]] = {}
    for edge in found.edges:
        before.setdefault(edge.target, []).append((edge.source, edge.how))
        after.setdefault(edge.source, []).append((edge.target, edge.how))
    out = console()
    for title, neighbours in (("came from", before), ("led to", after)):
        tree = Tree(f"{_label(nodes[found.root])} {title}")
        lines = sum(1 for _ in islice(_grow(tree, found.root, neighbours, nodes), _MOST_LINES))
        if lines:
            out.print(tree)
    if not found.edges:
        print(f"{_label(nodes[found.root])}: nothing is known before or after it")


def _grow(
    tree: Any, root: str, neighbours: dict[str, list[tuple[str, str]]], nodes: dict[str, LineageNode]
) -> Iterator[None]:
    """Put branches to a tree, one at each step, a level after the other. What is on the way to itself is not gone on from."""
    waiting: list[tuple[Any, str, tuple[str, ...]]] = [(tree, root, (root,))]
    while waiting:
        branch, place, above = waiting.pop(0)
        for other, how in neighbours.get(place, ()):
            circle = other in above
            grown = branch.add(f"{how}: {_label(nodes[other])}{' (as above)' if circle else ''}")
            yield None
            if not circle:
                waiting.append((grown, other, (*above, other)))


def _label(node: LineageNode) -> str:
    shown = {
        "run": lambda: f"run {node.name} ({node.id.partition('/')[2][:12]}, {node.details.get('status', 'unknown')})",
        "artifact": lambda: node.name,
        "model": lambda: f"model {node.name} ({node.id.partition('/')[2]})",
        "registered": lambda: f"registered {node.name}",
        "dataset": lambda: f"dataset {node.name}",
    }[node.kind]()
    return text(shown, people=True)


def _show_dot(found: Lineage) -> None:
    print("digraph lineage {\n  rankdir=LR;")
    for node in found.nodes:
        style = ", penwidth=2" if node.id == found.root else ""
        print(f"  {_quoted(node.id)} [label={_quoted(_label(node))}, shape={_SHAPES[node.kind]}{style}];")
    for edge in found.edges:
        print(f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [label={_quoted(edge.how)}];")
    print("}")


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
