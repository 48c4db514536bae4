"""One course of benchmarks: who takes part, where, how large. Handed to every benchmark."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping

from benchmarks import environments
from benchmarks.measure import Sample, run


class Course:
    """Contenders' Pythons, a folder to work in, and the scale.

    Args:
        pythons: the Python of each contender that is here, by name.
        folder: where contenders work; on the disk that is to be measured.
        quick: small sizes and few repeats, to see that all runs; the figures mean little.
    """

    def __init__(self, pythons: Mapping[str, str], folder: str, quick: bool) -> None:
        self.pythons = pythons
        self.folder = folder
        self.quick = quick
        self.bare_peak = run([pythons["runstone"], "-c", "pass"], folder, environments.clean()).peak
        self.peaks: dict[str, int] = {}  # runstone's, by task, over bare Python's
        self._used = 0

    def size(self, full: int, quick: int) -> int:
        """The size for this course."""
        return quick if self.quick else full

    def place(self) -> str:
        """A new empty folder."""
        self._used += 1
        path = os.path.join(self.folder, str(self._used))
        os.makedirs(path)
        return path

    def clear(self, path: str) -> None:
        """Remove a folder that is no longer needed."""
        shutil.rmtree(path, ignore_errors=True)

    def perform(self, name: str, task: str, size: int, folder: str | None = None, title: str = "") -> Sample:
        """Have a contender do a task, in a new folder unless given one; its peak is kept under `title` (the task's name). Raises Failed."""
        where = folder or self.place()
        sample = environments.perform(self.pythons, name, task, where, size)
        if name == "runstone":
            self.peaks[title or task] = max(self.peaks.get(title or task, 0), sample.peak - self.bare_peak)
        if folder is None:
            self.clear(where)
        return sample

    def say(self, text: str) -> None:
        """Tell the person who waits what comes."""
        print(text, file=sys.stderr, flush=True)
