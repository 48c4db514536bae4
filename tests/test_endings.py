"""How a process ends, and what its run's status says about it afterwards: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from tests.support.scripts import run, start

import runstone


def only_run() -> runstone.entities.Run:
    runs = runstone.search_runs(output_format="list", search_all_experiments=True)
    assert len(runs) == 1
    return runs[0]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("", "FINISHED"),
        ("raise ValueError('no')", "FAILED"),
        ("raise KeyboardInterrupt", "KILLED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "KILLED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", "KILLED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "KILLED"),
        ("import os; os._exit(3)", "KILLED"),
        ("import os; os.abort()", "KILLED"),
        ("import sys; sys.exit()", "FINISHED"),
        ("import sys; sys.exit(0)", "FINISHED"),
        ("import sys; sys.exit(3)", "FAILED"),
        ("import sys; sys.exit('why')", "FAILED"),
        ("import sys\ntry:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    sys.exit(1)", "KILLED"),
        ("import sys\ntry:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    sys.exit(0)", "FINISHED"),
    ],
)
@pytest.mark.parametrize("block", ["with", "without"])
def test_the_status_says_how_the_process_ended(tmp_path: Path, ending: str, status: str, block: str) -> None:
    body = f"runstone.log_metric('loss', 0.5, step=1)\n{ending}"
    if block == "with":
        body = "with runstone.start_run():\n" + "\n".join(f"    {line}" for line in body.splitlines())
    else:
        body = f"runstone.start_run()\n{body}"
    run(tmp_path, f"import runstone\n{body}")
    found = only_run()
    assert found.info.status == status
    assert found.info.end_time is not None
    assert found.info.start_time is not None
    assert found.info.end_time >= found.info.start_time
    assert found.data.metrics == {"loss": 0.5}


def test_a_handled_exception_does_not_make_the_run_failed(tmp_path: Path) -> None:
    run(tmp_path, "import runstone\nrunstone.start_run()\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\n")
    assert only_run().info.status == "FINISHED"


def test_a_caught_exit_is_no_end_and_looks_as_ever(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import pickle, sys, threading, runstone
        runstone.start_run()
        try:
            sys.exit(3)
        except SystemExit as error:
            assert (type(error).__name__, error.code, str(error), repr(error)) == ("SystemExit", 3, "3", "SystemExit(3)")
            assert pickle.loads(pickle.dumps(error)).code == 3
        thread = threading.Thread(target=sys.exit, args=(3,))
        thread.start()
        thread.join()
        """,
    )
    assert code == 0, err
    assert only_run().info.status == "FINISHED"


def test_a_second_interrupt_while_the_run_is_being_ended_does_not_leave_it_running(tmp_path: Path) -> None:
    _, _, err = run(
        tmp_path,
        """
        import os, signal, runstone
        from runstone.fluent.recorder import Recorder
        finish = Recorder.finish
        def interrupted(self, error):
            os.kill(os.getpid(), signal.SIGINT)
            finish(self, error)
        Recorder.finish = interrupted
        with runstone.start_run():
            print("said")
            runstone.log_metric("loss", 0.5)
            os.kill(os.getpid(), signal.SIGINT)
        """,
    )
    assert "KeyboardInterrupt" in err
    found = only_run()
    assert (found.info.status, found.data.metrics) == ("KILLED", {"loss": 0.5})
    assert runstone.Client().read_artifact(found.info.run_id, ".runstone/console.log").startswith(b"said\nTraceback")


def test_an_exception_in_a_nested_run_is_that_runs_until_nobody_catches_it(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import runstone
        with runstone.start_run(run_name="outer"):
            try:
                with runstone.start_run(run_name="caught", nested=True):
                    1 / 0
            except ZeroDivisionError:
                pass
        with runstone.start_run(run_name="both"):
            runstone.start_run(run_name="left open", nested=True)
            1 / 0
        """,
    )
    runs = runstone.search_runs(output_format="list")
    assert {found.info.run_name: found.info.status for found in runs} == {
        "outer": "FINISHED",
        "caught": "FAILED",
        "both": "FAILED",
        "left open": "FAILED",
    }


def test_a_thread_that_crashes_fails_its_own_run_and_no_other(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import threading, runstone

        def work(name):
            runstone.start_run(run_name=name)
            if name == "crashes":
                1 / 0

        with runstone.start_run(run_name="main"):
            for name in ("ends", "crashes"):  # one after the other: the second may be given the first one's number
                thread = threading.Thread(target=work, args=(name,))
                thread.start()
                thread.join()
            thread = threading.Thread(target=lambda: runstone.log_metric("x", 1 / 0))
            thread.start()
            thread.join()
        """,
    )
    assert (code, err.count("ZeroDivisionError")) == (0, 2)
    runs = runstone.search_runs(output_format="list")
    assert {found.info.run_name: found.info.status for found in runs} == {
        "main": "FINISHED",
        "ends": "FINISHED",
        "crashes": "FAILED",
    }


def test_what_is_logged_while_the_program_ends_starts_no_run(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import atexit, runstone
        atexit.register(lambda: runstone.log_metric("too late", 1))
        with runstone.start_run():
            atexit.register(lambda: runstone.start_run(run_name="ended after this") and runstone.log_metric("x", 1))
        """,
    )
    assert code == 0
    assert "The program is ending" in err
    runs = runstone.search_runs(output_format="list")
    assert [found.info.status for found in runs] == ["FINISHED", "FINISHED"]


def test_daemon_threads_that_log_do_not_keep_a_program_from_ending(tmp_path: Path) -> None:
    code, _, _ = run(
        tmp_path,
        """
        import threading, runstone
        run = runstone.start_run()
        def work():
            while True:
                runstone.log_metric("x", 1)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        """,
    )
    assert code == 0
    assert only_run().info.status == "FINISHED"


def test_sigterm_lets_finally_blocks_run_and_ends_with_the_shells_code(tmp_path: Path) -> None:
    code, out, _ = run(
        tmp_path,
        """
        import os, signal, runstone
        with runstone.start_run():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                print("cleaned up")
        """,
    )
    assert (code, out) == (128 + signal.SIGTERM, "cleaned up\n")


def test_a_programs_own_handler_stays(tmp_path: Path) -> None:
    code, out, _ = run(
        tmp_path,
        """
        import os, signal, sys, runstone
        signal.signal(signal.SIGTERM, lambda *_: print("mine"))
        with runstone.start_run():
            os.kill(os.getpid(), signal.SIGTERM)
        """,
    )
    assert (code, out) == (0, "mine\n")
    assert only_run().info.status == "FINISHED"


def test_a_living_run_is_running_for_any_reader_and_killed_once_its_process_is_dead(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        """
        import runstone
        runstone.start_run()
        for step in range(1000):
            runstone.log_metric("loss", step, step=step)
        print("logged")
        input()
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "logged\n"
    assert only_run().info.status == "RUNNING"
    process.kill()
    process.communicate()
    found = only_run()
    assert found.info.status == "KILLED"
    assert found.data.tags["runstone.end"]
    assert found.data.metrics == {"loss": 999.0}
    assert len(runstone.Client().get_metric_series(found.info.run_id, "loss").step) == 1000


def test_where_a_run_went_is_said_in_one_line_on_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNSTONE_QUIET")
    _, out, err = run(tmp_path, "import runstone\nwith runstone.start_run():\n    print('hello')\n")
    assert out == "hello\n"
    assert len(err.splitlines()) == 1
    assert str(tmp_path / ".runstone") in err
    assert only_run().info.run_id in err


def test_a_forked_child_logs_to_its_parents_run_and_does_not_end_it(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import os, runstone
        with runstone.start_run():
            runstone.log_metric("parent", 1.0)
            child = os.fork()
            if child == 0:
                for step in range(100):
                    runstone.log_metric("child", step, step=step)
                os._exit(0)
            os.waitpid(child, 0)
            runstone.log_metric("parent", 2.0, step=1)
        """,
    )
    assert code == 0, err
    found = only_run()
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"parent": 2.0, "child": 99.0}


def test_data_loader_workers_log_through_multiprocessing(tmp_path: Path) -> None:
    code, _, err = run(
        tmp_path,
        """
        import multiprocessing, runstone

        def work(number):
            runstone.log_metric(f"worker {number}", number)
            return number

        if __name__ == "__main__":
            with runstone.start_run():
                with multiprocessing.get_context("fork").Pool(3) as pool:
                    pool.map(work, range(12), chunksize=1)
        """,
    )
    assert code == 0, err
    found = only_run()
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {f"worker {number}": float(number) for number in range(12)}


def test_a_worker_that_is_ended_in_the_moment_of_its_birth_ends(tmp_path: Path) -> None:
    code, out, err = run(
        tmp_path,
        """
        import os, runstone, signal

        with runstone.start_run():
            os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
            child = os.fork()
            if child == 0:
                os._exit(0)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    )
    assert (code, out) == (0, "-15\n"), err
    assert only_run().info.status == "FINISHED"


def test_ranks_share_one_run_and_the_first_ones_word_on_the_end_counts(tmp_path: Path) -> None:
    first = start(
        tmp_path,
        "import runstone\nrun = runstone.start_run()\nprint(run.info.run_id)\ninput()\nrunstone.log_metric('a', 1)\n",
    )
    assert first.stdout is not None
    run_id = first.stdout.readline().strip()
    code, _, err = run(
        tmp_path, f"import runstone\nwith runstone.start_run(run_id={run_id!r}):\n    runstone.log_metric('b', 2)\n"
    )
    assert code == 0, err
    assert only_run().info.status == "RUNNING"
    first.communicate("\n")
    found = only_run()
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"a": 1.0, "b": 2.0})


def test_a_rank_that_ends_last_does_not_take_back_that_the_run_failed(tmp_path: Path) -> None:
    first = start(
        tmp_path,
        "import runstone\nrun = runstone.start_run()\nprint(run.info.run_id)\ninput()\nrunstone.end_run('FAILED')\n",
    )
    assert first.stdout is not None
    run_id = first.stdout.readline().strip()
    rank = start(
        tmp_path, f"import runstone\nwith runstone.start_run(run_id={run_id!r}):\n    print('joined')\n    input()\n"
    )
    assert rank.stdout is not None
    assert rank.stdout.readline() == "joined\n"
    first.communicate("\n")
    rank.communicate("\n")
    assert only_run().info.status == "FAILED"


def test_a_crashed_rank_fails_the_run(tmp_path: Path) -> None:
    first = start(tmp_path, "import runstone\nrun = runstone.start_run()\nprint(run.info.run_id)\ninput()\n")
    assert first.stdout is not None
    run_id = first.stdout.readline().strip()
    run(tmp_path, f"import runstone\nwith runstone.start_run(run_id={run_id!r}):\n    1 / 0\n")
    assert only_run().info.status == "FAILED"
    first.kill()
    first.communicate()
    assert only_run().info.status == "FAILED"


def test_many_processes_may_be_first_at_once(tmp_path: Path) -> None:
    script = tmp_path / "first.py"
    script.write_text(
        "import runstone\nwith runstone.start_run():\n    runstone.log_param('x', 1)\n    runstone.log_metric('y', 1)\n"
    )
    import sys

    crowd = [
        subprocess.Popen([sys.executable, str(script)], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for process in crowd:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    runs = runstone.search_runs(output_format="list")
    assert [found.info.status for found in runs] == ["FINISHED"] * 6
    assert os.listdir(tmp_path / ".runstone" / "journal") == []
