"""Bodies that are small and mean large tables: refused before a frame is made of them. Columns of one name, and bodies that are packed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.scoring import NUMBERS, Serving, saved

from runstone.errors import BadRequest, InvalidParameter
from runstone.models.pyfunc import load
from runstone.serving import tables
from runstone.serving.questions import CSV, JSON, Questions


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PICKLE", "allow")


def asking(path: Path, signature: Any) -> Questions:
    return Questions(load(saved(path / "m", lambda frame, params: [1], signature)), 32)


@pytest.mark.parametrize(("signature", "most"), [(NUMBERS, 10_000), (None, 100_000)])
def test_more_columns_than_anybody_means_are_refused(tmp_path: Path, signature: Any, most: int) -> None:
    questions = asking(tmp_path, signature)
    names = [f"c{number}" for number in range(most + 1)]
    bodies = [
        {"dataframe_split": {"columns": names, "data": []}},
        {"dataframe_split": {"data": [[1], [1] * (most + 1)]}},
        {"dataframe_records": [dict.fromkeys(names, 1)]},
        {"inputs": {name: [1] for name in names}},
        {"instances": [dict.fromkeys(names, 1)]},
    ]
    for body in bodies:
        with pytest.raises(BadRequest, match=rf"There are {most + 1:,} columns; {most:,} may be asked at once"):
            questions.read(JSON, json.dumps(body).encode())
    with pytest.raises(BadRequest, match="columns"):
        questions.read(CSV, (",".join(names) + "\n1\n").encode())


@pytest.mark.parametrize("format", ["dataframe_records", "inputs", "instances"])
def test_records_that_have_nothing_in_common_are_not_made_a_table(tmp_path: Path, format: str) -> None:
    body = json.dumps({format: [{f"c{number}": 1} for number in range(9_000)]}).encode()
    for signature in (NUMBERS, None):
        questions = asking(tmp_path / str(signature is None), signature)
        with pytest.raises(BadRequest, match=r"81,000,000 cells; 20,000,000 may be asked at once"):
            questions.read(JSON, body)


@pytest.mark.parametrize("head", ["a,b,a", '"a",b,"a"', "\ufeffa,b,a"])
def test_two_columns_of_csv_have_two_names(head: str) -> None:
    with pytest.raises(InvalidParameter, match="The column 'a' is there twice"):
        tables.csv(f"{head}\n1,2,3\n", None)
    assert list(tables.csv("a,a \n1,2\n", None).columns) == ["a", "a "]
    assert len(tables.csv("a,,\n1,2,3\n", None).columns) == 3


def test_a_packed_body_is_said_to_be_one(tmp_path: Path) -> None:
    with Serving(saved(tmp_path / "m", lambda frame, params: frame["x"].tolist())) as serving:
        body = json.dumps({"inputs": {"x": [1]}}).encode()
        for packed, encoding, wanted in ((gzip.compress(body), "gzip", 415), (body, "identity", 200)):
            status, said = serving.send(
                "POST", "/invocations", packed, "application/json", **{"Content-Encoding": encoding}
            )
            assert (status, b"without a Content-Encoding" in said) == (wanted, wanted == 415)
