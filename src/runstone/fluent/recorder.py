"""What a run records without being asked: who and where (tags), the console, the packages, what git says is not committed.

`start_run` waits for none of it: git is started and left alone, the rest is gathered by a thread. A run that ends soon logs all of it
at its end, in one transaction; of a longer one it is in the store after a few seconds. A failure here never fails the training.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from runstone import settings
from runstone.connection import within
from runstone.errors import RunstoneError
from runstone.journal.waiting import is_passing
from runstone.provenance import git

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.provenance.changes import Changes, Found
    from runstone.repository.growing import GrowingFile

FOLDER = ".runstone"
DIRTY_TAG = "mlflow.source.git.dirty"
# A run that lives for so many seconds has its packages and git's answer logged meanwhile: it may be killed.
_EARLY = 5.0
# The end of a run waits for git until git has had so many seconds.
_PATIENCE = 2.0


def facts() -> dict[str, str]:
    """Tags for a new run: user, host, script, arguments, git commit; and what RUNSTONE_RUN_CONTEXT adds."""
    from runstone.provenance.facts import source_folder, tags

    found = tags(git.find(source_folder()))
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
        resumed: whether the run has records already; ours are numbered then.
        joined: whether another process records what both have in common, so that only the console is ours to record.
    """

    def __init__(self, client: Client, run_id: str, *, resumed: bool, joined: bool) -> None:
        self.client, self.run_id, self.resumed, self.joined = client, run_id, resumed, joined
        self._taken: set[str] = set()
        self._console: GrowingFile | None = None
        self._changes: Changes | None = None
        self._found: Found | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._logged = False
        self._away = False
        self._started = time.monotonic()

    def start(self) -> None:
        """Begin: the console from now on, and git."""
        if self.resumed:
            with contextlib.suppress(RunstoneError), within(settings.OFFLINE_AFTER.read()):  # the end asks again
                self._taken = {os.path.basename(file.path) for file in self.client.list_artifacts(self.run_id, FOLDER)}
        self._start_console()
        if not self.joined:
            self._start_git()
            if self._changes is not None or settings.PROVENANCE.read():
                self._thread = threading.Thread(target=self._gather, name="runstone-provenance", daemon=True)
                self._thread.start()

    def _start_console(self) -> None:
        if settings.CONSOLE.read():
            from runstone.provenance import console
            from runstone.repository.growing import GrowingFile

            limit = settings.CONSOLE_LIMIT.read()
            try:
                self._console = GrowingFile(self.client._folder, self.run_id, "console", self._taken, limit)
            except OSError:
                return  # a full or read-only disk: the run itself will say so where it matters
            console.start(self._console.write)

    def _start_git(self) -> None:
        limit, timeout = settings.DIFF_LIMIT.read(), settings.GIT_TIMEOUT.read()
        if limit and timeout > 0:
            from runstone.provenance.facts import source_folder

            checkout = git.find(source_folder())
            if checkout is not None and checkout.commit is not None:
                from runstone.provenance.changes import Changes

                folder = self.client._folder
                try:
                    self._changes = Changes(checkout, os.path.join(folder, "git"), folder, limit, timeout)
                except OSError:
                    return  # no git here, or no room

    def _gather(self) -> None:
        if self._changes is not None:
            self._found = self._changes.collect()
        if not self._ending.wait(max(0.0, self._started + _EARLY - time.monotonic())):
            with within(settings.OFFLINE_AFTER.read()):
                self._log(self._facts())  # the end tries again

    def finish(self, error: BaseException | None = None, away: bool = False) -> bool:
        """End: log what is not logged yet. What cannot be logged is left out with a warning. Whether the server was there for it.

        Args:
            error: the exception that the run is left by; the console is to say so, as it will on the screen.
            away: whether the server is: then what is not logged yet is left here, for whoever ships what the run logged.
        """
        taken = None if away else self._names_taken()
        away, taken = taken is None, taken or set()
        self._taken |= taken
        files = self._stop_console(error, taken)
        self._ending.set()
        if self._thread is not None:
            self._thread.join(max(0.0, self._started + _PATIENCE - time.monotonic()))
            if self._thread.is_alive() and self._changes is not None:
                self._changes.stop()
            self._thread.join()
        if not self._logged and not self.joined:
            files = {**files, **self._facts()}
        done = not away and self._log(files)
        if done:
            if self._console is not None:
                self._console.remove()
        elif away or self._away:
            self._leave({name: data for name, data in files.items() if isinstance(data, bytes)})
        return done or not (away or self._away)

    def _leave(self, files: dict[str, bytes]) -> None:
        from runstone.client import leftovers

        try:
            leftovers.leave(self.client._folder, self.run_id, files)
        except OSError as error:
            self._warn(error)
        if self._console is not None:
            self._console.release()  # it lies where it is looked for
        self._say_dirty()

    def _stop_console(self, error: BaseException | None, taken: set[str]) -> dict[str, str | bytes | BinaryIO]:
        if self._console is None:
            return {}
        from runstone.provenance import console

        console.stop(self._console.write)
        if error is not None:
            import traceback

            self._console.write("".join(traceback.format_exception(error)).encode("utf-8", "replace"))
        self._console.stop()
        if not self._console.size():
            return {}
        # The program may have logged a file under this very name meanwhile: it is not ours to replace.
        name = self._console.name
        return {self._free("console", ".log") if name in taken else name: self._console.stream()}

    def _names_taken(self) -> set[str] | None:
        """Of the run's records; None where the server is away."""
        try:
            files = self.client.list_artifacts(self.run_id, FOLDER)
        except RunstoneError as error:
            # Where it is no matter of waiting, nothing can be logged either, which is said there.
            return None if self.client._is_server and is_passing(error) else set()
        return {os.path.basename(file.path) for file in files if file.digest}

    def _facts(self) -> dict[str, str | bytes | BinaryIO]:
        files: dict[str, str | bytes | BinaryIO] = {}
        if settings.PROVENANCE.read():
            from runstone.provenance.packages import installed

            files[self._free("packages", ".txt")] = installed().encode()
        if self._found is not None and self._found.patch:
            files[self._free("diff", ".patch")] = self._found.patch
        return files

    def _free(self, stem: str, ending: str) -> str:
        number = 1
        while (name := f"{stem}{'' if number == 1 else f'-{number}'}{ending}") in self._taken:
            number += 1
        return name

    def _log(self, files: dict[str, str | bytes | BinaryIO]) -> bool:
        try:
            if files:
                self.client.log_files(self.run_id, files, FOLDER)
            self._say_dirty()
            self._logged = True
            return True
        except (RunstoneError, OSError) as error:
            self._away = self.client._is_server and isinstance(error, RunstoneError) and is_passing(error)
            if not self._away:  # else it is left here, and sent later
                self._warn(error)
            return False

    def _say_dirty(self) -> None:
        if self._found is not None and not self._logged and not self.resumed:
            self.client.set_tag(self.run_id, DIRTY_TAG, "true" if self._found.dirty else "false")

    def _warn(self, error: Exception) -> None:
        import warnings

        warnings.warn(f"The run's console and packages were not recorded: {error}", stacklevel=2)
