"""NVIDIA's GPUs, asked through the library that comes with their driver (NVML); no package is needed for it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.machine.linux import MEGA

if TYPE_CHECKING:
    from runstone.machine import Gauge

LIBRARY = "libnvidia-ml.so.1"


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


def gauges(library: str = LIBRARY) -> list[Gauge]:
    """One for each GPU; none where there is no driver, or it does not answer."""
    try:
        nvml = ctypes.CDLL(library)
        count = ctypes.c_uint()
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return []
        found: list[Gauge] = []
        for number in range(count.value):
            device = ctypes.c_void_p()
            if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device)) == 0:
                found.append(Gpu(nvml, number, device))
    except (OSError, AttributeError):  # no such library, or one without these functions
        return []
    return found


class Gpu:
    """A GPU's memory, utilization and power; what this one does not tell is left out."""

    def __init__(self, nvml: Any, number: int, device: ctypes.c_void_p) -> None:
        self._nvml, self._prefix, self._device = nvml, f"gpu_{number}_", device

    def __call__(self) -> dict[str, float]:
        """As it is now."""
        told: dict[str, float] = {}
        memory, busy, power, limit = _Memory(), _Utilization(), ctypes.c_uint(), ctypes.c_uint()
        nvml = self._nvml
        if self._asked(nvml.nvmlDeviceGetMemoryInfo, memory) and memory.total:
            told["memory_usage_percentage"] = 100 * memory.used / memory.total
            told["memory_usage_megabytes"] = memory.used / MEGA
        if self._asked(nvml.nvmlDeviceGetUtilizationRates, busy):
            told["utilization_percentage"] = float(busy.gpu)
        if self._asked(nvml.nvmlDeviceGetPowerUsage, power):
            told["power_usage_watts"] = power.value / 1000
            if self._asked(nvml.nvmlDeviceGetEnforcedPowerLimit, limit) and limit.value:
                told["power_usage_percentage"] = 100 * power.value / limit.value
        return {self._prefix + name: value for name, value in told.items()}

    def _asked(self, function: Callable[..., int], answer: Any) -> bool:
        return function(self._device, ctypes.byref(answer)) == 0
