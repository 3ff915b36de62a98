"""The legal moves of a delivery, every pair and every actor, and what follows an attempt."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsvc.domain.deliveries import (
    ENDED,
    MOST_ATTEMPTS,
    MOVES,
    NEXT,
    OPEN,
    SETTLE,
    SETTLE_IDEMPOTENT,
    WAITING,
    Action,
    Actor,
    DeliveryStatus,
    IllegalMoveError,
    Next,
    Outcome,
    Progress,
    check_move,
    next_step,
    retry_delay,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


def step_after(
    action: Action,
    outcome: Outcome,
    attempt: int,
    *,
    now: datetime,
    is_idempotent: bool = False,
    wait: float | None = None,
    jitter: float = 0.0,
    **progress: Any,
) -> Next:
    """Return the step of a delivery with this *progress*."""
    more = {"is_idempotent": is_idempotent, "wait": wait, "jitter": jitter}
    return next_step(action, outcome, attempt, Progress(**progress), now=now, **more)  # type: ignore[arg-type]


#: Every legal move, written a second time: `from > to: who may`. p planner, n renderer,
#: d dispatcher, w worker, r reaper, h a person.
TABLE = """
planned > scheduled: n          planned > failed: n            planned > missed: d
planned > cancelled: p          scheduled > planned: p         scheduled > claimed: d
scheduled > missed: d           scheduled > cancelled: p       scheduled > unknown: pdh
retrying > planned: p           retrying > claimed: d          retrying > missed: d
retrying > cancelled: p         retrying > unknown: pdh        claimed > scheduled: dwr
claimed > planned: p            claimed > sending: w           claimed > missed: w
claimed > cancelled: p          claimed > unknown: pwh         sending > published: w
sending > accepted: w           sending > handed_off: w        sending > retrying: w
sending > failed: w             sending > unknown: wr          accepted > published: w
accepted > handed_off: w        accepted > unknown: d          unknown > accepted: w
accepted > failed: w            handed_off > published: h      handed_off > failed: h
handed_off > cancelled: p       unknown > published: wh        unknown > retrying: wdh
unknown > failed: h             failed > planned: h            missed > planned: ph
cancelled > planned: ph         sending > scheduled: w         accepted > scheduled: w
unknown > scheduled: wh         handed_off > scheduled: h
planned > unknown: h            unknown > planned: h
"""
LETTERS = {
    "p": Actor.PLANNER,
    "n": Actor.RENDERER,
    "d": Actor.DISPATCHER,
    "w": Actor.WORKER,
    "r": Actor.REAPER,
    "h": Actor.PERSON,
}


def _table() -> dict[tuple[DeliveryStatus, DeliveryStatus], frozenset[Actor]]:
    moves = {}
    for cell in TABLE.replace("\n", "   ").split("   "):
        if cell.strip():
            pair, _, who = cell.partition(":")
            before, after = (DeliveryStatus(name.strip()) for name in pair.split(">"))
            moves[before, after] = frozenset(LETTERS[letter] for letter in who.strip())
    return moves


EXPECTED = _table()


def _is_allowed(before: DeliveryStatus, after: DeliveryStatus, actor: Actor) -> bool:
    try:
        check_move(before, after, actor)
    except IllegalMoveError:
        return False
    return True


def test_the_table_is_the_one_that_was_agreed() -> None:
    """The moves are exactly those of the table here."""
    assert MOVES == EXPECTED


@pytest.mark.parametrize("before", DeliveryStatus)
def test_every_pair_and_actor(before: DeliveryStatus) -> None:
    """From each status, each actor may make the moves of the table and no other."""
    allowed = {
        (after, actor)
        for after, actor in itertools.product(DeliveryStatus, Actor)
        if _is_allowed(before, after, actor)
    }

    assert allowed == {
        (after, actor)
        for (start, after), actors in EXPECTED.items()
        if start is before
        for actor in actors
    }


def test_illegal_moves_are_named() -> None:
    """The error says which move, and who may not make it."""
    with pytest.raises(IllegalMoveError, match="cannot go from published to planned"):
        check_move(DeliveryStatus.PUBLISHED, DeliveryStatus.PLANNED, Actor.PERSON)
    with pytest.raises(IllegalMoveError, match="the worker may not move a delivery from planned"):
        check_move(DeliveryStatus.PLANNED, DeliveryStatus.SCHEDULED, Actor.WORKER)


def test_published_is_the_end() -> None:
    """What is published never moves again."""
    assert not [pair for pair in MOVES if pair[0] is DeliveryStatus.PUBLISHED]


def test_every_status_can_be_reached() -> None:
    """From planned every status is reached."""
    reached = {DeliveryStatus.PLANNED}
    for _ in DeliveryStatus:
        reached |= {after for before, after in MOVES if before in reached}

    assert reached == set(DeliveryStatus)


def test_only_a_worker_begins_to_send() -> None:
    """The one way into sending is a worker's, from claimed."""
    assert {
        pair: actors for pair, actors in MOVES.items() if pair[1] is DeliveryStatus.SENDING
    } == {(DeliveryStatus.CLAIMED, DeliveryStatus.SENDING): frozenset({Actor.WORKER})}


def test_sending_is_never_taken_back() -> None:
    """Once the intent is durable, no planner or person can change what goes out."""
    after_sending = {actor for pair, who in MOVES.items() if pair[0] == "sending" for actor in who}

    assert after_sending == {Actor.WORKER, Actor.REAPER}


def test_groups_of_statuses() -> None:
    """What waits is open; what is open has not ended; what is in flight or doubt is neither."""
    assert WAITING < OPEN
    assert not OPEN & ENDED
    assert set(DeliveryStatus) - OPEN - ENDED == {
        DeliveryStatus.SENDING,
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.HANDED_OFF,
        DeliveryStatus.UNKNOWN,
    }


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        (1, 5),
        (2, 10),
        (3, 20),
        (4, 40),
        (5, 80),
        (6, 160),
        (7, 320),
        (8, 600),
        (9, 600),
        (999, 600),
    ],
)
def test_delay_doubles_up_to_ten_minutes(attempt: int, seconds: int) -> None:
    """The wait doubles from five seconds and ends at ten minutes."""
    delay = retry_delay(attempt, retry_after=None, jitter=0)

    assert delay == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(None, 5), (0, 5), (-3, 5), (2, 5), (30, 30), (3600, 3600)]
)
def test_the_platforms_wish_is_never_undercut(retry_after: float | None, seconds: int) -> None:
    """The platform's wait is taken where it is the longer one."""
    assert retry_delay(1, retry_after=retry_after, jitter=0) == timedelta(seconds=seconds)


def test_jitter_spreads_by_a_fifth() -> None:
    """Jitter makes the wait longer by up to a fifth and never shorter."""
    assert retry_delay(1, retry_after=None, jitter=0.5) == timedelta(seconds=5.5)
    assert retry_delay(1, retry_after=60, jitter=0.999) < timedelta(seconds=72)


#: What follows each outcome of each action, written a second time: `-` is the status as before.
STEPS = """
            publish     find       poll
published   published   published  published
accepted    accepted    accepted   -
handed_off  handed_off  -          handed_off
temporary   retrying    -          -
rate_limited retrying   -          -
rejected    failed      -          failed
auth        retrying    -          -
absent      unknown     retrying   -
unknown     unknown     -          -
"""


def _steps() -> dict[tuple[Action, Outcome], DeliveryStatus]:
    head, *rows = (line.split() for line in STEPS.strip().splitlines())
    return {
        (Action(action), Outcome(outcome)): (
            Action(action).before if after == "-" else DeliveryStatus(after)
        )
        for outcome, *cells in rows
        for action, after in zip(head, cells, strict=True)
    }


def test_every_action_and_outcome_has_its_step() -> None:
    """The table says what follows each outcome of each action."""
    every_pair = set(itertools.product(Action, Outcome))

    assert set(_steps()) == every_pair
    assert {pair: NEXT[pair[0]][pair[1]] for pair in every_pair} == _steps()


@pytest.mark.parametrize(("pair", "after"), _steps().items())
def test_every_step_is_legal_for_a_worker(
    pair: tuple[Action, Outcome], after: DeliveryStatus
) -> None:
    """Each call leads to the status of the table, and a worker may make that move."""
    action, outcome = pair

    step = step_after(action, outcome, 1, now=NOW, useful_until=LATER)

    assert step.status is after
    if after is not action.before:
        check_move(action.before, after, Actor.WORKER)


@pytest.mark.parametrize(("pair", "after"), _steps().items())
def test_a_step_has_a_time_if_a_call_follows(
    pair: tuple[Action, Outcome], after: DeliveryStatus
) -> None:
    """A step that leads to no further call of the service has no earliest time."""
    step = step_after(*pair, 1, now=NOW, useful_until=LATER)

    called = {DeliveryStatus.RETRYING, DeliveryStatus.UNKNOWN, DeliveryStatus.ACCEPTED}
    assert (step.not_before is not None) is (after in called)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_delivery_in_doubt_never_fails(outcome: Outcome) -> None:
    """A refused attempt says nothing about an earlier one that may have published the post."""
    step = step_after(Action.PUBLISH, outcome, 99, now=NOW, useful_until=NOW, in_doubt=True)

    assert step.status is not DeliveryStatus.FAILED


@pytest.mark.parametrize(("is_idempotent", "settle"), [(True, SETTLE_IDEMPOTENT), (False, SETTLE)])
@pytest.mark.parametrize("in_doubt", [True, False])
def test_an_unknown_outcome_settles_first(
    settle: timedelta, *, is_idempotent: bool, in_doubt: bool
) -> None:
    """However early, an unknown outcome is not retried; it may be asked about after a while."""
    step = step_after(
        Action.PUBLISH,
        Outcome.UNKNOWN,
        1,
        now=NOW,
        useful_until=NOW + timedelta(days=31),
        in_doubt=in_doubt,
        is_idempotent=is_idempotent,
    )

    assert step == Next(DeliveryStatus.UNKNOWN, NOW + settle)


def test_a_refusal_in_doubt_settles_first() -> None:
    """A delivery that becomes unknown by a refused retry waits like any unknown outcome."""
    step = step_after(
        Action.PUBLISH, Outcome.REJECTED, 2, now=NOW, useful_until=LATER, in_doubt=True
    )

    assert step == Next(DeliveryStatus.UNKNOWN, NOW + SETTLE)


@pytest.mark.parametrize("outcome", [Outcome.TEMPORARY, Outcome.RATE_LIMITED])
def test_temporary_failures_are_retried(outcome: Outcome) -> None:
    """A temporary failure waits as long as the platform asked."""
    step = step_after(Action.PUBLISH, outcome, 2, now=NOW, useful_until=LATER, wait=42)

    assert step == Next(DeliveryStatus.RETRYING, NOW + timedelta(seconds=42))


def test_no_retry_after_its_usefulness() -> None:
    """A retry exactly at the end of the usefulness is made; a later one is not."""
    useful_until = NOW + timedelta(seconds=5)

    in_time = step_after(Action.PUBLISH, Outcome.TEMPORARY, 1, now=NOW, useful_until=useful_until)
    too_late = step_after(Action.PUBLISH, Outcome.TEMPORARY, 2, now=NOW, useful_until=useful_until)

    assert in_time == Next(DeliveryStatus.RETRYING, useful_until)
    assert too_late == Next(DeliveryStatus.FAILED)


def test_eight_attempts_are_enough() -> None:
    """After the eighth attempt a delivery fails, however long it would be useful."""
    far = NOW + timedelta(days=31)

    seventh, eighth = (
        step_after(Action.PUBLISH, Outcome.TEMPORARY, attempt, now=NOW, useful_until=far)
        for attempt in (MOST_ATTEMPTS - 1, MOST_ATTEMPTS)
    )

    assert seventh.status is DeliveryStatus.RETRYING
    assert eighth == Next(DeliveryStatus.FAILED)
    assert MOST_ATTEMPTS == 8


def test_a_refused_credential_waits_for_a_person() -> None:
    """It is due at once and does not use up its attempts; the paused channel holds it."""
    step = step_after(
        Action.PUBLISH, Outcome.AUTH, 99, now=NOW, useful_until=NOW - timedelta(seconds=1)
    )

    assert step == Next(DeliveryStatus.RETRYING, NOW)


def test_a_post_that_is_not_there_is_sent_again_at_once() -> None:
    """A search that found nothing makes the delivery due now, whatever the attempts were."""
    step = step_after(
        Action.FIND, Outcome.ABSENT, 99, now=NOW, useful_until=NOW - timedelta(seconds=1)
    )

    assert step == Next(DeliveryStatus.RETRYING, NOW)


@pytest.mark.parametrize(
    ("attempt", "wait", "seconds"),
    [(1, None, 2), (2, None, 5), (3, None, 10), (7, None, 160), (1, 60, 60), (3, 7, 10)],
)
def test_a_key_is_sent_again_ever_later(attempt: int, wait: float | None, seconds: int) -> None:
    """After further unknown outcomes an idempotent channel gets the key later, as in retries."""
    step = step_after(
        Action.PUBLISH,
        Outcome.UNKNOWN,
        attempt,
        now=NOW,
        useful_until=LATER,
        is_idempotent=True,
        wait=wait,
    )

    assert step == Next(DeliveryStatus.UNKNOWN, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("poll_after", "seconds"), [(0, 1), (0.5, 1), (15, 15), (86_400, 86_400)])
@pytest.mark.parametrize("action", Action)
def test_every_poll_waits_as_long_as_asked(action: Action, poll_after: float, seconds: int) -> None:
    """The platform's time is obeyed after each call, but polls are at least a second apart."""
    step = step_after(
        action, Outcome.ACCEPTED, 5, now=NOW, useful_until=NOW, wait=poll_after, jitter=0.9
    )

    assert step == Next(DeliveryStatus.ACCEPTED, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("call", "seconds"), [(1, 5), (2, 10), (3, 20), (99, 600)])
@pytest.mark.parametrize("outcome", [Outcome.TEMPORARY, Outcome.UNKNOWN, Outcome.RATE_LIMITED])
@pytest.mark.parametrize("action", [Action.FIND, Action.POLL])
def test_a_failed_question_is_asked_again_ever_later(
    action: Action, outcome: Outcome, call: int, seconds: int
) -> None:
    """A platform that cannot answer is asked at growing intervals, up to ten minutes."""
    step = step_after(action, outcome, call, now=NOW, useful_until=NOW)

    assert step == Next(action.before, NOW + timedelta(seconds=seconds))


def test_a_question_waits_as_long_as_the_platform_asks() -> None:
    """`retry_after` of an error from `poll` is obeyed."""
    step = step_after(Action.POLL, Outcome.RATE_LIMITED, 1, now=NOW, useful_until=NOW, wait=90)

    assert step == Next(DeliveryStatus.ACCEPTED, NOW + timedelta(seconds=90))


def test_an_accepted_post_that_is_missing_is_not_sent_again() -> None:
    """A platform that has accepted a post may publish it later, so a person decides."""
    step = step_after(Action.FIND, Outcome.ABSENT, 1, now=NOW, useful_until=LATER, poll_until=LATER)

    assert step.status is DeliveryStatus.UNKNOWN


@pytest.mark.parametrize(
    ("poll_until", "after"),
    [(None, "accepted"), (LATER, "accepted"), (NOW, "unknown"), (NOW - timedelta(1), "unknown")],
)
def test_a_post_found_as_accepted_is_polled_until_the_deadline(
    poll_until: datetime | None, after: str
) -> None:
    """After the deadline a post that is still accepted stays with the person."""
    step = step_after(
        Action.FIND, Outcome.ACCEPTED, 1, now=NOW, useful_until=LATER, poll_until=poll_until
    )

    assert step.status == after


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    ("parts_out", "part_count", "after"),
    [
        (0, 0, "published"),
        (0, 1, "published"),
        (0, 2, "scheduled"),
        (8, 10, "scheduled"),
        (9, 10, "published"),
    ],
)
def test_the_next_part_is_sent_at_once(
    action: Action, parts_out: int, part_count: int, after: str
) -> None:
    """Until the last part is out, the delivery waits to be sent again."""
    step = step_after(
        action,
        Outcome.PUBLISHED,
        1,
        now=NOW,
        useful_until=NOW,
        parts_out=parts_out,
        part_count=part_count,
    )

    assert step.status == after
    assert step.not_before == (NOW if after == "scheduled" else None)


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.POLL])
@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_out_in_part_never_fails(action: Action, outcome: Outcome) -> None:
    """If a part is out, a person decides about the rest."""
    step = step_after(action, outcome, 99, now=NOW, useful_until=NOW, parts_out=2, part_count=3)

    assert step.status is not DeliveryStatus.FAILED
