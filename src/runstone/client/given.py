"""What people hand in to be logged: a path of what is there, or a binary file object; anything else is told what takes it."""

from __future__ import annotations

import os
from io import StringIO, TextIOBase

from runstone.errors import InvalidParameter, MissingFile, brief

MODEL_ENDINGS = (
    ".joblib",
    ".pkl",
    ".pickle",
    ".pt",
    ".pth",
    ".safetensors",
    ".onnx",
    ".h5",
    ".keras",
    ".ubj",
    ".cbm",
)
# Characters of a path: what is longer is somebody's text.
_LONGEST_PATH = 4096


def refuse_text(stream: object) -> None:
    """Refuse a file object that gives text: what a file holds is bytes. Raises InvalidParameter."""
    if isinstance(stream, StringIO):
        raise InvalidParameter("An io.StringIO holds a text, not bytes. Log it with log_text(stream.getvalue(), path).")
    if isinstance(stream, TextIOBase):
        name = brief(getattr(stream, "name", "file"))
        raise InvalidParameter(
            f"The file object {name} is open as text. Give a binary file object, open({name}, 'rb'), or log it by its path."
        )


# What takes a thing that is no path.
_INSTEAD: dict[object, str] = {
    bytes: "log_artifact(io.BytesIO(data), 'folder/name.bin') logs bytes",
    bytearray: "log_artifact(io.BytesIO(data), 'folder/name.bin') logs bytes",
    dict: "log_dict(value, 'name.json') logs a dict, log_table(value, 'name.json') a table of columns",
    list: "log_dict(value, 'name.json') logs a list; several files are logged one by one, or as a folder by log_artifacts",
}


def require(path: object, kind: str = "file") -> str:
    """The path of a file or folder (`kind` says which is meant) that is there, as text. Raises InvalidParameter, MissingFile."""
    if not isinstance(path, str | os.PathLike) or not isinstance(local := os.fspath(path), str):
        instead = _INSTEAD.get(type(path)) or (
            "log_table(value, 'name.json') logs a table"
            if type(path).__name__ == "DataFrame"
            else "log_text logs a text, log_dict a dict or list, log_table a table, log_image and log_figure pictures"
        )
        raise InvalidParameter(
            f"The path of a {kind} here is a text or a path, not {type(path).__name__}: {brief(path)}. {instead}."
        )
    said = brief(local)
    if "\0" in local:
        raise MissingFile(f"{said} holds a NUL character: no file has such a name.", local)
    if os.path.exists(local):
        return local
    if len(local) > _LONGEST_PATH or "\n" in local:
        raise MissingFile(f"There is no {kind} {said}: it reads as a text. log_text logs a text.", local)
    if os.path.islink(local):
        raise MissingFile(f"{said} is a link to {os.readlink(local)!r}, which does not exist.", local)
    if kind == "file" and local.endswith(MODEL_ENDINGS):
        raise MissingFile(
            f"The model file {local!r} does not exist. Save the model first (e.g. joblib.dump(model, {local!r})), then log it.",
            local,
        )
    raise MissingFile(
        f"The {kind} {local!r} does not exist (working folder: {os.getcwd()}). Create it first, then log it.", local
    )
