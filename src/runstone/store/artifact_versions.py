"""Named artifacts and their versions in SQL: files, aliases, tags, who made and used them. Changes are noted. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runstone.entities.artifact_versions import ArtifactChange, ArtifactVersionInfo
from runstone.store.database import Connection
from runstone.store.registry_changes import Author

LATEST = "latest"
# Runs that are listed with a version.
_MOST_RUNS = 1_000
_MANY = 500

File = tuple[str, int, str]


class Version(NamedTuple):
    """A version's own row, its name's row, and its number."""

    row: int
    named: int
    number: int

    @property
    def owner(self) -> str:
        """What its files are called the owner of."""
        return f"named/{self.named}/{self.number}"


def reference_of(connection: Connection, owner: str) -> str | None:
    """The reference of the version that files of an owner belong to; None where that is no version."""
    row = connection.execute(
        "SELECT n.name || ':v' || v.version FROM artifact_version AS v JOIN named_artifact AS n ON n.id = v.named_artifact"
        " WHERE 'named/' || n.id || '/' || v.version = ?1 AND n.id = CAST(substr(?1, 7) AS INTEGER)",
        (owner,),
    ).fetchone()
    return None if row is None else str(row[0])


def find_name(connection: Connection, name: str) -> int | None:
    """The row of a name; None where there is none."""
    row = connection.execute("SELECT id FROM named_artifact WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def make_name(connection: Connection, name: str, author: Author) -> int:
    """The row of a name, made where it is missing."""
    found = find_name(connection, name)
    if found is not None:
        return found
    made = connection.execute(
        "INSERT INTO named_artifact (name, creation_time) VALUES (?, ?)", (name, author.time)
    ).lastrowid
    assert made is not None
    return made


def find(connection: Connection, named: int, column: str, value: object) -> Version | None:
    """The version of a name that has this `version` or `digest`."""
    query = {
        "version": "SELECT id, version FROM artifact_version WHERE named_artifact = ? AND version = ?",
        "digest": "SELECT id, version FROM artifact_version WHERE named_artifact = ? AND digest = ?",
    }[column]
    row = connection.execute(query, (named, value)).fetchone()
    return None if row is None else Version(row[0], named, row[1])


def with_digest_like(connection: Connection, named: int, start: str) -> list[Version]:
    """Versions of a name whose digests begin so, two at the most."""
    rows = connection.execute(
        "SELECT id, version FROM artifact_version WHERE named_artifact = ? AND digest >= ? AND digest < ? LIMIT 2",
        (named, start, start + "g"),  # 'g' is behind every hexadecimal digit
    )
    return [Version(row, named, number) for row, number in rows]


def aliased(connection: Connection, named: int, alias: str) -> Version | None:
    """The version that an alias means."""
    row = connection.execute(
        "SELECT v.id, v.version FROM artifact_alias AS a JOIN artifact_version AS v"
        " ON v.named_artifact = a.named_artifact AND v.version = a.version WHERE a.named_artifact = ? AND a.alias = ?",
        (named, alias),
    ).fetchone()
    return None if row is None else Version(row[0], named, row[1])


def spellings(connection: Connection, named: int, limit: int) -> tuple[list[int], list[tuple[str, int]]]:
    """Numbers of a name's versions, the newest first, and its aliases with the numbers that they mean; so many of each at the most."""
    versions = connection.execute(
        "SELECT version FROM artifact_version WHERE named_artifact = ? ORDER BY version DESC LIMIT ?", (named, limit)
    )
    aliases = connection.execute(
        "SELECT alias, version FROM artifact_alias WHERE named_artifact = ? ORDER BY alias LIMIT ?", (named, limit)
    )
    return [number for (number,) in versions], aliases.fetchall()


def add(connection: Connection, named: int, digest: str, files: Sequence[File], source: str, author: Author) -> Version:
    """A new version under the next number, with files (path among the source's, size, path here) of another owner."""
    (number,) = connection.execute(
        "UPDATE named_artifact SET next_version = next_version + 1 WHERE id = ? RETURNING next_version - 1", (named,)
    ).fetchone()
    row = connection.execute(
        "INSERT INTO artifact_version (named_artifact, version, digest, size, file_count, user_id, creation_time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (named, number, digest, sum(size for _, size, _ in files), len(files), author.user_id, author.time),
    ).lastrowid
    assert row is not None
    version = Version(row, named, number)
    connection.executemany(
        "INSERT INTO artifact (owner, path, content, creation_time, executable)"
        " SELECT ?, ?, content, ?, executable FROM artifact WHERE owner = ? AND path = ?",
        [(version.owner, path, author.time, source, theirs) for theirs, _, path in files],
    )
    note(connection, author, version, "created", new=digest)
    return version


def delete(connection: Connection, version: Version, author: Author) -> None:
    """Delete a version with its files, labels, aliases and what was known of its runs; `latest` goes to the newest that is left."""
    for (alias,) in connection.execute(
        "SELECT alias FROM artifact_alias WHERE named_artifact = ? AND version = ?", version[1:]
    ).fetchall():
        rest = connection.execute(
            "SELECT max(version) FROM artifact_version WHERE named_artifact = ? AND version <> ?", version[1:]
        ).fetchone()[0]
        move_alias(connection, version.named, alias, rest if alias == LATEST else None, author)
    connection.execute("DELETE FROM artifact WHERE owner = ?", (version.owner,))
    for table in ("artifact_version_tag", "artifact_producer", "artifact_use"):
        connection.execute(f"DELETE FROM {table} WHERE artifact_version = ?", (version.row,))
    connection.execute("DELETE FROM artifact_version WHERE id = ?", (version.row,))
    note(connection, author, version, "deleted")


def move_alias(connection: Connection, named: int, alias: str, number: int | None, author: Author) -> bool:
    """Let an alias mean a version of its name, or (None) nothing; whether that is a change."""
    before = aliased(connection, named, alias)
    old = None if before is None else before.number
    if old == number:
        return False
    if number is None:
        connection.execute("DELETE FROM artifact_alias WHERE named_artifact = ? AND alias = ?", (named, alias))
    else:
        connection.execute(
            "INSERT INTO artifact_alias (named_artifact, alias, version) VALUES (?, ?, ?)"
            " ON CONFLICT (named_artifact, alias) DO UPDATE SET version = excluded.version",
            (named, alias, number),
        )
    about = Version(0, named, old if number is None else number)  # type: ignore[arg-type]  # one of them is a number
    note(connection, author, about, "alias", key=alias, old=_text(old), new=_text(number))
    return True


def describe(connection: Connection, version: Version, description: str | None, author: Author) -> None:
    """Set the description."""
    (old,) = connection.execute("SELECT description FROM artifact_version WHERE id = ?", (version.row,)).fetchone()
    if old != description:
        connection.execute("UPDATE artifact_version SET description = ? WHERE id = ?", (description, version.row))
        note(connection, author, version, "description", old=old, new=description)


def set_tag(connection: Connection, version: Version, key: str, value: str | None, author: Author) -> None:
    """Set a tag, or (None) take it away."""
    row = connection.execute(
        "SELECT value FROM artifact_version_tag WHERE artifact_version = ? AND key = ?", (version.row, key)
    ).fetchone()
    old = None if row is None else row[0]
    if old == value:
        return
    if value is None:
        connection.execute(
            "DELETE FROM artifact_version_tag WHERE artifact_version = ? AND key = ?", (version.row, key)
        )
    else:
        connection.execute(
            "INSERT INTO artifact_version_tag (artifact_version, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (artifact_version, key) DO UPDATE SET value = excluded.value",
            (version.row, key, value),
        )
    note(connection, author, version, "tag", key=key, old=old, new=value)


def add_producer(connection: Connection, version: Version, run_id: str, path: str, now: int) -> None:
    """Say that a run made a version, at a path of its own; saying it again changes nothing."""
    connection.execute(
        "INSERT INTO artifact_producer (artifact_version, run_id, path, time) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (artifact_version, run_id, path) DO NOTHING",
        (version.row, run_id, path, now),
    )


def add_use(connection: Connection, version: Version, run_id: str, reference: str, now: int) -> None:
    """Say that a run used a version, and by which reference it asked for it first."""
    connection.execute(
        "INSERT INTO artifact_use (artifact_version, run_id, reference, time) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (artifact_version, run_id) DO NOTHING",
        (version.row, run_id, reference, now),
    )


def load(connection: Connection, rows: Sequence[int]) -> list[ArtifactVersionInfo]:
    """The versions of these rows, in this order."""
    loaded: list[ArtifactVersionInfo] = []
    for start in range(0, len(rows), _MANY):
        loaded.extend(_load(connection, rows[start : start + _MANY]))
    return loaded


def _load(connection: Connection, rows: Sequence[int]) -> list[ArtifactVersionInfo]:
    marks = ",".join("?" * len(rows))
    found = {
        row: ArtifactVersionInfo(*facts)
        for row, *facts in connection.execute(
            "SELECT v.id, n.name, v.version, v.digest, v.size, v.file_count, v.creation_time, v.user_id, v.description"
            f" FROM artifact_version AS v JOIN named_artifact AS n ON n.id = v.named_artifact WHERE v.id IN ({marks})",
            rows,
        )
    }
    for row, alias in connection.execute(
        "SELECT v.id, a.alias FROM artifact_version AS v JOIN artifact_alias AS a ON a.named_artifact = v.named_artifact"
        f" AND a.version = v.version WHERE v.id IN ({marks}) ORDER BY a.alias",
        rows,
    ):
        found[row].aliases.append(alias)
    for row, key, value in connection.execute(
        f"SELECT artifact_version, key, value FROM artifact_version_tag WHERE artifact_version IN ({marks})", rows
    ):
        found[row].tags[key] = value
    for row, info in found.items():
        info.produced_by.extend(_runs(connection, "artifact_producer", row))
        info.used_by.extend(_runs(connection, "artifact_use", row))
    return [found[row] for row in rows if row in found]


def _runs(connection: Connection, table: str, version: int) -> Iterable[str]:
    rows = connection.execute(
        f"SELECT run_id FROM {table} WHERE artifact_version = ? GROUP BY run_id ORDER BY min(id) LIMIT {_MOST_RUNS}",
        (version,),
    )
    return [run_id for (run_id,) in rows]


def names(connection: Connection, after: str, limit: int) -> list[tuple[str, int, int]]:
    """Names behind one, in their order: name, how many versions, row of the latest."""
    return connection.execute(
        "SELECT n.name, (SELECT count(*) FROM artifact_version WHERE named_artifact = n.id), v.id FROM named_artifact AS n"
        " JOIN artifact_alias AS a ON a.named_artifact = n.id AND a.alias = 'latest'"
        " JOIN artifact_version AS v ON v.named_artifact = n.id AND v.version = a.version"
        " WHERE n.name > ? ORDER BY n.name LIMIT ?",
        (after, limit),
    ).fetchall()


def search(
    connection: Connection,
    name: str | None,
    pattern: str | None,
    tags: dict[str, str],
    run_id: str | None,
    before: int,
    limit: int,
) -> list[int]:
    """The rows of versions older than one, the newest first.

    Args:
        connection: a reading one.
        name: of that name only.
        pattern: with that in their names, letter case aside.
        tags: with all of these.
        run_id: that this run made or used.
        before: a row.
        limit: so many at the most.
    """
    where, values = ["v.id < ?"], [before]
    bound: list[object] = list(values)
    if name is not None:
        where.append("n.name = ?")
        bound.append(name)
    if pattern is not None:
        where.append("instr(folded(n.name), folded(?)) > 0")
        bound.append(pattern)
    for tag in tags.items():
        where.append("v.id IN (SELECT artifact_version FROM artifact_version_tag WHERE key = ? AND value = ?)")
        bound.extend(tag)
    if run_id is not None:
        where.append(
            "v.id IN (SELECT artifact_version FROM artifact_producer WHERE run_id = ? UNION ALL"
            " SELECT artifact_version FROM artifact_use WHERE run_id = ?)"
        )
        bound.extend((run_id, run_id))
    rows = connection.execute(
        "SELECT v.id FROM artifact_version AS v JOIN named_artifact AS n ON n.id = v.named_artifact"
        f" WHERE {' AND '.join(where)} ORDER BY v.id DESC LIMIT ?",
        (*bound, limit),
    )
    return [row for (row,) in rows]


def needed_by(connection: Connection, version: Version) -> tuple[int, list[str]]:
    """How many runs used a version; and its aliases but `latest`."""
    (uses,) = connection.execute(
        "SELECT count(*) FROM artifact_use WHERE artifact_version = ?", (version.row,)
    ).fetchone()
    aliases = connection.execute(
        "SELECT alias FROM artifact_alias WHERE named_artifact = ? AND version = ? AND alias <> ?",
        (version.named, version.number, LATEST),
    )
    return uses, [alias for (alias,) in aliases]


def note(
    connection: Connection,
    author: Author,
    version: Version,
    kind: str,
    *,
    key: str | None = None,
    old: str | None = None,
    new: str | None = None,
) -> None:
    """Note a change of a version, in its transaction."""
    connection.execute(
        "INSERT INTO artifact_change (named_artifact, version, kind, key, old, new, user_id, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (version.named, version.number, kind, key, old, new, *author),
    )


def changes(connection: Connection, named: int, after: int, limit: int) -> list[tuple[int, ArtifactChange]]:
    """Changes of a name and its versions behind one, in the order in which they were made."""
    rows = connection.execute(
        "SELECT id, kind, time, user_id, version, key, old, new FROM artifact_change"
        " WHERE named_artifact = ? AND id > ? ORDER BY id LIMIT ?",
        (named, after, limit),
    )
    return [(row, ArtifactChange(*facts)) for row, *facts in rows]


def _text(number: int | None) -> str | None:
    return None if number is None else f"v{number}"
