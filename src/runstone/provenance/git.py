"""The git checkout that a file lies in, read from git's own files without starting a process: commit, branch, remote."""

from __future__ import annotations

import os
from typing import NamedTuple

from runstone.provenance.secrets import without_credentials


class Checkout(NamedTuple):
    """Where a repository is checked out: its top folder, its git directory (a worktree's own), the one that holds objects and
    configuration, and what HEAD is (commit, branch), None for what cannot be told."""

    top: str
    directory: str
    common: str
    commit: str | None
    branch: str | None

    def settings(self) -> list[tuple[str, str, str]]:
        """The repository's own configuration: section, name, value. Includes are not followed."""
        try:
            return _settings(_text(os.path.join(self.common, "config")))
        except (OSError, UnicodeDecodeError):
            return []

    def tags(self) -> dict[str, str]:
        """Commit, branch and remote under MLflow's tag names."""
        remote = next(
            (value for section, name, value in self.settings() if section == 'remote "origin"' and name == "url"), None
        )
        found = {
            "mlflow.source.git.commit": self.commit,
            "mlflow.source.git.branch": self.branch,
            "mlflow.source.git.repoURL": without_credentials(remote) if remote else None,
        }
        return {key: value for key, value in found.items() if value}


def find(folder: str) -> Checkout | None:
    """The checkout that a folder lies in, or None."""
    while not os.path.exists(os.path.join(folder, ".git")):
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)
    directory = os.path.join(folder, ".git")
    try:
        if os.path.isfile(directory):  # a worktree or a submodule: the file says where its directory is
            directory = os.path.join(folder, _text(directory).removeprefix("gitdir:").strip())
        common = os.path.join(directory, "commondir")
        common = os.path.join(directory, _text(common)) if os.path.exists(common) else directory
        head = _text(os.path.join(directory, "HEAD"))
        if not head.startswith("ref:"):
            return Checkout(folder, directory, common, _commit(head), None)
        reference = head.removeprefix("ref:").strip()
        commit = _commit(_reference([directory, common], reference))
        branch = reference.removeprefix("refs/heads/")
        # a repository that keeps its references in another format says so with this name
        return Checkout(folder, directory, common, commit, None if branch == ".invalid" else branch)
    except (OSError, UnicodeDecodeError):
        return None  # an odd repository is no reason to stop a training


def _reference(roots: list[str], reference: str) -> str:
    for root in roots:
        if os.path.isfile(os.path.join(root, reference)):
            return _text(os.path.join(root, reference))
        packed = os.path.join(root, "packed-refs")
        for line in _text(packed).splitlines() if os.path.exists(packed) else []:
            if line.endswith(" " + reference):
                return line.split(" ")[0]
    return ""


def _commit(text: str) -> str | None:
    return text if len(text) in (40, 64) and set(text) <= set("0123456789abcdef") else None


def _settings(text: str) -> list[tuple[str, str, str]]:
    found, section = [], ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            name, _, rest = line[1:].rpartition("]")[0].partition(" ")
            section = name.lower() + (f" {rest}" if rest else "")
        elif line and line[0] not in "#;":
            key, separator, value = line.partition("=")
            found.append((section, key.strip().lower(), value.strip() if separator else "true"))
    return found


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
