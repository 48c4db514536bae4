"""System metrics of runs: what the machine does meanwhile, as points `system/...`. MLflow's names of functions and of metrics.

A thread asks the gauges and writes to the run's journal, as the training does. Nothing of it ever raises in the training, or keeps the
process alive; a forked child has no such thread, and leaves its parent's alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runstone import settings
from runstone.errors import InvalidParameter, RunstoneError, brief
from runstone.journal.waiting import tell
from runstone.operations import rules
from runstone.warning import warn

if TYPE_CHECKING:
    from runstone.entities import Run
    from runstone.machine import Gauge

PREFIX = "system/"
# The end of a run samples once more where the last sample is older than so many seconds, and waits so long for a thread that is at it.
_WORTH = 1.0
_PATIENCE = 2.0


def enable_system_metrics_logging() -> None:
    """Record system metrics of all runs that start from now on, in this process and those it starts; `start_run(log_system_metrics=False)`
    leaves one out."""
    settings.SYSTEM_METRICS.write(True)


def disable_system_metrics_logging() -> None:
    """Record system metrics only of runs that ask for it: `start_run(log_system_metrics=True)`."""
    settings.SYSTEM_METRICS.write(False)


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Sample every so many seconds, in runs that start from now on; None is every 10. Raises InvalidParameter."""
    _set(settings.SYSTEM_METRICS_INTERVAL, interval, "It takes a number of seconds above 0, such as 10.")


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """Log the mean of so many samples, in runs that start from now on; None is each sample. Raises InvalidParameter."""
    _set(settings.SYSTEM_METRICS_SAMPLES, samples, "It takes a whole number, 1 or more.")


def set_system_metrics_node_id(node_id: str | None) -> None:
    """Log as `system/NODE/...`, in runs that start from now on, so that the machines of one run are told apart; None takes that back."""
    if node_id is not None:
        rules.check_metric_key(_prefix(node_id) + "x")
    settings.SYSTEM_METRICS_NODE.write(node_id)


def _set(setting: settings.Setting[Any], value: Any, rule: str) -> None:
    if value is not None:
        try:
            setting.parse(str(value))
        except ValueError:
            raise InvalidParameter(f"{brief(value)} is no such setting. {rule}") from None
    setting.write(value)


def _prefix(node: str | None) -> str:
    return f"{PREFIX}{node}/" if node else PREFIX


def start(run: Run, log: Callable[[Mapping[str, float], int, int], None]) -> Sampler | None:
    """Begin to record a run's system metrics; None, with a warning, where that cannot be.

    Args:
        run: the run; one that has system metrics goes on behind their last step.
        log: takes values by key, a time (ms) and a step.
    """
    try:
        interval, samples = settings.SYSTEM_METRICS_INTERVAL.read(), settings.SYSTEM_METRICS_SAMPLES.read()
        prefix = _prefix(settings.SYSTEM_METRICS_NODE.read())
        steps = [point.step for point in run.data._metric_objs if point.key.startswith(PREFIX)]
        sampler = Sampler(log, prefix, max(steps, default=-1) + 1, interval, samples)
        sampler.start()
    except (RunstoneError, RuntimeError) as error:  # settings that make no sense; no more threads
        warn(f"System metrics are not recorded: {error}")
        return None
    return sampler


class Sampler:
    """Asks the gauges every `interval` seconds, and logs the mean of every `samples` answers, until it is stopped."""

    def __init__(
        self,
        log: Callable[[Mapping[str, float], int, int], None],
        prefix: str,
        step: int,
        interval: float,
        samples: int,
    ) -> None:
        self._log, self._prefix, self._step = log, prefix, step
        self._interval, self._samples = interval, samples
        self._gauges: list[Gauge] = []
        self._taken: dict[str, list[float]] = {}
        self._count, self._last = 0, time.monotonic()
        self._ending, self._turn, self._stopped = threading.Event(), threading.Lock(), False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._work, name="runstone-system-metrics", daemon=True)

    def start(self) -> None:
        """Begin. Raises RuntimeError where there can be no more threads."""
        self._thread.start()

    def stop(self) -> None:
        """Log what is sampled and not logged yet, and end. Nothing is logged once this has returned."""
        if self._process != os.getpid():
            return  # the thread is our parent's, and what it held when the process forked is held for ever
        self._ending.set()
        self._thread.join(_PATIENCE)
        # A gauge may hang (a driver, a file system); what it says later is not logged.
        if self._turn.acquire(timeout=_PATIENCE):
            self._stopped = True
            self._turn.release()

    def _work(self) -> None:
        from runstone.machine import gauges

        try:
            self._gauges = gauges()
            while not self._ending.wait(self._interval):
                self._sample()
                if self._count >= self._samples:
                    self._log_mean()
            if time.monotonic() - self._last >= _WORTH:
                self._sample()
            self._log_mean()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is not the training's
            tell(f"runstone: system metrics are recorded no longer: {error!r}")

    def _sample(self) -> None:
        for gauge in list(self._gauges):
            try:
                told = gauge()
            except Exception as error:  # noqa: BLE001  # as above; the others go on
                self._gauges.remove(gauge)
                tell(f"runstone: some system metrics are recorded no longer: {error!r}")
                continue
            for name, value in told.items():
                self._taken.setdefault(name, []).append(value)
        self._count, self._last = self._count + 1, time.monotonic()

    def _log_mean(self) -> None:
        taken, self._taken, self._count = self._taken, {}, 0
        # Of what only grows the last value counts, as in MLflow; megabytes and percents are told to a tenth.
        values = {
            self._prefix + name: some[-1] if name.startswith("network_") else round(sum(some) / len(some), 1)
            for name, some in taken.items()
        }
        with self._turn:
            if values and not self._stopped:
                self._log(values, time.time_ns() // 1_000_000, self._step)
                self._step += 1
