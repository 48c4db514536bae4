"""The logger for PyTorch Lightning's trainers: what a module logs goes to a run, as Lightning spaces it. Knows nothing of patching."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from runstone.autologging import lightning
from runstone.autologging.keeping import FOLDER, LATEST_TAG
from runstone.autologging.lightning import Place
from runstone.client import Client
from runstone.entities import Param
from runstone.fluent import endings, session

if TYPE_CHECKING:
    from runstone.entities import Run


def _is_first() -> bool:
    """Whether this is the first of the processes that train together."""
    from lightning_utilities.core.rank_zero import rank_zero_only

    return getattr(rank_zero_only, "rank", 0) in (0, None)


def flat(params: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """What is in mappings, dataclasses and namespaces, by the path to it."""
    if dataclasses.is_dataclass(params) and not isinstance(params, type):
        params = {field.name: getattr(params, field.name) for field in dataclasses.fields(params)}
    elif not isinstance(params, Mapping):
        params = vars(params)
    for name, value in params.items():
        nested = isinstance(value, Mapping) or (dataclasses.is_dataclass(value) and not isinstance(value, type))
        if nested and value:
            yield from flat(value, f"{before}{name}/")
        else:
            yield f"{before}{name}", value


def logger() -> type:
    """The class of the logger, which is derived from one of Lightning's."""

    class RunstoneLogger(*lightning.bases("loggers", "Logger")):  # type: ignore[misc]
        """Logs to the active run, or to one of its own: `Trainer(logger=RunstoneLogger())`.

        A run of its own is started when something is logged and ends with the fit: FINISHED, FAILED or KILLED.

        Args:
            run_name: of its own run.
            tags: of its own run.
            run_id: another run than the active one.
            log_model: True: the checkpoints that Lightning's `ModelCheckpoint` has at the end are files of the run; 'all': each that it makes.
            prefix: what metrics' names begin with.
        """

        def __init__(
            self,
            run_name: str | None = None,
            tags: dict[str, Any] | None = None,
            run_id: str | None = None,
            log_model: Literal[True, False, "all"] = False,
            prefix: str = "",
        ) -> None:
            super().__init__()
            self._run_name, self._tags, self._log_model, self._prefix = run_name, tags, log_model, prefix
            self._place = None if run_id is None else Place(run_id)
            self._own: Run | None = None
            self._callback: Any = None
            self._kept: dict[str, int] = {}  # checkpoints that are in the run, with their time

        def __getstate__(self) -> dict[str, Any]:
            # In another process there is no active run: it is told which one is meant, and has none of its own.
            place = self._place or (None if session.active_run() is None else self._where())
            return {**self.__dict__, "_place": place, "_own": None}

        def _where(self) -> Place:
            if self._place is None:
                run = session.active_run()
                if run is None:
                    run = self._own = session.start_run(run_name=self._run_name, tags=self._tags)
                self._place = Place(run.info.run_id, None, session.target(run.info.run_id)[0])
            return self._place

        @property
        def experiment(self) -> Client | None:
            """The client of the run's store; None in other processes than the first."""
            return self._where().store if _is_first() else None

        @property
        def run_id(self) -> str | None:
            """The run's id; None in other processes than the first."""
            return self._where().run_id if _is_first() else None

        @property
        def version(self) -> str | None:
            """The run's id."""
            return self.run_id

        @property
        def name(self) -> str | None:
            """The id of the run's experiment."""
            place = self._where() if _is_first() else None
            return None if place is None else place.store.get_run(place.run_id).info.experiment_id

        def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
            """Log points of a step."""
            if _is_first():
                self._where().metrics({f"{self._prefix}{name}": value for name, value in metrics.items()}, step or 0)

        def log_hyperparams(self, params: Any, *more: Any, **named: Any) -> None:
            """Log params; those within others by the path to them."""
            if _is_first() and params is not None:
                place = self._where()
                said = [Param(name, str(value)) for name, value in flat(params)]
                place.store.log_batch(place.run_id, params=said)

        def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
            """Keep the checkpoint, if each is to be kept."""
            self._callback = checkpoint_callback
            if self._log_model == "all":
                self._keep()

        def _keep(self) -> None:
            one = self._callback
            if one is None or not self._log_model or not _is_first():
                return
            place, best = self._where(), getattr(one, "best_model_path", "")
            paths = {*getattr(one, "best_k_models", ()), best, getattr(one, "last_model_path", "")}
            for path in sorted(path for path in paths if path and os.path.isfile(path)):
                changed = os.stat(path).st_mtime_ns
                if self._kept.get(path) != changed:
                    place.store.log_artifact(place.run_id, path, FOLDER)
                    self._kept[path] = changed
            if best in self._kept:
                place.store.set_tag(place.run_id, LATEST_TAG, f"{FOLDER}/{os.path.basename(best)}")

        def finalize(self, status: str) -> None:
            """The fit, or test, has ended."""
            if not _is_first():
                return
            if status == "success":
                self._keep()
            run, self._own = self._own, None
            if run is None:
                return
            ended = "FINISHED" if status == "success" else endings.status_of(sys.exc_info()[1] or RuntimeError())
            active = session.active_run()
            if active is not None and active.info.run_id == run.info.run_id:
                session.end_run(ended)
            else:
                self._where().store.set_terminated(run.info.run_id, ended)

    RunstoneLogger.__module__, RunstoneLogger.__qualname__ = "runstone.pytorch", "RunstoneLogger"
    return RunstoneLogger
