"""Predictions are written as they come: JSON, JSON lines, CSV, parquet. A file is there when it is whole, or as it was before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any, Protocol

from runstone.errors import InvalidParameter, from_os_error
from runstone.serving import answers, tables
from runstone.types.sentences import called


class Sink(Protocol):
    """Takes predictions."""

    def part(self, said: list[Any]) -> None:
        """Those of some rows, one for each."""

    def whole(self, said: Any, bare: bool = False) -> None:
        """Whatever the model says to all; `bare`: not as `{"predictions": ...}`."""

    def close(self) -> None:
        """That was all."""


@contextlib.contextmanager
def sink(path: str | None, kind: str, stdout: IO[bytes]) -> Iterator[Sink]:
    """A sink of a kind (`files.KINDS`) into a file, in whose place it is put when it is whole; without a path, to stdout.

    A pipe or a device (/dev/null) stays what it is: it is written to as it comes. So does a link: what it leads to is written.
    """
    if path is None:
        taking = _KINDS[kind](stdout)
        yield taking
        taking.close()
        stdout.flush()
        return
    place = os.path.realpath(path)
    beside = f"{place}.{os.getpid()}.tmp"
    try:
        if os.path.exists(place) and not os.path.isfile(place):
            with open(place, "wb") as file:
                taking = _KINDS[kind](file)
                yield taking
                taking.close()
            return
        with open(beside, "wb") as file:
            taking = _KINDS[kind](file)
            yield taking
            taking.close()
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except OSError as error:
        raise from_os_error(error, f"Writing {path!r}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


class _Json:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._begun = self._done = False

    def part(self, said: list[Any]) -> None:
        inner = answers.encode(said, bare=True)[1:-1]
        self._file.write((b"," if self._begun and inner else b"") if self._begun else b'{"predictions":[')
        self._file.write(inner)
        self._begun = True

    def whole(self, said: Any, bare: bool = False) -> None:
        self._file.write(answers.encode(said, bare) + b"\n")
        self._done = True

    def close(self) -> None:
        if not self._done:
            self._file.write(b"]}\n" if self._begun else b'{"predictions":[]}\n')


class _Rows:
    """What is written by rows takes nothing else."""

    def whole(self, said: Any, bare: bool = False) -> None:
        if not isinstance(said, list):
            raise InvalidParameter(f"The model says {called(said)}, which has no rows: write it as .json.")
        self.part(said)

    def part(self, said: list[Any]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class _Lines(_Rows):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def part(self, said: list[Any]) -> None:
        self._file.write(b"".join(answers.encode(one, bare=True) + b"\n" for one in said))


class _Csv(_Rows):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._names: list[str] | None = None

    def part(self, said: list[Any]) -> None:
        frame = _frame(said)
        names = list(map(str, frame.columns))
        if self._names is not None and names != self._names:
            raise InvalidParameter(f"The model says other columns than before: {', '.join(names)!s:.200}.")
        self._file.write(frame.to_csv(index=False, header=self._names is None).encode())
        self._names = names

    def close(self) -> None:
        if self._names is None:
            self.part([])


class _Parquet(_Rows):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer: Any = None
        tables.arrow()  # before a model is asked

    def part(self, said: list[Any]) -> None:
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.Table.from_pandas(_frame(said), preserve_index=False)
        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(self._file, table.schema)
        try:
            self._writer.write_table(table.cast(self._writer.schema))
        except (pyarrow.ArrowInvalid, ValueError) as error:
            raise InvalidParameter(f"The model says other types than before: {error!s:.200}") from error

    def close(self) -> None:
        if self._writer is None:
            self.part([])
        self._writer.close()


def _frame(said: list[Any]) -> Any:
    import pandas

    if said and all(isinstance(one, dict) for one in said):
        return pandas.DataFrame(said)
    if said and all(isinstance(one, list) for one in said):
        frame = pandas.DataFrame(said)
        frame.columns = pandas.Index(list(map(str, frame.columns)))
        return frame
    return pandas.DataFrame({"prediction": said})


_KINDS: dict[str, Any] = {"json": _Json, "jsonl": _Lines, "csv": _Csv, "parquet": _Parquet}
