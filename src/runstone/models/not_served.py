"""Functions of `mlflow.models` that runstone does not have, and what takes their place."""

from __future__ import annotations

from typing import NoReturn

from runstone.errors import NotServed


def add_libraries_to_model(
    model_uri: str, run_id: str | None = None, registered_model_name: str | None = None
) -> NoReturn:
    """Raises NotServed: a model's libraries are not kept beside it; its lock names each with its version, and with hashes when asked for."""
    raise NotServed(
        "runstone keeps no wheels beside a model. lock_model_requirements(uri) names each with its hash, and `pip download --require-hashes "
        "-r requirements.lock` fetches them."
    )


def build_docker(
    model_uri: str | None = None,
    name: str = "mlflow-pyfunc",
    env_manager: str = "virtualenv",
    mlflow_home: str | None = None,
    install_java: bool = False,
    install_mlflow: bool = False,
    base_image: str | None = None,
) -> NoReturn:
    """Raises NotServed: runstone builds no images; a Dockerfile needs the model's folder and its lock."""
    raise NotServed(
        "runstone builds no images. In a Dockerfile: COPY the model's folder (`runstone.artifacts.download_artifacts(uri)`), and "
        "RUN pip install -r requirements.lock."
    )
