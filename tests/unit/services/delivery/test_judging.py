"""What each result of a call writes to its delivery."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsvc.channels import Accepted, Channel, HandOff, Receipt, Rendition
from contentsvc.config import Config
from contentsvc.domain.deliveries import NEXT, Action, DeliveryStatus, Outcome
from contentsvc.messages import Message
from contentsvc.services.delivery.calling import Answer
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.delivery.tasks import Task, judge

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
S = DeliveryStatus


class _Plain(Channel):
    """A channel that takes the same key twice as two posts."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Take the post."""
        return Receipt(f"{rendition.title} {key}")


class _Keyed(_Plain):
    """A channel that takes the same key twice as one post."""

    idempotent_for = timedelta.max


def task(action: Action, kind: type[Channel] = _Plain, **values: Any) -> Task:
    """Return a task for a delivery that is due now."""
    delivery = ClaimedDelivery(
        id=1,
        fence=3,
        key="key",
        status=action.before,
        notice="",
        due_at=NOW,
        next_at=NOW,
        useful_until=NOW + timedelta(hours=2),
        lease_until=NOW + timedelta(minutes=2),
        attempt_count=1,
        first_sent_at=NOW,
        poll_until=None,
        follow_ups=0,
        in_doubt=False,
        part_count=0,
        parts_out=0,
        rendition_hash="hash",
        receipt=None,
        calendar_id=1,
        despite_quiet=False,
        calendar_updated_at=NOW,
        channel_id=1,
        channel_name="there",
        channel_type="scripted",
        channel_updated_at=NOW,
        channel_paused_at=None,
    )
    rendition = Rendition(title="", text="", html="")
    return Task(action, replace(delivery, **values), object.__new__(kind), rendition, "scripted:a")


PAIRS = list(itertools.product(Action, Outcome))


@pytest.mark.parametrize(("action", "outcome"), PAIRS)
def test_every_pair_moves_as_the_table_says(action: Action, outcome: Outcome) -> None:
    """The verdict has the table's status, and frees the claim."""
    why = Message("attempt-absent")

    verdict = judge(task(action), Answer(outcome, message=why), NOW)

    assert verdict.after is NEXT[action][outcome]
    assert verdict.is_new is (verdict.after is not action.before)
    assert verdict.values["lease_until"] is None
    assert verdict.values["claimed_by"] is None
    assert verdict.values["updated_at"] == NOW
    if action is Action.FIND and not verdict.is_new:
        # The reason why the outcome is unknown stays.
        assert "error" not in verdict.values
    else:
        assert verdict.values["error"] == (
            Message.plain("") if outcome is Outcome.PUBLISHED else Message("attempt-absent")
        )


#: The pairs after which an attempt may have published the post although nobody said so, for a
#: delivery that was in no doubt before, and for one that was.
_BRINGS_DOUBT = {(Action.PUBLISH, Outcome.UNKNOWN), (Action.PUBLISH, Outcome.ABSENT)}
_ENDS_DOUBT = {
    *((action, Outcome.PUBLISHED) for action in Action),
    (Action.FIND, Outcome.ABSENT),
}


@pytest.mark.parametrize(("action", "outcome"), PAIRS)
@pytest.mark.parametrize("in_doubt", [True, False])
def test_doubt_comes_with_unknown_outcomes_and_ends_with_certain_ones(
    action: Action, outcome: Outcome, *, in_doubt: bool
) -> None:
    """Only a receipt, or a search that found nothing, ends the doubt."""
    verdict = judge(task(action, in_doubt=in_doubt), Answer(outcome), NOW)

    pair = (action, outcome)
    stays = (in_doubt or pair in _BRINGS_DOUBT) and pair not in _ENDS_DOUBT
    assert verdict.values["in_doubt"] is stays


@pytest.mark.parametrize("outcome", Outcome)
def test_what_may_be_out_never_fails(outcome: Outcome) -> None:
    """After an attempt that may have published it, no outcome of the next fails the delivery."""
    verdict = judge(task(Action.PUBLISH, in_doubt=True, attempt_count=99), Answer(outcome), NOW)

    assert verdict.after is not S.FAILED


@pytest.mark.parametrize(("kind", "seconds"), [(_Plain, 30), (_Keyed, 2)])
def test_an_unknown_outcome_rests(kind: type[Channel], seconds: int) -> None:
    """It is looked into after 30 s, or 2 s where the same key twice is one post."""
    first = task(Action.PUBLISH, kind, attempt_count=0)

    verdict = judge(first, Answer(Outcome.UNKNOWN), NOW)

    assert verdict.values["next_at"] == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        (Action.PUBLISH, Outcome.TEMPORARY),
        (Action.PUBLISH, Outcome.AUTH),
        (Action.PUBLISH, Outcome.UNKNOWN),
        (Action.FIND, Outcome.ABSENT),
    ],
)
def test_nothing_comes_before_its_time(action: Action, outcome: Outcome) -> None:
    """A clock that was set back during the call makes the next call no earlier than the post."""
    due_at = NOW + timedelta(hours=1)

    verdict = judge(task(action, due_at=due_at), Answer(outcome), NOW)

    assert verdict.values["next_at"] == due_at


def test_a_receipt_is_written() -> None:
    """The platform's id, address and time, or the time of the call."""
    receipt = Receipt("7", "https://there.example/7")

    plain = judge(task(Action.PUBLISH), Answer(Outcome.PUBLISHED, receipt=receipt), NOW)
    early = replace(receipt, published_at=NOW - timedelta(seconds=9))
    timed = judge(task(Action.PUBLISH), Answer(Outcome.PUBLISHED, receipt=early), NOW)

    assert plain.values["receipt"] == {"id": "7", "url": "https://there.example/7"}
    assert plain.values["published_at"] == NOW
    assert timed.values["published_at"] == early.published_at


def test_an_accepted_post_is_checked_when_the_platform_says() -> None:
    """Its token is stored, and the first check waits as long as was asked."""
    accepted = Accepted("token", poll_after=5)

    verdict = judge(task(Action.PUBLISH), Answer(Outcome.ACCEPTED, accepted=accepted), NOW)

    assert verdict.values["receipt"] == {"token": "token", "poll_after": 5}
    assert verdict.values["next_at"] == NOW + timedelta(seconds=5)
    assert verdict.values["poll_until"] == NOW + timedelta(days=1)


def test_a_newer_accepted_replaces_the_older() -> None:
    """Its token and time are stored; the deadline of the first stays."""
    deadline = NOW + timedelta(hours=3)
    polled = task(Action.POLL, receipt={"token": "old", "poll_after": 5}, poll_until=deadline)

    verdict = judge(polled, Answer(Outcome.ACCEPTED, accepted=Accepted("new", poll_after=60)), NOW)

    assert verdict.after is S.ACCEPTED
    assert verdict.values["receipt"] == {"token": "new", "poll_after": 60}
    assert verdict.values["next_at"] == NOW + timedelta(seconds=60)
    assert "poll_until" not in verdict.values


def test_calls_are_counted_until_the_status_changes() -> None:
    """The number of a call determines its delay; a new status begins again at none."""
    polled = task(Action.POLL, receipt={"token": "t"}, follow_ups=4)

    again = judge(polled, Answer(Outcome.TEMPORARY), NOW)
    out = judge(polled, Answer(Outcome.PUBLISHED, receipt=Receipt("1")), NOW)

    assert again.values["follow_ups"] == 5
    assert again.values["next_at"] >= NOW + timedelta(seconds=80)
    assert out.values["follow_ups"] == 0


def test_a_poll_that_fails_after_many_is_repeated_soon() -> None:
    """Only failures in a row delay a poll, not the polls that the platform answered."""
    polled = task(Action.POLL, receipt={"token": "t"}, follow_ups=4, poll_until=NOW)

    answered = judge(polled, Answer(Outcome.ACCEPTED, accepted=Accepted("new", poll_after=1)), NOW)
    after = task(Action.POLL, receipt={"token": "new"}, follow_ups=answered.values["follow_ups"])
    failed = judge(after, Answer(Outcome.TEMPORARY), NOW)

    assert answered.values["follow_ups"] == 0
    assert failed.values["next_at"] <= NOW + timedelta(seconds=6)


def test_an_accepted_post_that_is_missing_stays_in_doubt() -> None:
    """The platform may still publish what it accepted, even if it cannot find it now."""
    asked = task(Action.FIND, in_doubt=True, poll_until=NOW)

    verdict = judge(asked, Answer(Outcome.ABSENT), NOW)

    assert verdict.after is S.UNKNOWN
    assert verdict.values["in_doubt"] is True


@pytest.mark.parametrize(
    ("remembered", "sent_before", "in_doubt", "doubles"),
    [
        (timedelta(hours=1), timedelta(0), True, False),
        (timedelta(hours=1), timedelta(minutes=59, seconds=30), True, True),
        (timedelta(hours=1), timedelta(minutes=59, seconds=30), False, False),
        (timedelta.max, timedelta(days=999), True, False),
        (None, timedelta(0), True, True),
        (None, timedelta(0), False, False),
    ],
)
def test_a_key_is_sent_again_while_it_is_remembered(
    remembered: timedelta | None, sent_before: timedelta, *, in_doubt: bool, doubles: bool
) -> None:
    """A whole call must fit into the time for which the platform remembers the key."""
    kind = type("Kind", (_Plain,), {"idempotent_for": remembered})
    sent = task(Action.PUBLISH, kind, in_doubt=in_doubt, first_sent_at=NOW - sent_before)

    assert sent.may_double(NOW, Config.from_env({})) is doubles


def test_a_hand_off_keeps_its_instructions() -> None:
    """What the person is to do is stored in both languages."""
    hand_off = HandOff({"zh": "请手动发布", "en": "Post it"}, url="https://there.example")

    verdict = judge(task(Action.PUBLISH), Answer(Outcome.HANDED_OFF, hand_off=hand_off), NOW)

    assert verdict.values["receipt"] == {
        "instructions": {"zh": "请手动发布", "en": "Post it"},
        "url": "https://there.example",
    }


def test_an_attempt_counts_once() -> None:
    """Only a call to publish begins a new attempt."""
    numbers = {action: task(action).number for action in Action}

    assert numbers == {Action.PUBLISH: 2, Action.FIND: 1, Action.POLL: 1}


class _Recording(_Plain):
    """A channel that returns the arguments of each call."""

    def publish(self, rendition: Rendition, *, key: str) -> Any:
        """Return the arguments."""
        return ("publish", rendition, key)

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Any:
        """Return the arguments."""
        return ("find", rendition, key, since)

    def poll(self, accepted: Accepted, rendition: Rendition, *, key: str) -> Any:
        """Return the arguments."""
        return ("poll", accepted, rendition, key)


def test_each_action_calls_its_method() -> None:
    """PUBLISH and FIND send the delivery's key; POLL also the platform's token."""
    publish = task(Action.PUBLISH, _Recording)
    find = task(Action.FIND, _Recording)
    receipt = {"token": "t-1", "poll_after": 9.0}
    poll = task(Action.POLL, _Recording, receipt=receipt)

    assert publish.call() == ("publish", publish.rendition, "key")
    assert find.call() == ("find", find.rendition, "key", NOW)
    assert poll.call() == ("poll", Accepted("t-1", 9.0), poll.rendition, "key")


def test_a_poll_without_a_token_has_an_unknown_outcome() -> None:
    """A row of an earlier version may have lost its receipt; the plugin is not called."""
    answer = task(Action.POLL, _Recording).ask()

    assert answer.outcome is Outcome.UNKNOWN
    assert "Accepted.token is empty" in str(answer.message)


def test_only_publishing_begins_a_new_attempt() -> None:
    """The attempt of a question is the one that it asks about."""
    assert [task(action).number for action in Action] == [2, 1, 1]
