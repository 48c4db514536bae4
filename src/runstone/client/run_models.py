"""What a path of a run means that is none of its own files: the model that the run logged under that name. As MLflow 3 reads it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotFound, NotServed

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import LoggedModel, Run

_PAGE = 10
# Models of a run that are looked at for their names, where a wrong one was given.
_NAMED = 20


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


def logged_by(self: Client, run_id: str, most: int = 1000) -> list[LoggedModel]:
    """The models that a run logged, those made last first, at the most so many."""
    run = self.get_run(run_id)
    with contextlib.suppress(NotServed):  # an MLflow server before 3.0
        return list(itertools.islice(_made_in(self, run), most))
    return []


def nothing_at(self: Client, run_id: str, path: str) -> str:
    """The sentence for a path of a run that no model is at: it names the models that there are."""
    from runstone.client.artifacts import own_artifacts

    names = list(dict.fromkeys(model.name for model in logged_by(self, run_id, _NAMED)))
    if own_artifacts(self, run_id, path or None):
        what = f"no MLmodel file {f'in its folder {path!r}' if path else 'among its files'}"
    else:
        what = f"neither files nor a model called {path!r}" if path else "no files of its own"
    has = (
        f"It logged the models {', '.join(map(repr, names))}: runs:/{run_id}/{names[0]}."
        if names
        else "It logged no models."
    )
    return f"Run {run_id} has {what}. {has} `runstone runs show {run_id}` lists what there is."


def under(model: InModel, file: FileInfo) -> FileInfo:
    """A model's file, as one of the run's: below the model's name."""
    return FileInfo(f"{model.name}/{file.path}", file.is_dir, file.file_size, file.digest, file.executable)


def _called(self: Client, run_id: str, name: str) -> Iterator[LoggedModel]:
    run = self.get_run(run_id)
    yield from _made_in(self, run, f"name = '{name}' AND ")
    # one that was made without a run, and got its files in this one
    for output in reversed(run.outputs.model_outputs if run.outputs else ()):
        with contextlib.suppress(NotFound):  # deleted since
            model = self.get_logged_model(output.model_id)
            if model.name == name:
                yield model


def _made_in(self: Client, run: Run, condition: str = "") -> Iterator[LoggedModel]:
    token = None
    while True:
        page = self.search_logged_models(
            [run.info.experiment_id],
            f"{condition}source_run_id = '{run.info.run_id}'",
            max_results=_PAGE,
            order_by=[{"field_name": "creation_timestamp", "ascending": False}],
            page_token=token,
        )
        yield from page
        token = page.token
        if token is None:
            return
