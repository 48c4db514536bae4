"""System metrics have the names and units that the real MLflow gives them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.mlflow_compat.real import ask

from runstone import machine
from runstone.machine import gpus

pytestmark = pytest.mark.compat

# MLflow's monitors, with what they need lent to them: psutil, and a GPU that is described.
ASK = """
import sys
sys.path.append(given)
from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor
answer = {{}}
for kind in (CPUMonitor, DiskMonitor, NetworkMonitor, GPUMonitor):
    monitor = kind()
    monitor.collect_metrics()
    answer.update(monitor.aggregate_metrics())
"""
PYNVML = """
from types import SimpleNamespace as answer
class NVMLError(Exception): pass
def nvmlInit(): pass
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetMemoryInfo(device): return answer(used=20_000_000_000, total=80_000_000_000)
def nvmlDeviceGetUtilizationRates(device): return answer(gpu=75)
def nvmlDeviceGetPowerUsage(device): return 150_500
def nvmlDeviceGetEnforcedPowerLimit(device): return 301_000
"""


class Nvml:
    """The library that `PYNVML` describes, as ctypes gives it."""

    def nvmlDeviceGetMemoryInfo(self, device: Any, memory: Any) -> int:
        memory._obj.used, memory._obj.total = 20_000_000_000, 80_000_000_000
        return 0

    def nvmlDeviceGetUtilizationRates(self, device: Any, rates: Any) -> int:
        rates._obj.gpu = 75
        return 0

    def nvmlDeviceGetPowerUsage(self, device: Any, power: Any) -> int:
        power._obj.value = 150_500
        return 0

    def nvmlDeviceGetEnforcedPowerLimit(self, device: Any, limit: Any) -> int:
        limit._obj.value = 301_000
        return 0


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="no Linux")
def test_they_are_mlflows(tmp_path: Path) -> None:
    (tmp_path / "psutil").symlink_to(Path(psutil.__file__).parent)
    (tmp_path / "pynvml.py").write_text(PYNVML)
    theirs = ask(ASK.replace("{{}}", "{}"), str(tmp_path), tmp_path)
    gauges = [*machine.gauges(), gpus.Gpu(Nvml(), 0, gpus.ctypes.c_void_p())]
    ours = {name: round(value, 1) for gauge in gauges for name, value in gauge().items()}
    ours.setdefault("cpu_utilization_percentage", 0.0)  # less than a tick of the kernel's clock has passed
    assert theirs.keys() == {name for name in ours if not name.startswith("container_")}
    for name, value in theirs.items():
        if name != "cpu_utilization_percentage":
            assert ours[name] == pytest.approx(value, rel=0.1, abs=64), name
