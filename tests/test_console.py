"""The console of a run as an artifact: readable while the run is under way, whole when it has ended, kept when it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.points import until
from tests.support.scripts import run, start

import runstone
from runstone.provenance.console import Lines

LOG = ".runstone/console.log"


def only_run() -> runstone.entities.Run:
    runs = runstone.search_runs(output_format="list", search_all_experiments=True)
    assert len(runs) == 1
    return runs[0]


def recorded(path: str = LOG) -> str:
    return runstone.Client().read_artifact(only_run().info.run_id, path).decode()


def names() -> list[str]:
    files = runstone.Client().list_artifacts(only_run().info.run_id, ".runstone")
    return [os.path.basename(file.path) for file in files if "console" in file.path]


def test_another_process_reads_the_console_of_a_run_under_way(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        """
        import runstone
        print("before the run")
        with runstone.start_run():
            print("first")
            input()
            print("second")
            input()
        print("after the run")
        """,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert [process.stdout.readline() for _ in range(2)] == ["before the run\n", "first\n"]
    run_id = only_run().info.run_id
    until(lambda: recorded() == "first\n")
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "second\n"
    until(lambda: recorded() == "first\nsecond\n")
    (file,) = (f for f in runstone.Client().list_artifacts(run_id, ".runstone") if f.path == LOG)
    assert (file.file_size, file.digest) == (13, None), "it still grows"
    command = [sys.executable, "-m", "runstone", "artifacts", "cat", run_id, LOG]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"first\nsecond\n"
    local = runstone.artifacts.download_artifacts(run_id=run_id, artifact_path=LOG, dst_path=str(tmp_path))
    assert Path(local).read_text() == "first\nsecond\n"
    process.communicate("\n")
    assert recorded() == "first\nsecond\n"
    (file,) = (f for f in runstone.Client().list_artifacts(run_id, ".runstone") if f.path == LOG)
    assert file.digest is not None
    assert os.listdir(tmp_path / ".runstone" / "console") == []


def test_a_killed_runs_console_is_kept_by_the_next_reader(tmp_path: Path) -> None:
    run(
        tmp_path,
        "import os, runstone\nrunstone.start_run()\nprint('last words')\nos.kill(os.getpid(), 9)\n",
    )
    assert only_run().info.status == "KILLED"
    assert os.listdir(tmp_path / ".runstone" / "console") == []
    assert recorded() == "last words\n"


def test_a_child_does_not_keep_its_dead_parents_console_from_being_kept(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        """
        import os, time, runstone
        runstone.start_run()
        if os.fork() == 0:
            print("child")
            input()
            os._exit(0)
        time.sleep(60)
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "child\n"
    process.kill()
    process.wait()
    assert only_run().info.status == "KILLED"
    assert os.listdir(tmp_path / ".runstone" / "console") == []
    assert recorded() == "child\n"
    process.communicate("\n")


def test_the_console_of_a_run_that_failed_says_why(tmp_path: Path) -> None:
    run(tmp_path, "import runstone\nwith runstone.start_run():\n    print('so far')\n    1 / 0\n")
    assert recorded().startswith("so far\nTraceback (most recent call last):\n")
    assert recorded().endswith("ZeroDivisionError: division by zero\n")


def test_it_says_so_without_a_block_too_and_once(tmp_path: Path) -> None:
    run(tmp_path, "import runstone\nrunstone.start_run()\n1 / 0\n")
    assert recorded().count("ZeroDivisionError") == 1


@pytest.mark.parametrize("stream", ["sys.stdout", "open(1, 'w', encoding='utf-8', closefd=False)"])
def test_whoever_writes_to_the_console_is_heard_and_finds_it_as_it_was(tmp_path: Path, stream: str) -> None:
    code, out, err = run(
        tmp_path,
        rf"""
        import logging, os, sys, threading, runstone
        sys.stdout = {stream}  # unbuffered as the test starts it, or buffered
        logging.basicConfig(format="%(message)s", stream=sys.stdout)  # holds the stream from before the run
        before = (sys.stdout, sys.stdout.write, sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.fileno())
        with runstone.start_run():
            assert (sys.stdout, sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.fileno()) == (before[0], *before[2:])
            logging.warning("logged")
            print("text, then", end=" ")
            sys.stdout.flush()
            sys.stdout.buffer.write("bytes ü\n".encode())
            sys.stdout.writelines(["a\n", "b\n"])
            print("on stderr", file=sys.stderr)
            workers = [threading.Thread(target=print, args=("thread %d\n" % n,), kwargs=dict(end="")) for n in range(8)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            child = os.fork()
            if child == 0:
                print("child", flush=True)
                os._exit(0)
            os.waitpid(child, 0)
            try:
                sys.stdout.reconfigure(errors="strict")
                print("\udcff")
            except UnicodeEncodeError:
                print("not written")
        assert sys.stdout.write.__self__ is sys.stdout and "write" not in vars(sys.stdout)
        print("after")
        """,
    )
    assert code == 0, err
    lines = recorded().splitlines()
    assert lines[:5] == ["logged", "text, then bytes ü", "a", "b", "on stderr"]
    assert sorted(lines[5:13]) == [f"thread {number}" for number in range(8)]
    assert lines[13:] == ["child", "not written"]
    assert out.splitlines()[-1] == "after"


@pytest.mark.parametrize("state", ["sys.stdout = None", "sys.stdout.close()", "sys.stderr = sys.stdout"])
def test_a_console_that_is_not_there_is_no_reason_to_fail(tmp_path: Path, state: str) -> None:
    code, _, err = run(
        tmp_path,
        f"import sys, runstone\n{state}\nwith runstone.start_run():\n    print('said', file=sys.stderr)\n",
    )
    assert code == 0, err
    assert (only_run().info.status, recorded()) == ("FINISHED", "said\n")


def test_a_stream_put_in_place_of_the_console_is_left_alone(tmp_path: Path) -> None:
    code, out, err = run(
        tmp_path,
        """
        import contextlib, io, sys, runstone

        class Both:
            def __init__(self, stream): self.stream = stream
            def write(self, text): return self.stream.write(text)
            def flush(self): self.stream.flush()

        with runstone.start_run():
            with contextlib.redirect_stdout(io.StringIO()) as text:
                print("not for the console")
            sys.stdout = Both(sys.stdout)
            print("once")
        print("after")
        assert text.getvalue() == "not for the console\\n"
        """,
    )
    assert code == 0, err
    assert recorded() == "once\n"
    assert out == "once\nafter\n"


def test_runs_side_by_side_each_have_what_was_said_while_they_ran(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import sys, threading, runstone
        started, printed = threading.Event(), threading.Event()

        def other():
            with runstone.start_run(run_name="other"):
                started.set()
                printed.wait()

        with runstone.start_run(run_name="first"):
            print("alone")
            thread = threading.Thread(target=other)
            thread.start()
            started.wait()
            print("both")
        printed.set()
        thread.join()
        assert "write" not in vars(sys.stdout)
        """,
    )
    assert code == 0, err
    runs = runstone.search_runs(output_format="list")
    read = runstone.Client().read_artifact
    assert {found.info.run_name: read(found.info.run_id, LOG) for found in runs} == {
        "first": b"alone\nboth\n",
        "other": b"both\n",
    }


def test_a_resumed_run_and_a_second_process_have_logs_of_their_own(tmp_path: Path) -> None:
    with runstone.start_run() as first:
        pass
    resume = f"import runstone\nwith runstone.start_run(run_id={first.info.run_id!r}):\n"
    run(tmp_path, resume + "    print('one')\n")
    run(tmp_path, resume + "    print('two')\n")
    assert names() == ["console-2.log", "console.log"]
    holder = start(tmp_path, resume + "    print('three')\n    input()\n")
    assert holder.stdout is not None
    holder.stdout.readline()
    run(tmp_path, resume + "    print('four')\n")
    holder.communicate("\n")
    assert [recorded(f".runstone/{name}") for name in sorted(names())] == ["two\n", "three\n", "four\n", "one\n"]


def test_a_long_console_keeps_its_beginning_and_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_CONSOLE_LIMIT", "10000")
    run(tmp_path, "import runstone\nwith runstone.start_run():\n    for n in range(20000): print('line', n)\n")
    text = recorded()
    assert len(text) <= 10_000
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 19998\nline 19999\n")
    head, tail = text.split("\n[... ")
    count = int(tail.split(" bytes")[0].replace(",", ""))
    whole = sum(len(f"line {number}\n") for number in range(20000))
    assert count == whole - len(head) - len(tail.split("here ...]\n")[1])


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_CONSOLE", "0")
    run(tmp_path, "import runstone\nwith runstone.start_run():\n    print('secret')\n")
    assert names() == []


def test_a_disk_that_is_full_does_not_break_print(tmp_path: Path) -> None:
    code, out, err = run(
        tmp_path,
        """
        import resource, signal, sys, runstone
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with runstone.start_run():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
            for n in range(200): print("line", n)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        """,
    )
    assert code == 0, err
    assert len(out.splitlines()) == 200
    assert out.startswith(recorded()[:900])


def told(*texts: str, seconds: float = 0.1) -> str:
    lines = Lines()
    return "".join(lines.add(text, seconds * number) for number, text in enumerate(texts)) + lines.rest()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a\n", "b", "c\n"], "a\nbc\n"),
        ([f"\r{n}%" for n in range(50)] + ["\n", "next\n"], "0%\r49%\nnext\n"),
        (["windows\r\nlines\r\n"], "windows\nlines\n"),
        (["loading", "\rdone", "\n"], "loading\rdone\n"),
        (["1%\r2%\r3%\r\nnext\n"], "3%\nnext\n"),
        (["state\r", "", "\n"], "state\n"),
        (["", "\r", "\n"], "\n"),
    ],
)
def test_of_a_line_that_is_rewritten_at_once_the_last_state_is_told(texts: list[str], expected: str) -> None:
    assert told(*texts) == expected


def test_a_progress_bar_is_told_every_few_seconds() -> None:
    bar = [f"\r{number}%" for number in range(100)]
    assert told(*bar, "\n", seconds=0.25) == "0%\r20%\r40%\r60%\r80%\r99%\n"


def test_lines_without_rewriting_are_told_as_they_are_however_they_are_cut() -> None:
    text = "one\ntwo three\n\n\tfour"
    for cut in range(1, len(text)):
        assert told(*(text[start : start + cut] for start in range(0, len(text), cut))) == text


def test_the_log_of_a_run_that_prints_nothing_is_not_there(tmp_path: Path) -> None:
    process = start(
        tmp_path, "import runstone\nwith runstone.start_run():\n    runstone.log_param('a', 1)\n    input()\n"
    )
    until(lambda: runstone.search_runs(output_format="list"))
    assert names() == []
    process.communicate("\n")
    assert names() == []
    assert os.listdir(tmp_path / ".runstone" / "console") == []
