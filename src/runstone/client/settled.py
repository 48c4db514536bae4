"""A transport that settles accounts before a read: this process's journalled points are shipped, dead processes' runs are closed.

It wraps another transport and has its interface, so that every reader (client, fluent, terminal) sees its own writes and the truth
about who is still alive, without a call of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstone import journal
from runstone.errors import InvalidParameter, NotFound, RunstoneError, StorageError, Unreachable
from runstone.journal.waiting import is_passing
from runstone.operations import growing, runs
from runstone.operations.table import Operation, Request, Response
from runstone.repository.growing import find, is_dead
from runstone.transport import Transport
from runstone.transport.local import LocalTransport

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import Run
    from runstone.repository.files import Repository

# The operations whose answers hold metric points or a run's status, or hang on them.
_READS = frozenset(
    [
        "get_run",
        "search_runs",
        "get_run_table",
        "get_run_columns",
        "get_run_ids",
        "get_run_groups",
        "get_run_matrix",
        "get_run_timeline",
        "get_pulse",
        "get_experiment_activity",
        "sample_series",
        "get_metric_history",
        "get_metric_series",
        "get_metric_summaries",
        "get_metric_history_bulk",
        "get_metric_history_bulk_interval",
        "get_logged_model",
        "search_logged_models",
        "get_model_measures",
        "search_model_versions",
        "set_retention",
        "log_model_output",
        "keep_best_models",
    ]
)
# Those whose answers hold a run's files, among them what dead processes left of its console.
_FILES = frozenset({"list_artifacts", "get_tree", "get_small_tree", "preview_artifact"})

END_TAG = "runstone.end"


class SettledTransport:
    """`inner`, with accounts settled before reads.

    Args:
        inner: the transport that carries operations out.
        carrier: the one that what was journalled is shipped by.
        keep: logs what lies in the folder here of a run's console, where the store itself cannot do that.
        send: logs what waits in the folder of a run's files, where `keep` does not. Both are told whether to wait for others who do.
    """

    def __init__(
        self,
        inner: Transport,
        carrier: Transport,
        keep: Callable[[str, bool], None] | None = None,
        send: Callable[[str, bool], object] | None = None,
    ) -> None:
        self.inner, self.carrier, self._keep, self._send = inner, carrier, keep, send
        self.folder = inner.folder
        # Runs of which something lies here that the server does not take: not to be tried at every read.
        self._unkept: set[str] = set()
        self.uri = inner.uri
        # Dead runs where the store did not let us say so, and when they ended: our own answers say it.
        self._presumed: dict[str, int] = {}

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Settle when the operation reads runs or points; then carry it out."""
        if operation.name in _READS:
            self.settle()
        elif operation.name in _FILES:
            self._keep_files(str(getattr(request, "run_id", "") or ""))
        elif operation.name == "delete_artifact":
            self._let_older_pass(str(getattr(request, "run_id", "") or ""), str(getattr(request, "path", "")))
        return self.inner.call(operation, request)

    def repository(self) -> Repository:
        """The inner transport's."""
        return self.inner.repository()

    def settle(self, wait: bool = False) -> list[journal.Adopted]:
        """Ship what this process has journalled; adopt what dead processes left (it comes back), and say on their runs that they died.

        Args:
            wait: whether to wait for other processes that are about it just now, rather than leave it to them.
        """
        journal.flush_all(self.folder)
        before, self._presumed = self._presumed, {}
        adopted = journal.recover(
            self.folder, self.carrier, lambda run_id, last: self._bury(run_id, last, run_id in before), wait=wait
        )
        if isinstance(self.inner, LocalTransport):
            self.inner.presume_dead(self._presumed)
        if self._keep is not None:
            from runstone.client import leftovers

            for run_id in leftovers.runs_with_any(self.folder) - self._unkept:
                self._keep_files(run_id, wait)
        elif os.path.isdir(os.path.join(self.folder, "files")):
            from runstone.client import spool

            for run_id in spool.runs_with_files(self.folder) - self._unkept:
                self._send_files(run_id, wait)
        return adopted

    def _bury(self, run_id: str, end_time: int, presumed: bool) -> bool:
        try:
            run = self.carrier.call(runs.get_run, runs.GetRun(run_id)).run
            self._fail_models(run)  # before its end is said: were we to die between the two, it would be done again
            if run.info.status == "RUNNING" or presumed:
                # A process that runs no exit code at all was killed: kill -9, out of memory, power.
                self.carrier.call(runs.end_run, runs.EndRun(run_id, "KILLED", end_time))
                self.carrier.call(runs.set_tag, runs.SetTag(run_id, END_TAG, "its process died without ending the run"))
                self._keep_files(run_id)
                from runstone.provenance.changes import sweep

                sweep(os.path.join(self.folder, "git"))
        except (NotFound, InvalidParameter):
            return True  # gone or deleted meanwhile: the run's state is somebody else's word now
        except StorageError as error:
            if self._keep is None and not isinstance(error, Unreachable):
                self._presumed[run_id] = end_time
            return False
        return True

    def _fail_models(self, run: Run) -> None:
        """The files of a dead run's PENDING models will not come. (A process elsewhere that is still about one says READY in the end.)"""
        from runstone.entities.logged_models import WIRE_STATUSES, LoggedModelStatus
        from runstone.operations import logged_models, model_search

        request = model_search.SearchLoggedModels([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        try:
            more = True
            while more:
                page = self.carrier.call(model_search.search_logged_models, request)
                for model in page.models:
                    if model.status == LoggedModelStatus.PENDING:
                        failed = logged_models.FinalizeLoggedModel(
                            model.model_id, WIRE_STATUSES[LoggedModelStatus.FAILED]
                        )
                        self.carrier.call(logged_models.finalize_logged_model, failed)
                request.page_token = page.next_page_token
                more = request.page_token is not None
        except StorageError:
            raise
        except RunstoneError:
            pass  # a server without logged models, or one that was deleted meanwhile: the run's end is to be said all the same

    def _let_older_pass(self, run_id: str, path: str) -> None:
        """Before files are deleted: those that wait would come back behind that."""
        error = self._keep_files(run_id, wait=True)
        if error is not None:
            from runstone.client import spool

            if spool.waits_below(self.folder, run_id, path):
                raise error

    def _send_files(self, run_id: str, wait: bool) -> RunstoneError | None:
        """Log what was logged without waiting, by this process or by one that died, and is not there yet; why it could not be done."""
        background = sys.modules.get("runstone.client.background")
        if background is not None:
            background.settle(self.folder, run_id)
        if self._send is not None and os.path.isdir(os.path.join(self.folder, "files")):
            try:
                self._send(run_id, wait)
            except RunstoneError as error:
                if not is_passing(error):
                    self._unkept.add(run_id)  # not ours to keep, or no room: it waits where it is
                return error
        return None

    def _keep_files(self, run_id: str, wait: bool = False) -> RunstoneError | None:
        background = sys.modules.get("runstone.client.background")
        if background is not None and not wait and background.is_left(self.folder, run_id):
            return None  # Ctrl-C ended the wait for them: who reads the run at its end does not begin it again
        failed = self._send_files(run_id, wait)
        if any(is_dead(file.path) for file in find(self.folder, run_id)) or self._waits(run_id):
            try:
                if self._keep is not None:
                    self._keep(run_id, wait)
                else:
                    self.inner.call(growing.adopt_growing, growing.RunOfFiles(run_id))
            except RunstoneError as error:
                if not is_passing(error) and not isinstance(error, NotFound):
                    self._unkept.add(run_id)  # not ours to keep, or no room: they can be read where they are
                return failed or error
        return failed

    def _waits(self, run_id: str) -> bool:
        if self._keep is None:
            return False  # `_send` has seen to it
        from runstone.client import spool

        return run_id in spool.runs_with_files(self.folder)


def settle(self: Client, wait: bool = False) -> list[journal.Adopted]:
    """Ship what is on its way to the store now instead of at the next read; what dead processes had left comes back.

    Args:
        wait: whether to wait for other processes of this machine that ship just now: then what had been logged before is in the store
            when this returns, or could not be shipped. Else it is left to them.
    """
    return self._transport.settle(wait)
