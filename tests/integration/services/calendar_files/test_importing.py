"""Importing calendars: repeatable, careful with people's changes, all or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.concerns import ApprovedEntriesError
from contentsvc.services.planning import plan_deliveries
from tests.integration.services.calendar_world import CHECK_IN, HEAD, LIVE, NOW, USEFULNESS, World

DRAFT = HEAD + CHECK_IN % ""
APPROVED = HEAD + CHECK_IN % ", status: approved"
TEMPLATE = DRAFT.replace("week: 2026-W48\n", "")


def test_first_import_makes_drafts(world: World) -> None:
    """Entries are imported as drafts that are due at the time of their slot."""
    report = world.take(DRAFT + LIVE)

    assert report.created == ["check-in", "live"]
    assert world.entry("check-in").status is EntryStatus.DRAFT
    assert world.entry("check-in").starts_at == NOW + timedelta(hours=1.5)
    assert world.entry("check-in").changed_by == "mei"
    assert world.deliveries("live") == []


def test_second_import_changes_nothing(world: World) -> None:
    """Importing the same file again changes no row."""
    world.take(APPROVED + LIVE)
    before = (world.entry("check-in").rev, world.entry("check-in").updated_at)

    report = world.take(APPROVED + LIVE, now=NOW + timedelta(minutes=1))

    assert report.unchanged == ["check-in", "live"]
    assert not report.created + report.changed + report.skipped + report.approved
    assert (world.entry("check-in").rev, world.entry("check-in").updated_at) == before
    assert len(world.deliveries("check-in")) == 1


def test_file_approves_an_entry(world: World) -> None:
    """`status: approved` approves in the importer's name and plans the delivery."""
    report = world.take(APPROVED)

    assert report.approved == ["check-in"]
    assert world.entry("check-in").approved_by == "mei"
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


def test_approve_option_approves_all(world: World) -> None:
    """With *approve* every entry is approved, and a livestream gets its chain of notices."""
    world.take(DRAFT + LIVE, approve=True)

    assert [row.notice for row in world.deliveries("live")] == ["-24h", "-1h", "-10m", "0m", "+90m"]
    assert len(world.deliveries("check-in")) == 1


def test_approving_later_in_the_file(world: World) -> None:
    """An entry whose status becomes approved in the file is approved by the next import."""
    world.take(DRAFT)

    report = world.take(APPROVED)

    assert (report.changed, report.approved) == (["check-in"], ["check-in"])


def test_past_approved_entry_comes_in_as_a_draft(world: World) -> None:
    """An approved entry that is too late to be useful is listed as past and is a draft."""
    report = world.take(APPROVED, now=NOW + timedelta(days=1))

    assert (report.created, report.past, report.approved) == (["check-in"], ["check-in"], [])
    assert world.entry("check-in").status is EntryStatus.DRAFT
    assert world.deliveries("check-in") == []


def test_past_entry_is_approved_once_it_is_moved_ahead(world: World) -> None:
    """A past draft is approved when the file moves it to a future day."""
    later = NOW + timedelta(days=1)
    world.take(APPROVED, now=later)

    report = world.take(APPROVED.replace("day: mon", "day: wed"), now=later)

    assert (report.changed, report.approved, report.past) == (["check-in"], ["check-in"], [])


def test_moved_approved_entry_moves_its_delivery(world: World) -> None:
    """An approved entry that only moves stays approved, and its delivery moves with it."""
    world.take(APPROVED)
    (before,) = world.deliveries("check-in")

    report = world.take(APPROVED.replace("早安, kind", "晚间, kind"))

    (after,) = world.deliveries("check-in")
    assert report.changed == ["check-in"]
    assert world.entry("check-in").status is EntryStatus.APPROVED
    assert (after.id, after.due_at) == (before.id, before.due_at + timedelta(hours=11.5))


def test_new_slot_time_moves_deliveries(world: World) -> None:
    """A new time for a slot moves the deliveries of its entries, if a person keeps the approval."""
    world.take(APPROVED)
    with pytest.raises(ApprovedEntriesError):
        world.take(APPROVED.replace('"08:30"', '"09:00"'))

    world.take(APPROVED.replace('"08:30"', '"09:00"'), answer=Answer(Decision.KEEP))

    (delivery,) = world.deliveries("check-in")
    assert delivery.due_at == world.entry("check-in").starts_at == NOW + timedelta(hours=2)


def test_renamed_slot(world: World) -> None:
    """A slot can be renamed in the calendar and its entries at once."""
    world.take(APPROVED + LIVE)

    report = world.take((APPROVED + LIVE).replace("早安", "清晨"))

    assert report.changed == ["check-in"]
    with world.database.read() as session:
        slots = session.scalars(select(Calendar)).one().slots
    assert slots == [["清晨", "08:30"], ["晚间", "20:00"]]


def test_reworded_entry_that_was_approved_in_the_web_goes_back_to_review(world: World) -> None:
    """A new text from a file without approval waits for review; the approved text goes out."""
    world.take(DRAFT, approve=True)

    report = world.take(DRAFT.replace("早上好", "大家早"))

    assert (report.changed, report.waiting) == (["check-in"], ["check-in"])
    assert world.entry("check-in").status is EntryStatus.IN_REVIEW
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


def test_a_file_does_not_publish_at_once(world: World) -> None:
    """An approved entry that the file moves to a time just past becomes a draft, and says so."""
    world.take(APPROVED.replace("day: mon", "day: tue"))
    late = world.entry("check-in").starts_at - timedelta(hours=23.5)

    report = world.take(APPROVED, now=late)

    assert (report.changed, report.past) == (["check-in"], ["check-in"])
    assert world.entry("check-in").status is EntryStatus.DRAFT
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.CANCELLED]


def test_an_answer_holds_for_the_whole_import(world: World) -> None:
    """A file that renames a slot and moves it asks once, for entries of every week."""
    world.take(APPROVED)
    moved = APPROVED.replace("早安", "清晨").replace('"08:30"', '"09:00"')
    next_week = moved.replace("2026-W48", "2026-W49").replace("mon", "tue")
    with pytest.raises(InputError, match="check-in"):
        world.take(next_week)

    world.take(moved, answer=Answer(Decision.KEEP))

    assert world.entry("check-in").starts_at == NOW + timedelta(hours=2)
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


@pytest.mark.parametrize("options", [{"approve": True}, {"review_on_edit": False}])
def test_reworded_entry_stays_approved_with_approval(
    world: World, options: dict[str, bool]
) -> None:
    """A new text stays approved if the import approves, or if edits need no review."""
    world.take(DRAFT, approve=True)

    world.take(DRAFT.replace("早上好", "大家早"), **options)

    assert world.entry("check-in").status is EntryStatus.APPROVED
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


def test_edit_in_the_web_is_kept(world: World) -> None:
    """A changed file does not overwrite a person's edit; the entry is reported as skipped."""
    world.take(DRAFT)
    world.edit("check-in", body="我改过的")

    report = world.take(DRAFT.replace("早上好", "大家早"))

    assert [(entry.key, str(entry.reason)) for entry in report.skipped] == [
        ("check-in", "lan changed it on the website")
    ]
    assert world.entry("check-in").body == "我改过的"


def test_overwrite_takes_the_file(world: World) -> None:
    """With *overwrite* the file's content replaces the person's edit."""
    world.take(DRAFT)
    world.edit("check-in", body="我改过的")

    report = world.take(DRAFT, overwrite=True)

    assert (report.changed, report.skipped) == (["check-in"], [])
    assert world.entry("check-in").body == "早上好"


def test_deleted_entry_stays_deleted(world: World) -> None:
    """An entry that a person deleted is restored only with *overwrite*."""
    world.take(DRAFT)
    world.edit("check-in", deleted_at=NOW)

    kept = world.take(DRAFT).skipped
    world.take(DRAFT, overwrite=True)

    assert [str(item.reason) for item in kept] == ["lan deleted it"]
    assert world.entry("check-in").deleted_at is None


def test_a_deleted_approved_entry_is_planned_again(world: World) -> None:
    """An entry that the file approves is planned again when *overwrite* restores it."""
    world.take(APPROVED)
    world.edit("check-in", deleted_at=NOW)
    with world.write() as session:
        entry = session.merge(world.entry("check-in"))
        plan_deliveries(session, entry, now=NOW, usefulness=USEFULNESS)

    report = world.take(APPROVED, overwrite=True)

    assert (report.changed, report.approved) == (["check-in"], ["check-in"])
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


def test_two_imports_of_a_new_calendar_at_once(world: World) -> None:
    """Of two imports at once both succeed or one is told to try again; the week exists once."""
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(world.take, APPROVED + LIVE) for _ in range(4)]
    failures = [error for future in done if (error := future.exception())]

    assert all(isinstance(error, ConflictError) for error in failures)
    assert len(failures) < 4
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 2
    assert len(world.deliveries("check-in")) == 1


def test_entry_made_by_hand_is_kept(world: World) -> None:
    """An entry of the same key that never came from a file is left alone."""
    world.take(DRAFT)
    world.edit("check-in", imported_hash=None, title="手工")

    report = world.take(DRAFT)

    assert [entry.key for entry in report.skipped] == ["check-in"]


def test_entry_going_out_is_kept(world: World) -> None:
    """An entry that is being sent is not changed, not even with *overwrite*."""
    world.take(APPROVED)
    (delivery,) = world.deliveries("check-in")
    with world.write() as session:
        session.merge(delivery).status = DeliveryStatus.SENDING

    report = world.take(APPROVED.replace("早上好", "大家早"), overwrite=True)

    assert [str(entry.reason) for entry in report.skipped] == [
        "it is being published right now; import again in a few seconds"
    ]
    assert world.entry("check-in").body == "早上好"


def test_a_persons_return_to_draft_stands(world: World) -> None:
    """An unchanged file does not approve an entry again that a person returned to draft."""
    world.take(APPROVED)
    world.edit("check-in", status=EntryStatus.DRAFT)

    report = world.take(APPROVED)

    assert (report.unchanged, report.approved) == (["check-in"], [])


def test_cancelling_and_bringing_back_in_the_file(world: World) -> None:
    """`status: cancelled` cancels unpublished deliveries; removing it plans them again."""
    world.take(APPROVED)
    world.take(HEAD + CHECK_IN % ", status: cancelled")
    cancelled = [row.status for row in world.deliveries("check-in")]

    report = world.take(APPROVED)

    assert cancelled == [DeliveryStatus.CANCELLED]
    assert report.approved == ["check-in"]
    assert [row.status for row in world.deliveries("check-in")] == [DeliveryStatus.PLANNED]


def test_status_in_review(world: World) -> None:
    """`status: in_review` submits a draft for review and never withdraws an approval."""
    review = HEAD + CHECK_IN % ", status: in_review"
    world.take(review)
    first = world.entry("check-in").status
    world.edit("check-in", status=EntryStatus.APPROVED)

    world.take(review)

    assert first is EntryStatus.IN_REVIEW
    assert world.entry("check-in").status is EntryStatus.APPROVED


def test_entry_gone_from_the_file_stays(world: World) -> None:
    """An entry that is no longer in the file stays in the week and is reported as absent."""
    world.take(DRAFT + LIVE)

    report = world.take(DRAFT)

    assert report.absent == ["live"]
    assert world.entry("live").deleted_at is None


def test_template_is_refused_without_a_week(world: World) -> None:
    """A plan without a week is refused, and the error says what to give."""
    with pytest.raises(InputError, match="give the week to stamp it on, such as 2026-W48"):
        world.take(TEMPLATE)


def test_unknown_channels_are_all_named_and_nothing_is_imported(world: World) -> None:
    """The error lists missing channels with the key of the calendar or entry that names them."""
    text = (DRAFT + LIVE).replace("[site]", "[site, moments]") + "    channels: [wecom]\n"

    with pytest.raises(InputError) as caught:
        world.take(text)

    assert str(caught.value) == (
        "the file names channels that do not exist: moments (mums), wecom (live); "
        "the channels are: site"
    )
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Calendar)) == 0


def test_failure_half_way_leaves_nothing(world: World) -> None:
    """If the second entry cannot be approved, the first is not imported either."""
    text = APPROVED + LIVE + "    channels: []\n    status: approved\n"

    with pytest.raises(InputError, match="the entry 'live' cannot be approved: no channel is"):
        world.take(text)

    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 0
