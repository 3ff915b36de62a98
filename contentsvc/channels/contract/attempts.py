"""One call of a channel's method by the contract, and its outcome."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from contentsvc.channels.answers import Accepted, HandOff, Receipt, verify_answer
from contentsvc.channels.channel import Channel
from contentsvc.channels.content import Rendition
from contentsvc.channels.fake_responses import FakeResponse
from contentsvc.channels.parts import publish_part, split_rendition
from contentsvc.channels.soundness import render_all
from contentsvc.errors import PublishError

__all__ = [
    "LONG_AGO",
    "Answer",
    "attempt",
    "check_retry_after",
    "first_message",
    "kind_of",
    "new_key",
    "raised_by",
    "refused",
    "told",
    "usable",
]

#: What `publish` and `poll` return.
Answer = Receipt | Accepted | HandOff

#: A time before everything that a test publishes.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def new_key() -> str:
    """Return a key that no other delivery has."""
    return f"contract-{uuid.uuid4()}"


def first_message(channel: Channel) -> Rendition:
    """Return the first message of a sample entry: its rendition, or the first part of that."""
    rendition = next(render_all(channel))
    return (split_rendition(channel, rendition) or (rendition,))[0]


def usable(value: object, method: str) -> Answer:
    """Assert that the service can use *value*, which *method* returned; return *value*."""
    assert isinstance(value, Receipt | Accepted | HandOff), (
        f"{method}() returned {kind_of(value)}; it must return a Receipt, Accepted or HandOff"
    )
    try:
        answer = verify_answer(value)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{method}() returned an unusable answer: {error}") from error
    if isinstance(answer, HandOff):
        assert {"zh", "en"} <= set(answer.instructions), (
            f"the HandOff has instructions in {sorted(answer.instructions)}; it needs zh and en"
        )
    return value


def attempt(channel: Channel, message: Rendition, key: str | None = None) -> object:
    """Publish *message* and return the channel's answer, or the exception that it raised."""
    return raised_by(lambda: publish_part(channel, message, key=key or new_key(), after=None))


def raised_by(call: Callable[[], object]) -> object:
    """Call *call*. Return its result, or the exception that it raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - the caller judges it
        return error


def refused(
    outcome: object, expected: type[PublishError], when: str, method: str = "publish"
) -> PublishError:
    """Assert that *outcome* is an exception of the class *expected*, and return it.

    *when* says, for the error message, when *method* must raise it.
    """
    assert isinstance(outcome, expected), (
        f"{when}, {method}() {told(outcome)}; it must raise {expected.__name__}"
    )
    return outcome


def check_retry_after(error: PublishError, response: FakeResponse) -> None:
    """Assert that `error.retry_after` equals the response's Retry-After header, if there is one."""
    asked = response.headers.get("Retry-After")
    assert asked is None or error.retry_after == float(asked), (
        f"the platform asked to wait {asked} s, but retry_after is {error.retry_after}"
    )


def told(outcome: object) -> str:
    """Describe *outcome* for an error message: `raised …` or `returned …`."""
    if isinstance(outcome, Exception):
        return f"raised {type(outcome).__name__} ({outcome})"
    return f"returned {kind_of(outcome)}"


def kind_of(value: object) -> str:
    """Describe the type of *value* for an error message, such as `a value of the type int`."""
    return "None" if value is None else f"a value of the type {type(value).__name__}"
