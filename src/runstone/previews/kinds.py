"""Which preview a file gets: by the ending of its name, as people and libraries go by it."""

from __future__ import annotations

from runstone.previews import archives, arrays, columnar, documents, graphs, pickles, rows, tensors
from runstone.previews.found import Preview
from runstone.previews.rows import Places
from runstone.previews.window import EnoughError, UnreadableError, Window

_PICKLES = (".pkl", ".pickle", ".joblib", ".sav", ".dill", ".cloudpickle", ".pt", ".pth", ".ckpt", ".bin", ".skops")
_YAMLS = ("mlmodel", "mlproject")
_TARS = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


def preview(window: Window, name: str, places: Places, offset: int, limit: int) -> Preview:
    """What is in a file.

    Args:
        window: the file.
        name: its path, by whose ending its kind is known.
        places: what is remembered of a file of rows; filled when it is looked through.
        offset: the first row that is wanted of a file of rows.
        limit: rows.
    """
    try:
        return _preview(window, name.lower(), places, offset, limit)
    except (EnoughError, UnreadableError) as error:
        return Preview(note=f"There is no preview of this file: {error}.")


def _preview(window: Window, name: str, places: Places, offset: int, limit: int) -> Preview:
    if name.endswith((".csv", ".tsv")):
        return rows.delimited(window, name, places, offset, limit)
    if name.endswith((".jsonl", ".ndjson")):
        return rows.lines(window, places, offset, limit)
    if name.endswith((".parquet", ".feather", ".arrow", ".ipc")):
        return columnar.table(window, name, offset, limit)
    if name.endswith(".npy"):
        return arrays.npy(window)
    if name.endswith(".npz"):
        return arrays.npz(window)
    if name.endswith((".zip", ".whl", ".jar", ".keras")):
        return archives.zipped(window)
    if name.endswith(_TARS):
        return archives.tar(window)
    if name.endswith((".yaml", ".yml")) or name.rpartition("/")[2] in _YAMLS:
        return documents.yaml(window)
    if name.endswith(".safetensors"):
        return tensors.safetensors(window)
    if name.endswith(".onnx"):
        return graphs.onnx(window)
    if name.endswith(_PICKLES):
        return pickles.pickle(window, name)
    return Preview()
