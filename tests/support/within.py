"""Our server in a thread of the test's own process: up in some milliseconds, for tests that only care for what it answers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from tests.support.points import until


class ServerWithin:
    """A server of the store in `folder`; `url` is where it listens."""

    def __init__(self, folder: Path) -> None:
        import uvicorn

        from runstone.server.run import Options, make_application

        application: Any = make_application(Options(str(folder), access_log=False))
        self.application = application
        config = uvicorn.Config(
            application, port=0, loop="asyncio", ws="none", lifespan="on", log_level="error", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """End it, and close its store."""
        self._server.should_exit = True
        self._thread.join()
        self.application.engine.close()
