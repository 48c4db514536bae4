"""What a run records without being asked: who and where (tags), the console and the packages (artifacts under .runstone/).

Gathered at the end, so that `start_run` does not wait for it. A failure here never fails the training.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

from runstone import settings
from runstone.errors import RunstoneError

if TYPE_CHECKING:
    from runstone.client import Client

FOLDER = ".runstone"
CONSOLE_NAME = "console.log"
PACKAGES_NAME = "packages.txt"


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

    def start(self) -> None:
        """Begin: the console from now on."""
        if settings.CONSOLE.read():
            from runstone.provenance.console import ConsoleCapture

            try:
                os.makedirs(os.path.dirname(self.spool), exist_ok=True)
                self._console = ConsoleCapture(self.spool)
            except OSError:
                return  # a full or read-only disk: the run itself will say so where it matters

    def finish(self) -> None:
        """End: log the console and the packages in one transaction. What cannot be logged is left out with a warning."""
        if self._console is not None:
            self._console.close()
        files: dict[str, str | bytes | BinaryIO] = {}
        if self._console is not None and os.path.getsize(self.spool):
            files[CONSOLE_NAME] = self.spool
        if settings.PROVENANCE.read():
            from runstone.provenance.packages import installed

            files[PACKAGES_NAME] = installed().encode()
        try:
            if files:
                self.client.log_files(self.run_id, files, FOLDER)
            if os.path.exists(self.spool):
                os.unlink(self.spool)
        except (RunstoneError, OSError) as error:
            import warnings

            warnings.warn(f"The run's console and packages were not recorded: {error}", stacklevel=2)


def spool_path(folder: str, run_id: str) -> str:
    """Where this process keeps the console of a run until it is logged."""
    return os.path.join(folder, "console", f"{run_id}.{os.getpid()}.log")
