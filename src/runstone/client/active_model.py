"""Which logged model is a thread's active one: what it measures meanwhile is measured of that model. Knows nothing of stores."""

from __future__ import annotations

import os
import threading

from runstone import settings


class _Active(threading.local):
    """A thread that said nothing has the model that the environment names."""

    def __init__(self) -> None:
        self.model_id = settings.ACTIVE_MODEL_ID.read()


# Looked up here each time: `forget` puts another one in its place.
active = _Active()


def forget() -> None:
    """Let no thread have an active model, nor the processes that this one starts."""
    settings.ACTIVE_MODEL_ID.write(None)
    _begin_anew()


def _begin_anew() -> None:
    global active
    active = _Active()


os.register_at_fork(after_in_child=_begin_anew)
