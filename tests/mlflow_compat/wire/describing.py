"""An answer as plain JSON that can be compared between two servers: what cannot be the same is replaced by what it stands for."""

from __future__ import annotations

import json
import re
import time
from typing import Any

_DAY = 86_400_000
_ID = re.compile(r"\b(?:m-)?[0-9a-f]{32}\b")
_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,3}")
_NUMBER = re.compile(r"((?:[Ee]xperiment |id=|id )\D{0,4}?)\b(\d+)\b")


class Describer:
    """Describes the answers of one scene."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._experiments: dict[str, str] = {}

    def know(self, name: str, value: str) -> None:
        """From now on `value` is shown as `$name`."""
        if name.startswith("experiment"):
            self._experiments.setdefault(value, f"${name}")
        elif value:
            self._texts.setdefault(value, f"${name}")

    def answer(self, status: int, kind: str, text: str) -> dict[str, Any]:
        """An answer: its status and content type, and its JSON; of a page only that it is one."""
        told: dict[str, Any] = {"status": status, "type": kind}
        if kind != "application/json":
            return {**told, "text": text[:60]}
        try:
            body = json.loads(text)
        except ValueError:
            return {**told, "text": text[:200]}
        if status >= 400 and isinstance(body, dict) and "error_code" in body:
            return {**told, "code": body["error_code"], "message": self._message(str(body.get("message")))}
        return {**told, "body": self._value(body, "")}

    def _value(self, value: Any, field: str) -> Any:
        if isinstance(value, dict):
            return {key: self._value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return self._list([self._value(item, field) for item in value])
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return "<now>" if abs(value - time.time() * 1000) < _DAY else value
        if isinstance(value, float):
            return f"{value!r}"  # 1.0 is another JSON than 1
        if value.startswith("[{"):  # JSON as a text: a tag that tells of models
            try:
                return self._value(json.loads(value), field)
            except ValueError:
                pass
        return self._text(value, field)

    def _list(self, items: list[Any]) -> list[Any]:
        # params, tags and metrics stand in no order that anybody relies on
        if items and all(isinstance(item, dict) and "key" in item for item in items):
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        return items

    def _text(self, text: str, field: str) -> str:
        if field == "experiment_id" and text.isdigit() and text != "0":
            return self._experiments.get(text, "<experiment>")
        if field.endswith("page_token"):
            return "<token>"
        for value in sorted(self._texts, key=len, reverse=True):
            text = text.replace(value, self._texts[value])
        text = re.sub(r"(mlflow-artifacts:/)(\d+)", lambda found: found[1] + self._experiment(found[2]), text)
        return "<name>" if _NAME.fullmatch(text) else _ID.sub("<id>", text)

    def _message(self, text: str) -> str:
        text = _NUMBER.sub(lambda found: found[1] + self._experiment(found[2]), self._text(text, "message"))
        return re.sub(r'"(\d+)"', lambda found: f'"{self._experiment(found[1])}"', text)

    def _experiment(self, number: str) -> str:
        return self._experiments.get(number, number)
