"""The client's methods on tables: logged as .json or .parquet files, added to, and read back over several runs."""

from __future__ import annotations

import contextlib
import json
import os
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from runstone.client import pictures
from runstone.client.artifacts import store_files
from runstone.entities import Run
from runstone.errors import Conflict, InvalidParameter, NotFound, brief
from runstone.repository.chunks import digest as name_of

if TYPE_CHECKING:
    from runstone.client import Client

TABLES_TAG = "mlflow.loggedArtifacts"


def log_table(self: Client, run_id: str, data: Any, artifact_file: str) -> None:
    """Log a table (dict of columns or DataFrame) as .json or .parquet; rows are added where the file exists.

    Images in it (PIL images, runstone.Image) become files of their own, named in their cells.
    """
    pandas = _pandas("log_table")
    if not artifact_file.endswith((".json", ".parquet")):
        raise InvalidParameter(f"log_table writes .json or .parquet, not {brief(artifact_file)}.")
    rows, files = _images_out(_frame(pandas, data), artifact_file)
    while True:
        whole, digest = rows, ""
        with contextlib.suppress(NotFound):
            content = self.read_artifact(run_id, artifact_file)
            whole, digest = pandas.concat([_read(content, artifact_file), rows], ignore_index=True), name_of(content)
        files[artifact_file] = _written(whole, artifact_file)
        try:
            # Another rank of the training may have added rows since they were read: then they are read again.
            store_files(self, run_id, files, expected={artifact_file: digest})
            break
        except Conflict:
            continue
    known = json.loads(self.get_run(run_id).data.tags.get(TABLES_TAG, "[]"))
    entry = {"path": artifact_file, "type": "table"}
    if entry not in known:
        self.set_tag(run_id, TABLES_TAG, json.dumps([*known, entry]))


def _written(data: Any, name: str) -> bytes:
    if name.endswith(".parquet"):
        out = BytesIO()
        data.to_parquet(out)
        return out.getvalue()
    return bytes(data.to_json(orient="split", index=False, date_format="iso").encode())


def _frame(pandas: Any, data: Any) -> Any:
    if isinstance(data, pandas.DataFrame):
        return data
    if not isinstance(data, dict):
        raise InvalidParameter(f"log_table takes a dict of columns or a DataFrame, not {type(data).__name__}.")
    columns = {name: column if _is_column(column) else [column] for name, column in data.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidParameter(
            f"The columns of a table have one length; these have {lengths}. Fill the gaps with None."
        )
    return pandas.DataFrame(columns)


def _is_column(value: Any) -> bool:
    return isinstance(value, list | tuple) or hasattr(value, "tolist")


def _images_out(data: Any, artifact_file: str) -> tuple[Any, dict[str, str | bytes | BinaryIO]]:
    """The table with names of files where it held images, and those files."""
    files: dict[str, str | bytes | BinaryIO] = {}
    folder = f"table_images/{os.path.splitext(os.path.basename(artifact_file))[0]}"

    def name(cell: Any) -> Any:
        if not pictures.is_image(cell):
            return cell
        path, picture = f"{folder}/{os.urandom(16).hex()}", pictures.to_pil(cell)
        files[f"{path}.png"] = pictures.encoded(picture, "png")
        files[f"{path}.webp"] = pictures.encoded(pictures.thumbnail(picture), "webp")
        return {"type": "image", "filepath": f"{path}.png", "compressed_filepath": f"{path}.webp"}

    for column in [column for column in data.columns if data[column].map(pictures.is_image).any()]:
        data = data.assign(**{column: data[column].map(name)})
    return data, files


def load_table(
    self: Client,
    experiment_id: str,
    artifact_file: str,
    run_ids: list[str] | None = None,
    extra_columns: list[str] | None = None,
) -> Any:
    """The tables that runs logged under this name, one below the other, those of the latest run first.

    Args:
        experiment_id: whose runs, unless `run_ids` says.
        artifact_file: the name given to log_table.
        run_ids: which runs.
        extra_columns: what to put beside each row, named as search_runs names its columns: run_id, params.lr, tags.team.
    """
    pandas = _pandas("load_table")
    if run_ids:
        runs = [self.get_run(run_id) for run_id in run_ids]
        runs.sort(key=lambda run: (-(run.info.start_time or 0), run.info.run_id))
    else:
        runs = list(self.search_runs([experiment_id], max_results=50_000))
    frames = []
    for run in runs:
        with contextlib.suppress(NotFound):
            frame = _read(self.read_artifact(run.info.run_id, artifact_file), artifact_file)
            for column in extra_columns or []:
                frame[f"{column}_" if column in frame else column] = _fact(run, column)
            frames.append(frame)
    if not frames:
        raise NotFound(f"No run has the table {artifact_file!r}. log_table logs one.")
    return pandas.concat(frames, ignore_index=True)


def _fact(run: Run, column: str) -> Any:
    kind, separator, key = column.partition(".")
    found: dict[str, Any] = dict(run.info)
    if separator and kind in ("params", "tags", "metrics"):
        found, column = getattr(run.data, kind), key
    if column not in found:
        raise InvalidParameter(
            f"extra_columns: run {run.info.run_id} has no {column!r}. Name columns as search_runs does: run_id, params.lr, tags.team."
        )
    return found[column]


def _read(content: bytes, name: str) -> Any:
    pandas = _pandas("A table")
    if name.endswith(".parquet"):
        return pandas.read_parquet(BytesIO(content))
    return pandas.read_json(BytesIO(content), orient="split")


def _pandas(what: str) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(f"{what} needs pandas: `pip install pandas`.") from error
    return pandas
