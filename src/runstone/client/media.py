"""The client's methods that turn what people hold into files: texts, dicts, figures, images, tables. Each ends in one logged file."""

from __future__ import annotations

import contextlib
import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter, NotFound

if TYPE_CHECKING:
    from runstone.client import Client

IMAGES_TAG = "mlflow.loggedImages"
TABLES_TAG = "mlflow.loggedArtifacts"


def log_text(self: Client, run_id: str, text: str, artifact_file: str) -> None:
    """Log a text as a file, in UTF-8."""
    if not isinstance(text, str):
        raise InvalidParameter(
            f"log_text takes a text, not {type(text).__name__}. log_dict takes dicts and lists, log_stream bytes."
        )
    self.log_bytes(run_id, text.encode("utf-8"), artifact_file)


def log_dict(self: Client, run_id: str, dictionary: dict[str, Any], artifact_file: str) -> None:
    """Log a dict or list as a file: YAML where the name ends in .yml or .yaml, else JSON."""
    try:
        plain = json.loads(json.dumps(dictionary, default=_plain))
    except (TypeError, ValueError) as error:
        raise InvalidParameter(
            f"log_dict cannot write this as {artifact_file!r}: {error}. Use dicts, lists, texts and numbers."
        ) from error
    if artifact_file.endswith((".yml", ".yaml")):
        import yaml

        text = yaml.safe_dump(plain, indent=2, default_flow_style=False)
    else:
        text = json.dumps(plain, indent=2)
    self.log_bytes(run_id, text.encode("utf-8"), artifact_file)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def log_figure(
    self: Client, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None
) -> None:
    """Log a matplotlib or plotly figure; the name's ending says the format. `save_kwargs` go to the figure's own save function."""
    options, ending = dict(save_kwargs or {}), artifact_file.rpartition(".")[2].lower()
    if hasattr(figure, "savefig"):
        out = BytesIO()
        figure.savefig(out, **{"format": ending, **options})
        self.log_bytes(run_id, out.getvalue(), artifact_file)
    elif hasattr(figure, "write_html"):
        if ending == "html":
            self.log_bytes(run_id, figure.to_html(**options).encode("utf-8"), artifact_file)
        else:
            self.log_bytes(run_id, figure.to_image(**{"format": ending, **options}), artifact_file)
    else:
        raise InvalidParameter(f"log_figure takes a matplotlib or plotly figure, not {type(figure).__name__}.")


def log_image(
    self: Client,
    run_id: str,
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = None,
) -> None:
    """Log an image (numpy array H x W, H x W x 1, 3 or 4 of uint8, bool or floats in 0..1; or a PIL image).

    Either as the file `artifact_file`, or as `key` at `step` of a series of images.
    """
    if (artifact_file is None) == (key is None):
        raise InvalidParameter(
            "log_image takes artifact_file for one file, or key (and step) for a series: give exactly one of them."
        )
    picture = _picture(image)
    if artifact_file is not None:
        self.log_bytes(run_id, _saved(picture, artifact_file.rpartition(".")[2] or "png"), artifact_file)
        return
    import os
    import time

    assert key is not None
    when = time.time_ns() // 1_000_000 if timestamp is None else timestamp
    name = f"images/{key.replace('/', '~')}+step+{step or 0}+timestamp+{when}+{os.urandom(16).hex()}"
    small = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
    small.thumbnail((256, 256))
    self.log_files(run_id, {f"{name}.png": _saved(picture, "png"), f"{name}+compressed.webp": _saved(small, "webp")})
    self.set_tag(run_id, IMAGES_TAG, True)


def _picture(image: Any) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("log_image needs Pillow: `pip install pillow`.") from error
    if isinstance(image, Image.Image):
        return image
    import numpy

    array = numpy.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise InvalidParameter(
            f"log_image takes numbers of the shape H x W, or H x W x 1, 3 or 4; this has {array.shape} of {array.dtype}."
        )
    top = 1 if array.dtype.kind in "bf" else 255
    if array.size and not (array.min() >= 0 and array.max() <= top):
        raise InvalidParameter(
            f"log_image takes floats in 0..1 or integers in 0..255; these are in {array.min()}..{array.max()}."
        )
    return Image.fromarray((array * (255 / top)).astype("uint8"))


def _saved(picture: Any, ending: str) -> bytes:
    out = BytesIO()
    kind = {"jpg": "JPEG"}.get(ending.lower(), ending.upper())
    if kind == "JPEG" and picture.mode not in ("RGB", "L"):
        picture = picture.convert("RGB")
    try:
        picture.save(out, format=kind)
    except KeyError:
        raise InvalidParameter(f"Pillow writes no images that end in .{ending}. Use .png, .jpg or .webp.") from None
    return out.getvalue()


def log_table(self: Client, run_id: str, data: Any, artifact_file: str) -> None:
    """Log a table (dict of columns or DataFrame) as .json or .parquet; rows are added where the file exists."""
    pandas = _pandas("log_table")
    if not artifact_file.endswith((".json", ".parquet")):
        raise InvalidParameter(f"log_table writes .json or .parquet, not {artifact_file!r}.")
    if isinstance(data, dict):
        data = pandas.DataFrame(
            {k: v if isinstance(v, list | tuple) or hasattr(v, "tolist") else [v] for k, v in data.items()}
        )
    if not isinstance(data, pandas.DataFrame):
        raise InvalidParameter(f"log_table takes a dict of columns or a DataFrame, not {type(data).__name__}.")
    with contextlib.suppress(NotFound):
        known_rows = _table(self.read_artifact(run_id, artifact_file), artifact_file)
        data = pandas.concat([known_rows, data], ignore_index=True)
    if artifact_file.endswith(".parquet"):
        out = BytesIO()
        data.to_parquet(out)
        content = out.getvalue()
    else:
        content = data.to_json(orient="split", index=False, date_format="iso").encode()
    self.log_bytes(run_id, content, artifact_file)
    known = json.loads(self.get_run(run_id).data.tags.get(TABLES_TAG, "[]"))
    entry = {"path": artifact_file, "type": "table"}
    if entry not in known:
        self.set_tag(run_id, TABLES_TAG, json.dumps([*known, entry]))


def load_table(
    self: Client,
    experiment_id: str,
    artifact_file: str,
    run_ids: list[str] | None = None,
    extra_columns: list[str] | None = None,
) -> Any:
    """The tables that runs logged under this name, one below the other; `extra_columns` puts run_id and others beside each row."""
    pandas = _pandas("load_table")
    runs = (
        [self.get_run(run_id) for run_id in run_ids]
        if run_ids
        else list(self.search_runs([experiment_id], max_results=50_000))
    )
    frames = []
    for run in runs:
        try:
            frame = _table(self.read_artifact(run.info.run_id, artifact_file), artifact_file)
        except NotFound:
            continue
        for column in extra_columns or []:
            found = {**run.data.tags, **run.data.params, **run.data.metrics, **dict(run.info)}
            if column not in found:
                raise InvalidParameter(f"extra_columns: run {run.info.run_id} has no {column!r}.")
            frame[column] = found[column]
        frames.append(frame)
    if not frames:
        raise NotFound(f"No run has the table {artifact_file!r}. log_table logs one.")
    return pandas.concat(frames, ignore_index=True)


def _table(content: bytes, name: str) -> Any:
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
