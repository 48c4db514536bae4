"""What is not committed in a checkout: git is asked, in processes of its own that nobody waits for until they have had time.

A repository may come from anybody, and its configuration names programs that git would run: filters, file system monitors, external
diffs, hooks. Overriding them one by one would need their names, so git is given a git directory of our own instead, with a copy of
the index, and borrows only the objects of the real one. Git then never reads the repository's configuration; the few plain words in it
without which all files would look changed are copied.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import NamedTuple

from runstone.provenance.git import Checkout

# What may be copied from a repository's configuration, word for word.
_WORDS = {"true", "false", "input", "lf", "crlf", "native", "default", "minimal"}
_COPIED = {
    "filemode", "autocrlf", "eol", "ignorecase", "symlinks", "precomposeunicode", "trustctime", "checkstat",
}  # fmt: skip
# Seconds after which a git directory of ours is one that a dead process left.
_STALE = 3600
# Bytes of names of files that are not under version control.
_NAMES_LIMIT = 64 * 1024


class Found(NamedTuple):
    """Whether files under version control are changed, and how: a patch, headed by the names of those that are not under it."""

    dirty: bool
    patch: bytes


class Changes:
    """Git at work, from its start until `collect` or `abandon`.

    Args:
        checkout: where; it must have a commit.
        scratch: a folder of ours for git directories; made when missing.
        leave_out: a folder (the store) whose files are not told of, where it lies in the checkout.
        limit: bytes of the patch; beyond, it is cut.
        timeout: seconds that git may take.

    Raises:
        OSError: there is no git, or it cannot be started.
    """

    def __init__(self, checkout: Checkout, scratch: str, leave_out: str, limit: int, timeout: float) -> None:
        assert checkout.commit is not None
        self.limit = limit
        self.deadline = time.monotonic() + timeout
        self._directory = _make_directory(checkout, scratch)
        self._processes: list[_Process] = []
        store = os.path.relpath(leave_out, checkout.top)
        # Git refuses a path outside of the checkout, even one to leave out.
        inside = store.partition(os.sep)[0] != os.pardir
        environment = _environment(checkout, self._directory)
        start = ["git", "-C", checkout.top]
        try:
            for arguments in (
                ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--ignore-submodules=dirty",
                 checkout.commit, "--", ".", *([f":(exclude,literal){store}"] if inside else [])],
                ["ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory",
                 *([f"--exclude=/{store}/"] if inside else [])],
            ):  # fmt: skip
                self._processes.append(_Process([*start, *arguments], environment))
        except OSError:
            self.abandon()
            raise

    def collect(self) -> Found | None:
        """What git found, when it has; None where it failed or took too long."""
        try:
            diff, names = (
                process.output(limit, self.deadline)
                for process, limit in zip(self._processes, (self.limit, _NAMES_LIMIT), strict=True)
            )
        finally:
            self.abandon()
        if diff is None:
            return None
        patch = _untracked(names) + diff
        if len(diff) > self.limit:
            kept = patch[: self.limit]
            patch = kept[: kept.rfind(b"\n") + 1] + b"# Cut here: the rest is beyond RUNSTONE_DIFF_LIMIT.\n"
        return Found(bool(diff), patch)

    def stop(self) -> None:
        """Have the thread that collects give up."""
        self.deadline = 0.0
        for process in self._processes:
            process.kill()

    def abandon(self) -> None:
        """Stop git and leave nothing behind."""
        for process in self._processes:
            process.stop()
        _remove(self._directory)


class _Process:
    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        # os.posix_spawn and not subprocess, whose import costs more than git's work on a small repository.
        self._pipe, ours = os.pipe()
        try:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, ours, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ]
            # A group of its own: Ctrl-C is for the training.
            self._id = os.posix_spawnp(command[0], command, environment, file_actions=actions, setpgroup=0)
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(ours)

    def output(self, limit: int, deadline: float) -> bytes | None:
        """All that it prints, or the first bytes beyond `limit`; None where it failed or did not end in time."""
        data = bytearray()
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        while len(data) <= limit:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return None
            read = os.read(self._pipe, 65536)
            if not read:
                return bytes(data) if self._ended_well() else None
            data += read
        return bytes(data)

    def _ended_well(self) -> bool:
        try:
            status = os.waitpid(self._id, 0)[1]
        except ChildProcessError:
            status = 0  # the program waits for all its children itself, and was told instead of us
        self._id = 0
        return status == 0

    def stop(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._id:
            self.kill()
            self._ended_well()

    def kill(self) -> None:
        if self._id:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._id, signal.SIGKILL)


def _make_directory(checkout: Checkout, scratch: str) -> str:
    directory = os.path.join(scratch, f"{os.getpid()}-{os.urandom(8).hex()}")
    os.makedirs(os.path.join(directory, "refs"))
    os.mkdir(os.path.join(directory, "info"))
    sweep(scratch)
    lines, extensions = ["[core]", "repositoryformatversion = 1", "bare = false"], ["[extensions]"]
    for section, name, value in checkout.settings():
        if section == "core" and name in _COPIED and value.lower() in _WORDS:
            lines.append(f"{name} = {value}")
        elif section == "extensions" and name == "objectformat" and value in ("sha1", "sha256"):
            extensions.append(f"{name} = {value}")
    _write(os.path.join(directory, "config"), "\n".join([*lines, *extensions, ""]))
    _write(os.path.join(directory, "HEAD"), f"{checkout.commit}\n")
    exclude = os.path.join("info", "exclude")
    with (
        contextlib.suppress(OSError, UnicodeDecodeError),
        open(os.path.join(checkout.common, exclude), encoding="utf-8") as file,
    ):
        _write(os.path.join(directory, exclude), file.read())
    _copy_index(os.path.join(checkout.directory, "index"), os.path.join(directory, "index"))
    return directory


def sweep(scratch: str) -> None:
    """Take the git directories away that dead processes left."""
    with contextlib.suppress(OSError):  # there is none, or another process takes it away just now
        for entry in os.scandir(scratch):
            if not _is_alive(entry.name) or entry.stat(follow_symlinks=False).st_mtime < time.time() - _STALE:
                _remove(entry.path)


def _is_alive(name: str) -> bool:
    process = name.partition("-")[0]
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # another user's
    return True


def _copy_index(source: str, target: str) -> None:
    # A copy, since `git diff` writes what it learned about unchanged files into the index, and the repository is not ours to write.
    # Its time is copied too: git takes files that are younger than the index for possibly changed.
    with contextlib.suppress(FileNotFoundError), open(source, "rb") as file, open(target, "wb") as copy:
        copy.write(file.read())
        copy.flush()
        stamp = os.fstat(file.fileno())
        os.utime(target, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def _remove(directory: str) -> None:
    for folder, _, files in os.walk(directory, topdown=False):
        with contextlib.suppress(OSError):
            for name in files:
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)


def _environment(checkout: Checkout, directory: str) -> dict[str, str]:
    # Nothing of the program's own environment: GIT_EXTERNAL_DIFF and its like are not for us, and git needs no PATH for itself.
    return {
        "GIT_DIR": directory,
        "GIT_WORK_TREE": checkout.top,
        "GIT_OBJECT_DIRECTORY": os.path.join(checkout.common, "objects"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": directory,
        "XDG_CONFIG_HOME": directory,
        "LC_ALL": "C",
    }


def _untracked(names: bytes | None) -> bytes:
    if not names:
        return b""
    shown = [b"#   " + name for name in names[:_NAMES_LIMIT].split(b"\n") if name]
    return b"\n".join([b"# Not under version control, and not in this patch:", *shown, b"", b""])


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
