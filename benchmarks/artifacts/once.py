"""Versions of a file as programs write them, logged one after the other: bytes stored, over those that differ at the least."""

from __future__ import annotations

import json
import os

from benchmarks.artifacts.contenders import Contenders
from benchmarks.environments import FOLDER, clean
from benchmarks.measure import ROOT, Failed, run
from benchmarks.table import Row, missing

_MAKER = os.path.join(ROOT, "benchmarks", "artifacts", "making.py")
# Each case, and the environment whose programs write it.
CASES = {
    "safetensors": "training", "torch_zip": "training", "table": "mlflow", "forest_grown": "mlflow", "forest_refitted": "mlflow",
    "array": "mlflow", "sqlite_together": "mlflow", "sqlite_scattered": "mlflow",
}  # fmt: skip


def stored_once(contenders: Contenders) -> list[Row]:
    """Each case of docs/stored-once.md in a store of its own."""
    course, rows = contenders.course, []
    for case in CASES:
        course.say(f"  {case}")
        figure, folder = f"stored over ideal: {case}", course.place()
        try:
            files, ideal = made(case, folder)
            sample = contenders.perform("runstone", "files", os.path.dirname(files[0]))
        except Failed as error:
            course.say(str(error))
            rows.append(missing(figure, "runstone", ""))
            continue
        finally:
            course.clear(folder)
        found = [one for title, one in sample.figures.items() if title != "again"]
        stored = sum(one["added"] for one in found)
        note = f"{stored / 1e6:,.0f} MB of packs; ideal {ideal / 1e6:,.0f}"
        bar = 1.15 if case in ("safetensors", "torch_zip") else None
        rows.append(Row(figure, "runstone", stored / ideal, "", bar, sum(one["cpu"] for one in found), note))
    return rows


def made(case: str, folder: str) -> tuple[list[str], int]:
    """The files of a case in order, made where they are not there yet, and their ideal. Raises Failed."""
    place, said = os.path.join(folder, case), os.path.join(folder, f"{case}.json")
    if not os.path.exists(said):
        os.makedirs(place, exist_ok=True)
        python = os.path.join(FOLDER, CASES[case], "bin", "python")
        if not os.path.exists(python):
            raise Failed(f"{case} needs .envs/{CASES[case]}: make .envs/{CASES[case]}/.ready")
        figures = run([python, _MAKER, case, place], folder, clean()).figures
        with open(said, "w") as file:
            json.dump(figures, file)
    with open(said) as file:
        ideal = int(json.load(file)["ideal"])
    return [os.path.join(place, name) for name in sorted(os.listdir(place))], ideal
