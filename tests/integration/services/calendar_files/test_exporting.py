"""Exporting calendars: an exported file means the same as the imported one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.config import shipped
from contentsvc.db.models import Calendar
from contentsvc.domain.calendar_files import read_calendar, read_calendar_bytes
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services.calendar_files.exporting import export_calendar, export_text
from tests.integration.services.calendar_world import CHECK_IN, HEAD, LIVE, World

WEEK = IsoWeek(2026, 48)


@pytest.mark.parametrize("file", sorted(shipped("calendars").glob("*.yaml")), ids=lambda f: f.stem)
def test_export_equals_the_import(world: World, file: Path) -> None:
    """Exporting an imported calendar gives the same plan, and importing it changes nothing."""
    plan = replace(read_calendar_bytes(file.read_bytes(), file.name), week=WEEK)
    world.take(plan)

    with world.database.read() as session:
        text = export_text(session, plan.head.slug, WEEK)

    # The export is in order of time; a file need not be.
    given = {entry.key: entry for entry in plan.entries}
    exported = read_calendar(text, "export")
    assert {entry.key: entry for entry in exported.entries} == given
    assert replace(exported, entries=()) == replace(plan, entries=())
    report = world.take(text)
    assert not report.created + report.changed + report.skipped


def test_export_leaves_out_deleted_entries(world: World) -> None:
    """A deleted entry is not exported."""
    world.take(HEAD + CHECK_IN % "" + LIVE)
    world.edit("live", deleted_at=world.entry("live").created_at)

    with world.database.read() as session:
        plan = export_calendar(session, "mums", WEEK)

    assert [entry.key for entry in plan.entries] == ["check-in"]


def test_export_has_the_status(world: World) -> None:
    """An approved entry is exported as approved."""
    world.take(HEAD + CHECK_IN % "", approve=True)

    with world.database.read() as session:
        plan = export_calendar(session, "mums", WEEK)

    assert plan.entries[0].status is EntryStatus.APPROVED


def test_entry_of_a_removed_slot_is_exported_with_its_time(world: World) -> None:
    """An entry whose slot was removed is exported with its time."""
    world.take(HEAD + CHECK_IN % "" + LIVE)
    with world.write() as session:
        session.scalars(select(Calendar)).one().slots = [["晚间", "20:00"]]

    with world.database.read() as session:
        text = export_text(session, "mums", WEEK)

    assert 'time: "08:30"' in text


def test_web_line_ends_are_written_as_yaml_line_ends(world: World) -> None:
    """A body with a browser's line ends is exported as a readable block."""
    world.take(HEAD + CHECK_IN % "")
    world.edit("check-in", body="一\r\n\r\n二\r\n")

    with world.database.read() as session:
        text = export_text(session, "mums", WEEK)

    assert "    body: |\n      一\n\n      二\n" in text


def test_unknown_calendar(world: World) -> None:
    """Exporting a calendar that does not exist is refused."""
    with world.database.read() as session, pytest.raises(NotFoundError, match="'dads'"):
        export_calendar(session, "dads", WEEK)


def test_content_that_no_file_can_have_is_refused(world: World) -> None:
    """An entry with a text that no file can contain is named before anything is written."""
    world.take(HEAD + CHECK_IN % "")
    world.edit("check-in", body="bell \x07")

    with world.database.read() as session, pytest.raises(InputError, match="U\\+0007"):
        export_text(session, "mums", WEEK)
