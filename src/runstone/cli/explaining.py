"""The table that teaches the system: what each call of a script does, told from the calls that really happen."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Literal

import runstone
from runstone.client.artifacts import MODEL_ENDINGS
from runstone.errors import RunstoneError
from runstone.fluent import session

# Function to how its input and what changed are told.
_ACTIONS: dict[str, str] = {
    "set_experiment": "the active experiment is {0}",
    "start_run": "run {run} is active",
    "end_run": "no run is active; status {status}",
    "log_param": "param {0} is in the store",
    "log_params": "{count} params are in the store",
    "log_metric": "a point of {0} is journalled: kill -9 cannot lose it",
    "log_metrics": "points of {count} metrics are journalled",
    "set_tag": "tag {0} is in the store",
    "log_text": "artifact file {1}: logged",
    "log_dict": "artifact file {1}: logged",
    "log_figure": "artifact file {1}: made and logged",
    "log_image": "artifact file: made and logged",
    "log_table": "artifact file {1}: logged",
    "log_artifact": "{kind} {0}: logged",
    "log_artifacts": "folder {0}: logged",
    "log_input": "a dataset is an input of the run",
}
_REPEATED = frozenset({"log_metric", "log_metrics"})


class Explanation:
    """Tells each step of a script as it goes.

    Args:
        as_json: a JSON object a line instead of a table.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.steps = 0
        self.repeated: tuple[str, int] | None = None
        self.saved: dict[str, str] = {}
        self.folder = os.getcwd()

    def begin(self) -> None:
        """From now on: the public functions tell, and so do files opened for writing below the working folder."""
        if not self.as_json:
            print(f"{'step':>4}  {'action':<15} {'input':<34} what changed")
        for name in _ACTIONS:
            setattr(runstone, name, self._told(name, getattr(runstone, name)))
        leave = session.ActiveRun.__exit__

        @functools.wraps(leave)
        def told(run: session.ActiveRun, kind: Any, error: BaseException | None, trace: object) -> Literal[False]:
            open_before = session.active_run() is not None
            done = leave(run, kind, error, trace)
            if open_before:
                self.tell(
                    "leave `with`", run.info.run_name or "", f"no run is active; status {_status(run.info.run_id)}"
                )
            return done

        session.ActiveRun.__exit__ = told  # type: ignore[method-assign]
        sys.addaudithook(self._opened)

    def _told(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def told(*args: Any, **kwargs: Any) -> Any:
            run = session.active_run()
            result = function(*args, **kwargs)
            given = [*args, *kwargs.values()]
            shown = [_short(value) for value in given] + ["", ""]
            count = len(given[0]) if given and hasattr(given[0], "__len__") else ""
            after = session.active_run()
            changed = _ACTIONS[name].format(
                *shown,
                run=after.info.run_name if after else "",
                status=_status(run.info.run_id) if run else "unchanged",
                count=count,
                kind="model file" if shown[0].endswith(MODEL_ENDINGS) else "artifact file",
            )
            if name in _REPEATED:
                self._repeat(f"{name} {shown[0]}" if name == "log_metric" else name, changed, name, shown[0])
            else:
                self.tell(name, ", ".join(shown[:2]).strip(", "), changed)
            return result

        return told

    def _repeat(self, what: str, changed: str, name: str, first: str) -> None:
        # a training loop logs the same key thousands of times: told once, counted after that
        key = f"\0{what}"
        known = self.saved.get(key)
        self.saved[key] = str(int(known or 0) + 1)
        if known is None:
            self.tell(name, first, changed)

    def _opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str) or not isinstance(arguments[1], str):
            return
        path, mode = os.path.abspath(arguments[0]), arguments[1]
        if (
            "w" not in mode
            or not path.startswith(self.folder + os.sep)
            or f"{os.sep}.runstone{os.sep}" in path
            or path in self.saved
        ):
            return
        self.saved[path] = "made"
        name = os.path.relpath(path, self.folder)
        what = (
            "the model is saved here: not yet in the store"
            if name.endswith(MODEL_ENDINGS)
            else "the file is made here: not yet in the store"
        )
        self.tell("write a file", name, what)

    def tell(self, action: str, given: str, changed: str) -> None:
        """One row."""
        self.steps += 1
        if self.as_json:
            print(json.dumps({"step": self.steps, "action": action, "input": given, "changed": changed}), flush=True)
        else:
            print(f"{self.steps:>4}  {action:<15} {given[:34]:<34} {changed}", flush=True)

    def stopped(self, error: BaseException) -> None:
        """The step that went wrong, and why."""
        reason = error.message if isinstance(error, RunstoneError) else f"{type(error).__name__}: {error}"
        self.tell("STOPPED", "", reason)

    def done(self) -> None:
        """How often the repeated calls were made."""
        for what, count in self.saved.items():
            if what.startswith("\0") and int(count) > 1:
                self.tell(
                    f"{what[1:].split(' ')[0]}",
                    what[1:].partition(" ")[2],
                    f"{count} times in all, each point in the store",
                )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 30 else text[:27] + "..."


def _status(run_id: str) -> str:
    return runstone.get_run(run_id).info.status
