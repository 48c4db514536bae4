"""One loaded version of a model that answers: what reads its questions, what asks it, its files."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from runstone import settings
from runstone.models.fetching import fetch
from runstone.models.pyfunc import PyFuncModel
from runstone.serving.batching import Batcher, Joining, Predict
from runstone.serving.loading import load
from runstone.serving.questions import Numbers, Questions
from runstone.types import hints

if TYPE_CHECKING:
    from runstone.models.locating import Version

# Threads of a model whose questions are not joined: it may wait for others (a network, a card).
_THREADS = 8


class Standing:
    """A model, loaded and ready.

    Args:
        uri: the address that it was loaded by.
        rows: of a joined call; None: 1,000 for models that are known to go by rows, and 1 (never joined) for all others.
        delay: seconds that a question waits for others.
        threads: that it predicts on; None: one where questions are joined, else eight.

    Raises:
        NotFound, InvalidParameter, Forbidden, CorruptData, ModelNotLoaded: it cannot be loaded.
    """

    def __init__(self, uri: str, rows: int | None = None, delay: float = 0.0, threads: int | None = None) -> None:
        self.uri = uri
        self.users = 0  # requests that are between being read and being asked
        self._folder = tempfile.mkdtemp(prefix="runstone-serving-")
        try:
            fetched = fetch(uri, self._folder)
            self.version: Version | None = fetched.version
            self.path = fetched.path
            self.model: PyFuncModel = load(fetched, uri)
            self.questions = Questions(self.model, settings.SERVER_JSON_DEPTH.read())
        except BaseException:
            self.drop()
            raise
        most = rows if rows is not None else (1_000 if self.model.goes_by_rows else 1)
        count = threads or (1 if most > 1 else _THREADS)
        self._pool = ThreadPoolExecutor(count, "runstone-model")
        self.batcher = Batcher(_asks(self.model), Joining(most, delay, count), self._pool)

    @property
    def name(self) -> str:
        """As people read it: the version where it is one."""
        return self.uri if self.version is None else f"models:/{self.version.name}/{self.version.number}"

    @property
    def idle(self) -> bool:
        """Whether nobody waits for it."""
        return not self.users and self.batcher.idle

    def example(self) -> str | None:
        """The body of a request that asks the model's input example; None where it has none."""
        info = self.model.metadata.saved_input_example_info or {}
        name = info.get("serving_input_path")
        if isinstance(name, str) and os.path.basename(name) == name:
            with (
                contextlib.suppress(OSError, UnicodeDecodeError),
                open(os.path.join(self.path, name), encoding="utf-8") as file,
            ):
                return file.read(64 * 1024)
        return None

    def drop(self) -> None:
        """Let go of it: its threads and its files."""
        pool: Any = getattr(self, "_pool", None)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)


def _asks(model: PyFuncModel) -> Predict:
    """What asks a model what was checked before."""
    unnamed = model.unnamed()
    hinted = bool(model.metadata.others.get("is_signature_from_type_hint"))

    def ask(data: Any, params: dict[str, Any] | None) -> Any:
        if hinted:
            token = hints.from_json.set(not hasattr(data, "iloc"))
            try:
                return model.predict_checked(data, params)
            finally:
                hints.from_json.reset(token)
        if not isinstance(data, Numbers):
            return model.predict_checked(data, params)
        return model.predict_checked(data.frame(), params) if unnamed is None else unnamed(data.rows, params)

    return ask
