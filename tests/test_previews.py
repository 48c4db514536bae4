"""What is said of a file without running or believing it: tables by windows, arrays, archives, headers; hostile ones within bounds."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runstone.client import Client
from runstone.errors import InvalidParameter, NotFound
from runstone.operations import previews
from runstone.previews.found import Preview
from runstone.previews.kinds import preview
from runstone.previews.rows import Places
from runstone.previews.window import Window


def window(data: bytes, **bounds: Any) -> Window:
    def read(start: int, stop: int) -> Iterator[bytes]:
        yield data[start:stop]

    return Window(read, len(data), **bounds)


def seen(data: bytes, name: str, offset: int = 0, limit: int = 100, **bounds: Any) -> Preview:
    return preview(window(data, **bounds), name, Places(), offset, limit)


def facts(found: Preview) -> dict[str, str]:
    return {fact.name: fact.value for fact in found.facts}


def test_a_window_of_a_csv_is_the_rows_that_were_asked_for() -> None:
    rows = [f'{number},{number / 8},"line {number},\nand ""more"""' for number in range(2_600)]
    data = ("\ufeffstep,loss,said\r\n" + "\n".join(rows)).encode()
    places = Places()
    for offset in (0, 499, 500, 2_580, 2_600, 10**9):
        found = preview(window(data), "a.csv", places, offset, 30)
        (sheet,) = found.sheets
        assert sheet.total == 2_600
        wanted = range(2_600)[offset : offset + 30]
        assert [row[0] for row in sheet.rows] == [str(number) for number in wanted]
        assert [row[2] for row in sheet.rows] == [f'line {number},\nand "more"' for number in wanted]
    assert [column.name for column in sheet.columns] == ["step", "loss", "said"]
    assert [column.number for column in preview(window(data), "a.csv", places, 0, 30).sheets[0].columns] == [1, 1, 0]


def test_a_table_that_is_too_long_or_broken_is_shown_as_far_as_it_goes() -> None:
    long = b"a,b\n" + b"1,2\n" * 500_000
    found = seen(long, "a.csv", most=1 << 20)
    assert 0 < (found.sheets[0].total or 0) < 500_000
    assert "first 1 MB" in found.note
    assert "rows before byte" in seen(b"a,b\n1,2\n3," + b"x" * 2_000_000, "a.csv").note


def test_json_lines_have_the_columns_of_their_first_rows() -> None:
    data = b"".join(
        json.dumps({"id": number, "text": "é", "inner": {"a": [1]}}).encode() + b"\n" for number in range(700)
    )
    (sheet,) = seen(data + b"no json\n", "a.jsonl", 650).sheets
    assert sheet.total == 701
    assert [column.name for column in sheet.columns] == ["id", "text", "inner"]
    assert sheet.rows[0] == ["650", "é", '{"a": [1]}']


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_columns_are_read_by_a_process_apart(kind: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"i": range(5_000), "x": [number / 2 for number in range(5_000)], "s": ["a", None] * 2_500}
    )
    out = io.BytesIO()
    frame.to_parquet(out, row_group_size=700) if kind == "parquet" else frame.to_feather(out, chunksize=700)
    (sheet,) = seen(out.getvalue(), f"a.{kind}", 2_099, 3).sheets
    assert sheet.total == 5_000
    assert sheet.rows == [["2099", "1049.5", None], ["2100", "1050.0", "a"], ["2101", "1050.5", None]]
    assert [column.number for column in sheet.columns] == [True, True, False]
    assert "cannot be read" in seen(out.getvalue()[:-100], f"a.{kind}").note


def test_an_array_is_told_by_its_numbers() -> None:
    array = numpy.arange(12, dtype="f4").reshape(3, 4)
    array[0, 0] = math.nan
    out = io.BytesIO()
    numpy.save(out, array)
    found = seen(out.getvalue(), "a.npy")
    assert facts(found) == {"Type": "float32", "Shape": "3 × 4", "Values": "12", "Min": "1", "Max": "11", "Mean": "6", "Std": "3.16228", "NaN": "1"}  # fmt: skip
    assert found.sheets[0].rows[1] == ["1", "4", "5", "6", "7"]
    assert sum(int(row[2] or 0) for row in found.sheets[1].rows) == 11


def test_arrays_of_objects_are_not_read(tmp_path: Path) -> None:
    canary = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {canary}",)

    out = io.BytesIO()
    numpy.savez(out, plain=numpy.ones(3), objects=numpy.array([Bomb()], dtype=object))
    (sheet,) = seen(out.getvalue(), "a.npz").sheets
    assert [row[0] for row in sheet.rows] == ["plain", "objects"]
    assert "not read" in str(sheet.rows[1][-1])
    for name in ("a.pkl", "a.joblib", "a.pt"):
        found = seen(pickle.dumps(Bomb()), name)
        assert found.verdict == "dangerous"
        assert [one.name for one in found.imports] == [f"{os.system.__module__}.system"]
    assert seen(pickle.dumps({"a": [1, 2]}), "a.pkl").verdict == "harmless"
    assert not canary.exists()


def test_archives_are_listed_and_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../out", b"0" * 50_000_000)
        archive.writestr("<script>", b"x")
    found = seen(out.getvalue(), "a.zip", most=300_000)
    assert [row[:2] for row in found.sheets[0].rows] == [["../../out", "50,000,000"], ["<script>", "1"]]
    for mode in ("w", "w:gz", "w:xz"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
            for number in range(3):
                member = tarfile.TarInfo(f"a/{number}")
                member.size = 10_000
                tar.addfile(member, io.BytesIO(bytes(10_000)))
        found = seen(out.getvalue(), "a.tar" if mode == "w" else "a.tar." + mode[2:])
        assert [row[:3] for row in found.sheets[0].rows] == [[f"a/{number}", "file", "10,000"] for number in range(3)]


def test_what_unpacks_to_much_ends() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for number in range(20):
            member = tarfile.TarInfo(str(number))
            member.size = 1_000_000
            tar.addfile(member, io.BytesIO(bytes(1_000_000)))
    found = seen(out.getvalue(), "a.tgz", seconds=0.0)
    assert "takes too long" in found.note
    # a directory that claims to be long is not read at once
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 50 << 20, 0, 0)
    assert "directory is too long" in seen(bytes(50 << 20) + end, "a.zip").note


def test_the_headers_of_weights_and_graphs_are_told() -> None:
    header = json.dumps(
        {"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, 32]}}
    ).encode()
    found = seen(struct.pack("<Q", len(header)) + header + bytes(32), "a.safetensors")
    assert facts(found) == {"Tensors": "1", "Values": "8", "format": "pt"}
    assert found.sheets[0].rows == [["w", "F32", "4 × 2", "32"]]
    assert "header says" in seen(struct.pack("<Q", 1 << 60) + header, "a.safetensors").note


def test_a_graph_is_read_off_its_protocol_buffers() -> None:
    onnx = pytest.importorskip("onnx")
    make, float_ = onnx.helper, onnx.TensorProto.FLOAT
    graph = make.make_graph(
        [make.make_node("MatMul", ["x", "w"], ["y"]), make.make_node("Relu", ["y"], ["z"])], "net",
        # older files list weights among the inputs as well
        [make.make_tensor_value_info("x", float_, ["N", 3]), make.make_tensor_value_info("w", float_, [3, 2])], [make.make_tensor_value_info("z", float_, ["N", 2])],
        [make.make_tensor("w", float_, [3, 2], [1.0] * 6)],
    )  # fmt: skip
    found = seen(make.make_model(graph, producer_name="us").SerializeToString(), "a.onnx")
    assert facts(found)["Producer"] == "us"
    ends, operators, weights = found.sheets
    assert ends.rows == [["input", "x", "float32", "N × 3"], ["output", "z", "float32", "N × 2"]]
    assert operators.rows == [["MatMul", "1"], ["Relu", "1"]]
    assert weights.rows == [["w", "float32", "3 × 2"]]
    assert "longer than the whole" in seen(b"\x3a\x10" + bytes(4), "a.onnx").note


_SAID = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=200),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=8), some, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(said=_SAID, flow=st.booleans())
def test_yaml_is_told_as_what_it_says(said: Any, flow: bool) -> None:
    found = seen(yaml.safe_dump(said, default_flow_style=flow).encode(), "conda.yaml")
    assert (found.kind, found.value) == ("yaml", said)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &a [" + "x, " * 99 + "]\n" + "b: [" + "*a, " * 9_999 + "]", "too much"),
        ("a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 99 + "]", "too much"),
        ("[" * 1_000, "deep"),
        ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: 1\n--- \nb: 1", "single document"),
        ("a: [", "expected"),
        ("#" * (1 << 20) + "\na: 1", "1 MB"),
    ],
)
def test_yaml_that_cannot_be_told_says_why(text: str, why: str) -> None:
    found = seen(text.encode(), "models/MLmodel")
    assert found.kind == ""
    assert why in found.note


def test_what_yaml_has_and_json_has_not_is_a_text() -> None:
    found = seen(b"when: 2020-01-02\nwhat: .nan\nlarge: 9007199254740993\n1: !!binary aGk=\n", "a.yml")
    assert found.value == {"when": "2020-01-02", "what": "nan", "large": "0x20000000000001", "1": "b'hi'"}


NAMES = st.sampled_from(
    [
        "a.csv",
        "a.jsonl",
        "a.npy",
        "a.npz",
        "a.zip",
        "a.tar",
        "a.tgz",
        "a.safetensors",
        "a.onnx",
        "a.pkl",
        "a.pt",
        "a.yaml",
    ]
)
STARTS = st.sampled_from(
    [
        b"",
        b"\x93NUMPY\x01\0\x46\0",
        b"PK\3\4",
        b"PK\5\6",
        b"\x1f\x8b\x08\0",
        b"\x80\x04",
        b"\x10\0\0\0\0\0\0\0{",
        b"\x3a\x10",
    ]
)


@given(name=NAMES, start=STARTS, rest=st.binary(max_size=300))
def test_whatever_the_bytes_are_there_is_an_answer(name: str, start: bytes, rest: bytes) -> None:
    found = seen(start + rest, name)
    assert isinstance(found, Preview)
    json.dumps([fact.value for fact in found.facts])


def test_where_rows_begin_is_remembered_by_a_digest_alone() -> None:
    assert previews._remembered("blake3:1") is previews._remembered("blake3:1")
    for changing in ("12-345", None):
        assert previews._remembered(changing) is not previews._remembered(changing)


def test_a_client_asks_for_a_preview_of_a_stored_file() -> None:
    client = Client("store")
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, b"a,b\n" + b"1,2\n" * 300_000, "tables/a.csv")
    found = client.preview_artifact(run_id, "tables/a.csv", 299_999, 10)
    assert found.preview.sheets[0].rows == [["1", "2"]]
    assert found.size == 1_200_004
    assert 0 < (client.get_stored_size(run_id, "tables/a.csv") or 0) < 1_200_004
    with pytest.raises(NotFound):
        client.preview_artifact(run_id, "tables/b.csv")
    with pytest.raises(InvalidParameter):
        client.preview_artifact(run_id, "tables")
    for offset, limit in ((-1, 10), (0, 0), (0, -1)):
        with pytest.raises(InvalidParameter, match="window"):
            client.preview_artifact(run_id, "tables/a.csv", offset, limit)
    with pytest.raises(InvalidParameter, match="rows"):
        client.preview_artifact(run_id, "tables/a.csv", 0, 5_000)
