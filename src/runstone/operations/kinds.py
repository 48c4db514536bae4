"""What kind of file a path names, by its folder and its ending: for the accounts of space, where people look for what is large."""

from __future__ import annotations

import re

from runstone.operations.artifacts import HIDDEN

RECORDED = "recorded"
CHECKPOINT = "checkpoint"
OTHER = "other"
_ENDINGS = {
    "model": "joblib pkl pickle pt pth safetensors onnx h5 hdf5 keras ubj cbm bin gguf tflite mlmodel pb xgb lgb",
    "table": "csv tsv parquet feather arrow orc jsonl ndjson xlsx xls db sqlite sqlite3 duckdb avro",
    "array": "npy npz zarr mat tfrecord",
    "image": "png jpg jpeg gif webp svg bmp tif tiff",
    "sound or film": "wav mp3 flac ogg mp4 webm avi mov mkv",
    "archive": "zip tar gz tgz bz2 xz zst 7z whl",
    "text": "txt log json yaml yml md rst html htm xml toml ini cfg py ipynb patch diff sh sql js css tex pdf",
}
_KINDS = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
_CHECKPOINT = re.compile(r"(^|/)(checkpoints?([-_.]?\w+)?|ckpts?)(/|$)|\.ckpt$", re.IGNORECASE)


def kind_of(path: str) -> str:
    """The kind: what runstone recorded itself, a checkpoint, else by its ending."""
    if path.startswith(HIDDEN + "/"):
        return RECORDED
    if _CHECKPOINT.search(path):
        return CHECKPOINT
    return _KINDS.get(path.rpartition("/")[2].rpartition(".")[2].lower(), OTHER)
