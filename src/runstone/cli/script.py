"""A script or module run as python itself runs it: its own `__main__`, arguments, path, traceback and exit code.

Unlike `runpy`'s, its `__main__` stays until the process ends, as threads, atexit functions and spawned children look there.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import io
import os
import runpy
import sys
from collections.abc import Callable
from types import ModuleType, TracebackType

_STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "standin")


def be_mlflow() -> None:
    """Let `import mlflow` mean runstone: in this process, and in every Python that it starts."""
    from runstone import settings
    from runstone.mlflow_alias import install_as_mlflow

    install_as_mlflow()
    settings.lead_python_path(_STANDIN)  # for children that are programs of their own
    sys.path.insert(1, _STANDIN)  # for children that `multiprocessing` spawns: they take this process's path as theirs


def run_file(path: str, arguments: tuple[str, ...]) -> None:
    """`python path arguments`. `path` may also be a folder or zip file with a `__main__.py`."""
    sys.argv = [path, *arguments]
    if not os.path.isfile(path) or _is_zip(path):
        _search_first(path)
        _new_main(None)
        runpy.run_path(path, run_name="__main__")
        return
    _search_first(os.path.dirname(os.path.realpath(path)))
    where = os.path.abspath(path)
    main = _new_main(where)
    with io.open_code(where) as file:
        source = file.read()
    exec(compile(source, where, "exec", dont_inherit=True), main.__dict__)  # noqa: S102 this is what the command is for


def run_module(name: str, arguments: tuple[str, ...]) -> None:
    """`python -m name arguments`."""
    sys.argv = ["-m", *arguments]  # what python has there until the module is found
    _search_first(os.getcwd())
    _new_main(None)
    # What python itself calls for -m. `runpy.run_module` would take the module away before threads and atexit functions are done.
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def report_as_python_does(explained: Callable[[BaseException], bool]) -> None:
    """Have the traceback of what ends the script begin in the script; there is none where `explained` says that all is said.

    Called where the exception was caught, for the interpreter to use when it arrives there.
    """
    hook = sys.excepthook  # the script's own, where it set one

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not explained(error):
            shown = _from_the_script(trace)
            hook(kind, error.with_traceback(shown), shown)

    sys.excepthook = report


def _from_the_script(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename != __file__:
        trace = trace.tb_next
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        trace = trace.tb_next
    return trace


def _new_main(path: str | None) -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={})
    if path is not None:
        main.__dict__.update(
            __file__=path, __cached__=None, __loader__=importlib.machinery.SourceFileLoader("__main__", path)
        )
    sys.modules["__main__"] = main
    return main


def _search_first(folder: str) -> None:
    if not sys.flags.safe_path:  # the first entry is the `runstone` command's own; with `python -P` there is none
        sys.path[0] = folder


def _is_zip(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"
