"""A change of settings that approved entries depend on asks first, and does what was listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.domain.calendars import Community
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus, Livestream
from contentsvc.domain.quotas import QuietHours
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import ConflictError, OutcomeUnknownError, TemporaryError
from contentsvc.services.channel_changes import changing_channels
from contentsvc.services.concerns import ApprovedEntriesError, Fate
from contentsvc.services.entries import change_entry
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import approve_entry
from contentsvc.services.runtime import Runtime
from tests.factories import (
    NOW,
    USEFULNESS,
    change_calendar,
    make_calendar,
    make_channel,
    make_entry,
    save_channel,
)
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
KEEP, REVIEW = Answer(Decision.KEEP), Answer(Decision.REVIEW)
#: An hour ahead of Shanghai, so that a wall-clock time is an hour earlier.
TOKYO = ZoneInfo("Asia/Tokyo")
#: Wednesday 20:00 in Shanghai.
DUE = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIVE: dict[str, Any] = {
    "kind": EntryKind.LIVESTREAM,
    "key": "live",
    "livestream": Livestream(host="林晓", url="https://live.example.com/1"),
}


@pytest.fixture
def planned(runtime: Runtime) -> Runtime:
    """Give a runtime with the channels `site` and `other`."""
    make_channel(runtime)
    make_channel(runtime, "other", "scripted")
    return runtime


def listed(runtime: Runtime, calendar: Calendar, **said: Any) -> ApprovedEntriesError:
    """Return the question that a change of a calendar asks."""
    with pytest.raises(ApprovedEntriesError) as caught:
        change_calendar(runtime, calendar, **said)
    return caught.value


def reload(runtime: Runtime, entry: Entry) -> Entry:
    """Return the entry with its deliveries, as the database has it."""
    with runtime.database.read() as session:
        return load_entry(session, entry.id)


def due(runtime: Runtime, entry: Entry) -> dict[str, tuple[DeliveryStatus, datetime]]:
    """Return status and due time of an entry's deliveries, by channel and notice."""
    rows = reload(runtime, entry).deliveries
    return {f"{row.channel.name}{row.notice}": (row.status, row.due_at) for row in rows}


def test_new_channels_ask_and_change_nothing(planned: Runtime) -> None:
    """The list names the entry and both channels, and the calendar is as before."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    make_entry(planned, calendar, approved=False, key="draft")
    make_entry(planned, calendar, key="own", channels=("site",))
    question = listed(planned, calendar, channels=("site", "other"))

    (concern,) = question.concerns
    assert (concern.entry_id, concern.added, concern.removed) == (entry.id, ("other",), ())
    assert [post.fate for post in concern.posts] == [Fate.STAYS]
    with planned.database.read() as session:
        assert session.get_one(Calendar, calendar.id).channels == ["site"]


def test_kept_as_approved_an_entry_keeps_its_channels(planned: Runtime) -> None:
    """The calendar has the new channels; the entry goes where it was approved to go."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    changed = change_calendar(planned, calendar, KEEP, channels=("other",))

    assert changed.channels == ["other"]
    assert due(planned, entry) == {"site": (S.PLANNED, DUE)}
    assert reload(planned, entry).status is EntryStatus.APPROVED


def test_a_later_change_does_not_ask_about_the_same_again(planned: Runtime) -> None:
    """A decision stands: quiet hours and a new name ask nothing, nor do the same channels."""
    calendar = make_calendar(planned)
    make_entry(planned, calendar)
    change_calendar(planned, calendar, KEEP, channels=("site", "other"))

    change_calendar(planned, calendar, name="新名字", quiet=QuietHours.parse("22:00-08:00"))
    change_calendar(planned, calendar, channels=("site", "other"))


def test_back_in_review_an_entry_takes_the_new_channels(planned: Runtime) -> None:
    """Nothing of it goes out until it is approved again, and then on all channels."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    change_calendar(planned, calendar, REVIEW, channels=("site", "other"))
    back = reload(planned, entry)
    assert (back.status, due(planned, entry)["site"][0]) == (EntryStatus.IN_REVIEW, S.CANCELLED)

    with planned.database.write() as session:
        approve_entry(session, entry.id, back.rev, by="lan", now=NOW, usefulness=USEFULNESS)

    assert due(planned, entry) == {"site": (S.PLANNED, DUE), "other": (S.PLANNED, DUE)}


def test_a_new_brand_asks(planned: Runtime) -> None:
    """Kept as approved, the posters keep the brand that was approved."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    branded = Community(brand="qinghe")
    assert listed(planned, calendar, community=branded).concerns[0].new_brand

    change_calendar(planned, calendar, KEEP, community=branded)

    approval = reload(planned, entry).approval
    assert approval is not None
    assert approval["brand"] is None


@pytest.mark.parametrize(
    ("said", "moved"),
    [
        ({"zone": TOKYO}, DUE - HOUR),
        ({"slots": {"晚间": time(21, 30)}}, DUE + 1.5 * HOUR),
    ],
)
def test_a_new_zone_or_slot_lists_what_moves(
    planned: Runtime, said: dict[str, Any], moved: datetime
) -> None:
    """The list has both times; kept as approved, the delivery moves and keeps its key."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    (before,) = reload(planned, entry).deliveries
    (concern,) = listed(planned, calendar, **said).concerns
    (post,) = concern.posts
    assert (post.before, post.after, post.fate) == (DUE, moved, Fate.MOVES)
    assert due(planned, entry) == {"site": (S.PLANNED, DUE)}

    change_calendar(planned, calendar, KEEP, **said)

    (after,) = reload(planned, entry).deliveries
    assert (after.status, after.due_at, after.key) == (S.PLANNED, moved, before.key)
    assert reload(planned, entry).status is EntryStatus.APPROVED


@pytest.mark.parametrize(
    ("now", "fate"),
    [(DUE - HOUR / 2, Fate.AT_ONCE), (DUE - HOUR / 60, Fate.AT_ONCE)],
)
def test_nothing_is_published_at_once(planned: Runtime, now: datetime, fate: Fate) -> None:
    """A post whose new time has just passed is listed as such, and waits for review."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    (concern,) = listed(planned, calendar, now=now, zone=TOKYO).concerns
    assert ([post.fate for post in concern.posts], concern.is_past) == ([fate], True)

    change_calendar(planned, calendar, KEEP, now=now, zone=TOKYO)

    assert reload(planned, entry).status is EntryStatus.IN_REVIEW
    assert due(planned, entry)["site"][0] is S.CANCELLED


def test_what_has_gone_by_is_listed(planned: Runtime) -> None:
    """Three hours earlier, the post would be too late to be useful."""
    calendar = make_calendar(planned)
    make_entry(planned, calendar)
    zone = ZoneInfo("Pacific/Auckland")
    (concern,) = listed(planned, calendar, now=DUE - HOUR, zone=zone).concerns

    assert [post.fate for post in concern.posts] == [Fate.GONE_BY]


@pytest.mark.parametrize("answer", [KEEP, REVIEW])
def test_the_old_zone_revives_what_the_change_cancelled(planned: Runtime, answer: Answer) -> None:
    """Put back before the due time, the entry is approved and planned as before."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    now = DUE - HOUR / 2
    change_calendar(planned, calendar, answer, now=now, zone=TOKYO)
    assert due(planned, entry)["site"][0] is S.CANCELLED
    change_calendar(planned, calendar, now=now, zone=ZoneInfo("Asia/Shanghai"))

    assert due(planned, entry) == {"site": (S.PLANNED, DUE)}
    assert reload(planned, entry).status is EntryStatus.APPROVED


def test_an_edit_meanwhile_is_not_revived(planned: Runtime) -> None:
    """What was written while the approval was suspended is not approved by the old zone."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    change_calendar(planned, calendar, REVIEW, zone=TOKYO)
    with planned.database.write() as session:
        row = load_entry(session, entry.id)
        content = replace(content_of(row), title="新的标题")
        change_entry(session, row.id, row.rev, content, by="mei", now=NOW, usefulness=USEFULNESS)
    change_calendar(planned, calendar, zone=ZoneInfo("Asia/Shanghai"))

    assert reload(planned, entry).status is EntryStatus.IN_REVIEW
    assert due(planned, entry)["site"][0] is S.CANCELLED


def test_another_change_does_not_revive_what_was_sent_to_review(planned: Runtime) -> None:
    """Only the same channels as before do."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    change_calendar(planned, calendar, REVIEW, channels=("site", "other"))
    change_calendar(planned, calendar, slots={"晚间": time(20), "深夜": time(23)})
    assert reload(planned, entry).status is EntryStatus.IN_REVIEW

    change_calendar(planned, calendar, channels=("site",))

    assert reload(planned, entry).status is EntryStatus.APPROVED


def test_a_livestream_loses_only_the_notices_that_have_passed(planned: Runtime) -> None:
    """Its list says which; the others move, and the old zone brings the cancelled one back."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar, day=Weekday.THU, **LIVE)
    # The notice of the day before is due at 20:00; in Tokyo it would have been at 19:00.
    now = DUE - HOUR / 2
    (concern,) = listed(planned, calendar, now=now, zone=TOKYO).concerns
    fates = {post.notice: post.fate for post in concern.posts}
    assert fates == {"-24h": Fate.GONE_BY} | dict.fromkeys(
        ["-1h", "-10m", "0m", "+90m"], Fate.MOVES
    )
    assert not concern.is_past

    change_calendar(planned, calendar, KEEP, now=now, zone=TOKYO)
    moved = due(planned, entry)
    change_calendar(planned, calendar, KEEP, now=now, zone=ZoneInfo("Asia/Shanghai"))

    assert moved["site-24h"][0] is S.CANCELLED
    assert moved["site0m"] == (S.PLANNED, DUE + 23 * HOUR)
    assert due(planned, entry)["site-24h"] == (S.PLANNED, DUE)


def test_published_entries_stay_where_they_are(engine: Engine) -> None:
    """A later slot neither lists a post that is out nor publishes it again."""
    channel = engine.script("scripted")
    entry = engine.plan()
    engine.due()
    engine.settle(5)
    with engine.runtime.database.read() as session:
        calendar = session.query(Calendar).one()
    change_calendar(engine.runtime, calendar, now=engine.clock.at, slots={"晚间": time(22)})
    engine.settle(5)

    assert len(channel.calls) == 1
    assert reload(engine.runtime, entry).starts_at == DUE


def test_the_approved_revision_of_an_edited_entry_moves_too(planned: Runtime) -> None:
    """It goes out at the slot's new time while the edit waits for review."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    with planned.database.write() as session:
        row = load_entry(session, entry.id)
        content = replace(content_of(row), title="新的标题")
        change_entry(session, row.id, row.rev, content, by="mei", now=NOW, usefulness=USEFULNESS)
    change_calendar(planned, calendar, KEEP, slots={"晚间": time(21)})

    assert due(planned, entry) == {"site": (S.PLANNED, DUE + HOUR)}
    assert reload(planned, entry).status is EntryStatus.IN_REVIEW


def test_an_answer_to_another_list_is_asked_again(planned: Runtime) -> None:
    """Somebody approved another entry while the person was reading."""
    calendar = make_calendar(planned)
    make_entry(planned, calendar)
    seen = listed(planned, calendar, zone=TOKYO).digest
    make_entry(planned, calendar, key="second")
    again = listed(planned, calendar, answer=Answer(Decision.KEEP, seen), zone=TOKYO)

    assert len(again.concerns) == 2
    change_calendar(planned, calendar, Answer(Decision.KEEP, again.digest), zone=TOKYO)


def test_an_entry_that_is_being_published_is_not_moved(engine: Engine) -> None:
    """The change is refused for some seconds instead of cutting a retry off."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    with engine.runtime.database.read() as session:
        calendar = session.query(Calendar).one()
    refused: list[str] = []

    def call() -> None:
        engine_now = engine.clock.at
        try:
            change_calendar(engine.runtime, calendar, KEEP, now=engine_now, zone=TOKYO)
        except ConflictError as error:
            refused.append(error.message.code)
        raise TemporaryError("busy")

    other = make_entry(engine.runtime, calendar, key="later", day=Weekday.FRI)
    channel.script += [call]
    engine.settle(5)

    assert refused == ["entry-going-out"]
    assert due(engine.runtime, other)["there"][1] == DUE + 48 * HOUR


def test_what_may_be_out_is_settled_as_before(engine: Engine) -> None:
    """A later slot does not keep the service from sending the same key again to end the doubt."""
    channel = engine.script("scripted_idempotent")
    channel.script += [OutcomeUnknownError("cut off")]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.work()
    assert engine.delivery().in_doubt
    with engine.runtime.database.read() as session:
        calendar = session.query(Calendar).one()
    change_calendar(engine.runtime, calendar, KEEP, now=engine.clock.at, slots={"晚间": time(22)})
    engine.settle(30)

    assert len(channel.calls) == 2
    assert engine.delivery().status is S.PUBLISHED


def _configure(runtime: Runtime, answer: Answer | None = None, **settings: Any) -> None:
    with (
        runtime.database.write() as session,
        changing_channels(session, answer, now=NOW, usefulness=USEFULNESS),
    ):
        save_channel(
            session,
            runtime.registry,
            name="site",
            type="site",
            settings=settings,
            secret_key="k" * 32,
            now=NOW,
        )


def test_new_settings_of_a_channel_ask(planned: Runtime) -> None:
    """The list has the approved entries that still go there, and nothing is stored."""
    calendar = make_calendar(planned, "site", "other")
    entry = make_entry(planned, calendar)
    make_entry(planned, calendar, key="own", channels=("other",))
    with pytest.raises(ApprovedEntriesError) as caught:
        _configure(planned, title="别的站")

    (concern,) = caught.value.concerns
    assert (concern.entry_id, concern.channel) == (entry.id, "site")
    assert due(planned, entry)["site"] == (S.PLANNED, DUE)


def test_kept_as_approved_an_entry_goes_out_under_the_new_settings(engine: Engine) -> None:
    """What was rendered is sent as it is; nothing is rendered or approved again."""
    make_channel(engine.runtime)
    entry = make_entry(engine.runtime, make_calendar(engine.runtime))
    engine.turn()
    rendered = engine.delivery()
    assert rendered.status is S.SCHEDULED
    _configure(engine.runtime, KEEP, title="别的站")
    kept = engine.delivery()
    engine.due()
    engine.settle(5)

    assert (kept.status, kept.rendition_hash) == (S.SCHEDULED, rendered.rendition_hash)
    assert kept.approval_hash == reload(engine.runtime, entry).approval_hash
    assert engine.delivery().status is S.PUBLISHED


def test_the_old_settings_revive_what_went_to_review(planned: Runtime) -> None:
    """Nothing goes out in between."""
    entry = make_entry(planned, make_calendar(planned))
    _configure(planned, REVIEW, title="别的站")
    between = due(planned, entry)["site"][0]
    _configure(planned)

    assert between is S.CANCELLED
    assert due(planned, entry) == {"site": (S.PLANNED, DUE)}
    assert reload(planned, entry).status is EntryStatus.APPROVED


def test_deliveries_of_another_approval_are_not_touched(planned: Runtime) -> None:
    """Keeping an entry changes the hash of its own deliveries only."""
    calendar = make_calendar(planned, "site", "other")
    first = make_entry(planned, calendar)
    second = make_entry(planned, calendar, key="own", channels=("other",))
    _configure(planned, KEEP, title="别的站")

    with planned.database.read() as session:
        hashes = {row.entry_id: row.approval_hash for row in session.query(Delivery)}
    assert hashes[first.id] == reload(planned, first).approval_hash != first.approval_hash
    assert hashes[second.id] == second.approval_hash
