"""What each result of a call writes to its delivery."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsvc.channels import Accepted, Channel, HandOff, Receipt, Rendition
from contentsvc.domain.deliveries import NEXT, Action, DeliveryStatus, Outcome
from contentsvc.messages import Message
from contentsvc.services.delivery.calling import Answer
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.delivery.tasks import Task, judge

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
S = DeliveryStatus


class _Plain(Channel):
    """A channel that takes the same key twice as two posts."""

    idempotent = False

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Take the post."""
        return Receipt(f"{rendition.title} {key}")


class _Keyed(_Plain):
    """A channel that takes the same key twice as one post."""

    idempotent = True


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
        in_doubt=False,
        rendition_hash="hash",
        receipt=None,
        calendar_id=1,
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
    """The verdict has the table's status, and frees the claim if there is one."""
    why = Message("attempt-absent")

    verdict = judge(task(action), Answer(outcome, message=why), NOW)

    assert verdict.after is NEXT[action][outcome]
    if verdict.after is None:
        assert verdict.values == {}
    else:
        assert verdict.values["lease_until"] is None
        assert verdict.values["claimed_by"] is None
        assert verdict.values["error"] == (
            Message.plain("") if outcome is Outcome.PUBLISHED else Message("attempt-absent")
        )
        assert verdict.values["updated_at"] == NOW


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
    if verdict.after is not None:
        assert verdict.values["in_doubt"] is stays


@pytest.mark.parametrize("outcome", Outcome)
def test_what_may_be_out_never_fails(outcome: Outcome) -> None:
    """After an attempt that may have published it, no outcome of the next fails the delivery."""
    verdict = judge(task(Action.PUBLISH, in_doubt=True, attempt_count=99), Answer(outcome), NOW)

    assert verdict.after is not S.FAILED


@pytest.mark.parametrize(("kind", "seconds"), [(_Plain, 30), (_Keyed, 2)])
def test_an_unknown_outcome_rests(kind: type[Channel], seconds: int) -> None:
    """It is looked into after 30 s, or 2 s where the same key twice is one post."""
    verdict = judge(task(Action.PUBLISH, kind), Answer(Outcome.UNKNOWN), NOW)

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

    assert verdict.values["receipt"] == {"token": "token"}
    assert verdict.values["next_at"] == NOW + timedelta(seconds=5)


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

    assert numbers == {Action.PUBLISH: 2, Action.FIND: 1, Action.CHECK: 1}


class _Recording(_Plain):
    """A channel that returns the arguments of each call."""

    def publish(self, rendition: Rendition, *, key: str) -> Any:
        """Return the arguments."""
        return ("publish", rendition, key)

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Any:
        """Return the arguments."""
        return ("find", rendition, key, since)

    def check(self, accepted: Accepted) -> Any:
        """Return the arguments."""
        return ("check", accepted.token)


def test_each_action_calls_its_method() -> None:
    """PUBLISH and FIND send the delivery's key; CHECK sends the platform's token."""
    publish = task(Action.PUBLISH, _Recording)
    find = task(Action.FIND, _Recording)
    check = task(Action.CHECK, _Recording, receipt={"token": "t-1"})

    assert publish.call() == ("publish", publish.rendition, "key")
    assert find.call() == ("find", find.rendition, "key", NOW)
    assert check.call() == ("check", "t-1")


def test_a_check_without_a_token_has_an_unknown_outcome() -> None:
    """A row of an earlier version may have lost its receipt; the plugin is not called."""
    answer = task(Action.CHECK, _Recording).ask()

    assert answer.outcome is Outcome.UNKNOWN
    assert "Accepted.token is empty" in str(answer.message)


def test_only_publishing_begins_a_new_attempt() -> None:
    """The attempt of a question is the one that it asks about."""
    assert [task(action).number for action in Action] == [2, 1, 1]
