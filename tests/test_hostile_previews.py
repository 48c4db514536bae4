"""Files that are made to take all of a server's memory or time when it looks into them: what is held is what is shown."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
import zlib

import numpy
import pytest
from tests.test_previews import facts, seen


def peak(data: bytes, name: str) -> float:
    """Megabytes of Python's that a preview holds at once."""
    tracemalloc.start()
    try:
        assert seen(data, name, limit=1_000).sheets
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_a_table_longer_than_what_is_looked_through_is_shown_at_once() -> None:
    found = seen(b"a,b\n" + (b"1," + b"2" * 500 + b"\n") * 20_000, "a.csv", most=8 << 20)
    assert found.sheets[0].rows[0][0] == "1"
    assert "first 8 MB" in found.note


def test_a_row_is_no_longer_than_a_megabyte_however_many_lines_it_has() -> None:
    found = seen(b"a,b\n1,2\n" + b'"\n",' * 300_000, "a.csv")
    assert found.sheets[0].total == 1
    assert "a row of more than a megabyte" in found.note
    assert "a row of more than a megabyte" in seen(b'"\n",' * 300_000, "a.csv").note


@pytest.mark.parametrize("row", [b"ab," * 30_000 + b"x\n", b"1,2\n"], ids=["wide", "plain"])
def test_of_wide_rows_what_is_shown_is_held(row: bytes) -> None:
    assert peak(b"a,b\n" + row * 8, "a.csv") < 8


def test_of_nested_json_one_line_is_held() -> None:
    assert peak((b"[" + b"[]," * 20_000 + b"1]\n") * 8, "a.jsonl") < 5
    keys = b"{" + b",".join(b'"%d":0' % number for number in range(300)) + b"}\n"
    found = seen(keys, "a.jsonl")
    assert len(found.sheets[0].columns) == 200
    assert found.note == "The first 200 columns are shown."


def test_a_process_that_swells_ends_where_the_system_sets_no_bound() -> None:
    held = "import threading; from runstone.previews.apart import watch; threading.Thread(target=watch, args=(300 << 20,), daemon=True).start(); "
    swelling = "import os\nheld = []\nwhile True: held.append(os.urandom(1 << 20))"
    assert subprocess.run([sys.executable, "-c", f"{held}\n{swelling}"], timeout=60).returncode == 1
    assert subprocess.run([sys.executable, "-c", held], timeout=60).returncode == 0


def header(kind: bytes, size: int) -> bytes:
    made = tarfile.TarInfo("x")
    made.type, made.size = kind, size
    return made.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_what_a_tar_says_of_a_member_is_not_read_where_it_is_long(kind: bytes) -> None:
    packed = gzip.compress(header(tarfile.REGTYPE, 0) + header(kind, 8 << 30) + bytes(1 << 20))
    found = seen(packed, "a.tgz")
    assert [row[0] for row in found.sheets[0].rows] == ["x"]
    assert found.note == "Not all is shown: what it says of one member is too long."


def test_a_sparse_member_ends() -> None:
    first = bytearray(header(tarfile.GNUTYPE_SPARSE, 0))
    first[482] = 1  # more of its list follows, and more of that
    first[148:156] = b"        "
    first[148:156] = b"%06o\0 " % sum(first)
    more = (b"00000000001\0" * 42 + b"\1").ljust(512, b"\0") * 1_000
    assert "too long" in seen(gzip.compress(bytes(first) + more), "a.tgz").note


def test_statistics_are_of_as_many_values_as_memory_is_for() -> None:
    out = io.BytesIO()
    numpy.savez_compressed(out, zeros=numpy.zeros(5 << 20, "u1"))
    (sheet,) = seen(out.getvalue(), "a.npz").sheets
    assert sheet.rows[0][-1] == "of the first 4,194,304 values"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"x")
    assert "packed as numpy does not" in str(seen(out.getvalue(), "a.npz").sheets[0].rows[0][-1])


@pytest.mark.parametrize(
    "said",
    [
        b"{'descr':'<f4','fortran_order':False,'shape':(" + b"9" * 4_000 + b",)}",
        b"{'descr':'<f4','fortran_order':False,'shape':(" + b"9" * 6_000 + b",)}",
        b"{'descr':'<f4','fortran_order':False,'shape':(0," + b"9" * 4_000 + b")}",
        b"{'descr':'<f4','fortran_order':False,'shape':(" + b"9" * 4_000 + b"," + b"9" * 4_000 + b")}",
        b"{'descr':'<f4','fortran_order':False,'shape':(" + b"9223372036854775807," * 32 + b")}",
        b"{'descr':'<f4','fortran_order':False,'shape':(2**70,-1)}",
        b"{'descr':" + b"(" * 30_000,
        b"{'descr':" + b"-" * 30_000 + b"1}",
        b"{'descr':'<V900000000','fortran_order':False,'shape':(9,)}",
        b"{'descr':'<U900000000','fortran_order':False,'shape':(9,)}",
        b"[1]",
        b"{'descr':[1],'fortran_order':0,'shape':()}",
    ],
)
def test_whatever_an_array_says_of_itself_there_is_an_answer(said: bytes) -> None:
    found = seen(b"\x93NUMPY\2\0" + struct.pack("<I", len(said)) + said + bytes(40), "a.npy")
    assert found.note or facts(found)


def test_a_header_that_is_longer_than_any_is_not_read() -> None:
    said = b"{'descr':'<f4','fortran_order':False,'shape':(9,)}".ljust(70_000)
    found = seen(b"\x93NUMPY\2\0" + struct.pack("<I", len(said)) + said + bytes(36), "a.npy")
    assert "its header has 70,000 bytes" in found.note


def test_chunks_that_are_not_what_they_say_are_told_of() -> None:
    out = io.BytesIO()
    numpy.savez_compressed(out, a=numpy.arange(5_000))
    data = bytearray(out.getvalue())
    data[300:330] = bytes(30)
    found = seen(bytes(data), "a.npz")
    assert found.note or found.sheets
    assert "cannot be read" in seen(b"\x1f\x8b\x08\0" + zlib.compress(b"x" * 5_000), "a.tgz").note
