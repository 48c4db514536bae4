"""The journal's format: whatever is cut off or flipped, every other point is read, and none is read wrong."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runstone.journal import records

INTEGERS = st.integers(-(2**63), 2**63 - 1)
POINTS = st.lists(st.tuples(INTEGERS, INTEGERS, st.floats(width=64)), max_size=40)
TEXTS = st.text(min_size=1, max_size=80)
NAMES = st.lists(
    st.builds(records.SeriesName, st.just("run"), TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS),
    min_size=1,
    max_size=5,
)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


OPERATIONS = st.lists(st.binary(max_size=200), max_size=10)


def mixed(points: list[tuple[int, int, float]], operations: list[bytes]) -> tuple[bytes, dict[int, Any]]:
    """A journal's slots with operations between the points, and what the slot means that each begins at."""
    data, meaning = b"", {}
    for place in range(max(len(points), len(operations))):
        for text in operations[place : place + 1]:
            meaning[len(data) // records.SLOT] = text
            data += records.operation(text)
        for point in points[place : place + 1]:
            meaning[len(data) // records.SLOT] = (*point[:2], bits(point[2]), 7)
            data += records.sealed(records.POINT.pack(*point, 7))
    return data, meaning


def read_mixed(data: bytes) -> tuple[dict[int, Any], int, int]:
    """What stands where, how much is damaged, how much was read."""
    _, points, damaged = read(data)
    found = records.decode(data)
    return points | {first: text for first, _, text in found.operations}, damaged, found.used


def built(names: list[records.SeriesName], points: list[tuple[int, int, float]]) -> tuple[bytes, dict[int, Any]]:
    """A journal's slots with names announced in between, and what each slot that holds a point means."""
    data, meaning = b"", {}
    for place, (step, timestamp, value) in enumerate(points):
        number = place % len(names)
        if place < len(names):
            data += records.definition(number, names[number])
        meaning[len(data) // records.SLOT] = (step, timestamp, bits(value), number)
        data += records.sealed(records.POINT.pack(step, timestamp, value, number))
    return data, meaning


def read(data: bytes) -> tuple[dict[int, records.SeriesName], dict[int, Any], int]:
    found = records.decode(data)
    points = {
        place: (int(point["step"]), int(point["timestamp"]), point["value"].tobytes(), int(point["series"]))
        for place, point in zip(found.places.tolist(), found.points, strict=True)
    }
    return found.names, points, found.damaged


@given(NAMES, POINTS)
def test_what_is_written_is_read(names: list[records.SeriesName], points: list[tuple[int, int, float]]) -> None:
    data, meaning = built(names, points)
    known = dict(enumerate(names[: len(points)]))
    assert read(data) == (known, meaning, 0)
    assert read(data + bytes(320)) == (known, meaning, 0), "what was never written is no damage"


@given(NAMES, POINTS, st.data())
@settings(max_examples=200, deadline=None)
def test_any_truncation_costs_only_what_is_cut_off(
    names: list[records.SeriesName], points: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    written, meaning = built(names, points)
    length = data.draw(st.integers(0, len(written)))
    for torn in (written[:length], written[:length] + bytes(len(written) - length)):
        _, found, _ = read(torn)
        whole = {place: point for place, point in meaning.items() if (place + 1) * records.SLOT <= length}
        rest = {place: point for place, point in found.items() if place not in whole}
        assert {place: found[place] for place in whole} == whole
        # a slot that ends in zeros may be whole although it was cut
        assert all(meaning.get(place) == point for place, point in rest.items())


@given(NAMES, POINTS.filter(len), st.data())
@settings(max_examples=300, deadline=None)
def test_any_flipped_bit_costs_one_slot_and_no_name(
    names: list[records.SeriesName], points: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    written, meaning = built(names, points)
    place = data.draw(st.integers(0, 8 * len(written) - 1))
    flipped = bytearray(written)
    flipped[place // 8] ^= 1 << place % 8
    found_names, found, damaged = read(bytes(flipped))
    hit = place // 8 // records.SLOT
    assert found == {slot: point for slot, point in meaning.items() if slot != hit}
    assert found_names == dict(enumerate(names[: len(points)])), "each name is there twice"
    assert damaged >= (1 if hit in meaning else 0)


@given(NAMES, POINTS, st.integers(1, 20))
def test_stretch_by_stretch_it_reads_as_in_one_piece(
    names: list[records.SeriesName], points: list[tuple[int, int, float]], extra: int
) -> None:
    data, meaning = built(names, points)
    longest = max(len(records.definition(0, name)) for name in names)
    position, found_names, found = 0, {}, {}
    while position < len(data):
        stretch = records.decode(data[position : position + longest + extra * records.SLOT])
        assert stretch.damaged == 0
        found_names.update(stretch.names)
        for place, point in zip(stretch.places.tolist(), stretch.points, strict=True):
            found[position // records.SLOT + place] = (
                int(point["step"]), int(point["timestamp"]), point["value"].tobytes(), int(point["series"]),
            )  # fmt: skip
        position += stretch.used
    assert (found_names, found) == (dict(enumerate(names[: len(points)])), meaning)


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_read(data: bytes) -> None:
    records.decode(data)
    records.read_header(data)


@given(st.integers(0, 2**64 - 1), st.integers(0, 64 * 8 - 1))
def test_a_damaged_header_only_means_that_all_is_shipped_again(position: int, place: int) -> None:
    header = records.header()[: records.SLOT] + records.mark(position)
    assert records.read_header(header) == (records.VERSION, position)
    flipped = bytearray(header)
    flipped[place // 8] ^= 1 << place % 8
    version, found = records.read_header(bytes(flipped))
    assert (version, found) in ((0, position), (records.VERSION, records.START))


def test_an_operation_is_written_as_the_format_says() -> None:
    text = b'["set_tag",{"run_id":"r","key":"k","value":"v"}]'
    assert records.operation(text).hex() == (
        "000000000000000030000000000000000afc73e700000000feffffff32048a36" + text.hex() + "00" * 16
    )


@given(POINTS, OPERATIONS)
def test_operations_and_points_are_read_where_they_stand(
    points: list[tuple[int, int, float]], operations: list[bytes]
) -> None:
    data, meaning = mixed(points, operations)
    assert read_mixed(data + bytes(320)) == (meaning, 0, len(data) + 320)
    for first, behind, text in records.decode(data).operations:
        assert (behind - first) * records.SLOT == len(records.operation(text)) == records.extent(data[first * 32 :])


@given(POINTS, OPERATIONS.filter(len), st.data())
@settings(max_examples=300, deadline=None)
def test_any_flipped_bit_costs_one_operation_or_point_and_is_counted(
    points: list[tuple[int, int, float]], operations: list[bytes], data: st.DataObject
) -> None:
    written, meaning = mixed(points, operations)
    place = data.draw(st.integers(0, 8 * len(written) - 1))
    flipped = bytearray(written)
    flipped[place // 8] ^= 1 << place % 8
    found, damaged, _ = read_mixed(bytes(flipped))
    hit = max(slot for slot in meaning if slot <= place // 8 // records.SLOT)
    lost = {slot for slot in meaning if found.get(slot) != meaning[slot]}
    assert lost <= {hit}
    assert damaged or not lost, "nothing is lost without a word"


@given(POINTS, OPERATIONS, st.integers(1, 20))
def test_operations_are_read_stretch_by_stretch_as_in_one_piece(
    points: list[tuple[int, int, float]], operations: list[bytes], slots: int
) -> None:
    data, meaning = mixed(points, operations)
    position, found = 0, {}
    while position < len(data):
        length = max(slots * records.SLOT, records.extent(data[position : position + records.SLOT]))
        stretch, damaged, used = read_mixed(data[position : position + length])
        assert damaged == 0
        found |= {position // records.SLOT + place: what for place, what in stretch.items()}
        position += used
    assert found == meaning
