"""Versions of named artifacts, what was changed of them, and how things came from each other, as users hold them. Times are in ms."""

from __future__ import annotations

import msgspec

from runstone.entities import Entity, FileInfo


class ArtifactVersionInfo(Entity):
    """A version of a named artifact: files that never change, under a number that no other version of the name ever has.

    `digest` is a file's own, or one over the paths and digests of a folder's files. `produced_by` and `used_by` are ids of runs, the first
    that did so first, a thousand at the most.
    """

    name: str
    version: int
    digest: str
    size: int
    file_count: int
    creation_time: int
    user_id: str = ""
    description: str | None = None
    aliases: list[str] = msgspec.field(default_factory=list)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    produced_by: list[str] = msgspec.field(default_factory=list)
    used_by: list[str] = msgspec.field(default_factory=list)

    @property
    def reference(self) -> str:
        """NAME:vN, by which it is asked for."""
        return f"{self.name}:v{self.version}"


class ArtifactChange(Entity):
    """Something that was changed of a named artifact: who, when, which version, from what to what (None: there was or is none)."""

    kind: str
    time: int
    user_id: str
    version: int | None = None
    key: str | None = None
    old: str | None = None
    new: str | None = None


class FileChange(Entity):
    """A file that two versions have under one path, with other bytes."""

    path: str
    old: FileInfo
    new: FileInfo


class ArtifactDiff(Entity):
    """What one version has, is without, and has otherwise than another."""

    added: list[FileInfo] = msgspec.field(default_factory=list)
    removed: list[FileInfo] = msgspec.field(default_factory=list)
    changed: list[FileChange] = msgspec.field(default_factory=list)


class LineageNode(Entity):
    """A thing that was made or used: `kind` is run, artifact, model, registered or dataset; `id` is unique among all kinds.

    `depth` is how many steps it is away from what was asked for. `details` are texts to show: a run's status, a version's digest, ...
    """

    id: str
    kind: str
    name: str
    depth: int
    details: dict[str, str] = msgspec.field(default_factory=dict)


class LineageEdge(Entity):
    """What went from one thing into another: `source` came before `target`; `how` is used, produced or registered."""

    source: str
    target: str
    how: str


class Lineage(Entity):
    """Where something came from and what became of it. `truncated`: there is more than was asked for."""

    root: str
    nodes: list[LineageNode] = msgspec.field(default_factory=list)
    edges: list[LineageEdge] = msgspec.field(default_factory=list)
    truncated: bool = False
