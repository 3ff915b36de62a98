"""Models of a platform, which counts posts, and of a worker, which can stop at any step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)
from contentsvc.services.delivery.calling import Answer
from contentsvc.services.delivery.tasks import Task

__all__ = ["CERTAIN", "Hands", "Platform", "Says", "Stage"]


class Says(StrEnum):
    """How a platform responds to a call to publish."""

    RECEIPT = "takes it and says so"
    CUT = "takes it and says nothing"
    BUG = "takes it, and the plugin breaks on the answer"
    LOST = "does not take it and says nothing"
    BUSY = "refuses it for now"
    SLOWLY = "asks for patience"
    REFUSED = "refuses it for good"
    CLOSED = "does not know the credentials"
    LATER = "takes it and works on it"
    BY_HAND = "leaves it to a person"


#: Responses after which the post is certainly not published.
CERTAIN = frozenset({Says.BUSY, Says.SLOWLY, Says.REFUSED, Says.CLOSED})
_TAKES = frozenset({Says.RECEIPT, Says.CUT, Says.BUG})


@dataclass
class Platform:
    """A platform, which counts the posts that it published by key."""

    idempotent: bool
    taken: Counter[str] = field(default_factory=Counter)
    #: Keys of accepted posts that the platform is still processing.
    pending: set[str] = field(default_factory=set)
    calls: dict[str, list[Says]] = field(default_factory=dict)

    def receive(self, key: str, says: Says) -> Callable[[], Any]:
        """Handle a call to publish; return a function with the plugin's result or exception."""
        self.calls.setdefault(key, []).append(says)
        if says in _TAKES:
            self.taken[key] = 1 if self.idempotent else self.taken[key] + 1
        if says is Says.LATER:
            self.pending.add(key)
        answer = _ANSWERS[says]
        return lambda: _given(answer(key))

    def find(self, key: str) -> Receipt | Accepted | None:
        """Return a receipt if the post with this key is published, Accepted if it will be."""
        if key in self.pending:
            return Accepted(key, poll_after=5)
        return Receipt(id=key) if self.taken[key] else None

    def poll(self, key: str, says: Says) -> Receipt | Accepted:
        """Publish, refuse or go on with an accepted post; later calls give the same result."""
        if says is Says.LATER and key in self.pending:
            return Accepted(key, poll_after=5)
        refuses = says is Says.REFUSED
        if key in self.pending:
            self.pending.discard(key)
            self.taken[key] += not refuses
        if not self.taken[key]:
            raise RejectedError("refused in the end")
        return Receipt(id=key)


def _given(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


_ANSWERS: dict[Says, Callable[[str], Any]] = {
    Says.RECEIPT: lambda key: Receipt(id=key),
    Says.CUT: lambda _key: OutcomeUnknownError("cut off"),
    Says.BUG: lambda _key: RuntimeError("no such field"),
    Says.LOST: lambda _key: OutcomeUnknownError("no answer"),
    Says.BUSY: lambda _key: TemporaryError("busy"),
    Says.SLOWLY: lambda _key: RateLimitedError("slowly", retry_after=30),
    Says.REFUSED: lambda _key: RejectedError("no"),
    Says.CLOSED: lambda _key: ChannelAuthError("who are you"),
    Says.LATER: lambda key: Accepted(key, poll_after=5),
    Says.BY_HAND: lambda _key: HandOff({"zh": "请手动发布", "en": "Post it"}),
}


class Stage(StrEnum):
    """The last step that a worker has finished with its batch."""

    TAKEN = "taken"
    INTENDED = "intended"
    CALLING = "calling"
    ANSWERED = "answered"
    DONE = "done"


@dataclass
class Hands:
    """A worker with an unfinished batch, which may be suspended at any stage."""

    tasks: list[Task]
    #: Wall-clock time when the dispatcher claimed the batch.
    claimed_at: datetime
    stage: Stage = Stage.TAKEN
    #: Wall-clock time and monotonic seconds when the intents were recorded.
    intended_at: datetime | None = None
    since: float = 0.0
    answers: list[tuple[Task, Answer]] = field(default_factory=list)

    def is_beyond(self, seconds: float, deadline: timedelta) -> bool:
        """Tell whether a call that began at `since` has passed its *deadline*."""
        return seconds - self.since > deadline.total_seconds()
