"""Files, texts, figures, images and tables logged to the active run; MLflow's names and arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter, RunStateError, brief
from runstone.fluent.location import client
from runstone.fluent.session import active_run, require_run, target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runstone.client.opening import ArtifactFile
    from runstone.client.version_files import ArtifactVersion

# What can only be meant as a run's id.
_ID = re.compile(r"[0-9a-f]{32}")


def log_artifact(
    local_path: Any,
    artifact_path: str | None = None,
    run_id: str | None = None,
    *,
    wait: bool = True,
    name: str | None = None,
    aliases: Iterable[str] | None = None,
) -> ArtifactVersion | None:
    """Log a file, a folder under its own name, or what a binary file object gives. It is in the store, whole and checked, when this returns.

    Args:
        local_path: the file here, which must exist: write or save it first; or a binary file object, read from where it stands.
        artifact_path: the folder among the run's artifacts to put it in. Of a file object that was not opened by a file's path (such
            as an io.BytesIO) it is the whole path, for nothing else says a name.
        run_id: another run than the active one.
        wait: whether it is in the store when this returns. If not, a copy of it lies on this machine, safe from a kill, and a thread
            stores it; what goes wrong is raised by the next call that logs to the run, or by the run's end, which waits for it.
        name: of the artifact that it is to be a version of, one for the whole store; the version comes back, where it is waited for.
        aliases: what else that version is to be called. (`latest` means it by itself.)

    Raises:
        MissingFile: there is no such file (also a FileNotFoundError).
        FileChanged: the file kept changing while it was read.
        InvalidParameter: the artifact path is absolute, holds '..' or is otherwise not plain; or a file object has no name; `aliases`
            without a `name`.
    """
    store, chosen = target(run_id)
    return store.log_artifact(chosen, local_path, artifact_path, wait=wait, name=name, aliases=aliases)


def use_artifact(reference: str, run_id: str | None = None) -> ArtifactVersion:
    """Note that the active run uses a version of a named artifact, and get it: its files, `download()`, `open()`, `read()`.

    Args:
        reference: NAME (the latest), NAME:vN, NAME:ALIAS, or NAME@DIGEST.
        run_id: another run than the active one.

    Raises:
        NotFound: there is no such version.
        Unreachable: the store is a server that is away: what is used must be there.
    """
    store, chosen = target(run_id)
    return store.use_artifact(chosen, reference)


def log_artifacts(
    local_dir: str, artifact_path: str | None = None, run_id: str | None = None, *, wait: bool = True
) -> None:
    """Log what is in a folder. See `log_artifact`."""
    store, chosen = target(run_id)
    store.log_artifacts(chosen, local_dir, artifact_path, wait=wait)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Log a text as a file, in UTF-8."""
    store, chosen = target(run_id)
    store.log_text(chosen, text, artifact_file)


def log_dict(dictionary: dict[str, Any], artifact_file: str, run_id: str | None = None) -> None:
    """Log a dict or list as a file: YAML where the name ends in .yml or .yaml, else JSON."""
    store, chosen = target(run_id)
    store.log_dict(chosen, dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Log a matplotlib or plotly figure; the name's ending says the format. `save_kwargs` go to the figure's own save function."""
    store, chosen = target()
    store.log_figure(chosen, figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Log an image (numpy array or PIL image): as the file `artifact_file`, or as `key` at `step` of a series of images."""
    store, chosen = target()
    store.log_image(chosen, image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log a table (dict of columns or DataFrame) as .json or .parquet; rows are added where the file exists."""
    store, chosen = target(run_id)
    store.log_table(chosen, data, artifact_file)


def load_table(artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None) -> Any:
    """The tables that runs logged under this name, one below the other, as a DataFrame.

    Args:
        artifact_file: the name given to log_table.
        run_ids: which runs; all of the active experiment's that have it unless given.
        extra_columns: run_id, and others of a run's facts, params, tags or metrics to put beside each row.
    """
    from runstone.fluent.experiments import active_experiment_id

    return client().load_table(active_experiment_id(), artifact_file, run_ids, extra_columns)


def log_stream(stream: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log what a binary file object gives, as a file."""
    store, chosen = target(run_id)
    store.log_stream(chosen, stream, artifact_file)


def open_artifact(run_id: Any, path: str | None = None) -> ArtifactFile:
    """Open a file of a run's for reading: a binary, seekable file object. Only the chunks that are touched are fetched; each is checked.

    Args:
        run_id: the run's id, or a Run; or a URI: runs:/RUN/PATH, or what get_artifact_uri gives. A path alone is one of the active run's.
        path: the file among the run's files; not with a URI that names it.

    Raises:
        NotFound: there is no such file, or it is a folder.
        RunStateError: a path alone was given, and no run is active.
        CorruptData: (while it is read) a chunk is not as it was stored.
    """
    if path is not None or not isinstance(run_id, str) or not run_id or ":" in run_id or _ID.fullmatch(run_id):
        return client().open_artifact(run_id, path)
    run = active_run()
    if run is None:
        raise RunStateError(
            f"open_artifact({brief(run_id)}) opens a file of the active run, and no run is active. Give the run and the path, "
            f"open_artifact(run_id, path), or a URI: runs:/RUN_ID/path."
        )
    store, chosen = target(run.info.run_id)
    return store.open_artifact(chosen, run_id)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """The URI of the active run's artifacts, or of one of them."""
    root = require_run().info.artifact_uri or ""
    if artifact_path is None:
        return root
    if artifact_path.startswith("/") or ".." in artifact_path.split("/"):
        raise InvalidParameter(
            f"artifact_path={artifact_path!r} is not a plain path below the run. Leave out a leading '/' and '..'."
        )
    return f"{root}/{artifact_path}"
