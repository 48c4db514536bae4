"""What a file of skops would make when it is read: the classes, functions and methods that its schema names. Needs no skops."""

from __future__ import annotations

import json
from typing import Any

from runstone.safety.values import Global

FILE = "schema.json"
MOST_BYTES = 256 << 20


def named(content: bytes) -> list[Global] | None:
    """All that a schema names; None where it is none of skops'. Raises ValueError where it is broken."""
    try:
        schema = json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(schema, dict) or "__loader__" not in schema:
        return None
    found: dict[Global, None] = {}
    left: list[Any] = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left += part.values()
            if "__loader__" in part:
                found.update(dict.fromkeys(_of_node(part)))
        elif isinstance(part, list):
            left += part
    return list(found)


def _of_node(node: dict[str, Any]) -> list[Global]:
    module, name = str(node.get("__module__")), str(node.get("__class__"))
    found = [] if node["__loader__"] == "JsonNode" else [Global(module, name)]
    content = node.get("content")
    if node["__loader__"] == "MethodNode" and isinstance(content, dict):
        found.append(Global(f"{module}.{name}", str(content.get("func"))))
    if node["__loader__"] == "FunctionNode" and isinstance(content, dict):
        found.append(Global(str(content.get("module_path")), str(content.get("function"))))
    if node["__loader__"] == "RandomGeneratorNode":
        found.append(Global("numpy.random", _bit_generator(content)))
    return found


def _bit_generator(content: Any) -> str:
    """What a skops before 0.15 calls of numpy.random: its name stands among the values."""
    try:
        return str(json.loads(content["bit_generator"]["content"]["bit_generator"]["content"]))
    except (LookupError, TypeError, ValueError, RecursionError):
        return "?"
