"""Tests of `find` and `poll` with a platform whose answers may get lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import ClassVar

from contentsvc.channels.answers import Accepted, Receipt
from contentsvc.channels.channel import Channel
from contentsvc.channels.contract.attempts import (
    LONG_AGO,
    attempt,
    check_retry_after,
    first_message,
    kind_of,
    new_key,
    raised_by,
    refused,
    told,
)
from contentsvc.channels.contract.publishing import ChannelContract
from contentsvc.channels.support import supports
from contentsvc.channels.testing import Chaos, FakePlatform, FakeResponse
from contentsvc.errors import ChannelAuthError, PublishError, RejectedError

__all__ = ["FollowUpContract"]

#: What says nothing about the post that was asked about.
_NO_ANSWER = (Chaos.drop(), Chaos.half(), Chaos.fail(503))


class FollowUpContract(ChannelContract):
    """Tests of `find` and `poll`, which ask the platform later. Part of HttpChannelContract."""

    #: Responses to a poll by which the platform refuses the post or the call, and the error that
    #: each must raise.
    poll_refusals: ClassVar[Mapping[str, tuple[FakeResponse, type[PublishError]]]] = {}

    def test_a_lost_post_is_found(self, channel: Channel, platform: FakePlatform) -> None:
        """After a lost answer, `find` returns the post if the platform accepted it, else None.

        The test runs only if the fake platform has routes, because it must remember posts.
        """
        if not supports(channel, "find") or not platform.routes:
            return
        message = first_message(channel)
        for chaos in (Chaos.drop(), Chaos.drop(accepts=False)):
            key = new_key()
            platform.then(chaos)
            attempt(channel, message, key)
            found = channel.find(message, key=key, since=LONG_AGO)
            is_right = isinstance(found, Accepted | Receipt) == chaos.accepts
            assert is_right, (
                f"after {chaos}, find() returned {kind_of(found)}; it must return "
                f"{'a Receipt or Accepted' if chaos.accepts else 'None'}"
            )

    def test_a_search_without_an_answer_finds_nothing_out(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If the platform does not answer `find`, it raises an error instead of returning None."""
        if not supports(channel, "find"):
            return
        key, message = new_key(), first_message(channel)
        attempt(channel, message, key)
        asked = _asked(platform, lambda: channel.find(message, key=key, since=LONG_AGO))
        for chaos, route in itertools.product(_NO_ANSWER, asked):
            platform.always(chaos, route=route)
            outcome = raised_by(lambda: channel.find(message, key=key, since=LONG_AGO))
            when = f"after {chaos} instead of answering (None would publish the post again)"
            refused(outcome, PublishError, when, "find")

    def test_a_poll_without_an_answer_decides_nothing(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If the platform does not answer `poll`, it raises an error after which polling continues.

        RejectedError would make the delivery fail, and ChannelAuthError would pause the channel.
        """
        key, message = new_key(), first_message(channel)
        accepted = attempt(channel, message, key)
        if not isinstance(accepted, Accepted):
            return
        asked = _asked(platform, lambda: channel.poll(accepted, message, key=key))
        for chaos, route in itertools.product(_NO_ANSWER, asked):
            platform.always(chaos, route=route)
            outcome = raised_by(lambda: channel.poll(accepted, message, key=key))
            raised = refused(outcome, PublishError, f"after {chaos}", "poll")
            assert not isinstance(raised, RejectedError | ChannelAuthError), (
                f"after {chaos}, poll() {told(raised)}; that says nothing about the post, so raise "
                "TemporaryError or OutcomeUnknownError"
            )

    def test_each_refusal_of_a_poll_is_told_apart(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """For each response in `poll_refusals`, `poll` raises the error listed with it.

        The error contains the platform's words, because people read them on the delivery's page.
        """
        key, message = new_key(), first_message(channel)
        accepted = attempt(channel, message, key)
        if not isinstance(accepted, Accepted):
            assert not self.poll_refusals, (
                f"the contract has poll_refusals, but publish() {told(accepted)}, not Accepted"
            )
            return
        asked = _asked(platform, lambda: channel.poll(accepted, message, key=key))
        assert asked or not self.poll_refusals, "poll() requested nothing from the platform"
        for name, (answer, error) in self.poll_refusals.items():
            platform.always(answer, route=asked[0])
            outcome = raised_by(lambda: channel.poll(accepted, message, key=key))
            raised = refused(outcome, error, f"for the response {name!r}", "poll")
            check_retry_after(raised, answer)
            assert str(raised).strip() not in {"", error.__name__}, (
                f"the {error.__name__} for the response {name!r} says nothing; pass the platform's "
                "words, which people read"
            )


def _asked(platform: FakePlatform, call: Callable[[], object]) -> list[str | None]:
    """Make a call that asks the platform, and return the last route that was requested.

    The result is a list: empty if nothing was requested, and [None] if the platform has no routes.
    """
    before = len(platform.requests)
    raised_by(call)
    return [request.route or None for request in platform.requests[before:]][-1:]
