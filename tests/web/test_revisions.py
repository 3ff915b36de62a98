"""Earlier versions of an entry: kept when somebody overwrites them, and taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from contentsvc.db.mapping import content_of, revision_content
from contentsvc.db.models import Entry, EntryRevision
from contentsvc.services import revisions
from contentsvc.services.entries import change_entry
from contentsvc.services.runtime import Runtime
from tests.factories import (
    USEFULNESS,
    change_calendar,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
)
from tests.web.forms import form_values
from tests.web.people import NOW, Person


@pytest.fixture
def entry(runtime: Runtime) -> Entry:
    """Return a draft."""
    make_channel(runtime)
    return make_entry(runtime, make_calendar(runtime), approved=False)


def _compared(page: str) -> dict[str, tuple[str, str]]:
    """Return the two texts of each field that a page compares, by the field's label."""
    pattern = r"<h3>([^<]*)</h3>\s*<div class=.compare.>.*?<pre>(.*?)</pre>.*?<pre>(.*?)</pre>"
    return {name: (one, other) for name, one, other in re.findall(pattern, page, re.DOTALL)}


def _change(runtime: Runtime, entry: Entry, by: str, **said: object) -> Entry:
    with runtime.database.write() as session:
        current = session.get_one(Entry, entry.id)
        return change_entry(
            session,
            entry.id,
            current.rev,
            replace(content_of(current), **said),  # type: ignore[arg-type]
            by=by,
            now=NOW,
            usefulness=USEFULNESS,
        )


def test_the_overwritten_text_stays_reachable(mei: Person, runtime: Runtime, entry: Entry) -> None:
    """After a conflict, saving again overwrites; the other's text is shown and taken back."""
    mine = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")
    _change(runtime, entry, "lan", title="兰的标题", body="兰写了整整一个上午")

    refused = mei.post(f"/entries/{entry.id}", {**mine, "title": "梅的标题"})
    again = form_values(refused.get_data(as_text=True), "entry-form")
    mei.post(f"/entries/{entry.id}", again)

    assert refused.status_code == 409
    page = mei.text(f"/entries/{entry.id}")
    assert "梅的标题" in page
    assert "兰写了整整一个上午" not in page
    assert f"/entries/{entry.id}/revisions/" in page
    listed = mei.text(f"/entries/{entry.id}/revisions/")
    assert "兰的标题" in listed
    compared = mei.text(f"/entries/{entry.id}/revisions/{entry.rev + 1}")
    assert "兰写了整整一个上午" in compared
    assert "梅的标题" in compared

    taken = form_values(mei.text(f"/entries/{entry.id}?revision={entry.rev + 1}"), "entry-form")
    mei.post(f"/entries/{entry.id}", taken)
    restored = mei.text(f"/entries/{entry.id}")
    assert "兰写了整整一个上午" in restored
    assert "梅的标题" in mei.text(f"/entries/{entry.id}/revisions/")


@pytest.mark.parametrize(
    ("theirs", "mine", "shown"),
    [
        ({"slot": None, "time": time(20, 30)}, {}, ("11月25日 周三 20:30", "11月25日 周三 20:00")),
        ({}, {"slot": "", "time": "20:30"}, ("11月25日 周三 20:00", "11月25日 周三 20:30")),
        ({"slot": "午间"}, {"day": "thu"}, ("11月25日 周三 12:00", "11月26日 周四 20:00")),
        ({}, {"week": "2026-W49"}, ("2026-W48", "2026-W49")),
        ({}, {"slot": "", "time": "20:00:30"}, ("20:00", "20:00:30")),
        ({"title": "兰的标题"}, {"slot": "", "time": "20:00"}, ("· 晚间", "20:00")),
    ],
)
def test_both_times_of_a_conflict_are_of_the_present_zone(
    mei: Person,
    runtime: Runtime,
    entry: Entry,
    *,
    theirs: dict[str, Any],
    mine: dict[str, str],
    shown: tuple[str, str],
) -> None:
    """Slots and own times are shown alike, although the zone has changed in between."""
    form = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")
    change_calendar(runtime, entry.calendar, zone=ZoneInfo("Asia/Tokyo"))
    _change(runtime, entry, "lan", **{"body": "兰的正文", **theirs})

    refused = mei.post(f"/entries/{entry.id}", {**form, **mine})

    assert refused.status_code == 409
    page = refused.get_data(as_text=True)
    times = _compared(page)["时间（Asia/Tokyo）"]
    assert [part in text for part, text in zip(shown, times, strict=True)] == [True, True]
    assert "从 Asia/Shanghai 改成了 Asia/Tokyo" in page
    again = mei.post(f"/entries/{entry.id}", {**form_values(page, "entry-form"), "title": "梅"})
    assert again.status_code == 303
    stored = mei.text(f"/entries/{entry.id}/revisions/{entry.rev + 1}")
    assert _compared(stored)["时间（Asia/Tokyo）"] == times


def test_a_zone_that_changed_alone_is_no_difference(
    mei: Person, runtime: Runtime, entry: Entry
) -> None:
    """Nobody has typed another time: it follows the zone of the calendar."""
    form = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")
    change_calendar(runtime, entry.calendar, zone=ZoneInfo("America/New_York"))
    _change(runtime, entry, "lan", body="兰的正文")

    page = mei.post(f"/entries/{entry.id}", form).get_data(as_text=True)

    assert list(_compared(page)) == ["正文"]


def test_a_version_at_a_slot_that_is_gone_is_compared(
    mei: Person, runtime: Runtime, entry: Entry
) -> None:
    """Its time is not known any more; its day and slot are shown as they were chosen."""
    _change(runtime, entry, "lan", slot="午间")
    change_calendar(runtime, entry.calendar, slots={"早安": time(8, 30), "午间": time(12)})

    page = mei.text(f"/entries/{entry.id}/revisions/{entry.rev}")

    assert _compared(page)["时间（Asia/Shanghai）"] == (
        "2026-W48 · 周三 · 晚间",
        "2026-W48 · 11月25日 周三 12:00 · 午间",
    )


def test_a_save_without_a_change_is_no_version(mei: Person, entry: Entry) -> None:
    """The list has only versions that somebody replaced."""
    mei.post(f"/entries/{entry.id}", form_values(mei.text(f"/entries/{entry.id}"), "entry-form"))

    assert "还没有人修改过" in mei.text(f"/entries/{entry.id}/revisions/")


@pytest.mark.parametrize("path", ["revisions/99", "?revision=99"])
def test_a_version_that_is_not_kept_is_not_found(mei: Person, entry: Entry, path: str) -> None:
    """The page says so."""
    response = mei.get(f"/entries/{entry.id}{'' if path.startswith('?') else '/'}{path}")

    assert response.status_code == 404
    assert "第 99 版已不再保留" in response.get_data(as_text=True)


def test_the_latest_versions_are_kept(
    runtime: Runtime, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is limited for each entry; other entries keep theirs."""
    monkeypatch.setattr(revisions, "_MOST", 3)
    other = make_entry(
        runtime, make_calendar(runtime, slug="other"), approved=False, key="wed-other"
    )
    _change(runtime, other, "lan", title="别的")

    for number in range(5):
        _change(runtime, entry, "mei", title=f"标题 {number}")

    with runtime.database.read() as session:
        found = revisions.list_revisions(session, entry.id)
        assert [row.content["title"] for row in found] == ["标题 3", "标题 2", "标题 1"]
        assert revisions.count_revisions(session, other.id) == 1


def test_a_version_keeps_everything(runtime: Runtime, entry: Entry) -> None:
    """The stored content is the entry's, with versions, pictures and channels."""
    rich = make_content(channels=("site",), body="**正文**")
    with runtime.database.write() as session:
        first = change_entry(
            session, entry.id, entry.rev, rich, by="mei", now=NOW, usefulness=USEFULNESS
        )
        before = content_of(first)
    _change(runtime, entry, "mei", title="别的标题")

    with runtime.database.read() as session:
        row = session.scalars(
            select(EntryRevision).order_by(EntryRevision.rev.desc()).limit(1)
        ).one()
        assert replace(revision_content(row), status=before.status) == before
