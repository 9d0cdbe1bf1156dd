"""A master asks one of its workers and waits for the answer, over Locust's own channel.

One question of a caller is under way at a time, so neither end keeps more than one answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from gevent.event import AsyncResult
from gevent.timeout import Timeout
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.parcel import Refused

_ASK, _ANSWER = "fleet-ask", "fleet-answer"
Answer = dict[str, Any]  # what msgpack carries: each question has its own keys


class NoAnswer(RuntimeError):
    """Why a worker did not answer: one line."""


class Asking:
    """The master's end."""

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._numbers = itertools.count()
        self._open: dict[int, tuple[str, AsyncResult]] = {}
        runner.register_message(_ANSWER, self._answered)

    def ask(self, worker: str, question: str, within_s: float, **more: Any) -> Answer:
        """The answer of that worker. Raises NoAnswer."""
        number, coming = next(self._numbers), AsyncResult()
        self._open[number] = (worker, coming)
        try:
            self._runner.send_message(_ASK, {"number": number, "question": question, **more}, worker)
            answer: Answer = coming.get(timeout=within_s)
        except Timeout as error:
            raise NoAnswer(f"no answer to {question!r} in {within_s:g} s") from error
        finally:
            del self._open[number]
        if "refused" in answer:
            raise NoAnswer(f"{question!r}: {answer['refused']}")
        return answer

    def give_up(self, worker: str, why: str) -> None:
        """That worker is gone: whoever waits for it need not wait for the time to be over."""
        for asked, coming in list(self._open.values()):
            if asked == worker and not coming.ready():
                coming.set_exception(NoAnswer(why))

    def _answered(self, environment: Environment, msg: Any, **_: Any) -> None:
        worker, coming = self._open.get(msg.data["number"], ("", None))
        if coming is not None and worker == msg.node_id and not coming.ready():
            coming.set(msg.data)


class Answering:
    """The worker's end: a function for each question, which takes what came with it."""

    def __init__(self, runner: WorkerRunner, answers: Mapping[str, Callable[[Answer], Answer]]) -> None:
        self._runner, self._answers = runner, answers
        # each in a greenlet of its own: the end of a sender takes its time, and heartbeats must be answered meanwhile
        runner.register_message(_ASK, self._asked, concurrent=True)

    def _asked(self, environment: Environment, msg: Any, **_: Any) -> None:
        try:
            answer = self._answers[msg.data["question"]](msg.data)
        except (OSError, Refused) as error:
            answer = {"refused": str(error)}
        self._runner.send_message(_ANSWER, {**answer, "number": msg.data["number"]})
