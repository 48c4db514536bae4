"""The files beside a saved model that say what it needs: requirements.txt, conda.yaml, python_env.yaml."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

import yaml


def write(
    folder: str,
    packages: Iterable[str],
    modules: Iterable[str] = (),
    conda_env: str | dict[str, Any] | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
) -> dict[str, str]:
    """Write them into a model's folder; what comes back is the `env` of its `python_function` block.

    Args:
        folder: the model's.
        packages: distributions that it needs, by name.
        modules: modules whose distributions it needs.
        conda_env: the user's own environment, a mapping or a file; in place of what is inferred.
        pip_requirements: the user's own requirements, a list or a file; likewise.
        extra_pip_requirements: beside what is inferred.
    """
    lines = [f"{name}=={metadata.version(name)}" for name in sorted(packages)]
    files = {
        "requirements.txt": "\n".join(lines),
        "python_env.yaml": yaml.safe_dump(
            {"python": platform.python_version(), "build_dependencies": ["pip", "setuptools", "wheel"], "dependencies": ["-r requirements.txt"]},
            sort_keys=False,
        ),
        "conda.yaml": yaml.safe_dump(
            {
                "name": "mlflow-env",
                "channels": ["conda-forge"],
                "dependencies": [f"python={platform.python_version()}", "pip", {"pip": lines}],
            },
            sort_keys=False,
        ),
    }  # fmt: skip
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
