"""Ten checkpoints of one training whose lower layers are frozen: bytes stored, over those that differ."""

from __future__ import annotations

import json
import os
import random
import struct

from benchmarks.artifacts.contenders import PROXIED, Contenders
from benchmarks.measure import drop_caches_of, interleaved, median
from benchmarks.table import Row, missing

CHECKPOINTS = 10
_LAYERS, _TRAINED = 24, 2


def frozen(contenders: Contenders) -> list[Row]:
    """Twenty-four layers, of which the last two change, in the layout of safetensors (docs/stored-once.md has real ones of PyTorch)."""
    course = contenders.course
    layer, sources = course.size(8 << 20, 4 << 20), course.place()
    for number in range(CHECKPOINTS):
        trained = (_LAYERS * (number + 1) + place for place in range(_TRAINED))
        _write(os.path.join(sources, f"{number:02}.safetensors"), [*range(_LAYERS - _TRAINED), *trained], layer)
    ideal = layer * (_LAYERS + (CHECKPOINTS - 1) * _TRAINED)
    names = [name for name in contenders.names() if name != PROXIED]  # it stores as the local one does
    samples = interleaved({name: lambda n=name: contenders.perform(n, "files", sources) for name in names}, 1)
    course.clear(sources)
    figure, rows = f"{CHECKPOINTS} checkpoints, {_LAYERS - _TRAINED} of {_LAYERS} layers frozen: stored over ideal", []
    for name in names:
        added = [sum(one["added"] for title, one in s.figures.items() if title != "again") for s in samples[name]]
        stored = median(added)
        if stored is None:
            rows.append(missing(figure, name, ""))
            continue
        cpu = sum(one["cpu"] for title, one in samples[name][0].figures.items() if title != "again")
        note = f"{stored / 1e6:,.0f} MB stored, ideal {ideal / 1e6:,.0f}"
        rows.append(Row(figure, name, stored / ideal, "", 1.15 if name == "runstone" else None, cpu, note))
    return rows


def _write(path: str, seeds: list[int], size: int) -> None:
    """A checkpoint of layers of so many bytes. One layer is held at a time: a child's peak memory counts what its parent had before."""
    header = {
        f"layers.{number}.weight": {
            "dtype": "F32",
            "shape": [size // 4],
            "data_offsets": [size * number, size * (number + 1)],
        }
        for number in range(len(seeds))
    }
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for seed in seeds:
            file.write(random.Random(seed).randbytes(size))
    drop_caches_of(path)
