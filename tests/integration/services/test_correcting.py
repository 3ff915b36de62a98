"""Corrections of what readers were told about a livestream, in every state of its deliveries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery, Entry, LivestreamPage
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus, Livestream
from contentsvc.domain.livestreams import Change, Facts
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import entries, planning
from contentsvc.services.corrections import correcting
from contentsvc.services.corrections.correcting import CorrectionText, Offer
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, USEFULNESS, WEEK, make_calendar, make_channel, make_entry

S = DeliveryStatus
LIVE = Livestream(host="林晓 医生", url="https://live.example/1", replay_url="")
#: Thursday 20:00 in Shanghai.
STARTS = datetime.fromisoformat("2026-11-26T12:00:00+00:00")


@pytest.fixture
def live(runtime: Runtime) -> Entry:
    """Return an approved livestream on two channels whose first notice is planned."""
    make_channel(runtime)
    make_channel(runtime, "group")
    calendar = make_calendar(runtime, "site", "group")
    return make_entry(
        runtime,
        calendar,
        key="thu-live",
        kind=EntryKind.LIVESTREAM,
        day=Weekday.THU,
        title="冬季护肤直播课",
        livestream=LIVE,
    )


def tell(runtime: Runtime, live: Entry, notice: str = "-24h", **values: Any) -> None:
    """Set *values* on a notice, as if it had been rendered and sent."""
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        told = replace(
            Facts.of(content_of(entry), entry.starts_at), link=LIVE.url, state="tomorrow"
        )
        said = {"status": S.PUBLISHED, "published_at": NOW, "facts": told.to_json()}
        session.execute(
            update(Delivery)
            .where(Delivery.entry_id == live.id, Delivery.notice == notice)
            .values(**{**said, **values})
        )


def offer(runtime: Runtime, live: Entry, now: datetime = NOW) -> Offer | None:
    with runtime.database.read() as session:
        return correcting.offer_of(session, live.id, now)


def change(runtime: Runtime, live: Entry, **said: Any) -> None:
    """Change an entry and approve it again."""
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        content = replace(content_of(entry), **said)
        changed = entries.change_entry(
            session, entry.id, entry.rev, content, by="mei", now=NOW, usefulness=USEFULNESS
        )
        if changed.status is not EntryStatus.APPROVED:
            planning.approve(session, changed, by="lan", now=NOW, usefulness=USEFULNESS)


def move(runtime: Runtime, live: Entry, day: Weekday = Weekday.SAT) -> None:
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        entries.move_entry(
            session,
            entry.id,
            entry.rev,
            week=WEEK,
            day=day,
            slot=None,
            time=time(20),
            by="mei",
            now=NOW,
            usefulness=USEFULNESS,
        )


def cancel(runtime: Runtime, live: Entry) -> None:
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        entries.cancel_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)


def correct(
    runtime: Runtime, found: Offer | None, *channels: str, at: datetime = NOW, now: datetime = NOW
) -> Entry:
    assert found is not None
    names = channels or tuple(one.channel for one in found.outdated)
    text = CorrectionText("更正：改到周六", "请以新时间为准。", names)
    with runtime.database.write() as session:
        return correcting.correct(
            session, found, text, at=at, by="mei", now=now, usefulness=USEFULNESS
        )


def statuses(runtime: Runtime, entry_id: int) -> dict[tuple[str, str], DeliveryStatus]:
    with runtime.database.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.entry_id == entry_id))
        return {(row.channel.name, row.notice): row.status for row in rows}


def test_nothing_is_offered_without_a_change(runtime: Runtime, live: Entry) -> None:
    """Without a change no correction is offered."""
    tell(runtime, live)

    assert not offer(runtime, live)


def test_of_two_people_who_correct_at_once_the_first_wins(runtime: Runtime, live: Entry) -> None:
    """The second correction is refused, whichever of the two transactions wrote first."""
    tell(runtime, live)
    move(runtime, live)
    found = offer(runtime, live)
    assert found is not None
    text = CorrectionText("更正：改到周六", "请以新时间为准。", ("site",))

    with ThreadPoolExecutor(1) as pool:
        with runtime.database.write() as session:
            correcting.correct(
                session, found, text, at=NOW, by="mei", now=NOW, usefulness=USEFULNESS
            )
            second = pool.submit(correct, runtime, found, "site")
            # Long enough for the second person to reach the row that is not committed yet.
            wait([second], timeout=0.5)

        with pytest.raises(ConflictError):
            second.result(timeout=30)


def test_a_move_is_offered_to_the_channels_that_told_it(runtime: Runtime, live: Entry) -> None:
    """A move is offered for each channel that published the old time, with old and new facts."""
    tell(runtime, live)
    move(runtime, live)

    found = offer(runtime, live)

    assert found is not None
    assert [one.channel for one in found.outdated] == ["site", "group"]
    assert found.changes == (Change.MOVED,)
    one = found.outdated[0]
    assert one.told.starts_at == STARTS
    assert one.present.starts_at == STARTS + timedelta(days=2)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"body": "别的正文"}, ()),
        ({"livestream": replace(LIVE, points=("新看点",))}, ()),
        ({"title": "新题目"}, (Change.TITLE,)),
        ({"livestream": replace(LIVE, host="王芳 医生")}, (Change.HOST,)),
        ({"livestream": replace(LIVE, url="https://live.example/2")}, (Change.LINK,)),
        ({"livestream": replace(LIVE, replay_url="https://live.example/r")}, ()),
        ({"title": "新题目", "slot": None, "time": time(21)}, (Change.MOVED, Change.TITLE)),
    ],
)
def test_only_what_was_announced_is_corrected(
    runtime: Runtime, live: Entry, said: dict[str, Any], expected: tuple[Change, ...]
) -> None:
    """A new title, host, link or time needs a correction; a new text does not."""
    tell(runtime, live)
    change(runtime, live, **said)

    found = offer(runtime, live)

    assert (found.changes if found else ()) == expected


def test_an_entry_in_review_is_not_corrected(runtime: Runtime, live: Entry) -> None:
    """Until the change is approved, the page only lists the channels to correct."""
    tell(runtime, live)
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        content = replace(content_of(entry), title="新题目")
        entries.change_entry(
            session, entry.id, entry.rev, content, by="mei", now=NOW, usefulness=USEFULNESS
        )

    assert offer(runtime, live) is None
    with runtime.database.read() as session:
        assert correcting.channels_to_correct(session, live.id, NOW) == ("site", "group")
        assert session.get_one(LivestreamPage, live.id).facts["title"] == "冬季护肤直播课"


def test_a_cancellation_is_offered_until_it_would_be_over(runtime: Runtime, live: Entry) -> None:
    """A cancellation is offered until the planned end of the livestream."""
    tell(runtime, live)
    cancel(runtime, live)

    found = offer(runtime, live)

    assert found is not None
    assert found.changes == (Change.CANCELLED,)
    assert not offer(runtime, live, STARTS + timedelta(hours=1))


def test_a_deleted_livestream_is_called_off(runtime: Runtime, live: Entry) -> None:
    """Deleting a livestream that was announced offers a correction."""
    tell(runtime, live)
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        entries.delete_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)

    found = offer(runtime, live)

    assert found is not None
    assert found.changes == (Change.CANCELLED,)


def test_a_correction_goes_out_once(runtime: Runtime, live: Entry) -> None:
    """A correction is one approved entry for the chosen channels, made once per change."""
    tell(runtime, live)
    move(runtime, live)
    found = offer(runtime, live)

    made = correct(runtime, found, "group")

    assert statuses(runtime, made.id) == {("group", ""): S.PLANNED}
    assert made.status is EntryStatus.APPROVED
    again = offer(runtime, live)
    assert again is not None
    assert [one.channel for one in again.outdated] == ["site"]
    assert [one.channel for one in again.pending] == ["group"]
    with pytest.raises(ConflictError, match="no correction is needed any more for group"):
        correct(runtime, found, "group")


def test_a_correction_that_is_out_ends_the_offer(runtime: Runtime, live: Entry) -> None:
    """A published correction ends the offer, and moving the livestream back is another change."""
    tell(runtime, live)
    move(runtime, live)
    made = correct(runtime, offer(runtime, live))
    with runtime.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.entry_id == made.id)
            .values(status=S.PUBLISHED, published_at=NOW + timedelta(seconds=1))
        )

    assert not offer(runtime, live)

    move(runtime, live, Weekday.THU)
    back = offer(runtime, live)
    assert back is not None
    assert back.changes == (Change.MOVED,)
    assert back.outdated[0].told.starts_at == STARTS + timedelta(days=2)
    assert correct(runtime, back).key == "fix-thu-live-2"


@pytest.mark.parametrize("lost", [S.FAILED, S.MISSED, S.CANCELLED])
def test_a_correction_that_was_lost_is_offered_again(
    runtime: Runtime, live: Entry, lost: DeliveryStatus
) -> None:
    """A correction that failed or was missed or cancelled is offered again."""
    tell(runtime, live)
    move(runtime, live)
    first = correct(runtime, offer(runtime, live))
    with runtime.database.write() as session:
        session.execute(update(Delivery).where(Delivery.entry_id == first.id).values(status=lost))

    second = correct(runtime, offer(runtime, live), now=NOW + timedelta(seconds=1))

    assert second.id != first.id
    found = offer(runtime, live)
    assert found is not None
    assert {one.delivery.entry_id for one in found.pending} == {second.id}


def test_a_second_move_withdraws_the_first_correction(runtime: Runtime, live: Entry) -> None:
    """A second move cancels a correction that is not yet published."""
    tell(runtime, live)
    move(runtime, live)
    first = offer(runtime, live)
    made = correct(runtime, first, at=NOW + timedelta(hours=1))

    move(runtime, live, Weekday.SUN)

    assert set(statuses(runtime, made.id).values()) == {S.CANCELLED}
    found = offer(runtime, live)
    assert found is not None
    assert len(found.outdated) == 2
    with pytest.raises(ConflictError, match="changed once more"):
        correct(runtime, first)


def test_a_person_may_want_no_correction(runtime: Runtime, live: Entry) -> None:
    """Dismissing ends the offer and cancels a correction that is not yet published."""
    tell(runtime, live)
    move(runtime, live)
    made = correct(runtime, offer(runtime, live), "site", at=NOW + timedelta(hours=1))
    found = offer(runtime, live)
    assert found is not None

    with runtime.database.write() as session:
        correcting.dismiss(session, found, by="mei", now=NOW, usefulness=USEFULNESS)

    assert statuses(runtime, made.id) == {("site", ""): S.CANCELLED}
    assert not offer(runtime, live)


def test_a_correction_needs_a_channel(runtime: Runtime, live: Entry) -> None:
    """A correction without a channel is refused."""
    tell(runtime, live)
    move(runtime, live)
    found = offer(runtime, live)
    assert found is not None

    with runtime.database.write() as session, pytest.raises(InputError, match="no channel"):
        correcting.correct(
            session,
            found,
            CorrectionText("更正", "", ()),
            at=NOW,
            by="mei",
            now=NOW,
            usefulness=USEFULNESS,
        )


@pytest.mark.parametrize(
    ("before", "moved", "cancelled"),
    [
        ((S.PLANNED, False), S.PLANNED, S.CANCELLED),
        ((S.SCHEDULED, False), S.PLANNED, S.CANCELLED),
        ((S.RETRYING, False), S.PLANNED, S.CANCELLED),
        ((S.CLAIMED, False), S.PLANNED, S.CANCELLED),
        ((S.SCHEDULED, True), S.UNKNOWN, S.UNKNOWN),
        ((S.RETRYING, True), S.UNKNOWN, S.UNKNOWN),
        ((S.CLAIMED, True), S.UNKNOWN, S.UNKNOWN),
        ((S.SENDING, False), None, S.SENDING),
        ((S.UNKNOWN, True), S.UNKNOWN, S.UNKNOWN),
        ((S.HANDED_OFF, False), S.PLANNED, S.CANCELLED),
        ((S.ACCEPTED, False), S.ACCEPTED, S.ACCEPTED),
        ((S.PUBLISHED, False), S.PUBLISHED, S.PUBLISHED),
        ((S.MISSED, False), S.PLANNED, S.MISSED),
        ((S.CANCELLED, False), S.PLANNED, S.CANCELLED),
        ((S.FAILED, False), S.FAILED, S.FAILED),
    ],
)
def test_every_status_has_its_consequence(
    runtime: Runtime,
    live: Entry,
    before: tuple[DeliveryStatus, bool],
    moved: DeliveryStatus | None,
    cancelled: DeliveryStatus,
) -> None:
    """Each status follows, waits for a person, or stays when the livestream changes.

    The table also has whether an earlier attempt may have published the delivery.

    """
    status, in_doubt = before
    tell(runtime, live, "-1h", status=status, in_doubt=in_doubt)
    if moved is None:
        with pytest.raises(ConflictError, match="being published right now"):
            move(runtime, live)
    else:
        move(runtime, live)
        assert statuses(runtime, live.id)["site", "-1h"] is moved
        tell(runtime, live, "-1h", status=status, in_doubt=in_doubt)

    cancel(runtime, live)

    assert statuses(runtime, live.id)["site", "-1h"] is cancelled


def test_what_may_be_out_is_not_sent_again_with_the_old_time(runtime: Runtime, live: Entry) -> None:
    """A delivery in doubt is not sent again with the old time, even with an idempotent channel."""
    tell(runtime, live, "-1h", status=S.UNKNOWN, in_doubt=True)
    move(runtime, live)

    with runtime.database.read() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.notice == "-1h")))
    found = offer(runtime, live)

    assert {row.useful_until for row in rows} == {NOW}
    assert found is not None
    assert [row.notice for row in found.unsettled] == ["-1h", "-1h"]
    assert found.outdated == ()


def test_what_was_taken_back_is_told_no_more(runtime: Runtime, live: Entry) -> None:
    """A channel whose notice was taken back needs no correction."""
    tell(runtime, live)
    with runtime.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.channel_id == 1, Delivery.notice == "-24h")
            .values(retracted_at=NOW)
        )
    move(runtime, live)

    found = offer(runtime, live)

    assert found is not None
    assert [one.channel for one in found.outdated] == ["group"]
