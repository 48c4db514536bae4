"""Logging a file or folder under a name: to the run first, then as a version. While the server is away, both wait here, in this order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from runstone import settings
from runstone.client.artifact_versions import listed
from runstone.client.artifacts import Logged, let_older_pass, log_unnamed, path_of
from runstone.client.version_files import ArtifactVersion
from runstone.errors import Conflict, InvalidParameter, RunstoneError
from runstone.journal import shipping
from runstone.journal.waiting import is_passing
from runstone.journal.writer import find_journal
from runstone.operations import artifact_versions, version_names

if TYPE_CHECKING:
    from runstone.client import Client

# Files of a folder that are named one by one, so that what lay there before is no part of the version.
_MOST_FILES = 10_000
# How often what others log over is logged again.
_ATTEMPTS = 100
_NEVER_AGAIN = -1


def log(
    self: Client,
    run_id: str,
    local_path: str | os.PathLike[str] | BinaryIO,
    artifact_path: str | None,
    name: str | None,
    aliases: Iterable[str] | None,
    *,
    wait: bool,
) -> ArtifactVersion | None:
    """What `log_artifact` does with a name; None comes back where the version is made later: not waited for, or when the server
    is there again."""
    if name is None:
        raise InvalidParameter("aliases are a version's: give the name of the artifact as well (name=...).")
    called = [version_names.check_alias(alias) for alias in listed(aliases)]
    version_names.check_name(name)
    path, files = path_of(local_path, artifact_path)
    # An earlier version of what lies there is to be of what lay there then.
    let_older_pass(self, run_id, [path])
    request = artifact_versions.LogArtifactVersion(
        run_id, name, path, files if len(files) <= _MOST_FILES else [], called
    )
    if not wait:
        from runstone.client import background as unwaited

        log_unnamed(self, run_id, local_path, artifact_path, wait=False)
        unwaited.put_version(self, request)
        return None
    start = _place(local_path)
    for left in reversed(range(_ATTEMPTS)):
        logged: Logged = {}
        log_unnamed(self, run_id, local_path, artifact_path, logged=logged)
        request.digest = _digest(request, bool(files), logged)
        try:
            return _make_or_keep(self, request)
        except Conflict:
            # Another rank of the run logged other bytes under this path in between. These are in the store already: they cost no more
            # than their name.
            if not left or start == _NEVER_AGAIN:
                raise
            if start is not None:
                local_path.seek(start)  # type: ignore[union-attr]  # what has a place is a stream
    raise AssertionError("the last attempt returns or raises")


def _make_or_keep(self: Client, request: artifact_versions.LogArtifactVersion) -> ArtifactVersion | None:
    run_id = request.run_id
    held = self._is_server and settings.OFFLINE.read() == "auto" and find_journal(self._folder, run_id) is not None
    if held:
        from runstone.client import spool

        background = sys.modules.get("runstone.client.background")
        if background is not None:  # files of other calls, which wait for nothing but their turn
            background.settle(self._folder, run_id)
        # Behind the files that wait, this one among them; said of a run that is not made there yet it would be refused.
        if not spool.has_files(self._folder, run_id):
            try:
                return _make(self, request)
            except RunstoneError as error:
                if not is_passing(error):
                    raise
                shipping.warn_once(error)
        spool.put_version(self._folder, request)
        shipping.afterwards(self.settle)
        return None
    return _make(self, request)


def _digest(request: artifact_versions.LogArtifactVersion, is_folder: bool, logged: Logged) -> str:
    """The digest of the version that is meant; '' where it is not known: files that wait here, or more than are named one by one."""
    paths = {f"{request.path}/{file}": file for file in request.files} if is_folder else {request.path: request.path}
    if not paths or not logged.keys() >= paths.keys():
        return ""
    return artifact_versions.digest_of(((inner, *logged[path]) for path, inner in paths.items()), is_file=not is_folder)


def _place(source: object) -> int | None:
    """Where a file object is; None of a path, _NEVER_AGAIN of one that cannot go back."""
    if not hasattr(source, "read"):
        return None
    try:
        return int(source.tell()) if source.seekable() else _NEVER_AGAIN  # type: ignore[attr-defined]  # or it is caught
    except (AttributeError, OSError, ValueError):
        return _NEVER_AGAIN


def _make(self: Client, request: artifact_versions.LogArtifactVersion) -> ArtifactVersion:
    return ArtifactVersion(self, self._transport.call(artifact_versions.log_artifact_version, request).version)
