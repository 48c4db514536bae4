"""One act at a time behind the caller's back, such as the sync of a pack while the next one is being filled."""

from __future__ import annotations

from collections.abc import Callable


class Behind:
    """At most one act under way on another thread. What it raised is raised where it is waited for."""

    def __init__(self) -> None:
        self._wait: Callable[[], None] | None = None
        self._failure: BaseException | None = None

    def start(self, act: Callable[[], None]) -> None:
        """Wait for the act before, then start this one."""
        import threading

        self.wait()
        thread = threading.Thread(target=self._carry_out, args=(act,), name="runstone-behind")
        try:
            thread.start()
        except RuntimeError:  # no thread can be started: there are too many, or the interpreter is on its way out
            self._carry_out(act)
        else:
            self._wait = thread.join

    def wait(self) -> None:
        """Until nothing is under way; raises what went wrong."""
        if self._wait is not None:
            self._wait()
            self._wait = None
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _carry_out(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  # raised again by wait()
            self._failure = error
