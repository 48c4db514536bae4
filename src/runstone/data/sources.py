"""Where data came from: a file here, an address, or the code that runs. Nothing is opened or asked until `load()`.

What a store holds about a source is text from whoever logged it: it picks one of the classes below and becomes plain fields,
never code. Credentials in an address stay in this process; what is recorded has them left out.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from runstone.errors import InvalidParameter, MissingFile, NotServed
from runstone.provenance.secrets import without_credentials
from runstone.repository.stores import is_store, refuse_file, refuse_folder

# A letter alone is a drive of another system, not a scheme.
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):/")
# What stands before the @ in Azure's addresses is a container, no user.
_CONTAINER = re.compile(r"(?:abfs|wasb)s?://[^/@:]+@")


class DatasetSource:
    """Where data came from. Derive from it for a place of your own: override all but `to_json`."""

    def _get_source_type(self) -> str:
        raise NotImplementedError

    def load(self, dst_path: str | None = None) -> Any:
        """Fetch the data: into the folder `dst_path`, or where there is none a new temporary one."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The facts that are recorded."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The facts that are recorded, as JSON text."""
        return json.dumps(self.to_dict())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_json()}>"


class LocalArtifactDatasetSource(DatasetSource):
    """A file or folder of this machine: a path, recorded as it was given, or a file: URI."""

    def __init__(self, uri: str | os.PathLike[str]) -> None:
        self.uri = os.fspath(uri)

    def _get_source_type(self) -> str:
        return "local"

    def load(self, dst_path: str | None = None) -> str:
        """The path of the data, or of a copy of them in the folder `dst_path`. Raises MissingFile."""
        path = self.path()
        if not os.path.exists(path):
            raise MissingFile(
                f"The data's source {self.uri!r} is not there (any more, or on this machine, seen from {os.getcwd()!r}).",
                path,
            )
        if dst_path is None:
            return path
        import shutil

        target = os.path.join(dst_path, os.path.basename(os.path.normpath(path)))
        if not os.path.isdir(path):
            refuse_file(path)
            return str(shutil.copyfile(path, target))
        refuse_folder(path)

        def copied(source: str, copy: str) -> str:
            refuse_file(source)
            return str(shutil.copy2(source, copy))

        return str(shutil.copytree(path, target, ignore=_stores, copy_function=copied))

    def path(self) -> str:
        """The path here that the URI names. Raises InvalidParameter for a file: URI of another machine."""
        if not self.uri.startswith("file:"):
            return self.uri
        from urllib.parse import unquote, urlsplit

        parts = urlsplit(self.uri)
        if parts.netloc not in ("", "localhost"):
            raise InvalidParameter(f"{self.uri!r} names a file of the machine {parts.netloc!r}. Write file:///path.")
        return unquote(parts.path)

    def to_dict(self) -> dict[str, Any]:
        """The path or URI."""
        return {"uri": self.uri}


class HTTPDatasetSource(DatasetSource):
    """A file at an http(s) address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _get_source_type(self) -> str:
        return "http"

    def load(self, dst_path: str | None = None) -> str:
        """Download the file into the folder `dst_path`, or a new temporary one; its path comes back."""
        from runstone.data.downloading import download

        return download(self.url, dst_path)

    def to_dict(self) -> dict[str, Any]:
        """The address, without credentials."""
        return {"url": without_credentials(self.url)}


class CodeDatasetSource(DatasetSource):
    """The code that made the data: script, user and git commit, as MLflow's tags."""

    def __init__(self, tags: dict[str, str]) -> None:
        self.tags = dict(tags)

    def _get_source_type(self) -> str:
        return "code"

    def load(self, dst_path: str | None = None) -> str:
        """Raises NotServed: code has to be run."""
        raise NotServed(
            f"These data came from code ({self.tags.get('mlflow.source.name', 'unknown')}): run it again to have them."
        )

    def to_dict(self) -> dict[str, Any]:
        """The tags."""
        return {"tags": self.tags}


class RecordedDatasetSource(DatasetSource):
    """A place that runstone records and does not read: a bucket, a table, a hub.

    Args:
        kind: its type; for a URI, the scheme.
        facts: what is recorded of it.
    """

    def __init__(self, kind: str, facts: dict[str, Any]) -> None:
        self.kind = kind
        self.facts = facts

    @property
    def uri(self) -> str | None:
        """The address, where it has one."""
        return self.facts.get("uri")

    def _get_source_type(self) -> str:
        return self.kind

    def load(self, dst_path: str | None = None) -> str:
        """Raises NotServed: runstone does not read such places."""
        raise NotServed(
            f"runstone does not fetch data from {self.to_json()} (type {self.kind!r}): use that place's own tool."
        )

    def to_dict(self) -> dict[str, Any]:
        """What is recorded, without credentials."""
        return {key: _shown(value) if isinstance(value, str) else value for key, value in self.facts.items()}


def resolve(source: Any) -> DatasetSource:
    """The source that a user means: a path, a URI, None for the code that runs, or a DatasetSource itself."""
    if source is None:
        return code_source()
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    if isinstance(source, str) and source:
        scheme = _SCHEME.match(source)
        kind = scheme[1].lower() if scheme else "file"
        if kind in ("http", "https"):
            return HTTPDatasetSource(source)
        if kind == "file":
            return LocalArtifactDatasetSource(source)
        return RecordedDatasetSource(kind, {"uri": source})
    if hasattr(source, "to_json") and hasattr(source, "_get_source_type"):
        resolved: DatasetSource = source
        return resolved
    raise InvalidParameter(
        f"The source {source!r} names no place: give a path, a URI, a DatasetSource, or leave it out for the code that runs."
    )


def recorded(kind: str, text: str) -> DatasetSource:
    """The source that a store's text is about: its type, and its facts in JSON. Raises InvalidParameter for text that is no JSON object."""
    try:
        facts = json.loads(text)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise InvalidParameter(f"The recorded source {text[:200]!r} is not a JSON object.")
    if kind == "local" and isinstance(facts.get("uri"), str):
        return LocalArtifactDatasetSource(facts["uri"])
    if kind == "http" and isinstance(facts.get("url"), str):
        return HTTPDatasetSource(facts["url"])
    if kind == "code" and isinstance(facts.get("tags"), dict):
        return CodeDatasetSource(facts["tags"])
    return RecordedDatasetSource(kind, facts)


def code_source() -> CodeDatasetSource:
    """The code that runs now."""
    from runstone.provenance import facts, git

    tags = facts.tags(git.find(facts.source_folder()))
    return CodeDatasetSource({key: value for key, value in tags.items() if key.startswith("mlflow.")})


def _stores(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if is_store(os.path.join(folder, name))]


def _shown(uri: str) -> str:
    container = _CONTAINER.match(uri)
    kept = container[0] if container else ""
    return kept + without_credentials(uri[len(kept) :])
