"""Operations carried out in this process, on a store in a folder here."""

from __future__ import annotations

from weakref import finalize

from runstone.operations.engine import DATABASE_NAME as DATABASE_NAME
from runstone.operations.engine import Engine
from runstone.operations.table import Operation, Request, Response
from runstone.repository.files import Repository, repository_in


class LocalTransport:
    """An embedded store: no server, any number of processes. Closed at the latest when nobody holds it any more.

    Args:
        folder: absolute path of the store's folder; made when missing.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.uri = "file://" + folder
        self._engine = Engine(folder)
        self._engine.user = _user
        finalize(self, self._engine.close).atexit = False

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Run the operation's function on the store."""
        return operation.function(self._engine, request)

    def repository(self) -> Repository:
        """The packs in the folder."""
        return repository_in(self.folder)

    def presume_dead(self, runs: dict[str, int]) -> None:
        """Have the answers given here say KILLED, ended then (ms), of these runs where the store says RUNNING and is not ours to write."""
        self._engine.presume_dead(runs)

    def close(self) -> None:
        """Close the store's database."""
        self._engine.close()


def _user() -> str:
    """Whose process this is; '' where the system does not know."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
