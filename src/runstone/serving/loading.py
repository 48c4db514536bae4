"""A model that is to be asked is loaded: what it raises meanwhile is a sentence, for whoever serves it did not write it."""

from __future__ import annotations

import os
import threading

from runstone.errors import RunstoneError
from runstone.models.fetching import Fetched
from runstone.models.pyfunc import PyFuncModel, loaded
from runstone.serving.failing import told


class ModelNotLoaded(RunstoneError):
    """The model raised something when it was loaded, which is the cause."""


def load(fetched: Fetched, uri: str | os.PathLike[str]) -> PyFuncModel:
    """A fetched model, ready to be asked.

    Args:
        fetched: its files.
        uri: how it is called in an error.

    Raises:
        InvalidParameter, Forbidden, CorruptData: it cannot be loaded.
        ModelNotLoaded: it raised something.
    """
    try:
        return loaded(fetched)
    except RunstoneError:
        raise
    except ModuleNotFoundError as error:
        raise ModelNotLoaded(
            f"The model {os.fspath(uri)!r} cannot be loaded: {error}. Is all installed here that its requirements.txt names? "
            "--traceback shows where it fails."
        ) from error
    except BaseException as error:  # whatever a model may raise, also what would end this process
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise  # somebody's Ctrl-C
        raise ModelNotLoaded(
            f"The model {os.fspath(uri)!r} cannot be loaded, for it fails meanwhile ({told(error)}). --traceback shows where."
        ) from error
