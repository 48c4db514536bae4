"""Going to something by a part of its name: experiments, runs, models in one answer, as a field one types into wants them."""

from __future__ import annotations

import re

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import lookup as store

# Characters of a text, and things of one kind in an answer.
TEXT = 500
MOST = 50
# A text that an id may begin with; shorter ones would be too many.
_ID = re.compile(r"[0-9a-f]{6,32}\Z")


class LookUp(msgspec.Struct, omit_defaults=True):
    """`text` is any part of a name, large and small letters alike, or the first six characters (or more) of a run's id; at most `limit` of each kind."""

    text: str
    limit: int = 8


class Named(msgspec.Struct, omit_defaults=True):
    """Something with a name. `kind` is experiment, run, model (a registered one) or logged_model; of a registered model the id is its name.

    `experiment_id` and `experiment` say where a run or a logged model is. Of a run `number` is its number in the store, by which the page colours it,
    and `colour` what its tag mlflow.runColor says.
    """

    kind: str
    id: str
    name: str
    experiment_id: str = ""
    experiment: str = ""
    number: int = 0
    colour: str = ""


class LookedUp(msgspec.Struct, omit_defaults=True):
    """Experiments, then registered models, runs, logged models; nothing that is deleted."""

    found: list[Named] = []


@operation("GET", "/runstone/lookup", permission="read")
def look_up(engine: Engine, request: LookUp) -> LookedUp:
    """What bears a name with some text in it; of runs and logged models the newest 200,000 are looked at. Raises InvalidParameter."""
    if len(request.text) > TEXT:
        raise InvalidParameter(f"A text to look up has at most {TEXT} characters, this one {len(request.text)}.")
    if not 1 <= request.limit <= MOST:
        raise InvalidParameter(f"limit is 1 to {MOST}, not {request.limit}.")
    text, limit = request.text.strip(), request.limit
    with engine.database.read() as connection:
        found = [Named("experiment", str(one), name) for one, name in store.experiments(connection, text, limit)]
        found += [Named("model", name, name) for (name,) in store.registered_models(connection, text, limit)]
        runs = store.runs_by_id(connection, text, limit) if _ID.match(text) else []
        runs += store.runs(connection, text, limit - len(runs)) if len(runs) < limit else []
        for row, run_id, name, experiment, of, colour in dict.fromkeys(runs):
            found.append(Named("run", run_id, name, str(experiment), of, row, colour or ""))
        for model_id, name, experiment, of in store.logged_models(connection, text, limit):
            found.append(Named("logged_model", model_id, name, str(experiment), of))
    return LookedUp(found)
