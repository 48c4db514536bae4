"""`runstone server` and `runstone ui`: serve a store over HTTP, to every client that speaks MLflow's wire."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from runstone.addresses import masked
from runstone.cli.choosing import refuse_another
from runstone.errors import InvalidParameter, NotServed
from runstone.fluent.location import get_tracking_uri

_PORT = 5000


def _options(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--host", "-h", default="127.0.0.1", show_default=True, help="The address to listen on."),
            click.option("--port", "-p", default=_PORT, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."),
            click.option("--store", "store", metavar="PATH", help="The store to serve; RUNSTONE_URI's or the nearest .runstone/ unless given."),
            click.option("--backend-store-uri", metavar="PATH", help="MLflow's name for --store; for sqlite:///NAME.db the store is NAME.runstone beside it."),
            click.option("--artifacts-destination", metavar="PLACE", help="A folder or bucket for artifacts, as plain files; in the store unless given."),
            click.option("--default-artifact-root", metavar="PLACE", help="A folder or bucket for the artifacts of new experiments, which clients reach by themselves."),
            click.option("--serve-artifacts/--no-serve-artifacts", default=True, help="Understood for MLflow's sake: artifacts are always served."),
            click.option("--workers", "-w", default=1, show_default=True, help="Processes that serve."),
            click.option("--static-prefix", default="", metavar="/PATH", help="A path that stands before every other, behind a proxy."),
            click.option("--allowed-hosts", metavar="NAMES", help="Further names (commas between) that the server may be asked by."),
            click.option("--cors-allowed-origins", metavar="ORIGINS", help="Web pages of these origins (commas between) may change things here."),
            click.option("--insecure-no-auth", is_flag=True, help="Listen beyond this machine although everybody there may read and change everything."),
            click.option("--access-log/--no-access-log", default=True, help="Log each request on stderr as a line of JSON."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_options
def server(**given: Any) -> None:
    """Serve the store to every client that speaks MLflow's wire. SIGTERM ends it, what is under way first."""
    _serve(given, browse=False)


@click.command()
@_options
def ui(**given: Any) -> None:
    """Serve as `server` does, with the same options, and open its page in a browser: experiments, runs, charts, artifacts, models. Ctrl-C ends it."""
    _serve(given, browse=True)


def _serve(given: dict[str, Any], browse: bool) -> None:
    from runstone.server import run

    refuse_another(given["store"] or given["backend_store_uri"])
    prefix = given["static_prefix"].rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise InvalidParameter(f"--static-prefix {prefix!r} must begin with '/'.")
    options = run.Options(
        folder=_folder(given["store"], given["backend_store_uri"]),
        host=given["host"],
        port=given["port"],
        workers=given["workers"],
        prefix=prefix,
        allowed_hosts=_listed(given["allowed_hosts"]),
        allowed_origins=_listed(given["cors_allowed_origins"]),
        insecure_no_auth=given["insecure_no_auth"],
        access_log=given["access_log"],
        artifact_root=given["default_artifact_root"],
        artifact_destination=given["artifacts_destination"],
    )

    def ready(address: str) -> None:
        print(f"runstone: {options.folder} is served at {address}", file=sys.stderr)
        print(f"runstone: point programs at it: export MLFLOW_TRACKING_URI={address}", file=sys.stderr, flush=True)
        if browse:
            import webbrowser

            if not webbrowser.open(address):
                print(f"runstone: no browser was found here; open {address} yourself", file=sys.stderr, flush=True)

    run.serve(options, f"{__name__}:application", ready)


def application() -> Any:
    """What a server process runs. Processes here may write to the folder directly: when one dies, its accounts are closed by us."""
    from runstone.client import Client
    from runstone.server import run

    options = run.handed_on()
    return run.make_application(options, Client(options.folder).settle, run.depart)


def _folder(store: str | None, backend: str | None) -> str:
    if store and backend and store != backend:
        raise InvalidParameter(
            f"--store {store!r} and --backend-store-uri {backend!r} are the same option. Give one of them."
        )
    uri = store or backend
    scheme = (uri or "").split(":", 1)[0].split("+")[0]
    if uri and scheme == "sqlite":
        return _beside(uri)
    if uri and scheme in ("postgresql", "mysql", "mssql"):
        raise NotServed(
            f"--backend-store-uri {masked(uri)!r}: a runstone store is a folder, which holds its own database. Give a folder."
        )
    if uri:
        from runstone.transport.discovery import resolve

        address = resolve(uri)
    else:
        address = get_tracking_uri()
    if not address.startswith("file://"):
        raise InvalidParameter(f"{masked(address)!r} is a server already. A server serves a folder: give --store PATH.")
    return address.removeprefix("file://")


def _beside(uri: str) -> str:
    """The store that stands in for an MLflow database: a folder beside it, for what is in that one is left alone."""
    path = uri.partition(":///")[2].partition("?")[0]
    if not path:
        raise InvalidParameter(
            f"--backend-store-uri {uri!r} names no file. Write sqlite:///folder/name.db, or give a folder."
        )
    database = os.path.abspath(path)
    folder = database.removesuffix(".db") + ".runstone"
    if os.path.exists(database):
        print(
            f"runstone: {database} is left alone: what MLflow kept in it is not shown. The store is {folder}.",
            file=sys.stderr,
        )
    return folder


def _listed(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]
