"""A model asked here as a scoring server would be asked, without one: `mlflow.models.predict` and `validate_serving_input`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from runstone import settings
from runstone.errors import InvalidParameter
from runstone.models.examples import convert_input_example_to_serving_input
from runstone.models.pyfunc import load
from runstone.serving import answers, elsewhere
from runstone.serving.questions import CSV, JSON, Questions
from runstone.types import hints

if TYPE_CHECKING:
    from runstone.models.pyfunc import PyFuncModel

_TYPES = {"json": JSON, "csv": CSV}


def validate_serving_input(model_uri: str | os.PathLike[str], serving_input: str | Mapping[str, Any]) -> Any:
    """Ask a model what a request to a scoring server would ask it; what it says comes back.

    Args:
        model_uri: its address.
        serving_input: the request's body, as text or as a mapping.

    Raises:
        BadRequest, InvalidParameter: the request would be refused.
    """
    body = serving_input.encode() if isinstance(serving_input, str) else msgspec.json.encode(serving_input)
    return asked(load(model_uri), JSON, body)[0]


def asked(model: PyFuncModel, content_type: str, body: bytes) -> tuple[Any, bool]:
    """What a loaded model says to a request's body, and whether it is answered bare. Raises BadRequest, InvalidParameter."""
    token = hints.from_json.set(content_type == JSON)
    try:
        question = Questions(model, settings.SERVER_JSON_DEPTH.read()).read(content_type, body)
        return model.predict_checked(question.whole(), question.params), question.bare
    finally:
        hints.from_json.reset(token)


def predict(
    model_uri: str | os.PathLike[str],
    input_data: Any = None,
    input_path: str | os.PathLike[str] | None = None,
    content_type: str = "json",
    output_path: str | os.PathLike[str] | None = None,
    env_manager: str = "virtualenv",
    install_mlflow: bool = False,
    pip_requirements_override: list[str] | None = None,
    extra_envs: dict[str, str] | None = None,
) -> None:
    """Ask a model something as a scoring server would be asked, and write what it says as JSON: `{"predictions": ...}`.

    Args:
        model_uri: its address.
        input_data: the data, as input examples are; for CSV a text or a frame.
        input_path: a file with a request's body, in place of it; standard input, where neither is given.
        content_type: 'json' or 'csv', of the file.
        output_path: a file for what it says; standard output unless given.
        env_manager: 'local': in this process. 'uv', 'virtualenv': in an environment of the model's own, which is made once and kept.
        install_mlflow: taken for MLflow's sake: runstone is there.
        pip_requirements_override: such as ['scipy==1.11.2'], in place of the model's of the same names; in an environment of its own.
        extra_envs: environment variables for it there.

    Raises:
        InvalidParameter, BadRequest: what it is asked does not fit, or two of the arguments contradict each other.
        Forbidden: nobody vouches for what its environment would install.
        NotFound, Unreachable, RunstoneError: the environment cannot be made, or the model fails in it.
    """
    if env_manager == "local" and (pip_requirements_override or extra_envs):
        raise InvalidParameter(
            "pip_requirements_override and extra_envs are for an environment of the model's own: env_manager='uv' or 'virtualenv'."
        )
    if content_type not in _TYPES:
        raise InvalidParameter(f"{content_type!r} is no type of what a model is asked. Write 'json' or 'csv'.")
    if input_data is not None and input_path is not None:
        raise InvalidParameter("Give input_data or input_path, not both.")
    body = _read(input_path) if input_data is None else _body(input_data, content_type)
    if env_manager == "local":
        said, bare = asked(load(model_uri), _TYPES[content_type], body)
        answer = answers.encode(answers.plain(said), bare)
    else:
        given = pip_requirements_override or (), extra_envs
        answer = elsewhere.ask(os.fspath(model_uri), body, content_type, env_manager, *given)
    if output_path is None:
        sys.stdout.write(f"{answer.decode()}\n")
        return
    with open(output_path, "wb") as file:
        file.write(answer)


def _body(data: Any, content_type: str) -> bytes:
    if content_type == "csv":
        if isinstance(data, str):
            return data.encode()
        import pandas

        text: str = pandas.DataFrame(data).to_csv(index=False)
        return text.encode()
    body = convert_input_example_to_serving_input(data)
    assert body is not None
    return body.encode()


def _read(path: str | os.PathLike[str] | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:
        return file.read()
