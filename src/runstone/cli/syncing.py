"""`runstone sync`: bring in what lies on this machine of runs that are over, and say what the store did not take."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from runstone import journal, settings
from runstone.addresses import split_credentials
from runstone.cli.finding import reader
from runstone.cli.output import json_option, show
from runstone.client import Client, spool
from runstone.errors import RunstoneError
from runstone.fluent.location import get_tracking_uri
from runstone.transport.discovery import servers_waited_for


@click.command()
@click.option("--all", "everywhere", is_flag=True, help="All servers that something lies here for.")
@json_option
def sync(everywhere: bool, as_json: bool) -> int:
    """Ship what dead processes, and runs whose server was away, left on this machine; close their runs. Any read of the store does it
    too. Exit code 1 where something is still left, or the store refused some of it."""
    stores = [Client(address) for address in servers_waited_for()] if everywhere else [reader()]
    rows: list[dict[str, Any]] = []
    left = 0
    for store in stores:
        try:
            if _is_trusted(store.tracking_uri):
                rows += [_row(store, adopted, everywhere) for adopted in store.settle(wait=True)]
            elif _left_here(store):
                print(
                    f"runstone: {store.tracking_uri} is not asked: everybody on the way there could read the password or token that the "
                    f"environment holds, and it may be another server's. Name it: `runstone --store '{store.tracking_uri}' sync`.",
                    file=sys.stderr,
                )
        except RunstoneError as error:
            print(f"runstone: {error.message}", file=sys.stderr)
        left += _left(store)
    show(rows, as_json, "" if left else "Nothing was left behind: all that was logged is in the store.")
    return 1 if left else 0


def _row(store: Client, adopted: journal.Adopted, everywhere: bool) -> dict[str, Any]:
    try:
        status = store.get_run(adopted.run_id).info.status
    except RunstoneError:
        status = None
    row = {
        "run_id": adopted.run_id,
        "status": status,
        "points": adopted.points,
        "operations": adopted.operations,
        "damaged": adopted.damaged,
        "refused": adopted.refused,
    }
    return {"store": store.tracking_uri, **row} if everywhere else row


def _is_trusted(address: str) -> bool:
    """Whether the environment's credentials, if there are any, may be told at this address: the one that is named, or one with TLS."""
    known = settings.TOKEN.read() or settings.USERNAME.read()
    return not known or not address.startswith("http://") or address == split_credentials(get_tracking_uri())[0]


def _left_here(store: Client) -> bool:
    return bool(journal.left_behind(store._folder) or spool.runs_with_files(store._folder))


def _left(store: Client) -> int:
    """How much is still here; people are told of it."""
    waiting, refused = journal.left_behind(store._folder), journal.rejected(store._folder)
    unsent = spool.runs_with_files(store._folder)
    if unsent:
        print(f"runstone: files of {len(unsent)} runs still wait for {store.tracking_uri}.", file=sys.stderr)
    if waiting:
        print(f"runstone: {waiting} journals still wait for {store.tracking_uri}; nothing is lost.", file=sys.stderr)
    for one in refused:
        print(
            f"runstone: run {one.run_id}: {one.operation} was refused ({one.error_code}): {one.message}",
            file=sys.stderr,
        )
    if refused:
        print(
            f"runstone: what was refused is kept in {store._folder}/journal/*.rejected; delete that when it is dealt with.",
            file=sys.stderr,
        )
    with_points = journal.refused(store._folder)
    for path in with_points:
        print(
            f"runstone: points were refused; they are kept in {path}. Delete it when it is dealt with.", file=sys.stderr
        )
    return waiting + len(refused) + len(unsent) + len(with_points) + _refused_files(store)


def _refused_files(store: Client) -> int:
    found = spool.refused(store._folder)
    for path, header in found:
        if header is None:
            what = f"a file of run {os.path.basename(path).partition('.')[0]}, whose name is lost,"
        elif header.version is not None:
            what = f"run {header.run_id}: the version {header.version.name!r} of {header.path!r}"
        else:
            what = f"run {header.run_id}: {header.path!r}"
        print(f"runstone: {what} is not in the store; it is kept in {path}.", file=sys.stderr)
    if found:
        print(
            "runstone: take what is behind the first line of such a file (`tail -n +2 KEPT > FILE`), log it again if you want it, and delete KEPT.",
            file=sys.stderr,
        )
    return len(found)
