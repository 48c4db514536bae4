"""What names and values may be: the rules every operation checks its request against. Knows nothing of the store."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from runstone import settings
from runstone.errors import InvalidParameter
from runstone.warning import warn

EXPERIMENT_NAME_LENGTH = 500
EXPERIMENT_TAG_LENGTH = 20_000
PATH_LENGTH = 1024
# What is said of a wrong value in an error, in characters.
SHOWN_LENGTH = 200
# Fields whose values no error and no table shows: a webhook's address often is a secret, too.
SECRETS = frozenset({"secret", "url"})

# MLflow's rules: word characters of any script, and these marks; run ids and experiment ids are plainer.
_KEY = re.compile(r"[/\w.\- :]+")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_EXPERIMENT_ID = re.compile(r"-?[0-9]{1,19}")


def check_key(kind: str, key: object, number: int | None = None) -> str:
    """A metric's, param's or tag's key (`kind` says which; `number` its place in a batch), or InvalidParameter."""
    if not isinstance(key, str) or not key:
        where = _place(kind, "key", number)
        raise missing(where) if key in (None, "") else invalid(where, key, f"A {kind}'s key is a text.")
    limit = settings.KEY_LIMIT.read()
    if len(key) > limit:
        what = {"metric": "Metric name", "param": "Param key"}.get(kind) or _place(kind, "key", number)
        raise InvalidParameter(
            f"'{what}' exceeds the maximum length of {limit} characters: {key[:40]!r}... has {len(key)}. Shorten it, or raise {settings.KEY_LIMIT.name}."
        )
    if not _KEY.fullmatch(key):
        wrong = next((mark for mark in key if not _KEY.fullmatch(mark)), key)
        rule = f"{wrong!r} may not stand in it. Use letters, digits, '_', '-', '.', ' ', ':' and '/' only."
        raise invalid(_place(kind, "name" if kind == "metric" else "key", number), key, rule)
    if posixpath.normpath(key) != key or key == "." or key.startswith(("..", "/")):
        rule = "It reads as a path that is not in its simplest form. Leave out leading '/', '..', '//' and a '/' at the end."
        raise invalid(_place(kind, "name" if kind == "metric" else "key", number), key, rule)
    return key


def _place(kind: str, field: str, number: int | None) -> str:
    return field if number is None else f"{kind}s[{number}].{field}"


def missing(field: str) -> InvalidParameter:
    """The error of a field that has to be there; its opening is MLflow's, which programs match on."""
    return InvalidParameter(f"Missing value for required parameter '{field}'. Give one.")


def invalid(field: str, value: object, rule: str) -> InvalidParameter:
    """The error of a field whose value cannot be; its opening is MLflow's, which programs match on."""
    import json

    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)
    if field.rpartition(".")[2] in SECRETS:
        shown = "(not shown)"
    shown = shown if len(shown) <= SHOWN_LENGTH else f"{shown[:SHOWN_LENGTH]}..."
    return InvalidParameter(f"Invalid value {shown} for parameter '{field}' supplied: {rule}")


@lru_cache(10_000)
def check_metric_key(key: str) -> str:
    """A metric's key, or InvalidParameter; the same few come again and again."""
    return check_key("metric", key)


def fit(kind: str, key: str, value: str, most: settings.Setting[int]) -> str:
    """The value, cut to `most` characters with a warning; an InvalidParameter instead where the settings say so."""
    check_text(f"The {kind} {key!r}", value)
    limit = most.read()
    if len(value) <= limit:
        return value
    if not settings.TRUNCATE.read():
        raise InvalidParameter(
            f"The {kind} {key!r} has {len(value)} characters; the limit is {limit}. Shorten it, log it with log_text, "
            f"raise {most.name}, or set {settings.TRUNCATE.name}=1 to have it cut."
        )

    warn(f"The {kind} {key!r} has {len(value)} characters and was cut to {limit}; log_text keeps texts of any length.")
    return value[:limit]


def check_text(what: str, value: str) -> None:
    """Refuse a text that UTF-8 cannot say: half of a surrogate pair, as file names that are no UTF-8 have them."""
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidParameter(
                f"{what} is not valid Unicode at character {error.start}: {value[:40]!r}. Decode it as what it is, or leave it out."
            ) from None


def check_mapping(what: str, value: object) -> None:
    """Refuse what is not a dict, before its keys are asked for."""
    if not hasattr(value, "items"):
        raise InvalidParameter(
            f"{what} takes a dict of names and values, not {type(value).__name__}: {str(value)[:100]!r}."
        )


def check_run_id(run_id: object, run_uuid: object = None) -> str:
    """A run's id, or InvalidParameter; `run_uuid` is what older clients call it."""
    run_id = run_uuid if run_id is None else run_id
    if not run_id:
        raise missing("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise invalid("run_id", run_id, "A run's id is letters, digits, '-' and '_', 256 at the most.")
    return run_id


def check_experiment_id(experiment_id: object) -> int:
    """An experiment's number, or InvalidParameter."""
    if experiment_id is None or experiment_id == "":
        raise missing("experiment_id")
    return experiment_number(experiment_id)


def experiment_number(experiment_id: object) -> int:
    """The number that an id says, or InvalidParameter."""
    text = str(experiment_id)
    if not _EXPERIMENT_ID.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise InvalidParameter(
            f"Invalid experiment ID {text[:SHOWN_LENGTH]!r}. An experiment's id is a number, such as '0'."
        )
    return int(text)


def check_experiment_name(name: object) -> str:
    """An experiment's name, or InvalidParameter."""
    if name is None or name == "":
        raise missing("name")
    if not isinstance(name, str):
        raise invalid("name", name, "An experiment's name is a text.")
    check_text("The experiment's name", name)
    if len(name) > EXPERIMENT_NAME_LENGTH:
        raise InvalidParameter(
            f"'name' exceeds the maximum length of {EXPERIMENT_NAME_LENGTH} characters: {name[:40]!r}... has {len(name)}. Shorten it."
        )
    return name


def check_limit(what: str, count: int, limit: int, setting: str = "") -> None:
    """Refuse a request that holds more of something than one request may; `setting` is what could allow it."""
    if count > limit:
        also = f", or raise {setting}" if setting else ""
        raise InvalidParameter(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. Send them in parts{also}."
        )


def check_path(path: object) -> str:
    """An artifact's path: relative, plain, with '/' between its parts; or InvalidParameter."""
    text = path if isinstance(path, str) else repr(path)
    problem = None
    if not isinstance(path, str) or not path:
        problem = "it is empty"
    elif "\0" in path or "\\" in path:
        problem = "it holds a NUL or a backslash; use '/' between folders"
    elif path.startswith("/") or posixpath.normpath(path) != path or path == "." or ".." in path.split("/"):
        problem = "it is not a plain path below the run; leave out a leading '/', '.', '..' and '//'"
    elif len(path.encode("utf-8", "surrogatepass")) > PATH_LENGTH:
        problem = f"it is longer than {PATH_LENGTH} bytes"
    elif any("\ud800" <= mark <= "\udfff" for mark in path):
        problem = "its name is not UTF-8; rename the file"
    if problem:
        raise InvalidParameter(f"Invalid artifact path: {text[:200]!r}: {problem}.")
    return str(path)
