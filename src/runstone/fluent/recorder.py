"""What a run records without being asked: who and where (tags), the console, the packages and the git diff (artifacts under .runstone/).

Gathered in the background or at the end, so that `start_run` does not wait for it. A failure here never fails the training.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from runstone import settings
from runstone.errors import RunstoneError

if TYPE_CHECKING:
    from runstone.client import Client

FOLDER = ".runstone"
CONSOLE_NAME = "console.log"
PACKAGES_NAME = "packages.txt"
DIFF_NAME = "git.diff"
SHIP_SECONDS = 2.0


def facts() -> dict[str, str]:
    """Tags for a new run: user, host, script, arguments, git commit; and what RUNSTONE_RUN_CONTEXT adds."""
    from runstone.provenance.facts import tags

    found = tags()
    context = settings.RUN_CONTEXT.read()
    if context:
        found = {**found, **_parsed(context)}
    return found


def _parsed(context: str) -> dict[str, str]:
    import msgspec

    from runstone.errors import InvalidParameter

    try:
        return {key: str(value) for key, value in msgspec.json.decode(context, type=dict[str, Any]).items()}
    except msgspec.DecodeError as error:
        raise InvalidParameter(f"{settings.RUN_CONTEXT.name}={context!r} is not a JSON object: {error}.") from error


class Recorder:
    """Records for one run, from `start()` to `finish()`.

    Args:
        client: where the records go.
        run_id: the run they belong to.
    """

    def __init__(self, client: Client, run_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self.spool = spool_path(client._folder, run_id)
        self._console: Any = None
        self._probe: Any = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin: the console from now on, git in a process of its own."""
        if settings.CONSOLE.read():
            from runstone.provenance.console import ConsoleCapture

            try:
                os.makedirs(os.path.dirname(self.spool), exist_ok=True)
                self._console = ConsoleCapture(self.spool)
            except OSError:
                return  # a full or read-only disk: the run itself will say so where it matters
            self._thread = threading.Thread(target=self._ship, name="runstone-console", daemon=True)
            self._thread.start()
        if settings.PROVENANCE.read():
            from runstone.provenance import git

            self._probe = git.start()

    def _ship(self) -> None:
        while not self._done.wait(SHIP_SECONDS):
            data = self._console.read_new()
            if data:
                try:
                    self.client.append_artifact(self.run_id, f"{FOLDER}/{CONSOLE_NAME}", data)
                except RunstoneError:
                    return  # the whole console is in the spool, and is logged at the end

    def finish(self) -> None:
        """End: log the console, the packages and the diff in one transaction. What cannot be logged is left out with a warning."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._console is not None:
            self._console.close()
        files = self._files()
        try:
            if files:
                self.client.log_files(self.run_id, files, FOLDER)
            if os.path.exists(self.spool):
                os.unlink(self.spool)
        except (RunstoneError, OSError) as error:
            import warnings

            warnings.warn(f"The run's console, packages and diff were not recorded: {error}", stacklevel=2)

    def _files(self) -> dict[str, bytes | str]:
        files: dict[str, bytes | str] = {}
        if self._console is not None and os.path.exists(self.spool) and os.path.getsize(self.spool):
            files[CONSOLE_NAME] = self.spool
        if settings.PROVENANCE.read():
            from runstone.provenance.packages import installed

            files[PACKAGES_NAME] = installed().encode()
            state = None if self._probe is None else self._probe.collect(5.0)
            if state is not None:
                self._tell(state.dirty)
                if state.diff:
                    files[DIFF_NAME] = state.diff
        return files

    def _tell(self, dirty: bool) -> None:
        try:
            self.client.set_tag(self.run_id, "mlflow.source.git.dirty", str(dirty))
        except RunstoneError:
            return


def spool_path(folder: str, run_id: str) -> str:
    """Where this process keeps the console of a run until it is logged."""
    return os.path.join(folder, "console", f"{run_id}.{os.getpid()}.log")
