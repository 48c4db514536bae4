"""`runstone models serve`: a model answers requests in MLflow's scoring protocol."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from runstone.cli.finding import readable_model
from runstone.errors import RunstoneError


def environment_options(command: Any) -> Any:
    """In which environment a model is loaded: MLflow's options."""
    for option in (
        click.option(
            "--env-manager",
            default="local",
            show_default=True,
            metavar="MANAGER",
            help="local: this environment; uv, virtualenv: one of the model's own, made once and kept.",
        ),
        click.option("--no-conda", is_flag=True, help="Understood for MLflow's sake: --env-manager local."),
        click.option("--install-mlflow", is_flag=True, help="Understood for MLflow's sake: runstone is there."),
    ):
        command = option(command)
    return command


def in_environment(
    address: str,
    env_manager: str,
    no_conda: bool,
    install_mlflow: bool,
    override: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> str:
    """Go on in the model's own environment, where one is wanted: this process becomes the same command there. The manager comes back.

    Raises:
        Forbidden, NotFound, InvalidParameter, Unreachable: it cannot be made.
    """
    if env_manager == "local" or no_conda:
        if override or extra:
            raise click.UsageError("--pip-requirements-override and --env are for --env-manager uv or virtualenv.")
        return "local"
    from runstone.serving import elsewhere

    elsewhere.enter(address, env_manager, sys.argv[1:], override, extra or {}, tell)
    return env_manager


def tell(line: str) -> None:
    """Say how the making of an environment goes."""
    print(f"runstone: {line}", file=sys.stderr, flush=True)


model_option = click.option(
    "--model-uri",
    "-m",
    "uri",
    required=True,
    metavar="URI",
    help="The model: NAME@ALIAS, NAME/3, NAME/latest, models:/..., runs:/RUN_ID/NAME, or a folder here.",
)


traceback_option = click.option("--traceback", "shows", is_flag=True, help="Show where a model fails.")


@contextlib.contextmanager
def with_cause(shows: bool) -> Iterator[None]:
    """Where it is wanted, a model's own error is shown with all the places that it went through."""
    try:
        yield
    except RunstoneError as error:
        if shows and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        raise


@click.command()
@model_option
@click.option("--host", "-h", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", "-p", default=5000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."
)
@click.option("--timeout", "-t", type=click.FloatRange(0), help="Seconds that a request may take; 0 is no limit.")
@click.option("--workers", "-w", default=1, show_default=True, help="Processes that serve, each with the model.")
@click.option(
    "--reload",
    "interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds between two looks at what an alias, or `latest`, means now; 0: never.",
)
@click.option(
    "--batch-rows", type=click.IntRange(1), help="Rows of requests that are asked together at the most; 1: none are."
)
@click.option(
    "--batch-delay",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1000),
    help="Milliseconds that a request waits for others.",
)
@click.option("--threads", type=click.IntRange(1, 256), help="Threads that the model predicts on.")
@click.option(
    "--allowed-hosts", metavar="NAMES", help="Further names (commas between) that the server may be asked by."
)
@click.option("--cors-allowed-origins", metavar="ORIGINS", help="Web pages of these origins (commas between) may ask.")
@traceback_option
@environment_options
def serve(shows: bool, env_manager: str, no_conda: bool, install_mlflow: bool, **given: Any) -> None:
    """Let a model answer requests at /invocations. SIGTERM ends it, what is under way first."""
    from runstone import settings
    from runstone.mlflow_alias import install_as_mlflow
    from runstone.serving import run

    given["uri"] = readable_model(given["uri"])
    install_as_mlflow()  # a model's own code says `import mlflow`
    manager = in_environment(given["uri"], env_manager, no_conda, install_mlflow)
    timeout = given.pop("timeout")
    with with_cause(shows):
        run.serve(
            run.Options(
                allowed_hosts=_listed(given.pop("allowed_hosts")),
                allowed_origins=_listed(given.pop("cors_allowed_origins")),
                timeout=settings.SERVING_TIMEOUT.read() if timeout is None else timeout,
                batch_delay=given.pop("batch_delay") / 1000,
                env_manager=manager,
                **given,
            ),
            f"{__name__}:application",
            _ready,
        )


def application() -> Any:
    """What each of several serving processes runs."""
    from runstone.mlflow_alias import install_as_mlflow
    from runstone.serving import run

    install_as_mlflow()
    return run.application()


def _ready(name: str, address: str, curl: str) -> None:
    print(f"runstone: {name} is served at {address}", file=sys.stderr)
    print(f"runstone: what it takes: {address}/docs", file=sys.stderr)
    print(f"runstone: try it: {curl}", file=sys.stderr, flush=True)


def _listed(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]
