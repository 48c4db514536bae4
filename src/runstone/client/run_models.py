"""What a path of a run means that is none of its own files: the model that the run logged under that name. As MLflow 3 reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotFound, NotServed

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import LoggedModel

_PAGE = 10


class InModel(NamedTuple):
    """A logged model, its name, and a path among its files ('' for all)."""

    model_id: str
    name: str
    path: str


def model_at(self: Client, run_id: str, path: str) -> InModel | None:
    """The model whose name a path of a run begins with, and the rest of the path; None where there is none.

    It is the newest that is READY and not deleted: a training loop logs its checkpoints under one name, and deletes the worse ones.
    """
    from runstone.operations import model_rules, owners

    name, _, inner = path.partition("/")
    if owners.is_model_id(run_id):
        return None
    try:
        model_rules.check_logged_model_name(name)
    except InvalidParameter:  # most files' names, which have a dot, are none of a model's
        return None
    with contextlib.suppress(NotFound, NotServed):  # an MLflow server before 3.0 has no logged models
        for model in _called(self, run_id, name):
            if str(model.status) == "READY":
                return InModel(model.model_id, name, inner)
    return None


def under(model: InModel, file: FileInfo) -> FileInfo:
    """A model's file, as one of the run's: below the model's name."""
    return FileInfo(f"{model.name}/{file.path}", file.is_dir, file.file_size, file.digest, file.executable)


def _called(self: Client, run_id: str, name: str) -> Iterator[LoggedModel]:
    run, token = self.get_run(run_id), None
    while True:
        page = self.search_logged_models(
            [run.info.experiment_id],
            f"name = '{name}' AND source_run_id = '{run.info.run_id}'",
            max_results=_PAGE,
            order_by=[{"field_name": "creation_timestamp", "ascending": False}],
            page_token=token,
        )
        yield from page
        token = page.token
        if token is None:
            break
    # one that was made without a run, and got its files in this one
    for output in reversed(run.outputs.model_outputs if run.outputs else ()):
        with contextlib.suppress(NotFound):  # deleted since
            model = self.get_logged_model(output.model_id)
            if model.name == name:
                yield model
