"""The question about approved entries, and what the pages say about what still goes out."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contentsvc.db.models import Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.channel_setup import channels
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.runtime import Runtime
from tests.factories import save_channel
from tests.web.people import NOW, WEEK, Clock, Person, handlers_in
from tests.web.writing import PLAIN, entry_of, make

S = DeliveryStatus
#: Saturday 12:00 in Shanghai.
DUE = datetime(2026, 11, 28, 4, tzinfo=UTC)
FORM = {
    "name": "母婴品牌福利群",
    "timezone": "Asia/Shanghai",
    "kind": "benefits",
    "tier": "1",
    "slots": "早安 08:30\n午间 12:00\n晚间 20:00",
    "channels": "site",
}
SETTINGS = "/calendars/baby-benefits/edit"


@pytest.fixture
def approved(mei: Person, sample: str, runtime: Runtime) -> Entry:
    """Return an approved entry for Saturday noon."""
    entry = make(mei, runtime, action="approve")
    assert entry.status is EntryStatus.APPROVED
    return entry


def deliveries(runtime: Runtime, entry: Entry) -> list[tuple[DeliveryStatus, datetime]]:
    """Return status and due time of each delivery of an entry."""
    with runtime.database.read() as session:
        rows = load_entry(session, entry.id, deleted=True).deliveries
        return [(row.status, row.due_at) for row in rows]


def answered(page: str, decision: str) -> dict[str, str]:
    """Return the fields by which a page's question is answered."""
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen is not None
    return {"decision": decision, "seen": seen[1]}


def listed(page: str) -> int:
    """Return the number of entries that a page's question lists."""
    return page.count('<p><a href="/entries/')


@pytest.mark.parametrize(
    ("decision", "after"),
    [
        ("keep", (EntryStatus.APPROVED, S.PLANNED, DUE + timedelta(hours=1))),
        ("review", (EntryStatus.IN_REVIEW, S.CANCELLED, DUE)),
    ],
)
def test_a_slot_asks_about_approved_entries(
    mei: Person,
    approved: Entry,
    runtime: Runtime,
    decision: str,
    after: tuple[EntryStatus, DeliveryStatus, datetime],
) -> None:
    """The form comes back with both times and two buttons, and nothing is saved before."""
    changed = {**FORM, "slots": FORM["slots"].replace("12:00", "13:00")}
    asked = mei.post(SETTINGS, changed)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert f"影响 {listed(page)} 条已通过的排期，尚未保存。" in page
    assert "11月28日 周六 12:00" in page
    assert "11月28日 周六 13:00" in page
    assert handlers_in(page) == []
    assert deliveries(runtime, approved) == [(S.PLANNED, DUE)]

    saved = mei.post(SETTINGS, {**changed, **answered(page, decision)})

    assert saved.status_code == 303
    assert entry_of(runtime, approved.id).status is after[0]
    assert deliveries(runtime, approved) == [after[1:]]


def test_new_channels_ask_in_both_languages(mei: Person, approved: Entry, runtime: Runtime) -> None:
    """Kept as approved, the entry's page still shows the channel that it was approved for."""
    with runtime.database.write() as session:
        save_channel(
            session,
            runtime.registry,
            name="other",
            type="site",
            settings={},
            secret_key=runtime.config.secret_key,
            now=NOW,
        )
    changed = {**FORM, "channels": ["site", "other"]}
    chinese = mei.post(SETTINGS, changed).get_data(as_text=True)
    mei.client.post("/language", data={"csrf_token": mei.token, "language": "en"})
    english = mei.post(SETTINGS, changed).get_data(as_text=True)

    mei.post(SETTINGS, {**changed, **answered(english, "keep")})

    assert "重新审核后才会增加渠道：other" in chinese
    assert "Only after review also on: other" in english
    page = mei.text(f"/entries/{approved.id}")
    assert 'value="site" checked' in page
    assert 'value="other" checked' not in page
    again = {**PLAIN, "rev": entry_of(runtime, approved.id).rev, "channels": "site"}
    mei.post(f"/entries/{approved.id}", again)
    assert entry_of(runtime, approved.id).status is EntryStatus.APPROVED


def test_channels_ticked_by_hand_wait_for_review(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """Ticking the calendar's new channel for an approved entry is an edit."""
    test_new_channels_ask_in_both_languages(mei, approved, runtime)
    both = {**PLAIN, "rev": entry_of(runtime, approved.id).rev, "channels": ["other", "site"]}
    mei.post(f"/entries/{approved.id}", both)

    after = entry_of(runtime, approved.id)
    assert (after.status, sorted(after.channels or [])) == (
        EntryStatus.IN_REVIEW,
        ["other", "site"],
    )


def test_an_answer_that_is_not_offered_is_refused(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """A made-up decision changes nothing."""
    changed = {**FORM, "timezone": "Asia/Tokyo", "decision": "publish"}

    assert mei.post(SETTINGS, changed).status_code == 422
    assert deliveries(runtime, approved) == [(S.PLANNED, DUE)]


def test_a_list_that_has_changed_is_shown_again(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """An answer is for the list that the person saw."""
    changed = {**FORM, "timezone": "Asia/Tokyo"}
    page = mei.post(SETTINGS, changed).get_data(as_text=True)
    make(mei, runtime, action="approve", day="sun")
    again = mei.post(SETTINGS, {**changed, **answered(page, "keep")})

    assert again.status_code == 409
    assert listed(again.get_data(as_text=True)) == listed(page) + 1


def test_the_old_zone_brings_back_what_was_cancelled(
    mei: Person, approved: Entry, runtime: Runtime, clock: Clock
) -> None:
    """A post that would go out at once waits for review, and is revived by the old zone."""
    clock.now = DUE - timedelta(minutes=30)
    changed = {**FORM, "timezone": "Asia/Tokyo"}
    page = mei.post(SETTINGS, changed).get_data(as_text=True)
    assert "会立即发出" in page
    mei.post(SETTINGS, {**changed, **answered(page, "keep")})
    assert [status for status, _ in deliveries(runtime, approved)] == [S.CANCELLED]

    back = mei.post(SETTINGS, FORM)
    if back.status_code == 409:
        # It asks about the others, which have moved.
        mei.post(SETTINGS, {**FORM, **answered(back.get_data(as_text=True), "keep")})

    assert deliveries(runtime, approved) == [(S.PLANNED, DUE)]


def test_a_channels_settings_ask_and_keep_the_typed_secret(mei: Person, runtime: Runtime) -> None:
    """The secret travels encrypted through the question and is stored by the answer."""
    secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
    hook = {"url": "https://shop.example/hook", "secret": secret}
    mei.post("/new-channel/webhook", {"name": "hook", **hook})
    mei.post("/new-calendar", {**FORM, "slug": "baby-benefits", "channels": "hook"})
    entry = make(mei, runtime, action="approve", channels="hook")
    assert entry.status is EntryStatus.APPROVED
    with runtime.database.read() as session:
        before = channels.get_channel(session, "hook").sealed
    other = {"url": hook["url"], "secret": secret[:-4] + "AAAA"}
    asked = mei.post("/channels/hook", other)
    page = asked.get_data(as_text=True)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert asked.status_code == 409
    assert other["secret"] not in page
    assert sealed is not None

    answer = answered(page, "keep") | {"sealed": sealed[1], "url": hook["url"], "secret": ""}
    broken = mei.post("/channels/hook", {**answer, "sealed": "AAAA" + sealed[1]})
    assert mei.post("/channels/hook", answer).status_code == 303

    assert broken.status_code == 422
    with runtime.database.read() as session:
        assert channels.get_channel(session, "hook").sealed != before
    assert entry_of(runtime, entry.id).status is EntryStatus.APPROVED


def test_an_import_asks_and_takes_the_answer(
    mei: Person, approved: Entry, runtime: Runtime, calendars_dir: Path
) -> None:
    """The page has the file's choices in hidden fields; the answer imports it."""
    path = calendars_dir / "baby-benefits.yaml"
    text = path.read_text(encoding="utf-8").replace("Asia/Shanghai", "Asia/Tokyo")
    path.write_text(text, encoding="utf-8")
    address = "/calendar-files/baby-benefits.yaml/import"
    asked = mei.post(address, {"week": "2026-W50"})
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert 'name="week" value="2026-W50"' in page
    assert approved.title in page
    with runtime.database.read() as session:
        assert get_calendar(session, "baby-benefits").timezone == "Asia/Shanghai"

    done = mei.post(address, {"week": "2026-W50", **answered(page, "keep")})

    assert done.status_code == 303
    assert deliveries(runtime, approved) == [(S.PLANNED, DUE - timedelta(hours=1))]


def test_an_upload_is_kept_while_it_asks(
    mei: Person, approved: Entry, runtime: Runtime, calendars_dir: Path
) -> None:
    """The question carries the uploaded text, which need not be chosen again."""
    text = (calendars_dir / "baby-benefits.yaml").read_text(encoding="utf-8")
    text = text.replace("Asia/Shanghai", "Asia/Tokyo")
    data = {"file": (io.BytesIO(text.encode()), "mine.yaml"), "week": "2026-W51"}
    page = mei.post("/calendar-files/upload", data).get_data(as_text=True)
    assert 'name="file_name" value="mine.yaml"' in page

    again = {"file_name": "mine.yaml", "file_text": text, "week": "2026-W51"}
    done = mei.post("/calendar-files/upload", {**again, **answered(page, "review")})

    assert done.location == "/calendars/baby-benefits?week=2026-W51"
    assert entry_of(runtime, approved.id).status is EntryStatus.IN_REVIEW


BLOCKED = """\
calendar: baby-benefits
name: 母婴品牌福利群
timezone: Asia/Shanghai
slots: {晚间: "20:00"}
channels: [site]
week: 2026-W48
entries:
  - {key: good, day: sat, slot: 晚间, kind: post, title: 好, status: approved}
  - key: bad
    day: sun
    slot: 晚间
    kind: poster
    title: 坏
    poster: {template: nowhere}
    status: approved
"""


def test_a_file_cannot_approve_what_is_blocked(
    mei: Person, sample: str, runtime: Runtime, calendars_dir: Path
) -> None:
    """The page names the line of the status, and nothing of the file is imported."""
    (calendars_dir / "blocked.yaml").write_text(BLOCKED, encoding="utf-8")
    response = mei.post("/calendar-files/blocked.yaml/import")
    page = response.get_data(as_text=True)

    assert response.status_code == 422
    assert "第 15 行" in page
    assert "不能通过，渠道 site" in page
    with runtime.database.read() as session:
        assert session.query(Entry).filter(Entry.key.in_(["good", "bad"])).all() == []


def test_saving_an_approved_entry_says_what_still_goes_out(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """The buttons, the toast, the entry's page and the board say so, and the toast undoes it."""
    before = mei.text(f"/entries/{approved.id}")
    mei.post(f"/entries/{approved.id}", {**PLAIN, "title": "新标题", "rev": approved.rev})
    after = mei.text(f"/entries/{approved.id}")
    board = mei.text(f"/calendars/baby-benefits?week={WEEK}")

    assert "保存并送审，已通过的版本照常发布" in before
    assert 'name="action" value="take-back"' in before
    assert "退回草稿，取消 1 条发布" in before
    assert "已保存，等待审核。已通过的版本仍会照常发布（1 条）。" in after
    assert "mei 通过的版本仍会照常发布（1 条）" in after
    assert after.count(f'action="/entries/{approved.id}/take-back"') == 2
    assert "已通过的版本照常发布" in board
    assert deliveries(runtime, approved) == [(S.PLANNED, DUE)]

    mei.post(f"/entries/{approved.id}/take-back", {"rev": entry_of(runtime, approved.id).rev})

    assert deliveries(runtime, approved) == [(S.CANCELLED, DUE)]
    assert entry_of(runtime, approved.id).title == "新标题"


def test_the_second_button_takes_the_approved_version_back(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """Saved with that button, the entry waits and nothing goes out."""
    form = {**PLAIN, "title": "新标题", "rev": approved.rev, "action": "take-back"}
    mei.post(f"/entries/{approved.id}", form)

    after = entry_of(runtime, approved.id)
    assert (after.status, after.title) == (EntryStatus.IN_REVIEW, "新标题")
    assert deliveries(runtime, approved) == [(S.CANCELLED, DUE)]


def test_restoring_says_that_it_goes_out_again(
    mei: Person, approved: Entry, runtime: Runtime
) -> None:
    """The toast offers to take it back instead."""
    mei.post(f"/entries/{approved.id}/delete", {"rev": approved.rev})
    mei.post(f"/entries/{approved.id}/restore")
    page = mei.text(f"/calendars/baby-benefits?week={WEEK}")

    assert "按已通过的版本发布" in page
    assert f'action="/entries/{approved.id}/take-back"' in page
    assert deliveries(runtime, approved) == [(S.PLANNED, DUE)]
