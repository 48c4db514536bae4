"""A transport to a server that may go away: what a run of this process says of itself then waits in its journal, in order.

It wraps another transport and has its interface. What asks for an answer (reads, files, models) is not queued: it raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runstone import connection, settings
from runstone.entities import Run, RunData, RunInfo, RunStatus, RunTag
from runstone.errors import AlreadyExists, NotFound, RunstoneError, StorageBusy
from runstone.journal import shipping, waiting
from runstone.journal.writer import Journal, find_journal
from runstone.operations import experiments, runs
from runstone.operations.table import Empty, Operation, Request, Response
from runstone.transport import Transport

if TYPE_CHECKING:
    from runstone.repository.files import Repository


class Watched:
    """`inner`, and whether it answered last time; experiments that are known by name only are looked up on the way."""

    def __init__(self, inner: Transport) -> None:
        self.inner, self.uri, self.folder = inner, inner.uri, inner.folder
        self.away = False
        # Whether the end of a run has waited for it in vain: one wait is enough.
        self.given_up = False
        self._experiments: dict[str, str] = {}

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry the operation out, and note whether that could be tried at all."""
        try:
            answer = self.inner.call(operation, self._resolved(request))
        except RunstoneError as error:
            self.away = waiting.is_passing(error)
            raise
        self.away = self.given_up = False
        return answer

    def repository(self) -> Repository:
        """The inner transport's."""
        return self.inner.repository()

    def _resolved(self, request: Request) -> Request:
        if str(getattr(request, "experiment_id", "")).startswith(waiting.BY_NAME):
            return msgspec.structs.replace(request, experiment_id=self._experiment(request.experiment_id))  # type: ignore[attr-defined]
        ids = getattr(request, "experiment_ids", None)
        if ids and any(str(number).startswith(waiting.BY_NAME) for number in ids):
            found = [self._experiment(number) if number.startswith(waiting.BY_NAME) else number for number in ids]
            return msgspec.structs.replace(request, experiment_ids=found)
        return request

    def _experiment(self, placeholder: str) -> str:
        if placeholder not in self._experiments:
            name = placeholder.removeprefix(waiting.BY_NAME)
            self._experiments[placeholder] = _find_experiment(self.inner, name) or _make_experiment(self.inner, name)
        return self._experiments[placeholder]


class QueuingTransport:
    """`inner`; while it is away, what runs that this process holds say of themselves waits in their journals."""

    def __init__(self, inner: Transport) -> None:
        self.inner = Watched(inner)
        self.uri, self.folder = inner.uri, inner.folder

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry the operation out, or queue it and answer for the server."""
        journal = self._journal_of(operation, request)
        if journal is None:
            return self.inner.call(operation, request)
        if not (journal.queued or journal.early or self.inner.away or (journal.pending and _ends(operation, request))):
            try:
                with connection.within(settings.OFFLINE_AFTER.read()):
                    return self.inner.call(operation, request)
            except RunstoneError as error:
                if not waiting.is_passing(error):
                    raise
                shipping.warn_once(error)
        return _queue(journal, operation, request)  # type: ignore[return-value]  # the answer of that very row

    def repository(self) -> Repository:
        """The inner transport's."""
        return self.inner.repository()

    def _journal_of(self, operation: Operation[Any, Any], request: msgspec.Struct) -> Journal | None:
        run_id = getattr(request, "run_id", None)
        if operation.name not in waiting.QUEUED or not run_id or settings.OFFLINE.read() != "auto":
            return None
        return find_journal(self.folder, run_id)


def _ends(operation: Operation[Any, Any], request: Any) -> bool:
    # The end of a run is said when all that it logged is there, never before.
    return operation.name == "end_run" or (
        operation.name == "update_run"
        and request.status in RunStatus.__members__
        and RunStatus.is_terminated(RunStatus[request.status])
    )


def _queue(journal: Journal, operation: Operation[Any, Any], request: Any) -> msgspec.Struct:
    """Write an operation to the journal, checked as far as it can be without the store; the answer, as far as it can be known."""
    if operation.name == "create_run":
        name, tags = runs.checked_creation(request)
        labels = [RunTag(*tag) for tag in tags]
        request = msgspec.structs.replace(request, run_name=name, tags=labels)
        journal.append_operation(waiting.written(operation, request))
        info = RunInfo(
            request.run_id, request.experiment_id, request.user_id, "RUNNING", request.start_time, run_name=name
        )
        return runs.RunAnswer(Run(info, RunData([], [], labels)))
    runs.check_said(request)
    journal.append_operation(waiting.written(operation, request))
    if operation.name in ("update_run", "end_run"):
        return runs.RunInfoAnswer(RunInfo(request.run_id, "", "", request.status or "RUNNING", None, request.end_time))
    return Empty()


def _find_experiment(transport: Transport, name: str) -> str | None:
    try:
        return transport.call(
            experiments.get_experiment_by_name, experiments.ExperimentName(name)
        ).experiment.experiment_id
    except NotFound:
        return None


def _make_experiment(transport: Transport, name: str) -> str:
    try:
        made = transport.call(experiments.create_experiment, experiments.CreateExperiment(name)).experiment_id
    except AlreadyExists:  # another process made it between the two calls
        made = _find_experiment(transport, name) or ""
    if not made:  # deleted under that name between the two calls: asked again later, and no id to remember
        raise StorageBusy(
            f"The experiment {name!r} could be neither found nor made just now on {transport.uri}. Try again."
        )
    return made
