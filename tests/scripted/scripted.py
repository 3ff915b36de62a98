"""A channel that does as a test tells it, loaded through the same door as any plugin."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, ClassVar

from contentsvc.channels import Accepted, Channel, Parts, Receipt, Rendition, hookimpl

api_version = 1


class Scripted(Channel):
    """Publishes by the script: each call takes the next answer, or raises it."""

    type = "scripted"
    label: ClassVar = {"zh": "测试", "en": "Scripted"}
    script: ClassVar[list[Any]] = []
    #: (key, title) of every call, in order.
    calls: ClassVar[list[tuple[str, str]]] = []
    found: ClassVar[list[Any]] = []
    #: (token, poll_after, key) of every poll, in order.
    polls: ClassVar[list[tuple[str, float, str]]] = []
    _lock: ClassVar = threading.Lock()

    def publish(self, rendition: Rendition, *, key: str) -> Any:
        """Note the call and give the script's next answer; a receipt where it has ended."""
        with self._lock:
            self.calls.append((key, rendition.title))
            answer = self.script.pop(0) if self.script else Receipt(id=key)
        return _given(answer)

    def poll(self, accepted: Accepted, rendition: Rendition, *, key: str) -> Any:
        """Note the call and give the script's next answer."""
        self.polls.append((accepted.token, accepted.poll_after, key))
        return _given(self.script.pop(0))


def _given(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    if callable(answer):
        return answer()
    return answer


class Idempotent(Scripted):
    """The same, and the same key twice is one post."""

    type = "scripted_idempotent"
    idempotent_for = timedelta.max
    script: ClassVar[list[Any]] = []
    calls: ClassVar[list[tuple[str, str]]] = []
    polls: ClassVar[list[tuple[str, float, str]]] = []


class Forgetful(Idempotent):
    """The same, but the platform remembers a key for ten minutes only."""

    type = "scripted_forgetful"
    idempotent_for = timedelta(minutes=10)
    script: ClassVar[list[Any]] = []
    calls: ClassVar[list[tuple[str, str]]] = []
    polls: ClassVar[list[tuple[str, float, str]]] = []


class Divided(Parts, Scripted):
    """The same, but each line of a post's text is a message of its own; it can be asked."""

    type = "scripted_parts"
    script: ClassVar[list[Any]] = []
    calls: ClassVar[list[tuple[str, str]]] = []
    polls: ClassVar[list[tuple[str, float, str]]] = []
    found: ClassVar[list[Any]] = []
    #: The receipt of the part before, of every call in order.
    afters: ClassVar[list[Receipt | None]] = []

    def split(self, rendition: Rendition) -> list[Rendition]:
        """Return a part for each paragraph."""
        lines = [line for line in rendition.text.splitlines() if line.strip()]
        return [Rendition(title=line, text=line, html="") for line in lines]

    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Any:
        """Note the call and give the script's next answer."""
        self.afters.append(after)
        return Scripted.publish(self, part, key=key)

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Any:
        """Give the next of what is to be found."""
        return _given(self.found.pop(0))


class Findable(Scripted):
    """The same, and it can be asked."""

    type = "scripted_findable"
    script: ClassVar[list[Any]] = []
    calls: ClassVar[list[tuple[str, str]]] = []
    found: ClassVar[list[Any]] = []
    polls: ClassVar[list[tuple[str, float, str]]] = []

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Any:
        """Give the next of what is to be found."""
        return _given(self.found.pop(0))


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the five."""
    return [Scripted, Idempotent, Forgetful, Divided, Findable]
