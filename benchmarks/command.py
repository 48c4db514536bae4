"""What every `python -m benchmarks...` has on its command line, and how its rows are printed. Knows nothing of what is measured."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from benchmarks.course import Course
from benchmarks.environments import prepare
from benchmarks.measure import ROOT, Failed
from benchmarks.table import Row, lines, markdown, plain


def options(prog: str, about: str | None, names: Iterable[str]) -> argparse.Namespace:
    """The command line; a benchmark that does not exist ends the program."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("names", nargs="*", help=f"which ones; all unless given: {', '.join(names)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that all runs, the figures mean little"
    )
    parser.add_argument("--only", action="append", metavar="WHO", help="leave other peers out (can be repeated)")
    parser.add_argument("--no-install", action="store_true", help="leave out peers that are not installed yet")
    parser.add_argument(
        "--folder", help="work on the disk of this folder; a temporary one in this checkout unless given"
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows there too")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md has it")
    given = parser.parse_args()
    unknown = set(given.names) - set(names)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return given


def chosen(pythons: dict[str, str], given: argparse.Namespace) -> dict[str, str]:
    """The contenders that are to take part."""
    if not given.only:
        return pythons
    return {name: python for name, python in pythons.items() if name in ("runstone", *given.only)}


@contextlib.contextmanager
def place(given: argparse.Namespace) -> Iterator[str]:
    """A new folder to work in, on the disk that is to be measured; gone afterwards."""
    results = os.path.join(ROOT, "benchmarks", "results")
    os.makedirs(results, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="course-", dir=given.folder or results)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def held(
    prog: str,
    about: str | None,
    benchmarks: Mapping[str, Callable[[Any], list[Row]]],
    peers: Sequence[str],
    gather: Callable[[Course], Any],
    long: Mapping[str, Callable[[Any], list[Row]]] = MappingProxyType({}),
) -> int:
    """A command's whole course: what `gather` makes of it takes part, and is stopped in the end. As `conduct`.

    Args:
        peers: who else is installed.
        long: benchmarks of minutes each, only where they are asked for.
    """
    given = options(prog, about, {**benchmarks, **long})
    pythons = chosen(prepare(install=not given.no_install, peers=peers), given)
    with place(given) as folder:
        course = Course(pythons, folder, given.quick)
        part = gather(course)
        try:
            asked = {name: row for name, row in long.items() if name in given.names}
            return conduct({**benchmarks, **asked}, part, given, course.say)
        finally:
            part.stop()


def conduct(
    benchmarks: Mapping[str, Callable[[Any], list[Row]]],
    course: Any,
    given: argparse.Namespace,
    say: Callable[[str], None],
) -> int:
    """Run what was asked for and print the table. 0 when every bar that was measured is met, 1 when one is missed."""
    rows: list[Row] = []
    for name, benchmark in benchmarks.items():
        if given.names and name not in given.names:
            continue
        say(f"{name} ...")
        try:
            rows += benchmark(course)
        except Failed as error:
            say(str(error))
        if given.json:  # after each, so that a course that is broken off has not been for nothing
            with open(given.json, "w") as file:
                json.dump(plain(rows), file, indent=1)
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    print("\n".join((markdown if given.markdown else lines)(rows)))
    missed = [row for row in rows if row.verdict == "MISSED"]
    print(f"{len([row for row in rows if row.verdict == 'met'])} bars met, {len(missed)} missed.")
    return 1 if missed else 0
