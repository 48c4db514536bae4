"""Processor, memory, disk and network of a Linux machine, read where the kernel tells of them: what psutil tells, without it."""

from __future__ import annotations

import os

MEGA = 1e6


class Processor:
    """How much of all processors was in use since it was asked last, in percent."""

    def __init__(self, proc: str = "/proc") -> None:
        self._path = f"{proc}/stat"
        self._before = self._spent()

    def _spent(self) -> tuple[int, int]:
        with open(self._path, "rb") as file:
            # user nice system idle iowait irq softirq steal; what guests had is in user and nice already
            spent = [int(field) for field in file.readline().split()[1:9]]
        idle = spent[3] + spent[4]
        return sum(spent) - idle, sum(spent)

    def __call__(self) -> dict[str, float]:
        """Since it was asked last; nothing where no time has passed by the kernel's clock (10 ms)."""
        before, self._before = self._before, self._spent()
        busy, whole = self._before[0] - before[0], self._before[1] - before[1]
        return {} if whole <= 0 else {"cpu_utilization_percentage": min(100.0, max(0.0, 100 * busy / whole))}


def memory(proc: str = "/proc") -> dict[str, float]:
    """What is not available to programs that need more."""
    found: dict[bytes, int] = {}
    with open(f"{proc}/meminfo", "rb") as file:
        for line in file:
            name, _, rest = line.partition(b":")
            if name in (b"MemTotal", b"MemAvailable"):
                found[name] = int(rest.split()[0]) * 1024
                if len(found) == 2:
                    break
    used = found[b"MemTotal"] - found[b"MemAvailable"]
    return {
        "system_memory_usage_megabytes": used / MEGA,
        "system_memory_usage_percentage": 100 * used / found[b"MemTotal"],
    }


def disk(path: str = os.sep) -> dict[str, float]:
    """The file system that a path is on."""
    found = os.statvfs(path)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    free = found.f_bavail * found.f_frsize  # without what is kept for root
    percentage = {"disk_usage_percentage": 100 * used / (used + free)} if used + free else {}
    return {**percentage, "disk_usage_megabytes": used / MEGA, "disk_available_megabytes": free / MEGA}


class Network:
    """What all interfaces have received and sent since the beginning."""

    def __init__(self, proc: str = "/proc") -> None:
        self._path = f"{proc}/net/dev"
        self._before = self._carried()
        self._since = dict.fromkeys(self._before, (0, 0))

    def _carried(self) -> dict[bytes, tuple[int, int]]:
        found = {}
        with open(self._path, "rb") as file:
            for line in file:
                name, colon, rest = line.rpartition(b":")
                if colon:
                    fields = rest.split()
                    found[name.strip()] = int(fields[0]), int(fields[8])
        return found

    def __call__(self) -> dict[str, float]:
        """Each interface by itself: one that goes away and comes back begins at 0, and what it carried before is not forgotten."""
        now = self._carried()
        for name, counts in now.items():
            earlier = self._before.get(name, (0, 0))
            begins = (0, 0) if counts[0] < earlier[0] or counts[1] < earlier[1] else earlier
            received, sent = self._since.get(name, (0, 0))
            self._since[name] = received + counts[0] - begins[0], sent + counts[1] - begins[1]
        self._before = now
        return {
            "network_receive_megabytes": sum(received for received, _ in self._since.values()) / MEGA,
            "network_transmit_megabytes": sum(sent for _, sent in self._since.values()) / MEGA,
        }
