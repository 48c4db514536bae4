"""System metrics: what the machine tells is read rightly, logged while the run lasts, and never in the training's way."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until

import runstone
from runstone import machine
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.fluent import system_metrics
from runstone.fluent.system_metrics import Sampler
from runstone.machine import container, elsewhere, gpus, linux

NAMES = {
    "cpu_utilization_percentage", "system_memory_usage_megabytes", "system_memory_usage_percentage", "disk_usage_percentage",
    "disk_usage_megabytes", "disk_available_megabytes", "network_receive_megabytes", "network_transmit_megabytes",
}  # fmt: skip


def logged(run_id: str) -> dict[str, float]:
    return {key: value for key, value in runstone.get_run(run_id).data.metrics.items() if key.startswith("system/")}


class Log:
    """Takes what a sampler logs."""

    def __init__(self) -> None:
        self.queue: queue.Queue[tuple[Any, int, int]] = queue.Queue()

    def __call__(self, values: Any, time: int, step: int) -> None:
        self.queue.put((values, time, step))

    def next(self) -> tuple[dict[str, float], int]:
        values, _, step = self.queue.get(timeout=60)
        return values, step


def sampler(
    monkeypatch: pytest.MonkeyPatch, log: Any, *gauges: Any, samples: int = 1, interval: float = 0.01
) -> Sampler:
    monkeypatch.setattr(machine, "gauges", lambda: list(gauges))
    made = Sampler(log, "system/", 0, interval, samples)
    made.start()
    return made


@pytest.mark.everywhere
def test_a_run_that_asks_for_them_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    runstone.set_system_metrics_sampling_interval(0.02)
    with runstone.start_run(log_system_metrics=True) as run:
        until(lambda: {key.removeprefix("system/") for key in logged(run.info.run_id)} >= NAMES)
    with runstone.start_run() as other:
        pass
    with runstone.start_run(log_system_metrics=False) as third:
        pass
    assert logged(other.info.run_id) == logged(third.info.run_id) == {}
    client = Client(runstone.get_tracking_uri())
    points = client.get_metric_history(run.info.run_id, "system/system_memory_usage_percentage")
    assert [point.step for point in points] == list(range(len(points)))
    assert all(0 < point.value <= 100 for point in points)
    with runstone.start_run(run_id=run.info.run_id, log_system_metrics=True):
        until(lambda: len(client.get_metric_history(run.info.run_id, "system/disk_usage_percentage")) > len(points))
    points = client.get_metric_history(run.info.run_id, "system/disk_usage_percentage")
    assert [point.step for point in points] == list(range(len(points))), "it goes on behind the last step"


def test_they_are_switched_on_and_off_for_all_runs_under_mlflows_names(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(system_metrics, "start", lambda run, log: started.append(run.info.run_name))

    def run(name: str, **options: Any) -> None:
        with runstone.start_run(run_name=name, **options):
            pass

    run("before")
    runstone.enable_system_metrics_logging()
    run("on")
    run("not this one", log_system_metrics=False)
    runstone.disable_system_metrics_logging()
    run("off")
    run("this one", log_system_metrics=True)
    monkeypatch.delenv("RUNSTONE_SYSTEM_METRICS")
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    run("by the environment")
    assert started == ["on", "this one", "by the environment"]


def test_the_settings_are_held_to_their_rules_and_taken_back() -> None:
    for interval in (0, -1, "often", float("nan")):
        with pytest.raises(InvalidParameter, match="seconds above 0"):
            runstone.set_system_metrics_sampling_interval(interval)  # type: ignore[arg-type]
    for samples in (0, 1.5, "x"):
        with pytest.raises(InvalidParameter, match="1 or more"):
            runstone.set_system_metrics_samples_before_logging(samples)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter):
        runstone.set_system_metrics_node_id("a//b")
    runstone.set_system_metrics_sampling_interval(0.01)
    runstone.set_system_metrics_samples_before_logging(3)
    runstone.set_system_metrics_node_id("node 7")
    with runstone.start_run(log_system_metrics=True) as run:
        until(lambda: "system/node 7/disk_usage_percentage" in logged(run.info.run_id))
    for take_back in (
        runstone.set_system_metrics_sampling_interval,
        runstone.set_system_metrics_samples_before_logging,
        runstone.set_system_metrics_node_id,
    ):
        take_back(None)
    assert not [name for name in os.environ if "SYSTEM_METRICS" in name]


def test_an_environment_that_makes_no_sense_costs_the_metrics_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "often")
    with (
        pytest.warns(UserWarning, match="System metrics are not recorded"),
        runstone.start_run(log_system_metrics=True),
    ):
        runstone.log_metric("loss", 1)


def test_a_point_is_the_mean_of_its_samples_and_of_what_grows_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = iter(range(1, 10_000))

    def gauge() -> dict[str, float]:
        number = next(counted)
        return {"cpu": number + 0.06, "network_receive_megabytes": number + 0.123}

    log = Log()
    made = sampler(monkeypatch, log, gauge, samples=3)
    first, second = log.next(), log.next()
    made.stop()
    assert first == ({"system/cpu": 2.1, "system/network_receive_megabytes": 3.123}, 0)
    assert second == ({"system/cpu": 5.1, "system/network_receive_megabytes": 6.123}, 1)


def test_what_fails_is_left_out_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> dict[str, float]:
        raise OSError("no such device")

    log = Log()
    made = sampler(monkeypatch, log, fails, lambda: {"cpu": 1.0})
    assert [log.next(), log.next()] == [({"system/cpu": 1.0}, 0), ({"system/cpu": 1.0}, 1)]
    made.stop()
    assert capsys.readouterr().err.count("no such device") == 1


def test_a_store_that_refuses_ends_the_recording_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(values: Any, time: int, step: int) -> None:
        raise OSError("disk full")

    made = sampler(monkeypatch, refuses, lambda: {"cpu": 1.0})
    made._thread.join(60)
    made.stop()
    assert "recorded no longer" in capsys.readouterr().err


def test_the_end_logs_a_last_point_and_nothing_comes_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_metrics, "_WORTH", 0.0)
    log = Log()
    made = sampler(monkeypatch, log, lambda: {"cpu": 1.0}, interval=3600)
    made.stop()
    assert log.next() == ({"system/cpu": 1.0}, 0)
    assert (log.queue.empty(), made._thread.is_alive()) == (True, False)


def test_a_gauge_that_hangs_holds_up_the_end_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_metrics, "_PATIENCE", 0.01)
    inside, go = threading.Event(), threading.Event()

    def hangs() -> dict[str, float]:
        inside.set()
        go.wait(60)
        return {"cpu": 1.0}

    log = Log()
    made = sampler(monkeypatch, log, hangs)
    assert inside.wait(60)
    made.stop()
    go.set()
    made._thread.join(60)
    assert log.queue.empty()


def test_a_forked_child_leaves_them_to_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    made = sampler(monkeypatch, log, lambda: {"cpu": 1.0})
    log.next()
    with made._ending._cond:  # held by a thread that the child does not have
        child = os.fork()
        if not child:
            signal.alarm(60)
            made.stop()
            os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    log.next()
    made.stop()


def test_they_do_not_keep_a_program_alive(tmp_path: Path) -> None:
    script = "import runstone; runstone.start_run(log_system_metrics=True); runstone.log_metric('loss', 1)"
    environment = {**os.environ, "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "3600"}
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=tmp_path, check=True, timeout=60)
    (run,) = Client(tmp_path).search_runs(["0"])
    assert (run.info.status, run.data.metrics["loss"]) == ("FINISHED", 1.0)


def test_the_processors_time_is_shared_out_between_samples(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 1 1 1\n")
    gauge = linux.Processor(str(tmp_path))
    assert gauge() == {}, "no time has passed"
    stat.write_text("cpu  120 0 105 760 110 3 2 0 60 0\n")
    assert gauge() == {"cpu_utilization_percentage": 30.0}
    stat.write_text("cpu  120 0 105 750 110 3 2 0 60 0\n")  # some kernels count back
    assert gauge() == {}


def test_memory_is_what_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  1000000 kB\nMemFree: 1 kB\nMemAvailable:  250000 kB\nBuffers: 5 kB\n")
    assert linux.memory(str(tmp_path)) == {
        "system_memory_usage_megabytes": 768.0,
        "system_memory_usage_percentage": 75.0,
    }


def test_the_network_is_counted_from_the_beginning_whatever_interfaces_do(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()

    def carried(**counts: tuple[int, int]) -> None:
        lines = [f"{name}: {received} 0 0 0 0 0 0 0 {sent} 0 0 0\n" for name, (received, sent) in counts.items()]
        (tmp_path / "net" / "dev").write_text("Inter-|  Receive | Transmit\n face |bytes |bytes\n" + "".join(lines))

    carried(lo=(1_000_000, 2_000_000), eth0=(5_000_000, 0))
    gauge = linux.Network(str(tmp_path))
    assert gauge() == {"network_receive_megabytes": 0.0, "network_transmit_megabytes": 0.0}
    carried(lo=(2_000_000, 2_000_000), eth0=(6_000_000, 500_000))
    assert gauge() == {"network_receive_megabytes": 2.0, "network_transmit_megabytes": 0.5}
    carried(lo=(2_000_000, 2_000_000), wlan0=(1_000_000, 0))
    assert gauge() == {"network_receive_megabytes": 3.0, "network_transmit_megabytes": 0.5}
    carried(lo=(2_000_000, 2_000_000), eth0=(500_000, 0), wlan0=(1_000_000, 0))
    assert gauge() == {"network_receive_megabytes": 3.5, "network_transmit_megabytes": 0.5}
    carried(lo=(2_000_000, 2_000_000), eth0=(500_000, 0), wlan0=(200_000, 0))
    assert gauge() == {"network_receive_megabytes": 3.7, "network_transmit_megabytes": 0.5}


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="no Linux")
def test_what_is_read_here_is_what_psutil_tells() -> None:
    def told(gauges: list[Any]) -> dict[str, float]:
        found = {name: value for gauge in gauges for name, value in gauge().items()}
        return {name: value for name, value in found.items() if not name.startswith(("cpu_", "container_", "gpu_"))}

    # What others do between two looks is in the second one alone.
    until(lambda: told(machine.gauges()) == pytest.approx(told(elsewhere.gauges()), rel=0.05, abs=64))


def groups(root: Path, cgroup: str, **files: str) -> tuple[str, str]:
    """A machine of 1000 MB with these control groups: the folders of both. A file's name is its path, `__` for each `/`."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "meminfo").write_text("MemTotal:  1000000 kB\n")
    (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / "groups" / name.replace("__", "/").replace("-", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root / "proc"), str(root / "groups")


def test_a_containers_memory_and_processors_are_those_of_its_least_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = groups(
        tmp_path, "0::/pod/box\n",
        **{
            "pod/memory.max": "200000000\n", "pod/memory.current": "150000000\n", "pod/memory.stat": "anon 1\ninactive_file 50000000\n",
            "pod/box/memory.max": "max\n", "pod/box/cpu.max": "50000 100000\n", "pod/box/cpu.stat": "usage_usec 1000000\nuser_usec 1\n",
        },
    )  # fmt: skip
    memory, processors = container.gauges(*folders)
    assert memory() == {"container_memory_usage_megabytes": 100.0, "container_memory_usage_percentage": 50.0}
    spent = tmp_path / "groups" / "pod" / "box" / "cpu.stat"
    clock = processors._before[1] + 10  # type: ignore[attr-defined]  # ten seconds pass
    monkeypatch.setattr(container.time, "monotonic", lambda: clock)
    spent.write_text("usage_usec 3500000\n")
    assert processors()["container_cpu_utilization_percentage"] == pytest.approx(50, abs=1)


def test_control_groups_of_the_first_version_tell_the_same(tmp_path: Path) -> None:
    folders = groups(
        tmp_path, "5:memory:/docker/1\n4:cpu,cpuacct:/\n0::/\n",
        **{
            "memory/memory.limit_in_bytes": "100000000\n", "memory/memory.usage_in_bytes": "90000000\n",
            "memory/memory.stat": "cache 1\ntotal_inactive_file 30000000\n",
            "cpu/cpu.cfs_quota_us": "25000\n", "cpu/cpu.cfs_period_us": "100000\n", "cpuacct/cpuacct.usage": "5000000000\n",
        },
    )  # fmt: skip
    memory, processors = container.gauges(*folders)
    assert memory() == {"container_memory_usage_megabytes": 60.0, "container_memory_usage_percentage": 60.0}
    assert (processors._limit, processors._before[0]) == (0.25, 5.0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        ("0::/\n", {}),
        ("", {}),
        ("nonsense\n", {}),
        ("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"}),
        ("0::/\n", {"memory.max": "9223372036854771712\n", "cpu.max": "99999999 1000\n", "cpu.stat": "usage_usec 1\n"}),
        (
            "3:memory:/\n1:cpu:/\n",
            {"memory/memory.limit_in_bytes": "9223372036854771712\n", "cpu/cpu.cfs_quota_us": "-1\n"},
        ),
    ],
)
def test_where_nothing_is_limited_there_is_no_container_to_tell_of(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    assert container.gauges(*groups(tmp_path, cgroup, **files)) == []


NEEDS_A_COMPILER = pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler of C to make a library with")
# Two GPUs; the second knows its memory only.
LIBRARY = """
typedef unsigned int u; typedef unsigned long long U;
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(u *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(u index, void **device) { *device = (void *)(0x7fff00000000ULL + index); return 0; }
static int first(void *device) { return device == (void *)0x7fff00000000ULL; }
int nvmlDeviceGetMemoryInfo(void *device, U *memory) { memory[0] = 80000000000ULL; memory[1] = 60000000000ULL; memory[2] = 20000000000ULL; return 0; }
int nvmlDeviceGetUtilizationRates(void *device, u *rates) { if (!first(device)) return 3; rates[0] = 75; rates[1] = 20; return 0; }
int nvmlDeviceGetPowerUsage(void *device, u *power) { if (!first(device)) return 3; *power = 150500; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void *device, u *limit) { if (!first(device)) return 3; *limit = 301000; return 0; }
"""


@NEEDS_A_COMPILER
def test_gpus_are_asked_through_the_drivers_library(tmp_path: Path) -> None:
    (tmp_path / "nvml.c").write_text(LIBRARY)
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True)
    told = {name: value for gauge in gpus.gauges(str(library)) for name, value in gauge().items()}
    assert told == {
        "gpu_0_memory_usage_percentage": 25.0, "gpu_0_memory_usage_megabytes": 20_000.0, "gpu_0_utilization_percentage": 75.0,
        "gpu_0_power_usage_watts": 150.5, "gpu_0_power_usage_percentage": 50.0,
        "gpu_1_memory_usage_percentage": 25.0, "gpu_1_memory_usage_megabytes": 20_000.0,
    }  # fmt: skip


@NEEDS_A_COMPILER
def test_without_a_driver_there_are_no_gpus(tmp_path: Path) -> None:
    (tmp_path / "empty.c").write_text("int nvmlInit_v2(void) { return 9; }")
    library = tmp_path / "libbroken.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "empty.c"], check=True)
    assert gpus.gauges(str(library)) == gpus.gauges("libnone-of-that-name.so") == []
