"""A turn is one thread's of one process: waited for, ended by its end, left by no fork."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.support.scripts import start

from runstone.repository import turns
from runstone.repository.turns import turn


def is_free(path: Path) -> bool:
    with turn(str(path), wait=False) as ours:
        return ours


def test_nothing_is_left_of_it_and_others_have_theirs(tmp_path: Path) -> None:
    with turn(str(tmp_path / "a.turn"), wait=False) as ours:
        assert ours
        assert is_free(tmp_path / "b.turn")
    assert is_free(tmp_path / "a.turn")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wait", [True, False])
def test_another_thread_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait: bool) -> None:
    path, order, waiting, flock = str(tmp_path / "a.turn"), [], threading.Event(), turns._wait

    def told(*given: Any) -> None:
        waiting.set()
        flock(*given)

    def second() -> None:
        with turn(path, wait) as ours:
            order.append(("second", ours))

    monkeypatch.setattr(turns, "_wait", told)
    thread = threading.Thread(target=second)
    with turn(path, wait=True):
        thread.start()
        waiting.wait()
        order.append(("first", True))
    thread.join()
    assert order == [("first", True), ("second", True)]
    assert list(tmp_path.iterdir()) == []


def test_who_waits_may_look_meanwhile(tmp_path: Path) -> None:
    path, free = str(tmp_path / "a.turn"), threading.Event()
    looks = []

    def look() -> None:
        looks.append(free.is_set())
        free.set()

    def second() -> None:
        with turn(path, True, look) as ours:
            looks.append(ours)

    thread = threading.Thread(target=second)
    with turn(path, wait=True):
        thread.start()
        free.wait()
    thread.join()
    assert (looks[0], looks[-1], is_free(tmp_path / "a.turn")) == (False, True, True)


def test_nobody_waits_for_himself(tmp_path: Path) -> None:
    path = str(tmp_path / "a.turn")
    with turn(path, wait=True), turn(path, wait=True) as again:
        assert not again
    assert is_free(tmp_path / "a.turn")


HOLDER = """
import os, signal, sys, threading, time
from runstone.repository.turns import turn
def hold():
    with turn("a.turn", wait=False):
        held.set()
        threading.Event().wait()
held = threading.Event()
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if child == 0:
    with turn("a.turn", wait=False) as ours:
        print("child", ours, flush=True)
    sys.stdin.readline()
    os._exit(0)
"""


def test_the_lock_of_a_killed_process_ends_though_a_child_lives_on(tmp_path: Path) -> None:
    process = start(tmp_path, HOLDER + "os.waitpid(child, 0)")
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "child False\n"
    assert not is_free(tmp_path / "a.turn")  # the child has left it alone
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert is_free(tmp_path / "a.turn")
    process.communicate("end")


def test_a_folder_that_is_gone_or_not_ours_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"a\.turn"), turn(str(tmp_path / "gone" / "a.turn"), wait=True):
        pass
