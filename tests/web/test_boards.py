"""The week board: what it shows, moves, copies and approvals."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from contentsvc.db.models import Entry
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.roles import Role
from contentsvc.services.runtime import Runtime
from tests.web.forms import form_values
from tests.web.people import WEEK, Clock, Person, give_role
from tests.web.writing import PLAIN

BOARD = f"/calendars/baby-benefits?week={WEEK}"


def _entry(runtime: Runtime, key: str = "sun-tasks") -> Entry:
    with runtime.database.read() as session:
        query = select(Entry).where(Entry.key == key, Entry.week == WEEK)
        entry = (
            session.scalar(query)
            or session.scalars(
                select(Entry).where(Entry.week == WEEK).order_by(Entry.starts_at.desc())
            ).first()
        )
    assert entry is not None
    return entry


def _move(person: Person, entry: Entry, **values: str) -> TestResponse:
    data = {"rev": str(entry.rev), "week": WEEK, "day": "sat", "slot": "午间", "time": "", **values}
    return person.post(f"/entries/{entry.id}/move", data)


def test_the_first_page_leads_to_the_calendar_last_seen(mei: Person, sample: str) -> None:
    """Without a calendar opened before, the board shows the first calendar."""
    assert mei.get("/").location == f"/calendars/{sample}"


def test_without_calendars_three_ways_to_begin_are_shown(mei: Person) -> None:
    """A fresh service offers the sample, the templates and an import."""
    assert mei.get("/").location == "/calendars/"
    page = mei.text("/calendars/")

    assert "三种开始方式" in page
    assert 'action="/calendar-files/baby-benefits.yaml/import"' in page


@pytest.mark.parametrize(
    ("now", "shown", "taken", "place"),
    [
        # Tuesday 09:00: the next free slot today, then on later days of the week.
        ("2026-11-24 09:00", "2026-W48", [], ("2026-W48", "tue", "夜聊")),
        ("2026-11-24 07:00", "2026-W48", [], ("2026-W48", "tue", "早安")),
        ("2026-11-24 09:00", "2026-W48", ["tue 夜聊"], ("2026-W48", "wed", "早安")),
        ("2026-11-24 22:00", "2026-W48", [], ("2026-W48", "wed", "早安")),
        # If nothing is free, the next slot is shared; if all have passed, next week begins.
        ("2026-11-29 20:00", "2026-W48", ["sun 夜聊"], ("2026-W48", "sun", "夜聊")),
        ("2026-11-29 22:00", "2026-W48", [], ("2026-W49", "", "")),
        # Another week: its first free slot, or that of today if the week has passed.
        ("2026-11-24 09:00", "2026-W50", [], ("2026-W50", "mon", "早安")),
        ("2026-11-24 09:00", "2026-W40", [], ("2026-W48", "tue", "夜聊")),
        # The calendar's midnight counts: it is Wednesday in Shanghai, Tuesday in UTC.
        ("2026-11-25 00:30", "2026-W48", [], ("2026-W48", "wed", "早安")),
    ],
)
@pytest.mark.usefixtures("sample")
def test_a_new_entry_is_never_planned_on_a_day_gone_by(
    mei: Person,
    clock: Clock,
    *,
    now: str,
    shown: str,
    taken: list[str],
    place: tuple[str, str, str],
) -> None:
    """The button and its key N lead to today or the next free slot of the week shown."""
    form = {"name": "群", "slug": "camping", "timezone": "Asia/Shanghai", "kind": "interest"}
    mei.post("/new-calendar", {**form, "slots": "早安 08:30\n夜聊 21:00", "channels": "site"})
    for day, _, slot in (place.partition(" ") for place in taken):
        values = {**PLAIN, "day": day, "slot": slot}
        assert mei.post("/calendars/camping/entries/new", values).status_code == 303
    clock.now = datetime.fromisoformat(f"{now}+08:00").astimezone(UTC)

    page = mei.text(f"/calendars/camping?week={shown}")

    link = re.search(r'data-key="new" href="([^"]+)"', page)
    assert link is not None
    address = unescape(link[1])
    query = parse_qs(urlsplit(address).query)
    assert tuple(query.get(name, [""])[0] for name in ("week", "day", "slot")) == place
    chosen = form_values(mei.text(address), "entry-form")
    assert (chosen["week"], chosen["day"]) == (place[0], place[1] or "mon")


def test_the_form_of_a_new_entry_begins_today(mei: Person, sample: str) -> None:
    """An address without a day means today in this week, and Monday in another."""
    new = "/calendars/baby-benefits/entries/new"

    today = form_values(mei.text(new), "entry-form")
    later = form_values(mei.text(f"{new}?week=2026-W50"), "entry-form")

    assert (today["week"], today["day"]) == (WEEK, "tue")
    assert (later["week"], later["day"]) == ("2026-W50", "mon")


def test_the_head_of_a_day_leads_to_its_next_slot(mei: Person, sample: str) -> None:
    """At nine, the plus of today does not lead to the slot of half past eight."""
    page = mei.text(BOARD)

    links = [unescape(link) for link in re.findall(r'class="day-add" href="([^"]+)"', page)]
    slots = {parse_qs(urlsplit(link).query)["day"][0]: link for link in links}
    assert list(slots) == ["tue", "wed", "thu", "fri", "sat", "sun"]
    assert parse_qs(urlsplit(slots["tue"]).query)["slot"] != ["早安"]


def test_the_board_shows_the_week(mei: Person, sample: str) -> None:
    """Seven days from Monday, the slots in order, today marked, the past closed."""
    page = mei.text(BOARD)

    assert re.findall(r'class="day-number">(\d+)<', page) == [str(day) for day in range(23, 30)]
    slots = re.findall(r'class="slot-time">([\d:]+)<', page)
    assert slots == sorted(slots)
    assert page.count('aria-current="date"') >= 1
    assert "data-past" in page
    assert "第 48 周" in page


def test_a_week_that_does_not_exist_is_told(mei: Person, sample: str) -> None:
    """A wrong week in the address is a 422 that names it, a wrong calendar a 404."""
    assert mei.get("/calendars/baby-benefits?week=2026-W77").status_code == 422
    assert mei.get("/calendars/no-such").status_code == 404


def test_a_channel_filter_leaves_dots_for_what_it_hides(mei: Person, sample: str) -> None:
    """Cards that a filter hides stay visible as dots."""
    page = mei.text(f"{BOARD}&channel=elsewhere")

    assert "card-entry" not in page
    assert "hidden-card" in page


def test_a_move_offers_the_way_back(mei: Person, sample: str, runtime: Runtime) -> None:
    """A moved entry is at its new position, and the undo form moves it back."""
    before = _entry(runtime)
    response = _move(mei, before)
    moved = _entry(runtime, before.key)

    assert response.status_code == 303
    assert (moved.day, moved.slot, moved.rev) == ("sat", "午间", before.rev + 1)
    page = mei.text(BOARD)
    undo = page[page.index("data-undo") :].split("</form>")[0]
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo))
    assert mei.post(f"/entries/{before.id}/move", values).status_code == 303
    back = _entry(runtime, before.key)
    assert (back.day, back.slot, back.time) == (before.day, before.slot, before.time)


def test_a_move_to_an_own_time(mei: Person, sample: str, runtime: Runtime) -> None:
    """Without a slot the entry gets the time of the form."""
    entry = _entry(runtime)

    _move(mei, entry, slot="", time="21:15")

    assert (_entry(runtime, entry.key).slot, _entry(runtime, entry.key).time) == (None, "21:15")


def test_a_script_gets_the_board_and_the_toast_back(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """The response to drag and drop is the board after the move."""
    entry = _entry(runtime)
    data = {"rev": entry.rev, "week": WEEK, "day": "fri", "slot": "晚间"}

    response = mei.post(f"/entries/{entry.id}/move", data, headers={"HX-Request": "true"})

    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert page.lstrip().startswith("<section")
    assert 'hx-swap-oob="true"' in page
    assert "已移到 周五 20:00" in page


def test_a_stale_move_is_refused_with_who_was_quicker(
    mei: Person, wang: Person, sample: str, runtime: Runtime
) -> None:
    """A move from an older revision is a 409 that names the other person."""
    entry = _entry(runtime)
    give_role(runtime, "wang", sample, Role.APPROVER)
    _move(wang, entry, day="fri")

    response = _move(mei, entry)

    assert response.status_code == 409
    assert "wang" in response.get_data(as_text=True)
    assert _entry(runtime, entry.key).day == "fri"


def test_a_move_into_the_past_is_refused(mei: Person, sample: str, runtime: Runtime) -> None:
    """An entry cannot move into the past; the reason is in the person's language."""
    entry = _entry(runtime)

    response = _move(mei, entry, day="mon", slot="早安")

    assert response.status_code == 422
    assert "这个时间已经过去" in response.get_data(as_text=True)


def test_nonsense_in_a_move_is_refused(mei: Person, sample: str, runtime: Runtime) -> None:
    """An invalid day, time, slot, week or revision changes nothing."""
    entry = _entry(runtime)
    wrong = [
        {"day": "someday"},
        {"slot": "", "time": "25:99"},
        {"slot": "没有的"},
        {"week": "soon"},
        {"rev": "x"},
        {"rev": ""},
    ]

    statuses = [_move(mei, entry, **values).status_code for values in wrong]

    assert set(statuses) == {422}
    assert _entry(runtime, entry.key).rev == entry.rev


def test_copying_a_week_shows_first_what_it_would_do(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """The preview changes nothing; copying creates drafts; copying again only clashes."""
    address = f"/calendars/{sample}/copy?week=2026-W49"

    assert "会复制为草稿" in mei.text(address)
    assert "card-entry" not in mei.text(f"/calendars/{sample}?week=2026-W49")
    assert mei.post(f"/calendars/{sample}/copy", {"week": "2026-W49"}).status_code == 303

    with runtime.database.read() as session:
        copied = list(session.scalars(select(Entry).where(Entry.week == "2026-W49")))
    assert len(copied) > 10
    assert {entry.status for entry in copied} == {EntryStatus.DRAFT}
    assert "不会复制" in mei.text(address)


def test_a_week_is_approved_at_once(mei: Person, sample: str, runtime: Runtime) -> None:
    """Approving all leaves no draft in the future."""
    mei.post(f"/calendars/{sample}/approve", {"week": WEEK})

    with runtime.database.read() as session:
        coming = select(Entry).where(Entry.starts_at > runtime.clock())
        assert {entry.status for entry in session.scalars(coming)} == {EntryStatus.APPROVED}
