"""`making.py CASE FOLDER`: versions of a file as programs write them, one a line of time, in the environment that has the program.

The last line says how many bytes differ at the least: the first version, and what each later one changed.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

VERSIONS = 10


def checkpoints(folder: str, save: Callable[[Any, str], object], ending: str) -> int:
    """A transformer's encoder and a head; embeddings and all but two of its layers are frozen. A checkpoint after each epoch."""
    import torch

    torch.manual_seed(20261129)
    layer = torch.nn.TransformerEncoderLayer(512, 8, 2048, batch_first=True)
    body = torch.nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
    model = torch.nn.ModuleDict(
        {"embedding": torch.nn.Embedding(16_000, 512), "body": body, "head": torch.nn.Linear(512, 4)}
    )
    for weight in model.parameters():  # copies of one layer would be found equal
        torch.nn.init.normal_(weight, std=0.02)
        weight.requires_grad_(False)
    trained = [*body.layers[-2:].parameters(), *model["head"].parameters()]
    for weight in trained:
        weight.requires_grad_(True)
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ideal, before = 0, {}
    for epoch in range(VERSIONS):
        tokens, wanted = torch.randint(0, 16_000, (8, 32)), torch.randint(0, 4, (8,))
        found = model["head"](body(model["embedding"](tokens)).mean(1))
        torch.nn.functional.cross_entropy(found, wanted).backward()
        optimizer.step()
        optimizer.zero_grad()
        state = model.state_dict()
        save(state, os.path.join(folder, f"{epoch:02}.{ending}"))
        ideal += sum(t.nbytes for name, t in state.items() if name not in before or not torch.equal(before[name], t))
        before = {name: tensor.clone() for name, tensor in state.items()}
    return ideal


def safetensors(folder: str) -> int:
    """The checkpoints as safetensors."""
    from safetensors.torch import save_file

    return checkpoints(folder, save_file, "safetensors")


def torch_zip(folder: str) -> int:
    """The same by torch.save, which makes a zip."""
    import torch

    return checkpoints(folder, torch.save, "pt")


def table(folder: str) -> int:
    """A CSV file of which each version is a tenth longer than the first."""
    chance, lines = random.Random(1), ["step,loss,accuracy,note\n"]
    for version in range(VERSIONS):
        for _ in range(400_000 if version == 0 else 40_000):
            step = len(lines)
            lines.append(
                f"{step},{chance.random():.6f},{chance.random():.4f},{chance.choice(('ok', 'slow', 'late'))}\n"
            )
        with open(os.path.join(folder, f"{version:02}.csv"), "w") as file:
            file.writelines(lines)
    return os.path.getsize(os.path.join(folder, f"{VERSIONS - 1:02}.csv"))


def _samples() -> tuple[Any, Any]:
    import numpy

    numbers = numpy.random.default_rng(2)
    rows = numbers.normal(size=(6_000, 20))
    return rows, (rows[:, 0] * rows[:, 1] + numbers.normal(size=6_000) > 0).astype(int)


def forest_grown(folder: str) -> int:
    """A random forest, refitted with ten trees more each time (`warm_start`)."""
    import joblib
    from sklearn.ensemble import RandomForestClassifier

    rows, classes = _samples()
    model = RandomForestClassifier(100, random_state=3, warm_start=True)
    for version in range(VERSIONS):
        model.n_estimators = 100 + 10 * version
        model.fit(rows, classes)
        joblib.dump(model, os.path.join(folder, f"{version:02}.joblib"))
    return os.path.getsize(os.path.join(folder, f"{VERSIONS - 1:02}.joblib"))


def forest_refitted(folder: str) -> int:
    """The same forest fitted anew, each time to some rows more: every tree is another."""
    import joblib
    from sklearn.ensemble import RandomForestClassifier

    rows, classes = _samples()
    ideal = 0
    for version in range(VERSIONS):
        count, path = 5_000 + 100 * version, os.path.join(folder, f"{version:02}.joblib")
        joblib.dump(RandomForestClassifier(100, random_state=3).fit(rows[:count], classes[:count]), path)
        ideal += os.path.getsize(path)
    return ideal


def array(folder: str) -> int:
    """A pickled array of 100 MB, of which 1 MB in the middle is set anew each time."""
    import numpy

    numbers = numpy.random.default_rng(4)
    values = numbers.normal(size=12_500_000)
    for version in range(VERSIONS):
        values[6_000_000 : 6_000_000 + 125_000] = numbers.normal(size=125_000)
        with open(os.path.join(folder, f"{version:02}.pkl"), "wb") as file:
            pickle.dump(values, file, protocol=5)
    return values.nbytes + (VERSIONS - 1) * 1_000_000


def _database(folder: str, rows_of: Callable[[random.Random], list[int]]) -> int:
    """A database of some 100 MB; each version has another value in 500 of its 400,000 rows."""
    chance, path = random.Random(5), os.path.join(folder, "database")
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE measured (id INTEGER PRIMARY KEY, name TEXT, value REAL, data BLOB)")
    database.executemany(
        "INSERT INTO measured VALUES (?, ?, ?, ?)",
        ((i, f"sample {i}", chance.random(), chance.randbytes(200)) for i in range(400_000)),
    )
    database.commit()
    ideal, before = 0, b""
    for version in range(VERSIONS):
        if version:
            database.executemany(
                "UPDATE measured SET value = ? WHERE id = ?", [(chance.random(), i) for i in rows_of(chance)]
            )
            database.commit()
        with open(path, "rb") as file:
            data = file.read()
        with open(os.path.join(folder, f"{version:02}.sqlite"), "wb") as file:
            file.write(data)
        ideal += sum(data[at : at + 4096] != before[at : at + 4096] for at in range(0, len(data), 4096)) * 4096
        before = data
    database.close()
    os.unlink(path)
    return ideal


def sqlite_together(folder: str) -> int:
    """The changed rows lie side by side."""

    def rows(chance: random.Random) -> list[int]:
        first = chance.randrange(399_000)
        return list(range(first, first + 500))

    return _database(folder, rows)


def sqlite_scattered(folder: str) -> int:
    """They lie anywhere."""
    return _database(folder, lambda chance: chance.sample(range(400_000), 500))


CASES = (
    safetensors, torch_zip, table, forest_grown, forest_refitted, array, sqlite_together, sqlite_scattered,
)  # fmt: skip

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    print(json.dumps({"ideal": {case.__name__: case for case in CASES}[name](folder)}))
