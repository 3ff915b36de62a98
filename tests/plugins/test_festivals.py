"""Tests of the festivals' calendar templates: they can be used without corrections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contentsvc.channels.testing import load_plugin
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.db.session import Database
from contentsvc.domain.calendar_files import read_calendar_bytes
from contentsvc.domain.elements import element_mix
from contentsvc.domain.weeks import IsoWeek
from contentsvc.services.calendar_files.exporting import week_entries
from contentsvc.services.calendar_files.stamping import stamp
from contentsvc.services.calendar_files.templates import read_template
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, USEFULNESS, make_channel, make_runtime

FOLDER = Path(__file__).parents[2] / "plugins" / "festivals"
FILES = sorted((FOLDER / "calendars").glob("*.yaml"))
WEEK = IsoWeek(2026, 50)

each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@pytest.fixture
def runtime(sqlite_url: str, tmp_path: Path) -> Iterator[Runtime]:
    with closing(Database(sqlite_url)) as database:
        yield make_runtime(database, tmp_path)


def test_the_plugin_offers_three_weeks() -> None:
    """The plugin registers templates for 双12, 春节 and 母亲节."""
    offered = load_plugin(FOLDER).calendar_templates()

    assert [template.path for template in offered] == FILES
    assert [file.stem for file in FILES] == ["double-12", "mothers-day", "spring-festival"]


@each
def test_a_week_is_whole(file: Path) -> None:
    """A template has no week, entries on each day, and both activity and deal elements."""
    plan = read_calendar_bytes(file.read_bytes(), file.name)

    mix = element_mix(entry.element for entry in plan.entries if entry.element)
    assert plan.week is None
    assert len({entry.day for entry in plan.entries}) == 7
    assert all(entry.element for entry in plan.entries)
    assert min(mix.activity, mix.deal) > 0


@each
def test_a_week_is_shown_without_a_warning(file: Path, runtime: Runtime) -> None:
    """Every entry and notice renders without a warning, and no text is cut."""
    make_channel(runtime)
    plan = read_template(runtime.registry, "festivals", file.name)
    with runtime.database.write() as session:
        report = stamp(session, plan, WEEK, now=NOW, by="mei", usefulness=USEFULNESS)
    with runtime.database.read() as session:
        calendar = get_calendar(session, report.calendar)
        entries: list[Entry] = week_entries(session, calendar, WEEK)
    renderer = Renderer(runtime)

    previews = [
        preview
        for entry in entries
        for preview in renderer.preview(calendar, WEEK, content_of(entry))
    ]

    assert len(previews) >= len(entries) >= 12
    assert [(preview.error, preview.warnings) for preview in previews if preview.warnings] == []
    assert [preview.error for preview in previews if preview.error] == []
