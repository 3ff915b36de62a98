"""Asking a platform afterwards: what is unknown, and what it is still working on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contentsvc.channels import Accepted, Rendition
from contentsvc.channels import Channel as OpenChannel
from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus, Next, Outcome
from contentsvc.errors import ContentsvcError
from contentsvc.services.calling import Answer, ask
from contentsvc.services.channels import open_channel
from contentsvc.services.recording import log_outcome, new_attempt, recorded, write
from contentsvc.services.renditions import load_rendition
from contentsvc.services.runtime import Runtime

__all__ = ["FollowUp"]

_S = DeliveryStatus


class FollowUp:
    """Asks about deliveries that a dispatcher has handed out for it."""

    def __init__(self, runtime: Runtime, worker: str) -> None:
        """Work as *worker* (`host:pid`)."""
        self._runtime = runtime
        self._worker = worker
        self._seconds = runtime.config.call_timeout.total_seconds()

    def find(self, delivery: Delivery) -> None:
        """Ask the platform what became of a delivery whose outcome is unknown."""

        def look(channel: OpenChannel, rendition: Rendition) -> Any:
            return channel.find(rendition, key=delivery.key, since=delivery.due_at)

        answer = self._ask(delivery, "find", look)
        now = self._runtime.clock()
        if answer.outcome is Outcome.PUBLISHED:
            step = Next(_S.PUBLISHED)
        elif answer.absent:
            step = Next(_S.RETRYING, now)
        else:
            return
        values = recorded(answer, step, now) | {"in_doubt": False}
        with self._runtime.database.write() as session:
            write(session, delivery, _S.UNKNOWN, step.status, values)
        log_outcome(delivery, answer, written=True)

    def check(self, delivery: Delivery) -> None:
        """Ask the platform what became of a delivery that it accepted."""
        token = str((delivery.receipt or {}).get("token", ""))

        def look(channel: OpenChannel, _rendition: Rendition) -> Any:
            return channel.check(Accepted(token))

        answer = self._ask(delivery, "check", look)
        after = {Outcome.PUBLISHED: _S.PUBLISHED, Outcome.REJECTED: _S.FAILED}.get(answer.outcome)
        if after is None:
            return
        now = self._runtime.clock()
        with self._runtime.database.write() as session:
            values = recorded(answer, Next(after), now)
            write(session, delivery, _S.ACCEPTED, after, values)
        log_outcome(delivery, answer, written=True)

    def _ask(
        self, delivery: Delivery, action: str, look: Callable[[OpenChannel, Rendition], Any]
    ) -> Answer:
        started_at = self._runtime.clock()
        try:
            channel = open_channel(self._runtime, delivery.channel)
            with self._runtime.database.read() as session:
                rendition = load_rendition(self._runtime, session, delivery.rendition_hash or "")
        except ContentsvcError as error:
            answer = Answer(Outcome.TEMPORARY, words=str(error))
        else:
            answer = ask(lambda: look(channel, rendition), seconds=self._seconds)
        attempt = new_attempt(delivery, action, delivery.attempt_count, self._worker, started_at)
        attempt.finished_at = self._runtime.clock()
        attempt.outcome = answer.outcome
        attempt.words = answer.words
        with self._runtime.database.write() as session:
            session.add(attempt)
        return answer
