"""The client's methods that turn what people hold into files: texts, dicts, figures, images. (Tables: tables.py.)"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from runstone.client import pictures
from runstone.errors import InvalidParameter

if TYPE_CHECKING:
    from runstone.client import Client

IMAGES_TAG = "mlflow.loggedImages"
_PLOTLY = ("png", "jpg", "jpeg", "webp", "svg", "pdf")


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
    # numpy's numbers stay numbers; what JSON has no word for is written as its text, as in MLflow
    return value.tolist() if hasattr(value, "tolist") else str(value)


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
        elif ending in _PLOTLY:
            self.log_bytes(run_id, figure.to_image(**{"format": ending, **options}), artifact_file)
        else:
            raise InvalidParameter(
                f"A plotly figure becomes .html or an image ({', '.join(_PLOTLY)}), not {artifact_file!r}."
            )
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
    if artifact_file is not None and not (step is None and timestamp is None):
        raise InvalidParameter(
            "log_image(artifact_file=...) is one file: step and timestamp go with a key, for a series."
        )
    picture = pictures.to_pil(image)
    if artifact_file is not None:
        self.log_bytes(run_id, pictures.encoded(picture, artifact_file.rpartition(".")[2] or "png"), artifact_file)
        return
    assert key is not None
    name = _image_name(key, step or 0, timestamp)
    small = pictures.encoded(pictures.thumbnail(picture), "webp")
    self.log_files(run_id, {f"{name}.png": pictures.encoded(picture, "png"), f"{name}+compressed.webp": small})
    self.set_tag(run_id, IMAGES_TAG, True)


def _image_name(key: str, step: Any, timestamp: int | None) -> str:
    """Where an image of a series lies: MLflow's pages find its key, step and time in the name."""
    import os
    import re
    import time

    if not re.fullmatch(r"[a-zA-Z0-9_\-./ ]+", key):
        raise InvalidParameter(f"An image's key holds letters, digits, '_', '-', '.', ' ' and '/' only: got {key!r}.")
    when = timestamp or time.time_ns() // 1_000_000
    return f"images/{key.replace('/', '~')}+step+{step}+timestamp+{when}+{os.urandom(16).hex()}"
