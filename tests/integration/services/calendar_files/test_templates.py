"""Calendar templates of plugins: listed with their problems, stamped on a week."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from contentsvc.channels.hosting import Registry, load_plugins
from contentsvc.config import shipped
from contentsvc.db.models import Entry
from contentsvc.db.session import Database
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, NotFoundError
from contentsvc.services.calendar_files.importing import ImportReport
from contentsvc.services.calendar_files.stamping import stamp
from contentsvc.services.calendar_files.templates import offered_templates, read_template
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, USEFULNESS, make_channel

WEEK = IsoWeek(2026, 50)
PLUGIN = """
from pathlib import Path
from contentsvc.channels import hookimpl

api_version = 1

@hookimpl
def register_calendar_templates():
    return [Path(__file__).parent / name for name in ("bad.yaml", "good.yaml")]
"""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "bad.yaml").write_text("calendar: bad\nentries: [", "utf-8")
    good = (shipped("calendars") / "interest.yaml").read_text("utf-8")
    (folder / "good.yaml").write_text(good, "utf-8")
    return load_plugins([folder], entry_points=False)


def stamped(
    database: Database, registry: Registry, name: str, plugin: str = "mine"
) -> ImportReport:
    plan = read_template(registry, plugin, name)
    with database.write() as session:
        return stamp(session, plan, WEEK, now=NOW, by="mei", usefulness=USEFULNESS)


def test_templates_are_offered_with_their_problems(registry: Registry) -> None:
    """A broken template is listed with its problems."""
    bad, good = offered_templates(registry)

    assert (bad.plugin, bad.name, bad.plan) == ("mine", "bad.yaml", None)
    assert bad.problems[0].line > 0
    assert good.plan is not None
    assert good.problems == ()


def test_a_missing_template_is_listed(registry: Registry, tmp_path: Path) -> None:
    """A template file that was deleted while the service runs is listed as unreadable."""
    (tmp_path / "own" / "good.yaml").unlink()

    _, gone = offered_templates(registry)

    assert "cannot be read" in str(gone.problems[0].message)


def test_a_template_is_stamped_once(runtime: Runtime, registry: Registry) -> None:
    """Stamping a template again creates nothing."""
    make_channel(runtime)

    first = stamped(runtime.database, registry, "good.yaml")
    second = stamped(runtime.database, registry, "good.yaml")

    with runtime.database.read() as session:
        count = session.scalar(select(func.count()).select_from(Entry))
    assert (first.week, len(first.created)) == (WEEK, count)
    assert second.created == []


@pytest.mark.parametrize(
    ("plugin", "name"), [("mine", "other.yaml"), ("other", "good.yaml"), ("mine", "../bad.yaml")]
)
def test_only_registered_templates_are_read(
    runtime: Runtime, registry: Registry, plugin: str, name: str
) -> None:
    """A name that no plugin registered is refused."""
    with pytest.raises(NotFoundError, match="has no calendar template"):
        stamped(runtime.database, registry, name, plugin)


def test_a_broken_template_creates_nothing(runtime: Runtime, registry: Registry) -> None:
    """Stamping a broken template raises its problems with their lines."""
    with pytest.raises(CalendarError, match=r"bad\.yaml: line"):
        stamped(runtime.database, registry, "bad.yaml")
