"""The shipped calendars are ready to use."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from contentsvc.channels import markdown_html
from contentsvc.config import shipped
from contentsvc.domain.calendar_files import read_calendar_bytes, write_calendar
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.elements import CommunityKind, element_mix
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.notices import DEFAULT_CHAIN
from contentsvc.domain.walltime import Fit
from contentsvc.domain.weeks import IsoWeek, Weekday

FILES = sorted(shipped("calendars").glob("*.yaml"))
WEEK = IsoWeek(2026, 48)
each = pytest.mark.parametrize("name", [file.stem for file in FILES])


def plan_of(name: str) -> CalendarPlan:
    """Return a shipped calendar."""
    file = shipped("calendars") / f"{name}.yaml"
    return read_calendar_bytes(file.read_bytes(), file.name)


def test_six_are_shipped() -> None:
    """There is a calendar per kind of community, one for a livestream and one for reminders."""
    assert [file.stem for file in FILES] == [
        "baby-benefits",
        "flash-sale",
        "functional-morning",
        "interest",
        "livestream-campaign",
        "use-up-reminders",
    ]
    assert {plan_of(file.stem).head.community.kind for file in FILES} == set(CommunityKind)


@each
def test_is_a_template_of_a_full_week(name: str) -> None:
    """Each is a template with its file's name, 12 to 25 entries and at least one a day."""
    plan = plan_of(name)

    assert (plan.head.slug, plan.week, plan.head.channels) == (name, None, ("site",))
    assert 12 <= len(plan.entries) <= 25
    assert {entry.day for entry in plan.entries} == set(Weekday)


@each
def test_no_two_entries_at_one_time(name: str) -> None:
    """No two entries are at the same time, and no time is in a clock change."""
    plan = plan_of(name)
    instants = [plan.head.starts_at(entry, WEEK) for entry in plan.entries]

    assert [at for at, count in Counter(i.at for i in instants).items() if count > 1] == []
    assert {instant.fit for instant in instants} == {Fit.EXACT}


@each
def test_every_entry_has_an_element(name: str) -> None:
    """Every entry has an element, and no week has only deals."""
    mix = element_mix(entry.element for entry in plan_of(name).entries)

    assert mix.unnamed == 0
    assert mix.activity > 0
    assert mix.deal > 0


@each
def test_markdown_leaves_nothing_behind(name: str) -> None:
    """Every text becomes HTML without visible asterisks, dashes or hashes of its Markdown."""
    entries = plan_of(name).entries
    texts = [entry.body for entry in entries]
    texts += [version.body or "" for entry in entries for version in entry.versions.values()]

    for text in texts:
        seen = re.sub(r"<[^>]+>", "\n", markdown_html(text))
        assert not re.search(r"\*\*|^\s*([-#>] |\d+\. )|\|", seen, re.MULTILINE), text
        assert text.strip()


@each
def test_reads_back_as_written(name: str) -> None:
    """Each calendar reads back equal after the service has written it."""
    plan = plan_of(name)

    assert read_calendar_bytes(write_calendar(plan).encode(), name) == plan


def test_the_sample_week() -> None:
    """The sample has at least two entries a day, a livestream on Thursday at 20:00, and posters."""
    plan = plan_of("baby-benefits")
    days = Counter(entry.day for entry in plan.entries)
    live = [entry for entry in plan.entries if entry.kind is EntryKind.LIVESTREAM]
    statuses = Counter(entry.status for entry in plan.entries)

    assert min(days.values()) >= 2
    assert [(e.day, plan.head.wall_time(e).hour, e.notices) for e in live] == [
        (Weekday.THU, 20, DEFAULT_CHAIN)
    ]
    assert sum(entry.poster is not None for entry in plan.entries) >= 3
    assert set(statuses) == {EntryStatus.DRAFT, EntryStatus.APPROVED}
