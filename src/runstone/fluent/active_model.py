"""The active logged model of a thread, under MLflow's names: what is measured meanwhile is measured of it."""

from __future__ import annotations

from typing import Literal

from runstone.client import active_model
from runstone.entities.logged_models import LoggedModel
from runstone.errors import InvalidParameter
from runstone.fluent.experiments import active_experiment_id
from runstone.fluent.location import client
from runstone.fluent.models import create_external_model, get_logged_model
from runstone.fluent.session import active_run
from runstone.operations import model_rules


class ActiveModel(LoggedModel, dict=True):
    """A logged model that is active; the end of a `with` gives its place back to the one that was active before."""

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(self, *left_by: object) -> Literal[False]:
        active_model.active.model_id = self.__dict__.get("before")
        return False


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Make a logged model this thread's active one: until another is, the metrics that it logs are bound to that model too.

    Args:
        name: the model of that name that was made last, in the active run's experiment, or the active one; one is made where there is none.
        model_id: the model's id; with a name, that is its name.

    Returns:
        The model; `with` ends its time.

    Raises:
        NotFound: there is no model of that id.
        InvalidParameter: neither is said, or the model has another name.
    """
    if model_id is not None:
        model = get_logged_model(model_id)
        if name is not None and model.name != name:
            raise InvalidParameter(
                f"The model {model_id} is called {model.name!r}, not {name!r}. Leave out one of them."
            )
    elif name is not None:
        model = _named(model_rules.check_logged_model_name(name))
    else:
        raise InvalidParameter("Either name or model_id must be provided: which model is to be active?")
    made: ActiveModel = ActiveModel.of(model.info, model.data)  # type: ignore[assignment]  # `of` makes what it is called on
    made.__dict__["before"] = active_model.active.model_id
    active_model.active.model_id = model.model_id
    return made


def _named(name: str) -> LoggedModel:
    run = active_run()
    experiment_id = run.info.experiment_id if run is not None else active_experiment_id()
    # A name holds no quotes (`check_logged_model_name`).
    found = client().search_logged_models([experiment_id], f"name = '{name}'", max_results=1)
    return found[0] if found else create_external_model(name)


def get_active_model_id() -> str | None:
    """The id of this thread's active model; None where it has none."""
    return active_model.active.model_id


def clear_active_model() -> None:
    """Let no model be active any more: neither what `set_active_model` said, in any thread, nor what the environment says."""
    active_model.forget()
