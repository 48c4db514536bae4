"""JSON as protocol buffers write it, which is what MLflow's wire is: in and out of the table's structs.

NaN and the infinities are texts; integers may come as texts; what is absent or empty is left out; a null is as good as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from runstone.errors import BadRequest, InvalidParameter, RunstoneError
from runstone.operations.numbers import spelt
from runstone.server.fitting import check_integers, fitted

_encode = msgspec.json.Encoder().encode
_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NULL = re.compile(rb'"null"', re.IGNORECASE)
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
# Brackets that are looked at at a time.
_PEELED = 64 * 1024


@cache
def _decoder(kind: type[msgspec.Struct], strict: bool) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=strict)


@cache
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields, by their names on the wire, that hold more than one value."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if isinstance(msgspec.inspect.type_info(field.type), msgspec.inspect.ListType)
    )


def decode(kind: type[msgspec.Struct], body: bytes, named: dict[str, str]) -> Any:
    """A request out of a body; `named` are the values that stood in the path. Raises InvalidParameter, BadRequest."""
    try:
        if not named:
            return _decoded(kind, body or b"{}")
    except msgspec.ValidationError:
        pass  # seen closer below
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refusal(error) from error
    return _seen_closer(kind, body, named)


def _decoded(kind: type[msgspec.Struct], body: bytes) -> Any:
    try:
        request = _decoder(kind, True).decode(body)
    except msgspec.ValidationError:
        # Numbers as texts, in a lax decoder, which would also take the text "null" for a null.
        if _NULL.search(body):
            raise
        request = _decoder(kind, False).decode(body)
    check_integers(request)
    return request


def _seen_closer(kind: type[msgspec.Struct], body: bytes, named: dict[str, str]) -> Any:
    try:
        given = msgspec.json.decode(body or b"{}")
        return fitted(kind, {**given, **named} if isinstance(given, dict) else given)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refusal(error) from error


def decode_query(kind: type[msgspec.Struct], query: bytes, named: dict[str, str]) -> Any:
    """A request out of a query string. Raises InvalidParameter."""
    given: dict[str, Any] = {}
    lists = _lists(kind)
    try:
        pairs: Iterable[tuple[str, str]] = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10_000
        )
    except ValueError as error:
        raise BadRequest(f"The query string cannot be read: {error}.") from error
    for key, value in pairs:
        if key in lists:
            given.setdefault(key, []).append(value)
        else:
            given.setdefault(key, value)  # said twice: the first counts, as in MLflow
    try:
        return fitted(kind, {**given, **named})
    except msgspec.ValidationError as error:
        raise refusal(error) from error


def deeper_than(limit: int, data: bytes) -> bool:
    """Whether arrays and objects are nested more than so many deep."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    marks = data.translate(None, _BUT_BRACKETS)
    if len(marks) <= _PEELED:
        for _ in range(limit):
            marks = marks.replace(b"{}", b"").replace(b"[]", b"")
            if not marks:
                return False
    # Brackets within texts may look like it: now without them, and counted.
    return _depth(_TEXTS.sub(b"", data).translate(None, _BUT_BRACKETS)) > limit


def _depth(marks: bytes) -> int:
    import numpy

    deepest = depth = 0
    for start in range(0, len(marks), _PEELED):
        part = numpy.frombuffer(marks, numpy.uint8, min(_PEELED, len(marks) - start), start)
        steps = numpy.where((part == ord("[")) | (part == ord("{")), 1, -1).cumsum()
        deepest, depth = max(deepest, depth + int(steps.max())), depth + int(steps[-1])
    return deepest


def refusal(error: Exception) -> RunstoneError:
    """What a request that cannot be read is answered with."""
    if isinstance(error, msgspec.ValidationError):
        return InvalidParameter(f"The request does not fit: {error}.")
    if isinstance(error, RecursionError):
        return BadRequest("The request's JSON is nested too deeply.")
    return InvalidParameter(f"The request is no valid JSON: {error}.")


def encode(response: msgspec.Struct) -> bytes:
    """A response's body."""
    data = _encode(response)
    if b"null" in data:
        # NaN and infinities, which JSON has no numbers for, were written as nulls; or a text says "null", which costs a second look.
        _spell(response)
        data = _encode(response)
    return data


def _spell(value: Any) -> Any:
    """Put texts in place of numbers that JSON does not have; in place, for the response is ours."""
    if isinstance(value, float):
        return spelt(value)
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            field = getattr(value, name)
            if field is not None and not isinstance(field, str | int):
                said = _spell(field)
                if said is not field:
                    setattr(value, name, said)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            said = _spell(item)
            if said is not item:
                value[place] = said
    return value


def encode_error(error: RunstoneError) -> bytes:
    """An error's body, in MLflow's shape."""
    return _encode({"error_code": error.error_code, "message": error.message, **error.json_kwargs})
