"""Compressed chunks: what goes in comes out, never more than is said comes out of a frame, and both forms of a pack read as they are written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import blake3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.older import older_store
from tests.support.servers import Server, serve

import runstone
from runstone.connection import Connection
from runstone.errors import CorruptData
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import MOST, digest
from runstone.repository.compression import CODEC, LEAST_COMPRESSED, compress, decompress
from runstone.repository.files import Repository
from runstone.repository.packs import MAGIC, PackWriter, read_pack

zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

# A pattern repeated, with noise put in: from what compresses to nothing to what does not compress at all.
DATA = st.builds(
    lambda pattern, times, seed, noise: (pattern * times)[:MOST] + random.Random(seed).randbytes(noise),
    st.binary(min_size=1, max_size=200),
    st.integers(1, 5000),
    st.integers(0, 1000),
    st.integers(0, 200_000),
)


@settings(max_examples=60, deadline=None)
@given(data=DATA)
def test_what_is_compressed_comes_out_again_and_is_smaller(data: bytes) -> None:
    data = data[:MOST]
    frame = compress(memoryview(data))
    if frame is None:
        return
    assert len(frame) <= len(data) * 7 / 8 + 1
    assert decompress(frame, CODEC, len(data)) == data


@settings(max_examples=100, deadline=None)
@given(data=DATA, place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), lost=st.integers(1, 50))
def test_whatever_is_flipped_cut_off_or_appended_is_an_error(data: bytes, place: float, bit: int, lost: int) -> None:
    data = data[:MOST]
    frame = compress(data)
    if frame is None:
        return
    flipped = bytearray(frame)
    flipped[int(place * len(frame))] ^= 1 << bit
    with pytest.raises(CorruptData):
        decompress(flipped, CODEC, len(data))
    for wrong in (frame[:-lost], frame + b"x", frame + frame, b"", data):
        with pytest.raises(CorruptData):
            decompress(wrong, CODEC, len(data))
    for size in (len(data) - 1, len(data) + 1, 0, -1, MOST + 1, 1 << 62):
        with pytest.raises(CorruptData):
            decompress(frame, CODEC, size)
    with pytest.raises(CorruptData, match="newer"):
        decompress(frame, "brotli", len(data))


def test_every_bit_of_a_frame_counts() -> None:
    """A frame of zstd has bits that mean nothing: its header's spare one, and the last ones of tables."""
    data = b"".join(b"%d,%d\n" % (number, number**3) for number in range(300))
    frame = bytearray(compress(data) or b"")
    for place in range(8 * len(frame)):
        frame[place // 8] ^= 1 << place % 8
        with pytest.raises(CorruptData):
            decompress(frame, CODEC, len(data))
        frame[place // 8] ^= 1 << place % 8
    assert decompress(frame, CODEC, len(data)) == data


def summed(frame: bytes) -> bytes:
    """A frame of somebody's, with the sum that makes it ours."""
    return frame + blake3.blake3(frame).digest(8)


def foreign(data: bytes, *more: bytes, window: int | None = None) -> bytes:
    """A frame that our writer would not make: it does not say how long it is, and may want a long window."""
    options = {zstd.CompressionParameter.compression_level: 1}
    if window is not None:
        options[zstd.CompressionParameter.window_log] = window
    compressor = zstd.ZstdCompressor(options=options)
    return summed(b"".join([compressor.compress(part) for part in (data, *more)]) + compressor.flush())


@settings(max_examples=30, deadline=None)
@given(data=DATA, wrong=st.integers(-1000, 1000))
def test_what_a_frame_with_a_right_sum_holds_must_be_of_the_size_that_is_said(data: bytes, wrong: int) -> None:
    data = data[: MOST - 1000]
    assert decompress(foreign(data), CODEC, len(data)) == data
    if wrong:
        with pytest.raises(CorruptData):
            decompress(foreign(data), CODEC, len(data) + wrong)
    for odd in (summed(data), summed(b""), summed(foreign(data)), b"", b"1234567", bytes(8)):
        with pytest.raises(CorruptData):
            decompress(odd, CODEC, len(data))


def test_random_bytes_and_those_that_save_little_lie_as_they_are() -> None:
    noise = random.Random(1).randbytes(600_000)
    assert compress(noise) is None
    assert compress(noise[:540_000] + bytes(60_000)) is None
    assert compress(bytes(LEAST_COMPRESSED - 1)) is None
    assert compress(bytes(LEAST_COMPRESSED)) is not None


BOMB = """
import resource, sys
sys.path[:0] = [{source!r}]
from runstone.repository.compression import decompress, CODEC
from runstone.errors import CorruptData
frame = open({frame!r}, "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decompress(frame, CODEC, {size})
except CorruptData:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("window", [None, 27])
def test_a_frame_that_would_be_gigabytes_takes_a_few_megabytes_and_is_an_error(
    tmp_path: Path, window: int | None
) -> None:
    frame = foreign(*[bytes(1 << 26)] * 16, window=window)
    (tmp_path / "frame").write_bytes(frame)
    assert len(frame) < 200_000
    script = BOMB.format(source=str(Path(runstone.__file__).parents[1]), frame=str(tmp_path / "frame"), size=MOST)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(ended.stdout) * unit < 20_000_000


# A pack as it was written before chunks were compressed, and one of today: three chunks, of which the second lies compressed.
GOLDEN = [b"first", b"second " * 300, bytes(range(256)) * 5]
PLAIN_PACK = (
    b"RUNSTPK1"
    + b"".join(GOLDEN)
    + (
        b'[["blake3:22896bcbc3d1c76a0b90c4c3523dbea532ad63196fafdbd52cced52200d3dae4",8,5],'
        b'["blake3:8656f51cd2087ff6a878c4013d567b706cc735d6726eaceec9a41c8c964008e1",13,2100],'
        b'["blake3:7586fa21246e8e17b384b8fe78948d916880e5ce4a80d030f45504952a69e050",2113,1280]]'
        b"\xfb\x00\x00\x00\x8c\xdf\xfa\x04RUNSTPK1"
    )
)
FRAME = bytes.fromhex("28b52ffd603407750000387365636f6e642001002a905f8cc6990e2c499a9b20")
COMPRESSED_PACK = (
    b"RUNSTPK1"
    + b"first"
    + FRAME
    + GOLDEN[2]
    + (
        b'[["blake3:22896bcbc3d1c76a0b90c4c3523dbea532ad63196fafdbd52cced52200d3dae4",8,5],'
        b'["blake3:8656f51cd2087ff6a878c4013d567b706cc735d6726eaceec9a41c8c964008e1",13,2100,32,"zstd"],'
        b'["blake3:7586fa21246e8e17b384b8fe78948d916880e5ce4a80d030f45504952a69e050",45,1280]]'
        b"\x03\x01\x00\x00\xd3=\x14\xffRUNSTPK1"
    )
)


class Lying:
    """Where a chunk is, by a footer."""

    data = None

    def __init__(self, pack: str, chunk: object) -> None:
        self.pack = pack
        for name in ("digest", "size", "offset", "stored", "codec"):
            setattr(self, name, getattr(chunk, name))


@pytest.mark.parametrize("pack", [PLAIN_PACK, COMPRESSED_PACK], ids=["plain", "compressed"])
def test_packs_of_every_age_are_read(tmp_path: Path, pack: bytes) -> None:
    name = "0" * 32 + ".pack"
    (tmp_path / name).write_bytes(pack)
    blobs = LocalBlobs(str(tmp_path))
    found = read_pack(blobs, name, len(pack))
    assert [(chunk.digest, chunk.size) for chunk in found.chunks] == [(digest(one), len(one)) for one in GOLDEN]
    places = [Lying(name, chunk) for chunk in found.chunks]
    repository = Repository(blobs, str(tmp_path))
    assert list(repository.read(places, digest(b"".join(GOLDEN)), "it")) == GOLDEN  # type: ignore[arg-type]
    part = b"".join(repository.read(places, "", "it", 100, 2106))  # type: ignore[arg-type]
    assert part == b"".join(GOLDEN)[100:2106]


def test_packs_are_written_as_ever(tmp_path: Path) -> None:
    writer = PackWriter(str(tmp_path / "incoming"))
    for one in GOLDEN:
        writer.add(digest(one), one)
    writer.finish(LocalBlobs(str(tmp_path / "packs")))
    assert (tmp_path / "packs" / writer.pack.name).read_bytes() == PLAIN_PACK
    writer = PackWriter(str(tmp_path / "incoming"))
    for one, frame in zip(GOLDEN, (b"", FRAME, b""), strict=True):
        writer.add_stored(digest(one), len(one), len(frame), CODEC if frame else "", frame or one)
    writer.finish(LocalBlobs(str(tmp_path / "packs")))
    assert (tmp_path / "packs" / writer.pack.name).read_bytes() == COMPRESSED_PACK


TABLE = "".join(f"{number},{number * number},name {number % 7}\n" for number in range(120_000)).encode()


@pytest.fixture
def run_id() -> Iterator[str]:
    with runstone.start_run() as run:
        yield run.info.run_id


def test_a_table_takes_less_room_than_it_has_bytes_and_is_read_whole_and_in_parts(tmp_path: Path, run_id: str) -> None:
    client = runstone.Client()
    client.log_bytes(run_id, TABLE, "table.csv")
    stored = sum(pack.stat().st_size for pack in (tmp_path / ".runstone" / "packs").iterdir())
    assert stored < len(TABLE) / 2
    assert client.read_artifact(run_id, "table.csv") == TABLE
    assert client.verify() == []
    client.log_bytes(run_id, b"new" + TABLE, "longer.csv")
    assert client.read_artifact(run_id, "longer.csv") == b"new" + TABLE


def test_a_flipped_bit_in_a_compressed_chunk_names_the_file_the_run_and_the_chunk(tmp_path: Path, run_id: str) -> None:
    client = runstone.Client()
    client.log_bytes(run_id, TABLE, "table.csv")
    (pack,) = (tmp_path / ".runstone" / "packs").iterdir()
    whole = pack.read_bytes()
    length = len(whole) - len(MAGIC)
    for place in (len(MAGIC), len(MAGIC) + 5, length // 3, length // 2):
        pack.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(
            CorruptData, match=rf"'table\.csv' of run {run_id}: the chunk blake3:\w+ in the pack {pack.name} is damaged"
        ):
            client.read_artifact(run_id, "table.csv")
        assert [damage.path for damage in client.verify()] == ["table.csv"]
    pack.write_bytes(whole)
    assert client.verify() == []


def test_a_store_of_before_is_upgraded_and_takes_compressed_chunks(tmp_path: Path) -> None:
    noise = random.Random(2).randbytes(700_000)
    with runstone.start_run() as run:
        runstone.Client().log_bytes(run.info.run_id, noise, "noise")
    older = older_store(tmp_path / ".runstone", tmp_path / "older", "arrivals_by_run")
    read = (
        "import runstone, sys; run, store = sys.argv[1:]; client = runstone.Client(store);"
        "client.log_bytes(run, b'a table ' * 90_000, 'table');"
        "print(len(client.read_artifact(run, 'noise')), client.read_artifact(run, 'table') == b'a table ' * 90_000, client.verify())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", read, run.info.run_id, str(older)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["700000", "True", "[]"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = serve(tmp_path_factory.mktemp("served") / "store")
    yield server
    assert server.stop() == 0


def a_pack(folder: Path, *chunks: tuple[str, int, int, str, bytes]) -> bytes:
    writer = PackWriter(str(folder / "made"))
    for name, size, stored, codec, data in chunks:
        writer.add_stored(name, size, stored, codec, data)
    writer.finish(LocalBlobs(str(folder / "done")))
    return (folder / "done" / writer.pack.name).read_bytes()


def test_a_server_checks_compressed_chunks_and_believes_no_frame(server: Server, tmp_path: Path) -> None:
    table = TABLE[:500_000]
    frame, name, size = compress(table), digest(table), len(table)
    assert frame is not None
    bomb = foreign(*[bytes(1 << 26)] * 16)
    wide = foreign(table, window=27)
    wrong = {
        "another content": a_pack(tmp_path, (digest(b"x"), size, len(frame), CODEC, frame)),
        "another size": a_pack(tmp_path, (name, size + 1, len(frame), CODEC, frame)),
        "a bomb": a_pack(tmp_path, (digest(bytes(MOST)), MOST, len(bomb), CODEC, bomb)),
        "a bomb that is long": a_pack(tmp_path, (digest(bytes(1 << 30)), 1 << 30, len(bomb), CODEC, bomb)),
        "another codec": a_pack(tmp_path, (name, size, len(frame), "gzip", frame)),
        "two frames": a_pack(tmp_path, (name, size, 2 * len(frame) + 8, CODEC, summed(frame * 2))),
        "a true frame without its sum": a_pack(tmp_path, (name, size, len(frame) - 8, CODEC, frame[:-8])),
        "a flipped bit": a_pack(tmp_path, (name, size, len(frame), CODEC, frame[:-100] + b"y" * 100)),
        "longer than plain": a_pack(tmp_path, (name, size, size, CODEC, table)),
        "a window of 128 MiB": a_pack(tmp_path, (name, size, len(wide), CODEC, wide)),
    }  # fmt: skip
    connection = Connection(server.url)
    path = "/api/2.0/runstone/packs/" + os.urandom(16).hex() + ".pack"
    for what, content in wrong.items():
        answer = connection.request("PUT", path, body=content)
        assert answer.status == 400, what
        assert connection.request("HEAD", path).status == 404, what
    if os.path.exists(f"/proc/{server.process.pid}/status"):
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert int(status.split("VmHWM:")[1].split()[0]) < 200_000, "KiB that the server took at the most"
    good = a_pack(tmp_path, (name, size, len(frame), CODEC, frame))
    assert connection.request("PUT", path, body=good).status == 200
    assert connection.request("GET", path).body == good


def test_a_table_goes_compressed_over_the_wire_both_ways(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    client = runstone.Client(server.url)
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, TABLE, "table.csv")
    assert client.read_artifact(run_id, "table.csv") == TABLE
    through = Connection(server.url)
    sizes = through.request("GET", "/api/2.0/runstone/packs").body
    assert b'"packs"' in sizes
    download = through.request(
        "GET", f"/get-artifact?run_id={run_id}&path=table.csv", headers={"Range": "bytes=1000000-1000099"}
    )
    assert (download.status, download.body) == (206, TABLE[1_000_000:1_000_100])
