"""`runstone versions`: named artifacts and their versions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.asking import agreed, yes_option
from runstone.cli.fetching import counts_of, force_option, interruptible, refuse_empty, replacing, say
from runstone.cli.finding import find_run, reader
from runstone.cli.grouping import Group
from runstone.cli.history import show_changes
from runstone.cli.output import age, for_people, json_option, moment, show, show_json, size
from runstone.errors import Conflict

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.version_files import ArtifactVersion
    from runstone.entities import FileInfo
    from runstone.entities.artifact_versions import ArtifactChange

# Versions that an error names.
_SHOWN = 5


@click.group(cls=Group)
def versions() -> None:
    """Named artifacts.

    VERSION is NAME (the latest), NAME:vN, NAME:ALIAS, or NAME@ and the first digits of a digest.
    """


@versions.command()
@click.argument("name", default="")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Those with this tag only; may be repeated.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="So many at the most.")
@json_option
def ls(name: str, tags: tuple[str, ...], limit: int, as_json: bool) -> None:
    """The versions of NAME, the newest first; without it, all names with their latest versions."""
    store = reader()
    if not name and not tags:
        found = store.list_artifact_names()
        if as_json:
            import msgspec

            show_json([msgspec.to_builtins(one) for one in found])
            return
        rows = [
            {"name": one.name, "versions": one.versions, "latest": f"v{one.latest.version}", **_columns(one.latest)}
            for one in found
        ]
        show(rows, False, "No named artifacts here: log_artifact(..., name=...) makes one.", typed="name")
        return
    chosen = _all(store, name or None, _pairs(tags), limit)
    if name and not chosen:
        store.get_artifact_changes(name)  # raises where there was never such a name
    if as_json:
        show_json([version.info.to_dictionary() for version in chosen])
        return
    named = [{"version": version.reference, **_columns(version.info)} for version in chosen]
    show(named, False, "No versions here.", typed="version")


def _all(store: Any, name: str | None, tags: dict[str, str], limit: int) -> list[ArtifactVersion]:
    found: list[ArtifactVersion] = []
    token = None
    while len(found) < limit:
        page = store.search_artifact_versions(
            name, tags=tags, max_results=min(limit - len(found), 1000), page_token=token
        )
        found += page
        token = page.token
        if token is None:
            break
    return found


def _columns(info: Any) -> dict[str, Any]:
    people = for_people()
    return {
        "aliases": ", ".join(info.aliases),
        "size": size(info.size) if people else info.size,
        "files": info.file_count,
        "created": age(info.creation_time) if people else moment(info.creation_time),
        "digest": info.digest.partition(":")[2][:12] if people else info.digest,
    }


@versions.command("show")
@click.argument("version")
@json_option
def show_version(version: str, as_json: bool) -> None:
    """What is known of a version: its files, labels, who made and who used it."""
    found = reader().get_artifact_version(version)
    if as_json:
        show_json({**found.info.to_dictionary(), "files": [file.to_dictionary() for file in found.files]})
        return
    info = found.info
    facts = [
        ("version", found.reference),
        ("aliases", ", ".join(info.aliases)),
        ("digest", info.digest),
        ("size", size(info.size) if for_people() else info.size),
        ("created", moment(info.creation_time)),
        ("by", info.user_id),
        ("description", info.description),
        *((f"tag {key}", value) for key, value in sorted(info.tags.items())),
        *(("made by run", run_id) for run_id in info.produced_by),
        *(("used by run", run_id) for run_id in info.used_by),
        *(("file", _line(file)) for file in found.files),
    ]
    show([{"what": what, "value": value} for what, value in facts if value not in (None, "")], False)


def _line(file: FileInfo) -> str:
    return f"{file.path} ({size(file.file_size)})" if for_people() else file.path


@versions.command()
@click.argument("run")
@click.argument("version")
@json_option
def use(run: str, version: str, as_json: bool) -> None:
    """Note that RUN, which must be active or ended but not deleted, used a version."""
    store = reader()
    run_id = find_run(store, run).info.run_id
    used = store.use_artifact(run_id, version)
    if as_json:
        show_json({"run_id": run_id, "version": used.info.to_dictionary()})
    else:
        print(f"{run_id} used {used.reference}")


@versions.command()
@click.argument("version")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("-o", "--output", metavar="DIR", help="The same as DIR.")
@force_option
@json_option
def get(version: str, folder: str | None, output: str | None, force: bool, as_json: bool) -> None:
    """Fetch the files of a version into the folder DIR, every byte checked. No use is noted.

    DIR is made where it is missing, and is the working folder where none is named. What is there already as it should be is left alone, and
    what was broken off goes on. Files here that have other bytes are not replaced without asking.
    """
    if folder is not None and output is not None:
        raise click.UsageError(f"DIR {folder!r} and --output {output!r} are the same. Give one of them.")
    refuse_empty(folder, output)
    found = reader().get_artifact_version(version)
    with interruptible():
        done = found.fetch(folder or output or ".", ask=replacing(force, as_json))
    if as_json:
        show_json({"version": found.reference, "path": done.path, "files": done.files, "bytes": counts_of(done)})
    else:
        print(done.path)
        say(done)


@versions.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """Which files the version NEW has, is without, and has otherwise than OLD."""
    found = reader().diff_artifact_versions(old, new)
    if as_json:
        show_json(found.to_dictionary())
        return
    rows = [{"change": "added", "path": file.path, "size": file.file_size} for file in found.added]
    rows += [{"change": "removed", "path": file.path, "size": file.file_size} for file in found.removed]
    rows += [{"change": "changed", "path": one.path, "size": one.new.file_size} for one in found.changed]
    show(sorted(rows, key=lambda row: str(row["path"])), False, "They have the same files.")


@versions.command()
@click.argument("version")
@click.argument("alias")
@click.option("--delete", is_flag=True, help="Take the alias away from the artifact.")
@json_option
def alias(version: str, alias: str, delete: bool, as_json: bool) -> None:
    """Let ALIAS mean a version, in place of the one that it meant.

    With --delete no version has it any more; VERSION may be just the artifact's NAME then, else it must be the version that ALIAS means.
    """
    store = reader()
    found = store.get_artifact_version(version)
    if delete:
        found = _called(store, found, alias, any_version=not _is_spelt_out(version))
        store.delete_artifact_alias(found.name, alias)
    else:
        store.set_artifact_alias(found.reference, alias)
    now = store.get_artifact_version(found.reference)
    if as_json:
        show_json(now.info.to_dictionary())
    else:
        print(f"{now.reference}: {', '.join(now.aliases) or 'no aliases'}")


def _is_spelt_out(version: str) -> bool:
    """Whether a reference says which version it means: with a number, an alias or a digest."""
    return "@" in version or bool(version.partition(":")[2])


def _called(store: Client, found: ArtifactVersion, alias: str, any_version: bool) -> ArtifactVersion:
    """The version that an alias is taken from. Raises NotFound for an alias that is not there, Conflict where it means another."""
    from runstone.operations.version_names import check_alias

    meant = store.get_artifact_version(f"{found.name}:{check_alias(alias)}")
    if meant.reference != found.reference and not any_version:
        raise Conflict(
            f"{alias!r} means {meant.reference}, not {found.reference}: nothing was changed. To take it away: "
            f"runstone versions alias {meant.reference} {alias} --delete"
        )
    return meant


@versions.command()
@click.argument("name")
@json_option
def history(name: str, as_json: bool) -> None:
    """What was changed of an artifact: versions made and deleted, aliases moved, labels set; who, when, from what to what."""
    show_changes(reader().get_artifact_changes(name), as_json, _told)


@versions.command()
@click.argument("chosen", nargs=-1, required=True, metavar="VERSION...")
@click.option("--force", is_flag=True, help="Although runs used it, or aliases mean it.")
@yes_option
@json_option
def rm(chosen: tuple[str, ...], force: bool, yes: bool, as_json: bool) -> int:
    """Delete versions for good. The runs' own files stay, and a number is never given again.

    VERSION says which: NAME:vN, NAME:ALIAS (NAME:latest is the newest) or NAME@DIGEST. On a terminal it asks; elsewhere it needs --yes.
    """
    store = reader()
    for reference in chosen:
        _refuse_bare(store, reference)
    # Each by its number, before any is gone: `latest` means another one then.
    found = {version.reference: version for version in map(store.get_artifact_version, chosen)}
    references = list(found)
    for version in found.values():
        _refuse_needed(version, force)
    told = [f"{version.reference} ({_line_of(version)})" for version in found.values()]
    if not agreed(f"Delete {', '.join(told)} for good?", yes):
        return 1
    for reference in references:
        try:
            store.delete_artifact_version(reference, force=force)
        except Conflict as error:
            raise Conflict(error.message.replace("Force it", "Say --force")) from error
    if as_json:
        show_json({"deleted": references})
    else:
        print(f"deleted: {', '.join(references)}", file=sys.stderr)
    return 0


def _told(change: ArtifactChange, value: str) -> str:
    """A digest as far as it tells versions apart, for people."""
    kind, colon, digits = value.partition(":")
    return f"{kind}:{digits[:12]}" if for_people() and colon and kind.startswith("blake3") else value


def _refuse_bare(store: Client, reference: str) -> None:
    """A name alone means the latest version elsewhere; what is deleted must be said."""
    if _is_spelt_out(reference):
        return
    name = reference.rstrip(":")
    latest = store.get_artifact_version(name)
    page = store.search_artifact_versions(name, max_results=_SHOWN)
    known = ", ".join(f"{one.reference} ({_line_of(one)})" for one in page)
    more = ", ..." if page.token else ""
    raise click.UsageError(
        f"{reference!r} does not say which version is to be deleted. There are {known}{more}. The latest: runstone versions rm "
        f"{latest.reference}"
    )


def _refuse_needed(version: ArtifactVersion, force: bool) -> None:
    """Before any is deleted; the store looks once more at each."""
    uses, names = len(version.info.used_by), [alias for alias in version.aliases if alias != "latest"]
    why = [f"{uses} run{'s' * (uses > 1)} used it"] * bool(uses) + [f"it is called {', '.join(names)}"] * bool(names)
    if why and not force:
        raise Conflict(f"{version.reference} stays: {' and '.join(why)}. Say --force to delete it all the same.")


def _line_of(version: ArtifactVersion) -> str:
    return ", ".join([*version.aliases, size(version.info.size)])


def _pairs(tags: tuple[str, ...]) -> dict[str, str]:
    for tag in tags:
        if "=" not in tag:
            raise click.UsageError(f"--tag takes KEY=VALUE, not {tag!r}.")
    return dict(tuple(tag.split("=", 1)) for tag in tags)  # type: ignore[misc]
