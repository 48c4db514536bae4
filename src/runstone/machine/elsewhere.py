"""Machines that are no Linux: what Python itself can tell, and all the rest where psutil is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.machine.linux import MEGA, disk

if TYPE_CHECKING:
    from runstone.machine import Gauge


def gauges() -> list[Gauge]:
    """Disk always; processor, memory and network by psutil."""
    try:
        import psutil
    except ImportError:
        return [disk]
    return [_Processor(psutil), _Memory(psutil), disk, _Network(psutil)]


class _Processor:
    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        psutil.cpu_percent()  # begins to count

    def __call__(self) -> dict[str, float]:
        return {"cpu_utilization_percentage": self._psutil.cpu_percent()}


class _Memory:
    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil

    def __call__(self) -> dict[str, float]:
        found = self._psutil.virtual_memory()
        return {
            "system_memory_usage_megabytes": found.used / MEGA,
            "system_memory_usage_percentage": 100 * found.used / found.total,
        }


class _Network:
    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        self._before = psutil.net_io_counters()

    def __call__(self) -> dict[str, float]:
        now = self._psutil.net_io_counters()
        return {
            "network_receive_megabytes": (now.bytes_recv - self._before.bytes_recv) / MEGA,
            "network_transmit_megabytes": (now.bytes_sent - self._before.bytes_sent) / MEGA,
        }
