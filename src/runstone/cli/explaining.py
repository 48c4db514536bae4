"""`runstone run --explain`: tells each step of a script from the calls that really happen, and the step that went wrong.

Every public function and every Client method is wrapped before the script begins, and tells when it is not runstone itself that calls.
Files are seen being opened for writing by an audit hook, and told once they are there.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import linecache
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any, Literal

import runstone
from runstone import artifacts
from runstone.cli.output import size
from runstone.cli.steps import Step, Steps
from runstone.cli.words import SILENT, Call, file_kind, first_input, short, words
from runstone.client import Client
from runstone.errors import RunstoneError
from runstone.fluent import session

# A training loop calls these thousands of times: told once for each metric, and counted after that.
_REPEATED = frozenset({"log_metric", "log_metrics", "log_batch"})
# What is told of a flavor's module.
_OF_FLAVORS = frozenset({"log_model", "save_model", "load_model"})
_OURS, _PYTHONS = os.path.dirname(runstone.__file__), os.path.dirname(os.__file__)
# More files than these, written between two steps, are told in one row.
_MANY = 5


def explain(as_json: bool) -> Callable[[BaseException], bool]:
    """From now on, calls tell. What comes back wants to hear of the exception that ends the script, and says whether it explains it."""
    explanation = _Explanation(Steps(as_json))
    # Before the session's own ending is registered, so after it when the process ends: runs left open are closed by then.
    atexit.register(explanation.end)
    for name in runstone.__all__:
        getattr(runstone, name)  # loads it: the face holds only names until they are touched
    for face, prefix in ((runstone, ""), (artifacts, "artifacts."), (Client, "Client.")):
        for name, value in list(vars(face).items()):
            if inspect.isfunction(value) and not name.startswith("_") and name not in SILENT:
                telling = explanation.told(name, prefix + name, value, method=face is Client)
                setattr(face, name, telling)
                if face is runstone:  # and where it comes from, or it could not be pickled for other processes
                    setattr(sys.modules[value.__module__], name, telling)
    for prefix, flavor in _flavors():
        for name in _OF_FLAVORS & vars(flavor).keys():
            setattr(flavor, name, explanation.told(name, f"{prefix}.{name}", getattr(flavor, name)))
    explanation.watch_leaving()
    sys.addaudithook(explanation.opened)
    explanation.steps.head()
    return explanation.stopped


def _flavors() -> Iterator[tuple[str, ModuleType]]:
    """The public modules that log models; their libraries are not imported by that."""
    for name in runstone._MODULES:
        module = getattr(runstone, name)
        if hasattr(module, "log_model"):
            yield name, module


class _Repeat:
    """Calls of one function that were made again and are not told yet: how many, and each metric's last value."""

    def __init__(self) -> None:
        self.count = 0
        self.last: dict[str, Any] = {}


class _Explanation:
    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.folder = os.path.realpath(os.getcwd())
        self.process = os.getpid()
        self.began = time.time()
        self.lock = threading.RLock()
        self.inside = threading.local()
        self.run: session.ActiveRun | None = None
        # Files opened for writing since the last step, and the line of the script that did it.
        self.opening: dict[str, str] = {}
        # Path to what the last step made of it: "made", "saved" or "logged".
        self.files: dict[str, str] = {}
        self.metrics: set[tuple[str, ...]] = set()
        self.repeats: dict[str, _Repeat] = {}
        self.refused: tuple[BaseException, int] | None = None
        self.error: BaseException | None = None

    # Watching

    def told(self, name: str, action: str, function: Callable[..., Any], method: bool = False) -> Callable[..., Any]:
        """`function`, with a row for each call of it that comes from the script."""
        parameters = list(inspect.signature(function).parameters)[method:]

        @functools.wraps(function)
        def telling(*args: Any, **kwargs: Any) -> Any:
            if os.getpid() != self.process or _is_ours(sys._getframe(1)):
                return function(*args, **kwargs)
            given = {**dict(zip(parameters, args[method:], strict=False)), **kwargs}
            self.inside.call = True  # what is written meanwhile is not the script's
            try:
                with self.lock:
                    self._files_written()
                    if name == "log_artifact":
                        self._file_seen(given.get("local_path"))
                before = session.active_run()
                try:
                    result = function(*args, **kwargs)
                except Exception as error:
                    with self.lock:
                        self._refusal(action, given, error)
                    raise
                with self.lock:
                    self._success(name, action, Call(given, result), before)
                return result
            finally:
                self.inside.call = False

        return telling

    def watch_leaving(self) -> None:
        """Tell of the end of a `with start_run()` block."""
        leave = session.ActiveRun.__exit__

        @functools.wraps(leave)
        def telling(
            run: session.ActiveRun, kind: type[BaseException] | None, error: BaseException | None, trace: object
        ) -> Literal[False]:
            with self.lock:
                self._files_written()
            before = session.active_run()
            leave(run, kind, error, trace)
            if before is not None and os.getpid() == self.process:
                with self.lock:
                    changed = self._run_changed(before)
                    self._tell(Step("leave `with`", f"run {run.info.run_name}", _status(run.info.run_id), changed))
            return False

        session.ActiveRun.__exit__ = telling  # type: ignore[method-assign]

    def opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook: remember files of the working folder that are opened for writing, or renamed into place."""
        if event == "open":
            path, flags = arguments[0], arguments[2]
            if not flags & (os.O_WRONLY | os.O_RDWR):
                return
        elif event == "os.rename":
            path = arguments[1]
        else:
            return
        if isinstance(path, str | bytes | os.PathLike) and not getattr(self.inside, "call", False):
            where = next(filter(None, map(_own_line, _frames(sys._getframe(1)))), "")
            self.opening.setdefault(os.path.join(os.getcwd(), os.fsdecode(path)), where)

    # Telling

    def _success(self, name: str, action: str, call: Call, before: session.ActiveRun | None) -> None:
        run_changed = self._run_changed(before)
        if name in _REPEATED and not run_changed and self._again(action, call):
            return
        if name in ("log_artifact", "log_artifacts"):
            told = self._logged(call)
        else:
            told = words(name, call)
        given, output, changed = told
        if name == "end_run":
            output, changed = (_status(before.info.run_id), "") if before else ("", "nothing: no run was active")
        if run_changed and name not in ("start_run", "end_run"):
            run_changed += " (started by this call)"
        self._tell(Step(action, given, output, "; ".join(part for part in (run_changed, changed) if part)))

    def _run_changed(self, before: session.ActiveRun | None) -> str:
        after = self.run = session.active_run()
        if before is None or after is None:
            return "" if before is after else f"run: {'none → active' if before is None else 'active → none'}"
        return "" if before.info.run_id == after.info.run_id else f"run: {_name(before)} → {_name(after)}"

    def _logged(self, call: Call) -> tuple[str, str, str]:
        local = os.fspath(call.given.get("local_path") or call.given["local_dir"])
        name = os.path.basename(os.path.normpath(local))
        folder = call.text("artifact_path")
        if os.path.isdir(local):
            inside = "local_dir" in call.given
            return local, f"{folder or ('' if inside else name)}/", "artifact files of the folder: made → logged"
        path = os.path.realpath(local)
        kind = file_kind(name)
        old = " before the script began" if path not in self.files else ""
        self.files[path] = "logged"
        self.about = path
        ready = "saved" if kind == "model" else "made"
        made = f"artifact {folder}/{name}" if folder else f"artifact {name}"
        return local, f"{made}, {size(os.path.getsize(path))}", f"{kind}: {ready}{old} → logged"

    def _again(self, action: str, call: Call) -> bool:
        metrics = call.given.get("metrics")
        if isinstance(metrics, dict):
            points = metrics
        elif "key" in call.given:
            points = {call.given["key"]: call.given.get("value", 0.0)}
        else:
            return False
        run_id = call.given.get("run_id") or (self.run and self.run.info.run_id) or ""
        key = (action, run_id, *sorted(points))
        if key not in self.metrics:
            self.metrics.add(key)
            return False
        repeat = self.repeats.setdefault(action, _Repeat())
        repeat.count += 1
        repeat.last.update(points)
        return True

    def _repeats_told(self) -> None:
        repeats, self.repeats = self.repeats, {}
        for action, repeat in repeats.items():
            last = short({key: f"{float(value):.4g}" for key, value in repeat.last.items()})
            changed = "metric: more points, journalled like the first"
            self._tell(Step(f"{action} ×{repeat.count}", short(", ".join(repeat.last)), f"last {last}", changed))

    # Files

    def _file_seen(self, local: Any) -> None:
        """A file about to be logged whose writing was not seen (a library's own code, another process) but happened."""
        if isinstance(local, str | os.PathLike):
            path = os.path.realpath(local)
            if path not in self.files and os.path.isfile(path) and os.path.getmtime(path) >= self.began:
                self._written(path)

    def _files_written(self) -> None:
        opening, self.opening = self.opening, {}
        written = {os.path.realpath(path): line for path, line in opening.items()}
        written = {path: line for path, line in written.items() if self._counts(path)}
        if len(written) <= _MANY:
            for path, line in written.items():
                self._written(path, line)
            return
        self.files.update(dict.fromkeys(written, "made"))
        changed = "artifact files: none → made, here only: not in the store yet"
        self._tell(Step("write files", next(iter(written.values())), f"{len(written)} files", changed))

    def _counts(self, path: str) -> bool:
        inside = os.path.relpath(path, self.folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.split(os.sep))
        return not hidden and os.path.isfile(path) and os.path.getmtime(path) >= self.began - 1

    def _written(self, path: str, line: str = "") -> None:
        name = os.path.relpath(path, self.folder)
        shown = path if name.startswith("..") else name
        kind = file_kind(name)
        done = "saved" if kind == "model" else "made"
        if self.files.get(path) == "logged":
            changed = (
                f"{kind}: written again after it was logged; the store has the former one until it is logged again"
            )
        else:
            changed = f"{kind}: none → {done}, here only: not in the store yet"
        self.files[path] = done
        self.about = path
        self._tell(Step("write a file", line, f"{shown}, {size(os.path.getsize(path))}", changed))

    def _refusal(self, action: str, given: dict[str, Any], error: Exception) -> None:
        self._tell(Step(action, first_input(given), "", f"nothing: {_reason(error)}", error=True))
        self.refused = error, self.steps.count

    about: str | None = None

    def _tell(self, step: Step) -> None:
        self._repeats_told()
        about, self.about = self.about, None
        state: dict[str, Any] = {"active_run": None if self.run is None else self.run.info.run_id}
        if about is not None:
            state["file"] = {"path": about, "kind": file_kind(about), "state": self.files[about]}
        self.steps.tell(step, state)

    # The end

    def stopped(self, error: BaseException) -> bool:
        """The script ended by this exception; whether all is said of it here, as a call that was refused needs no traceback."""
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            self.error = error
        return self.refused is not None and self.refused[0] is error

    def end(self) -> None:
        """The process ends: what is left to tell."""
        if os.getpid() != self.process:
            return
        with self.lock:
            self._files_written()
            self._repeats_told()
            if self.run is not None and session.active_run() is None:
                run, self.run = self.run, None
                self._tell(
                    Step("end of script", f"run {run.info.run_name}", _status(run.info.run_id), "run: active → none")
                )
            if self.error is not None:
                self._stop(self.error)

    def _stop(self, error: BaseException) -> None:
        chain: list[BaseException] = []
        cause: BaseException | None = error
        while cause is not None and cause not in chain:
            chain.append(cause)
            cause = cause.__cause__ or cause.__context__
        at = self.refused[1] if self.refused is not None and self.refused[0] in chain else None
        where = _line_of_script(error)
        place = f"Stopped at step {at}" if at else f"Stopped after step {self.steps.count}"
        lines = [f"{place}{f': {where[0]}, line {where[1]}' if where else ''}"]
        if where and where[2]:
            lines.append(f"    {where[2]}")
        lines.append(_reason(error))
        stopped = {
            "step": at,
            "after": self.steps.count,
            "file": where and where[0],
            "line": where and where[1],
            "error": type(error).__name__,
            "reason": _reason(error),
        }
        self.steps.end(stopped, lines)


def _is_ours(caller: FrameType) -> bool:
    return str(caller.f_globals.get("__name__")).split(".", 1)[0] == "runstone"


def _name(run: session.ActiveRun) -> str:
    return run.info.run_name or run.info.run_id


def _status(run_id: str) -> str:
    return runstone.Client().get_run(run_id).info.status


def _reason(error: BaseException) -> str:
    if isinstance(error, RunstoneError):
        return error.message
    if isinstance(error, SystemExit):
        return f"The script ended itself with {error.code!r}."
    return f"{type(error).__name__}: {error}"


def _line_of_script(error: BaseException) -> tuple[str, int, str] | None:
    """File, number and text of the deepest line that is the user's own."""
    found = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        line = _own_line(frame, number)
        if line is not None:
            found = frame.f_code.co_filename, number, line
    return found


def _own_line(frame: FrameType, number: int | None = None) -> str | None:
    """The text of the line a frame is at, where it is the user's code: neither ours, nor python's, nor an installed library's."""
    name = frame.f_code.co_filename
    if name.startswith((_OURS, _PYTHONS, "<")) or "site-packages" in name or "dist-packages" in name:
        return None
    return short(linecache.getline(name, number or frame.f_lineno).strip(), 60)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
