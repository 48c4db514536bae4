"""`runstone models`: keygen, sign, verify."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click

from runstone.cli.finding import readable_model
from runstone.cli.output import json_option, show_json

_KEY = click.Path(exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
def keygen(file: str, as_json: bool) -> None:
    """Make a key to sign models with: FILE, for nobody else to read, and FILE.pub, to check them with."""
    from runstone.models import make_signing_key

    with _cryptography():
        public = make_signing_key(file)
    if as_json:
        show_json({"key": file, "public": public})
    else:
        print(public)
        print(
            f"Sign with {file} and keep it to yourself; whoever is to check what you sign needs {public}.",
            file=sys.stderr,
        )


@click.command()
@click.argument("model")
@click.option("--key", type=_KEY, required=True, metavar="FILE", help="The key of `runstone models keygen`.")
@json_option
def sign(model: str, key: str, as_json: bool) -> None:
    """Sign MODEL's files: a folder here, or a model of the store. The signature is one more file of it."""
    from runstone.models import sign_model

    address = readable_model(model)
    with _cryptography():
        sign_model(address, key)
    if as_json:
        show_json({"model": address, "key": key})
    else:
        print(f"{address}: signed with {key}")


@click.command()
@click.argument("model")
@click.option("--key", type=_KEY, required=True, metavar="FILE", help="The public key, FILE.pub, of who signed it.")
@json_option
def verify(model: str, key: str, as_json: bool) -> None:
    """Check that MODEL's files are as they were signed, by the key that belongs to FILE. The exit code is 1 where they are not."""
    from runstone.models import verify_model

    address = readable_model(model)
    with _cryptography():
        verify_model(address, key)
    if as_json:
        show_json({"model": address, "key": key})
    else:
        print(f"{address}: as it was signed, by the key of {key}")


@contextlib.contextmanager
def _cryptography() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise click.ClickException(
            'Signing needs the package cryptography: pip install "runstone[signing]".'
        ) from error
