"""Corrections in the browser: offered where it is seen, sent, refused without loss, withdrawn."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Correction, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.livestreams import Facts
from contentsvc.services.runtime import Runtime
from tests.web.forms import marked_fields, summary_length
from tests.web.people import NOW, WEEK, Person, handlers_in
from tests.web.writing import PLAIN, entry_of, make

LIVE = {
    "kind": "livestream",
    "title": "冬季护肤直播课",
    "slot": "晚间",
    "livestream.host": "林晓 医生",
    "livestream.url": "https://live.example/1",
    "notices": "-24h, -1h, 0m",
}


@pytest.fixture
def told(mei: Person, sample: str, runtime: Runtime) -> Entry:
    """Return a livestream whose first notice is published and that then moved to Sunday."""
    entry = make(mei, runtime, **LIVE)
    mei.post(f"/entries/{entry.id}/approve", {"rev": entry.rev})
    facts = Facts.of(content_of(entry), entry.starts_at)
    with runtime.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.entry_id == entry.id, Delivery.notice == "-24h")
            .values(
                status=DeliveryStatus.PUBLISHED,
                published_at=NOW,
                facts=replace(facts, link="https://live.example/1", state="tomorrow").to_json(),
                receipt={"id": "0123456789abcdef", "url": "https://content.example/1"},
            )
        )
    move(mei, runtime, entry, "sun")
    return entry_of(runtime, entry.id)


def move(person: Person, runtime: Runtime, entry: Entry, day: str) -> str:
    place = {"rev": entry_of(runtime, entry.id).rev, "week": WEEK, "day": day, "slot": "晚间"}
    response = person.post(
        f"/entries/{entry.id}/move", {**place, "time": ""}, follow_redirects=True
    )
    return response.get_data(as_text=True)


def send(person: Person, entry: Entry, **values: object) -> tuple[int, str]:
    response = post(person, entry, **values)
    return response.status_code, response.get_data(as_text=True)


def post(person: Person, entry: Entry, **values: object) -> TestResponse:
    words = {"title": "更正：改到周日", "body": "请以新时间为准。", "channels": "site"}
    page = person.text(f"/entries/{entry.id}/correction")
    sequence = re.search(r'name="sequence" value="(\d+)"', page)
    form = {**words, "sequence": sequence[1] if sequence else "", **values}
    return person.post(f"/entries/{entry.id}/correction", form)


def corrections(runtime: Runtime) -> list[Entry]:
    with runtime.database.read() as session:
        ids = select(Correction.correction_id)
        return list(session.scalars(select(Entry).where(Entry.id.in_(ids))))


def test_the_offer_stands_where_it_is_seen(mei: Person, told: Entry, runtime: Runtime) -> None:
    """The toast after the move, the entry's page and the correction's page offer the correction."""
    moved = move(mei, runtime, told, "sat")
    assert "去更正" not in moved
    moved = move(mei, runtime, told, "sun")

    page = mei.text(f"/entries/{told.id}")

    assert f"/entries/{told.id}/correction" in moved
    assert "已有 1 个渠道发出过旧信息" in moved
    for shown in (page, mei.text(f"/entries/{told.id}/correction")):
        assert "更正：「冬季护肤直播课」改到 11月29日（周日）20:00" in shown
        assert "https://content.example/1" in shown
        assert "撤回" in shown
        assert handlers_in(shown) == []


def test_one_click_sends_it_once(mei: Person, told: Entry, runtime: Runtime) -> None:
    """The correction is planned for now; sending it again reports that nothing is left."""
    status, _ = send(mei, told)
    again, _ = send(mei, told)

    assert (status, again) == (303, 303)
    (made,) = corrections(runtime)
    assert (made.title, made.body, made.channels) == (
        "更正：改到周日",
        "请以新时间为准。",
        ["site"],
    )
    assert made.starts_at == NOW
    assert "正在发布" in mei.text(f"/entries/{told.id}")


def test_a_chosen_time_is_of_the_calendars_zone(mei: Person, told: Entry, runtime: Runtime) -> None:
    """A correction can be sent at a later time."""
    send(mei, told, at="2026-11-24T18:30")

    (made,) = corrections(runtime)
    assert made.starts_at == NOW + timedelta(hours=9, minutes=30)


@pytest.mark.parametrize(
    ("values", "response"),
    [
        ({"title": " "}, (422, "请填写标题")),
        ({"at": "yesterday"}, (422, "请选择日期和时间")),
        ({"at": "2020-01-01T10:00"}, (422, "这个时间已经过去")),
        ({"channels": "nowhere"}, (422, "nowhere")),
        ({"sequence": "0"}, (409, "直播又有改动")),
    ],
)
def test_what_cannot_be_sent_stays_in_the_form(
    mei: Person,
    told: Entry,
    runtime: Runtime,
    values: dict[str, str],
    response: tuple[int, str],
) -> None:
    """The typed text stays in the form, and no correction is created."""
    status, page = send(mei, told, **{"body": "很长的一段心血", **values})

    assert status == response[0]
    assert response[1] in page
    assert "很长的一段心血" in page
    assert corrections(runtime) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " ", "at": "yesterday", "channels": "nowhere", "body": "长" * 100_001},
        {"title": "长" * 201, "channels": [], "at": "2020-01-01T10:00"},
        {"title": "更\x0b正", "body": "请以新时间\x0b为准。"},
        {"title": "", "at": "2026-11-24T23:00"},
        {"channels": [], "at": "2026-11-24T23:00"},
    ],
)
def test_all_errors_are_shown_at_once(
    mei: Person, told: Entry, runtime: Runtime, wrong: dict[str, object]
) -> None:
    """Each is explained at its field and in the summary; the end of quiet hours is offered."""
    quieten(runtime)

    response = post(mei, told, **{"at": "2026-11-24T12:00", **wrong})

    assert response.status_code == 422
    assert marked_fields(response) == set(wrong)
    assert summary_length(response) == len(wrong)
    assert "09:45 后发送" in response.get_data(as_text=True)
    assert corrections(runtime) == []


def test_no_correction_is_wanted(mei: Person, told: Entry, runtime: Runtime) -> None:
    """The offer disappears, and a waiting correction is withdrawn."""
    send(mei, told, at="2026-11-24T18:30")

    mei.post(f"/entries/{told.id}/correction/dismiss")

    page = mei.text(f"/entries/{told.id}")
    assert 'id="correction"' not in page
    with runtime.database.read() as session:
        made = session.scalars(select(Entry).where(Entry.key.startswith("fix-"))).one()
    assert made.status == "cancelled"


def test_a_cancelled_and_a_deleted_livestream_are_corrected_too(
    mei: Person, told: Entry, runtime: Runtime
) -> None:
    """A cancellation is proposed even if the entry is no longer on the board."""
    rev = entry_of(runtime, told.id).rev
    page = mei.post(f"/entries/{told.id}/cancel", {"rev": rev}, follow_redirects=True).get_data(
        as_text=True
    )
    rev = entry_of(runtime, told.id).rev
    gone = mei.post(f"/entries/{told.id}/delete", {"rev": rev}, follow_redirects=True).get_data(
        as_text=True
    )

    assert "取消通知：「冬季护肤直播课」不开播了" in page
    assert f"/entries/{told.id}/correction" in gone
    assert send(mei, told, title="取消通知")[0] == 303
    assert [made.title for made in corrections(runtime)] == ["取消通知"]


def test_a_changed_title_waits_for_the_approval(mei: Person, told: Entry, runtime: Runtime) -> None:
    """A change that is not approved is not corrected; the page announces the correction."""
    values = {**PLAIN, **LIVE, "day": "sun", "title": "新题目", "rev": told.rev}
    mei.post(f"/entries/{told.id}", values)
    waiting = mei.text(f"/entries/{told.id}")
    rev = entry_of(runtime, told.id).rev
    mei.post(f"/entries/{told.id}/approve", {"rev": rev})

    page = mei.text(f"/entries/{told.id}")

    assert "已发过旧信息的渠道：site" in waiting
    assert 'id="correction"' not in waiting
    assert "主题改为「新题目」（原为「冬季护肤直播课」）" in page


def test_a_notice_that_cannot_be_taken_back_says_so(mei: Person, told: Entry) -> None:
    """Retracting a delivery of another entry, or an unpublished one, shows an error."""
    page = mei.post(f"/entries/{told.id}/correction/retract/1", follow_redirects=True).get_data(
        as_text=True
    )

    assert "不能撤回这条内容" in page


def test_the_page_of_a_livestream_is_linked(mei: Person, told: Entry) -> None:
    """The entry's page links to the public page and tells why notices do not link to it."""
    page = mei.text(f"/entries/{told.id}")

    assert f'href="/site/live/{told.code}"' in page
    assert "CONTENTSVC_PUBLIC_URL" in page
    public = mei.text(f"/site/live/{told.code}")
    assert "已改期：原定 11月28日（周六）20:00" in public
    response = mei.get(f"/site/live/{told.code}/livestream.ics")
    assert response.content_type == "text/calendar; charset=utf-8"


def test_a_week_is_approved_but_for_what_is_cut(mei: Person, sample: str, runtime: Runtime) -> None:
    """Approving a week leaves out an entry whose poster lost text of a required field."""
    poster = {"poster.template": "live-notice", "poster-field.title1": "很长的标题" * 12}
    cut = make(mei, runtime, **LIVE, **poster)
    good = make(mei, runtime, day="sun")

    response = mei.post("/calendars/baby-benefits/approve", {"week": WEEK}, follow_redirects=True)

    assert entry_of(runtime, good.id).status == "approved"
    assert entry_of(runtime, cut.id).status == "draft"
    assert "“冬季护肤直播课”没有通过" in response.get_data(as_text=True)


#: 09:00 is within these hours, which end at 09:45.
QUIET = "22:00-09:45"


def quieten(runtime: Runtime) -> None:
    """Give the calendar quiet hours in which the clock is."""
    with runtime.database.write() as session:
        session.execute(update(Calendar).values(quiet=QUIET))


def test_quiet_hours_are_told_and_nothing_is_lost(
    mei: Person, told: Entry, runtime: Runtime
) -> None:
    """The form says when they end, has two buttons, and without a choice it stays as typed."""
    quieten(runtime)
    status, page = send(mei, told, body="很长的一段心血")

    assert status == 422
    assert "这个时间在免打扰时段（22:00-09:45）内" in page
    assert "09:45 后发送" in page
    assert "现在就发，不等免打扰结束" in page
    assert "很长的一段心血" in page
    assert corrections(runtime) == []


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"quiet": "after"}, (NOW + timedelta(minutes=45), False)),
        ({"quiet": "despite"}, (NOW, True)),
        (
            {"quiet": "after", "at": "2026-11-24T23:00"},
            (NOW + timedelta(days=1, minutes=45), False),
        ),
        ({"quiet": "despite", "at": "2026-11-24T23:00"}, (NOW + timedelta(hours=14), True)),
        (
            {"quiet": "after", "at": "2026-11-24T18:30"},
            (NOW + timedelta(hours=9, minutes=30), False),
        ),
    ],
)
def test_a_person_chooses_when_it_is_sent(
    mei: Person,
    told: Entry,
    runtime: Runtime,
    choice: dict[str, str],
    sent: tuple[datetime, bool],
) -> None:
    """After the quiet hours, at their real end; or in them all the same."""
    quieten(runtime)
    status, _ = send(mei, told, **choice)

    assert status == 303
    (made,) = corrections(runtime)
    assert (made.starts_at, made.despite_quiet) == sent


def test_a_correction_that_is_moved_obeys_quiet_hours_again(
    mei: Person, told: Entry, runtime: Runtime
) -> None:
    """The choice was for one time."""
    quieten(runtime)
    send(mei, told, quiet="despite")
    (made,) = corrections(runtime)
    place = {"rev": made.rev, "week": WEEK, "day": "fri", "slot": "", "time": "23:00"}
    mei.post(f"/entries/{made.id}/move", place)

    assert not entry_of(runtime, made.id).despite_quiet
