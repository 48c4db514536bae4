"""The family of errors: MLflow's codes, Python's own kinds, sentences that help."""

from __future__ import annotations

import errno
import json
import pickle

import pytest

from runstone import errors
from runstone.errors import MOST_SAID, InvalidParameter, MissingFile, RunstoneError, brief

KINDS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, RunstoneError) and value is not RunstoneError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_also_a_standard_exception_and_has_a_code_of_mlflows(kind: type[RunstoneError]) -> None:
    error = kind("a sentence")
    standard = [
        base
        for base in kind.__mro__
        if base.__module__ == "builtins" and base not in (Exception, BaseException, object)
    ]
    assert standard, "a program that knows nothing of runstone must be able to catch it"
    assert error.error_code in errors.CODE_NUMBERS
    assert str(error) == error.message == "a sentence"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_survives_the_way_through_another_process(kind: type[RunstoneError]) -> None:
    error = kind("a sentence", error_code="ABORTED")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, again.error_code) == (kind, "a sentence", "ABORTED")


def test_the_tree_at_the_top_of_the_file_names_every_kind_with_its_code() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        if kind is errors.StorageError:
            continue
        line = next(line for line in errors.__doc__.splitlines() if f"── {kind.__name__} " in line)
        assert kind.code in line
        assert str(kind("x").get_http_status_code()) in line


def test_codes_may_be_given_by_name_or_by_their_number_on_the_wire() -> None:
    assert RunstoneError("x", error_code=3002).error_code == "RESOURCE_DOES_NOT_EXIST"
    assert RunstoneError("x", error_code="no such code").error_code == "INTERNAL_ERROR"
    assert RunstoneError("x").error_code == "INTERNAL_ERROR"
    assert json.loads(RunstoneError.invalid_parameter_value("x").serialize_as_json()) == {
        "error_code": "INVALID_PARAMETER_VALUE",
        "message": "x",
    }


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.StorageFull),
        (errno.EDQUOT, errors.StorageFull),
        (errno.EROFS, errors.StorageDenied),
        (errno.EACCES, errors.StorageDenied),
        (errno.ENOENT, errors.MissingFile),
        (errno.EISDIR, errors.WrongFileKind),
        (errno.EIO, errors.StorageError),
    ],
)
def test_the_operating_systems_errors_become_ours_and_keep_their_number(
    number: int, kind: type[errors.StorageError]
) -> None:
    translated = errors.from_os_error(OSError(number, os_text := "said so", "/a/path"), "Writing the pack")
    assert isinstance(translated, kind)
    assert str(translated).startswith("Writing the pack")
    assert translated.filename == "/a/path"
    assert os_text


def test_no_error_of_ours_prints_a_value_of_any_size() -> None:
    long = "x" * 1_000_000
    for error in (InvalidParameter(f"Wrong is {long!r}. Do this."), MissingFile(f"Wrong is {long!r}. Do this.", long)):
        assert len(str(error)) <= MOST_SAID
        assert str(error).startswith("Wrong is 'xxx")
        assert str(error).endswith("xxx'. Do this.")
        assert pickle.loads(pickle.dumps(error)).message == error.message
    assert str(RunstoneError(long)) == long, "what a program says itself is its own"


def test_a_value_is_shown_by_its_beginning() -> None:
    assert brief("short") == "'short'"
    assert brief(b"x" * 1_000) == f"b'{'x' * 80}'... (1,000 bytes)"
    assert len(brief({"a": "x" * 100_000, "b": [1] * 100_000})) < 200
    assert len(brief([b"x" * 100_000] * 100_000)) < 700

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Odd" in brief(Odd())
