"""Corrections: what was told of a livestream and is no longer so, in every state it can be in."""

from __future__ import annotations

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
    """Give an approved livestream on two channels, whose first notice is to go out."""
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
    """Let a notice stand as if it had been rendered, and *values* had become of it."""
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


def test_nothing_is_offered_where_nothing_changed(runtime: Runtime, live: Entry) -> None:
    """Readers who know what holds need no correction."""
    tell(runtime, live)

    assert not offer(runtime, live)


def test_a_move_is_offered_to_the_channels_that_told_it(runtime: Runtime, live: Entry) -> None:
    """Each channel where the old time is out is named, with what it told and what is so."""
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
    """A new text corrects nothing that readers were told; title, host, link and time do."""
    tell(runtime, live)
    change(runtime, live, **said)

    found = offer(runtime, live)

    assert (found.changes if found else ()) == expected


def test_what_is_in_review_is_told_to_nobody(runtime: Runtime, live: Entry) -> None:
    """The correction waits for the approval, and the page says whom it will be offered for."""
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
    """Whoever was told the time hears that it is off; afterwards nobody waits for it."""
    tell(runtime, live)
    cancel(runtime, live)

    found = offer(runtime, live)

    assert found is not None
    assert found.changes == (Change.CANCELLED,)
    assert not offer(runtime, live, STARTS + timedelta(hours=1))


def test_a_deleted_livestream_is_called_off(runtime: Runtime, live: Entry) -> None:
    """Taking it off the board does not take it out of the group's mind."""
    tell(runtime, live)
    with runtime.database.write() as session:
        entry = session.get_one(Entry, live.id)
        entries.delete_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)

    found = offer(runtime, live)

    assert found is not None
    assert found.changes == (Change.CANCELLED,)


def test_a_correction_goes_out_once(runtime: Runtime, live: Entry) -> None:
    """It is an approved entry for exactly those channels; nobody makes a second of one change."""
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
    with pytest.raises(ConflictError, match="group needs no correction any more"):
        correct(runtime, found, "group")


def test_a_correction_that_is_out_ends_the_offer(runtime: Runtime, live: Entry) -> None:
    """What readers were told last counts; moving it back is another change."""
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
    """Readers still believe the old time, so there is something to do."""
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
    """A correction that waits for its time must not tell a time that is wrong by then."""
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
    """The offer is gone, and one that was to go out later is withdrawn."""
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
    """With every channel unticked there is nothing to send."""
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
def test_every_state_has_its_answer(
    runtime: Runtime,
    live: Entry,
    before: tuple[DeliveryStatus, bool],
    moved: DeliveryStatus | None,
    cancelled: DeliveryStatus,
) -> None:
    """What is not out moves or is cancelled, what may be out waits for a person, the rest stays.

    Beside the status stands whether an earlier attempt may have published it.
    """
    status, in_doubt = before
    tell(runtime, live, "-1h", status=status, in_doubt=in_doubt)
    if moved is None:
        with pytest.raises(ConflictError, match="going out at this moment"):
            move(runtime, live)
    else:
        move(runtime, live)
        assert statuses(runtime, live.id)["site", "-1h"] is moved
        tell(runtime, live, "-1h", status=status, in_doubt=in_doubt)

    cancel(runtime, live)

    assert statuses(runtime, live.id)["site", "-1h"] is cancelled


def test_what_may_be_out_is_not_sent_again_with_the_old_time(runtime: Runtime, live: Entry) -> None:
    """Even where the same key twice is one post: it would be the old time's first appearance."""
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
    """A channel whose notice is gone again needs no correction."""
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
