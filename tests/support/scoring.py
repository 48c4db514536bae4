"""A model served within the test's own process; requests to it, and what it says."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path
from typing import Any

import pandas
from sklearn.linear_model import LinearRegression
from tests.support.points import until

import runstone
from runstone.models import ModelSignature
from runstone.serving.app import App
from runstone.serving.standing import Standing
from runstone.serving.watching import Watched
from runstone.types import ColSpec, ParamSchema, ParamSpec, Schema

DATA = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 2.0, 5.0]})
NUMBERS = ModelSignature(Schema([ColSpec("double", "x")]), params=ParamSchema([ParamSpec("plus", "double", 0.0)]))


class Serving:
    """A served model; `url` is where it listens. `options` are those of `App`; `rows`, `delay`, `threads` those of `Standing`."""

    def __init__(
        self, uri: str, rows: int | None = None, delay: float = 0.0, threads: int | None = None, **options: Any
    ) -> None:
        import uvicorn

        self.watched = Watched(uri, lambda found: Standing(found, rows, delay, threads))
        self.app: Any = App(self.watched, **{"interval": 0, **options})
        http = "runstone.server.protocol:BoundedProtocol"
        config = uvicorn.Config(
            self.app, port=0, loop="asyncio", http=http, ws="none", lifespan="on", log_level="error", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started)
        self.port = int(self._server.servers[0].sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def ask(self, said: Any, kind: str | None = "application/json", path: str = "/invocations") -> tuple[int, Any]:
        """Status and what was said to a POST of a body (JSON unless it is bytes)."""
        status, body = self.send("POST", path, said if isinstance(said, bytes) else json.dumps(said).encode(), kind)
        return status, json.loads(body)

    def send(
        self, method: str, path: str, body: bytes | None = None, kind: str | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {**({"Content-Type": kind} if kind is not None else {}), **headers})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found


def logged(factor: float, alias: str | None = None) -> str:
    """Log a model that says `factor * a`, and let an alias mean it; the version's number."""
    line = LinearRegression().fit(DATA, factor * DATA["a"])
    info = runstone.sklearn.log_model(
        line, name="line", registered_model_name="line", input_example=DATA.head(1), pip_requirements=[]
    )
    number = str(info.registered_model_version)
    if alias:
        runstone.Client().set_registered_model_alias("line", alias, number)
    return number


def saved(path: Path, predict: Any, signature: ModelSignature | None = NUMBERS) -> str:
    """Save a function as a model."""

    class Model(runstone.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return predict(model_input, params)

    runstone.pyfunc.save_model(path, python_model=Model(), signature=signature or False, pip_requirements=[])
    return str(path)


def asked(**columns: float) -> dict[str, Any]:
    return {"dataframe_split": {"columns": list(columns), "data": [list(columns.values())]}}
