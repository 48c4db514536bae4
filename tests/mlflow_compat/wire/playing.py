"""Sends scenes to a server over plain HTTP and notes what each request is answered with."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from tests.mlflow_compat.wire.describing import Describer
from tests.mlflow_compat.wire.reading import Request, Scene, filled, kept

MARKS = "/?=&%+;:@,.~!*'()[]#"  # what stands in a path as the file has it; what is no ASCII is percent-encoded


class Player:
    """One server, and a connection to it.

    Args:
        url: its address.
    """

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def play(self, scene: Scene, name: str) -> list[Any]:
        """What each request of a scene is answered with, described; `name` makes its names its own."""
        experiment = self.made("experiments/create", {"name": f"scene {name}"})["experiment_id"]
        run = self.made("runs/create", {"experiment_id": experiment, "run_name": "a run", "start_time": 1000})
        known = {"new": f"new {name}", "experiment": experiment, "run": run["run"]["info"]["run_id"]}
        describer = Describer()
        for name, value in known.items():
            describer.know(name, value)
        return [self._outcome(request, known, describer) for request in scene.requests]

    def made(self, path: str, body: Any) -> Any:
        """The answer to a request that cannot fail."""
        status, _, text = self.send("POST", f"/api/2.0/mlflow/{path}", json.dumps(body))
        assert status == 200, (path, body, status, text)
        return json.loads(text)

    def send(
        self, method: str, path: str, body: str | None, header: tuple[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Status, content type and body of an answer."""
        headers = {} if body is None and method in ("GET", "DELETE") else {"Content-Type": "application/json"}
        if header is not None:
            headers.pop(header[0], None)
            if header[1] != "-":
                headers[header[0]] = header[1]
        data = None if body is None else body.encode("utf-8", "surrogatepass")
        try:
            self.connection.request(method, quote(path, safe=MARKS), data, headers)
            answer = self.connection.getresponse()
        except (
            http.client.RemoteDisconnected,
            ConnectionError,
        ):  # kept alive for longer than the server did: once more
            self.connection.close()
            self.connection.request(method, quote(path, safe=MARKS), data, headers)
            answer = self.connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read().decode("utf-8", "replace")

    def _outcome(self, request: Request, known: dict[str, str], describer: Describer) -> Any:
        body = None if request.body is None else filled(request.body, known)
        status, kind, text = self.send(request.method, filled(request.path, known), body, request.header)
        if request.keep is not None:
            name, place = request.keep
            known[name] = kept(text, place)
            describer.know(name, known[name])
        return describer.answer(status, kind, text)


def played(url: str, scenes: Iterable[Scene], prefix: str) -> dict[str, list[Any]]:
    """The outcomes of every scene, by title; `prefix` makes names of several files apart."""
    player = Player(url)
    try:
        return {scene.title: player.play(scene, f"{prefix} {number}") for number, scene in enumerate(scenes, 1)}
    finally:
        player.close()
