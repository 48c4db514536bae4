"""Requests that wait while a model predicts are asked together: rows joined, answers split; each gets what it would have got alone.

Lives on an event loop; models predict on threads. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from runstone.errors import RunstoneError, StorageBusy
from runstone.serving import answers, failing
from runstone.serving.questions import Numbers, Question

_log = logging.getLogger("runstone.serving")
# Questions that may wait for a model at a time; more are told to come again.
MOST_WAITING = 1_000

Predict = Callable[[Any, dict[str, Any] | None], Any]


class Joining(NamedTuple):
    """How questions are joined.

    Attributes:
        rows: of a call at the most; 1: never.
        delay: seconds that a question waits for others where nothing else keeps it.
        threads: on which the model predicts at a time.
    """

    rows: int
    delay: float = 0.0
    threads: int = 1


class _Waiting(NamedTuple):
    question: Question
    answer: asyncio.Future[bytes]
    gone: Callable[[], bool]


class Batcher:
    """Asks one model.

    Args:
        predict: what predicts.
        joining: how questions are joined.
        pool: the threads that it predicts on.
    """

    def __init__(self, predict: Predict, joining: Joining, pool: ThreadPoolExecutor) -> None:
        self._predict, self._joining, self._pool = predict, joining, pool
        self._waiting: deque[_Waiting] = deque()
        self._running = 0
        self._timer: asyncio.TimerHandle | None = None
        self._joins = joining.rows > 1

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._running and not self._waiting

    async def ask(self, question: Question, gone: Callable[[], bool] = lambda: False) -> bytes:
        """The body of the answer. `gone` says whether nobody waits for it any more: then the model is not asked. Raises RunstoneError: BadRequest where the model fails on it, StorageBusy where too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            raise StorageBusy(f"{MOST_WAITING} requests wait for this model already. Try again in a moment.")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(question, loop.create_future(), gone)
        self._waiting.append(waiting)
        if self._joining.delay and self._joins and question.key is not None and not self._enough():
            if self._timer is None:
                self._timer = loop.call_later(self._joining.delay, self._start)
        else:
            self._start()
        return await waiting.answer

    def _enough(self) -> bool:
        return sum(one.question.rows for one in self._waiting) >= self._joining.rows

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._running < self._joining.threads:
            group = self._group()
            if group:
                self._running += 1
                done = asyncio.get_running_loop().run_in_executor(
                    self._pool, self._answer, [one.question for one in group]
                )
                done.add_done_callback(partial(self._give, group))

    def _group(self) -> list[_Waiting]:
        """The question that waits longest, with those that can be asked with it. Whoever is gone by now is left out."""
        group: list[_Waiting] = []
        rows, others = 0, []
        while self._waiting:
            one = self._waiting.popleft()
            if one.answer.done():
                continue
            if one.gone():
                one.answer.set_exception(StorageBusy("Whoever asked is gone."))
                continue
            if not group:
                group.append(one)
                rows = one.question.rows
                if not self._joins or one.question.key is None:
                    break
            elif one.question.key == group[0].question.key and rows + one.question.rows <= self._joining.rows:
                group.append(one)
                rows += one.question.rows
            else:
                others.append(one)
                if rows >= self._joining.rows:
                    break
        self._waiting.extendleft(reversed(others))
        return group

    def _give(self, group: list[_Waiting], done: asyncio.Future[list[bytes | Exception]]) -> None:
        self._running -= 1
        failed = done.exception() if not done.cancelled() else RunstoneError("The server ends.")
        found: Sequence[bytes | BaseException] = [failed] * len(group) if failed is not None else done.result()
        for one, said in zip(group, found, strict=True):
            if one.answer.done():
                continue  # whoever asked is gone, or was told that it takes too long
            if isinstance(said, bytes):
                one.answer.set_result(said)
            else:
                one.answer.set_exception(said)
        self._start()

    def _answer(self, questions: list[Question]) -> list[bytes | Exception]:
        """On a thread: what the model says to each. One that fails is no matter to the others."""
        if len(questions) > 1:
            together = self._together(questions)
            if together is not None:
                return together
        return [self._alone(question) for question in questions]

    def _together(self, questions: list[Question]) -> list[bytes | Exception] | None:
        total = sum(question.rows for question in questions)
        try:
            output = self._predict(_joined([question.data for question in questions]), questions[0].params)
            if not _is_one_for_each(output, total):
                self._joins = False
                _log.warning("The model does not say one thing to each row: its requests are not joined any more.")
                return None
            said = answers.plain(output)
            parts, start = [], 0
            for question in questions:
                parts.append(answers.encode(said[start : start + question.rows]))
                start += question.rows
        except BaseException:  # noqa: BLE001  # whose row it was is found by asking one by one
            return None
        return list(parts)

    def _alone(self, question: Question) -> bytes | Exception:
        try:
            return answers.encode(answers.plain(self._predict(question.data, question.params)), question.bare)
        except RunstoneError as error:
            return error
        except BaseException as error:  # noqa: BLE001  # whatever a model may raise; what would end a thread ends nothing here
            return failing.failed(error)


def _joined(data: list[Any]) -> Any:
    first = data[0]
    if isinstance(first, Numbers):
        import numpy

        return Numbers(numpy.concatenate([one.rows for one in data]), first.columns)
    if type(first).__module__.startswith("pandas"):
        import pandas

        return pandas.concat(data, ignore_index=True)
    import numpy

    return numpy.concatenate(data)


def _is_one_for_each(output: Any, rows: int) -> bool:
    """Whether an answer has an item for each row. A list of arrays may as well be one of columns: as many as rows, by chance."""
    if hasattr(output, "shape"):
        return bool(output.shape[:1] == (rows,))
    return isinstance(output, list) and len(output) == rows and not any(_has_parts(one) for one in output)


def _has_parts(value: Any) -> bool:
    return isinstance(value, list | tuple) or bool(getattr(value, "shape", ()))
