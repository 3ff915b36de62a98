"""The posters that the shipped calendars ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from contentsvc.config import shipped
from contentsvc.domain.calendar_files import read_calendar_bytes
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.weeks import IsoWeek
from contentsvc.posters import Fonts, load_brand, load_template, render

WEEK = IsoWeek(2026, 48)


@dataclass(frozen=True)
class Wanted:
    """A poster that an entry of a shipped calendar asks for."""

    file: str
    entry: EntryContent
    at: datetime


def wanted() -> list[Wanted]:
    """Return every entry with a poster, with its local time in a week of November."""
    found = []
    for file in sorted(shipped("calendars").glob("*.yaml")):
        plan = read_calendar_bytes(file.read_bytes(), file.name)
        found += [
            Wanted(file.stem, entry, plan.starts_at(entry, WEEK).at.astimezone(plan.zone))
            for entry in plan.entries
            if entry.poster
        ]
    return found


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    """Give the fonts, opened once."""
    return Fonts()


def defaults(item: Wanted) -> dict[str, object]:
    """Return what the service fills in from the entry, as the text a poster shows."""
    local, live = item.at, item.entry.livestream
    when = {
        "title": item.entry.title,
        "date": f"{local.month}月{local.day}日",
        "month": str(local.month),
        "day": str(local.day),
        "weekday": "周" + "一二三四五六日"[local.weekday()],
        "time": f"{local:%H:%M}",
    }
    return when | ({"host": live.host, "points": list(live.points)} if live else {})


@pytest.mark.parametrize("item", wanted(), ids=lambda item: f"{item.file}-{item.entry.key}")
def test_posters_render_without_a_warning(item: Wanted, fonts: Fonts) -> None:
    """Each poster's template is there, takes its fields, and loses no word in its usual size."""
    assets = shipped("assets")
    spec = item.entry.poster
    assert spec is not None
    template = load_template(spec.template, [assets / "posters"])
    fields = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in spec.fields.items()
    }

    poster = render(
        template,
        fields,
        brand=load_brand(assets / "brand.yaml"),
        pictures=lambda name: (assets / name).read_bytes(),
        fonts=fonts,
        defaults=defaults(item),
    )

    assert set(fields) <= set(template.fields)
    assert [warning.message for warning in poster.warnings] == []
    assert poster.image.size == template.size


def test_there_are_posters_to_try() -> None:
    """The sample calendar has three posters or more."""
    assert sum(item.file == "baby-benefits" for item in wanted()) >= 3
    assert all(item.at > datetime(2026, 11, 22, 16, tzinfo=UTC) for item in wanted())
