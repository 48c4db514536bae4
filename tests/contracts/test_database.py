"""What any database of SEAM 2 must do, whichever it is: snapshots, all or nothing, one writer after another, the family's errors.

Another database joins with a subclass of `Kind` in `KINDS`.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.descriptors import needs_proc, open_files
from tests.support.scripts import run, start

from runstone.errors import NotFound, RunstoneError, StorageBusy
from runstone.store.database import Database


class Kind:
    """One kind of database: `open()` gives a handle on one and the same, `opening` is Python that does so in another process."""

    opening: str

    def open(self) -> Database:
        raise NotImplementedError


class Sqlite(Kind):
    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "runstone.db")
        self.opening = f"from runstone.store.database import Database\ndatabase = Database({self.path!r})\n"

    def open(self) -> Database:
        return Database(self.path)


KINDS = [Sqlite]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    made: Kind = request.param(tmp_path)
    return made


@pytest.fixture
def database(kind: Kind) -> Iterator[Database]:
    opened = kind.open()
    yield opened
    opened.close()


NEW = "INSERT INTO experiment (name, artifact_location, creation_time, last_update_time) VALUES (?, '', 0, 0)"
COUNTING = """
for _ in range({times}):
    with database.write() as connection:
        (count,) = connection.execute("SELECT last_update_time FROM experiment WHERE experiment_id = 0").fetchone()
        connection.execute("UPDATE experiment SET last_update_time = ? WHERE experiment_id = 0", (count + 1,))
"""


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(NEW, (name,))


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM experiment ORDER BY experiment_id")]


def set_count(database: Database, number: int) -> None:
    with database.write() as connection:
        connection.execute("UPDATE experiment SET last_update_time = ? WHERE experiment_id = 0", (number,))


def count(database: Database) -> int:
    with database.read() as connection:
        (number,) = connection.execute("SELECT last_update_time FROM experiment WHERE experiment_id = 0").fetchone()
    return int(number)


def test_a_new_one_holds_the_default_experiment_and_opens_again(kind: Kind, database: Database) -> None:
    assert names(database) == ["Default"]
    add(database, "one")
    database.close()
    again = kind.open()
    assert names(again) == ["Default", "one"]
    again.close()


def test_what_was_written_is_there_for_every_handle_and_process(tmp_path: Path, kind: Kind, database: Database) -> None:
    other = kind.open()
    add(database, "one")
    assert names(other) == ["Default", "one"]
    add(other, "two")
    body = 'with database.read() as connection:\n    print(connection.execute("SELECT count(*) FROM experiment").fetchone()[0])\n'
    assert run(tmp_path, kind.opening + body)[1] == "3\n"
    other.close()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, NotFound])
def test_a_write_that_raises_leaves_nothing(database: Database, error: type[BaseException]) -> None:
    def write() -> None:
        with database.write() as connection:
            connection.execute(NEW, ("half",))
            raise error("in the midst")

    with pytest.raises(error):
        write()
    assert names(database) == ["Default"]
    add(database, "whole")
    assert names(database) == ["Default", "whole"]


def test_a_read_sees_one_state_from_its_beginning_to_its_end(kind: Kind, database: Database) -> None:
    other = kind.open()
    with database.read() as connection:
        before = connection.execute("SELECT count(*) FROM experiment").fetchone()
        add(other, "meanwhile")
        assert connection.execute("SELECT count(*) FROM experiment").fetchone() == before
    assert names(database) == ["Default", "meanwhile"]
    other.close()


def test_a_read_within_a_write_sees_what_was_written_and_nobody_else_does(kind: Kind, database: Database) -> None:
    other = kind.open()
    with database.write() as connection:
        connection.execute(NEW, ("one",))
        assert names(database) == ["Default", "one"]
        assert names(other) == ["Default"], "a reader does not wait for a writer"
    assert names(other) == ["Default", "one"]
    other.close()


def test_a_read_within_a_read_sees_the_same_state(kind: Kind, database: Database) -> None:
    other = kind.open()
    with database.read():
        assert names(database) == ["Default"]
        add(other, "meanwhile")
        assert names(database) == ["Default"]
    assert names(database) == ["Default", "meanwhile"]
    other.close()


@pytest.mark.parametrize("outer", ["read", "write"])
def test_a_write_within_a_block_of_the_same_thread_is_refused(database: Database, outer: str) -> None:
    with getattr(database, outer)():
        with pytest.raises(RunstoneError):
            add(database, "inner")
        assert names(database) == ["Default"]
    add(database, "afterwards")
    assert names(database) == ["Default", "afterwards"]


def test_what_is_refused_by_a_rule_of_the_tables_is_an_error_of_the_family(database: Database) -> None:
    add(database, "one")
    with pytest.raises(RunstoneError):
        add(database, "one")
    with pytest.raises(RunstoneError), database.write() as connection:
        connection.execute("INSERT INTO experiment_tag (experiment, key, value) VALUES (77, 'of', 'nothing')")
    with pytest.raises(RunstoneError), database.read() as connection:
        connection.execute("SELECT nothing FROM nowhere")
    assert names(database) == ["Default", "one"]


def test_many_threads_may_be_first_at_once(kind: Kind, tmp_path: Path) -> None:
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        new: Kind = type(kind)(folder)  # type: ignore[call-arg]
        found: list[object] = []

        def work(new: Kind = new, found: list[object] = found) -> None:
            try:
                found.append(names(new.open()))
            except RunstoneError as error:
                found.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [["Default"]] * 6


def test_writers_of_many_threads_do_not_undo_one_another(database: Database) -> None:
    set_count(database, 0)

    def work() -> None:
        exec(COUNTING.format(times=25), {"database": database})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 200


def test_writers_of_many_processes_do_not_undo_one_another(tmp_path: Path, kind: Kind, database: Database) -> None:
    set_count(database, 0)
    crowd = []
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        crowd.append(start(tmp_path / str(number), kind.opening + COUNTING.format(times=25)))
    for process in crowd:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert count(database) == 100


def test_a_writer_that_waits_too_long_is_told_so(
    kind: Kind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.01")
    hasty = kind.open()
    with database.write() as connection:
        connection.execute(NEW, ("one",))
        with pytest.raises(StorageBusy, match="RUNSTONE_BUSY_TIMEOUT"):
            add(hasty, "two")
        assert names(hasty) == ["Default"], "reading goes on"
    add(hasty, "two")
    assert names(database) == ["Default", "one", "two"]
    hasty.close()


def test_a_process_that_dies_in_the_midst_of_a_write_leaves_nothing_and_holds_nobody_up(
    tmp_path: Path, kind: Kind, database: Database
) -> None:
    body = f"import os\nwith database.write() as connection:\n    connection.execute({NEW!r}, ('half',))\n    os.kill(os.getpid(), 9)\n"
    assert run(tmp_path, kind.opening + body)[0] == -9
    add(database, "afterwards")
    assert names(database) == ["Default", "afterwards"]


def test_a_forked_child_has_a_connection_of_its_own_and_leaves_its_parents_alone(
    tmp_path: Path, kind: Kind, database: Database
) -> None:
    body = f"""
import os
def add(name):
    with database.write() as connection:
        connection.execute({NEW!r}, (name,))
def count():
    with database.read() as connection:
        return connection.execute("SELECT count(*) FROM experiment").fetchone()[0]
def forked(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
def close():
    add("closed")
    database.close()
add("parent")
forked(lambda: add("child"))
assert count() == 3
with database.read():
    before = count()
    forked(lambda: add("child of a reader"))
    assert count() == before
forked(close)
add("parent again")
print(count())
"""
    code, out, err = run(tmp_path, kind.opening + body)
    assert (code, out) == (0, "6\n"), err
    assert names(database) == ["Default", "parent", "child", "child of a reader", "closed", "parent again"]


def test_what_a_child_writes_is_kept_when_its_parent_closes_first(
    tmp_path: Path, kind: Kind, database: Database
) -> None:
    body = f"""
import os, sys
def add(name):
    with database.write() as connection:
        connection.execute({NEW!r}, (name,))
add("parent")
goes, ready = os.pipe(), os.pipe()
if os.fork() == 0:
    with database.read() as connection:
        connection.execute("SELECT count(*) FROM experiment").fetchone()
    os.write(ready[1], b".")
    os.read(goes[0], 1)
    add("child")
    os._exit(0)
os.read(ready[0], 1)
database.close()
os.write(goes[1], b".")
print(os.wait()[1])
"""
    database.close()
    code, out, err = run(tmp_path, kind.opening + body)
    assert (code, out) == (0, "0\n"), err
    assert names(database) == ["Default", "parent", "child"]


def test_a_child_forked_while_other_threads_write_can_write(tmp_path: Path, kind: Kind, database: Database) -> None:
    body = f"""
import os, threading
def add(name):
    with database.write() as connection:
        connection.execute({NEW!r}, (name,))
over = threading.Event()
def work():
    number = 0
    while not over.is_set():
        add(f"thread {{number}}")
        number += 1
writer = threading.Thread(target=work)
writer.start()
for number in range(20):
    if os.fork() == 0:
        add(f"child {{number}}")
        os._exit(0)
    assert os.wait()[1] == 0
over.set()
writer.join()
"""
    code, _, err = run(tmp_path, kind.opening + body)
    assert code == 0, err
    assert len([name for name in names(database) if name.startswith("child")]) == 20


def test_a_closed_one_can_be_closed_again_and_opens_when_it_is_asked(database: Database) -> None:
    database.close()
    database.close()
    add(database, "one")
    assert names(database) == ["Default", "one"]


@needs_proc
def test_threads_that_have_ended_leave_no_connection_open(database: Database) -> None:
    names(database)
    for _ in range(5):
        _in_a_thread(database)
    gc.collect()
    before = open_files(database.path)
    for _ in range(40):
        _in_a_thread(database)
    gc.collect()
    assert 0 < open_files(database.path) <= before


def _in_a_thread(database: Database) -> None:
    thread = threading.Thread(target=names, args=(database,))
    thread.start()
    thread.join()


def test_of_a_group_what_raises_is_undone_and_the_rest_kept(database: Database) -> None:
    with database.group() as intact:
        for name in ("one", "two", "three"):
            with contextlib.suppress(NotFound), database.write() as connection:
                connection.execute(NEW, (name,))
                if name == "two":
                    raise NotFound("no")
        assert intact()
        with database.read() as connection:  # sees what the group has written so far
            assert connection.execute("SELECT count(*) FROM experiment").fetchone() == (3,)
    assert names(database)[1:] == ["one", "three"]


def test_a_group_that_raises_leaves_nothing_and_one_may_follow(database: Database) -> None:
    def write(then: type[BaseException] | None) -> None:
        with database.group(), database.write() as connection:
            connection.execute(NEW, ("one",))
            if then is not None:
                raise then

    with pytest.raises(KeyboardInterrupt):
        write(KeyboardInterrupt)
    assert names(database)[1:] == []
    write(None)
    assert names(database)[1:] == ["one"]


def test_a_group_tells_that_its_transaction_is_gone(database: Database) -> None:
    def write() -> None:
        with database.group() as intact:
            with contextlib.suppress(RunstoneError), database.write() as connection:
                connection.execute(NEW, ("one",))
                connection.execute("ROLLBACK")  # as SQLite does by itself on some errors
                connection.execute("no SQL")
            assert not intact()
            raise NotFound("as a writer does that finds it gone")

    with pytest.raises(NotFound):
        write()
    assert names(database)[1:] == []
