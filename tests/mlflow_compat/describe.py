"""What a statement came to, as plain JSON that can be compared between MLflow and runstone. Needs only Python's own library.

What cannot be the same on both (ids, the time, folders, generated names) is replaced by what it stands for, numbered by first appearance.
"""

from __future__ import annotations

import datetime
import enum
import re
import time
from collections.abc import Callable
from typing import Any

# The public fields of entities that are compared: python-api's, without those of traces and workspaces.
FIELDS = {
    "Run": "info data inputs",
    "RunInfo": "run_id experiment_id user_id status start_time end_time lifecycle_stage artifact_uri run_name",
    "RunData": "metrics params tags",
    "RunInputs": "dataset_inputs model_inputs",
    "Metric": "key value timestamp step model_id dataset_name dataset_digest",
    "Param": "key value",
    "RunTag": "key value",
    "ExperimentTag": "key value",
    "InputTag": "key value",
    "Experiment": "experiment_id name artifact_location lifecycle_stage tags creation_time last_update_time",
    "FileInfo": "path is_dir file_size",
    "Dataset": "name digest source_type source schema profile",
    "DatasetInput": "dataset tags",
    "LoggedModelInput": "model_id",
    "LoggedModelOutput": "model_id step",
    "LoggedModel": (
        "experiment_id model_id name artifact_location creation_timestamp last_updated_timestamp model_type source_run_id status "
        "status_message tags params"
    ),
    "RegisteredModel": "name creation_timestamp last_updated_timestamp description latest_versions tags aliases",
    "ModelVersion": (
        "name version creation_timestamp last_updated_timestamp description current_stage source run_id run_link status "
        "status_message tags aliases"
    ),
}
_DAY = 86_400_000
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_ROOT = re.compile(r"(?:file://)?<folder>\S*?/mlruns/\d+|mlflow-artifacts:/\d+")
_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,3}")
_PLACE = re.compile(r"\b0x[0-9a-f]+\b")
_TIME = re.compile(r"\b1[6-9]\d{11}\b")


class Describer:
    """Describes the values of one cell.

    Args:
        folder: the folder that this side plays in.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.numbers: dict[str, str] = {}

    def error(self, error: BaseException) -> dict[str, Any]:
        """An exception: the standard ones that it is, and MLflow's code where it has one."""
        standard = [
            kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins" and kind is not object
        ]
        code = getattr(error, "error_code", None)
        return {
            "raises": standard,
            "code": code if isinstance(code, str) else None,
            "says": self.text(str(error))[:300],
        }

    def value(self, value: Any, field: str = "") -> Any:
        """Any value."""
        if field == "version":  # over HTTP both are texts
            return str(value)
        for kind, describe in self._kinds():
            if isinstance(value, kind):
                return describe(value, field)
        for kind in type(value).__mro__:
            if kind.__name__ in FIELDS:
                fields = FIELDS[kind.__name__].split()
                return {"": type(value).__name__, **{name: self.value(getattr(value, name), name) for name in fields}}
        name = type(value).__name__
        if name == "DataFrame":
            return self._frame(value)
        if hasattr(value, "getpixel"):
            return {"image": value.mode, "size": list(value.size), "pixels": hash_of(value.tobytes())}
        if type(value).__module__ == "numpy":
            return f"{name} {value!r}"
        return "<object>"

    def _kinds(self) -> list[tuple[Any, Callable[[Any, str], Any]]]:
        return [
            ((type(None), bool), lambda value, field: value),
            (enum.Enum, lambda value, field: value.value),
            (int, lambda value, field: "<now>" if abs(value - time.time() * 1000) < _DAY else value),
            (float, lambda value, field: repr(value)),
            (bytes, lambda value, field: f"{len(value)} bytes {hash_of(value)}"),
            (str, self._string),
            (datetime.datetime, lambda value, field: self._moment(value)),
            (dict, self._dict),
            ((list, tuple, set, frozenset), self._many),
        ]

    def _string(self, value: str, field: str) -> str:
        if field == "experiment_id":
            return self._number(f"experiment {value}", "experiment")
        return self.text(value)

    def text(self, text: str) -> str:
        """A text, without what is of this machine and this moment."""
        text = _ROOT.sub("<artifacts>", text.replace(self.folder, "<folder>"))
        text = _PLACE.sub("<place>", text)
        text = _TIME.sub("<now>", _ID.sub(lambda found: self._number(found[0], "id"), text))
        return "<name>" if _NAME.fullmatch(text) else text

    def _number(self, what: str, kind: str) -> str:
        if what not in self.numbers:
            self.numbers[what] = f"<{kind} {sum(kind in known for known in self.numbers.values()) + 1}>"
        return self.numbers[what]

    def _dict(self, value: dict[Any, Any], field: str) -> Any:
        # what a run records without being asked goes by tags of runstone's own
        kept = {key: item for key, item in value.items() if not str(key).startswith("runstone.")}
        if (
            field == "tags"
        ):  # MLflow's run that was made just now has the values as they were given, and the store their texts
            kept = {key: str(item) for key, item in kept.items()}
        return {
            self.text(str(key)): self.value(item, str(key))
            for key, item in sorted(kept.items(), key=lambda item: str(item[0]))
        }

    def _many(self, value: Any, field: str) -> Any:
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        described = [self.value(item, field.removesuffix("s")) for item in items]
        if hasattr(value, "token"):
            return {"page": described, "more": bool(value.token)}
        return described if isinstance(value, list) else {type(value).__name__: described}

    def _frame(self, frame: Any) -> Any:
        columns = sorted(str(name) for name in frame.columns if not str(name).startswith("tags.runstone."))
        rows = [[self.value(frame[name].iloc[place], name) for name in columns] for place in range(len(frame))]
        # nobody computes with an empty column, whose type pandas takes from nowhere
        types = [str(frame[name].dtype) for name in columns] if rows else []
        return {"columns": columns, "types": types, "rows": rows}

    def _moment(self, value: datetime.datetime) -> str:
        try:
            return "<now>" if abs(value.timestamp() - time.time()) * 1000 < _DAY else value.isoformat()
        except ValueError:  # pandas' NaT is a datetime too
            return str(value)


def hash_of(data: bytes) -> str:
    """A short name of some bytes."""
    import hashlib

    return hashlib.sha256(data).hexdigest()[:12]
