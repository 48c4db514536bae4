"""How busy the machine is: gauges under MLflow's names. Knows nothing of runs and stores.

A gauge is called and answers {name: number}, or {} where there is nothing to tell. Whatever it raises, its caller leaves it out from then on.
"""

from __future__ import annotations

import os
from collections.abc import Callable

Gauge = Callable[[], dict[str, float]]


def gauges() -> list[Gauge]:
    """The gauges that this machine has. What they tell of spans of time begins now."""
    from runstone.machine import gpus

    return [*_of_system(), *gpus.gauges()]


def _of_system() -> list[Gauge]:
    if os.path.exists("/proc/meminfo"):
        from runstone.machine import container, linux

        return [linux.Processor(), linux.memory, linux.disk, linux.Network(), *container.gauges()]
    from runstone.machine import elsewhere

    return elsewhere.gauges()
