"""What the entry form takes, an export can write; saving without a change changes nothing."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contentsvc.db.mapping import content_of
from contentsvc.db.models import ChannelRow, Entry
from contentsvc.domain.calendar_files import read_calendar
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus, Version
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.services import entries as service
from contentsvc.services.calendar_files.exporting import export_text
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.runtime import Runtime
from tests.drawn_plans import characters, entries
from tests.web.forms import form_values
from tests.web.people import NOW, WEEK, Person
from tests.web.writing import NEW, PLAIN, count, entry_of, make

_SLOTS = ["早安", "午间", "晚间"]
_CHANNELS = ["site", "group", "sms"]
_shared = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def channels(runtime: Runtime, sample: str) -> None:
    """Create the channels that drawn entries name."""
    with runtime.database.write() as session:
        for name in _CHANNELS[1:]:
            session.add(
                ChannelRow(name=name, type="site", settings={}, created_at=NOW, updated_at=NOW)
            )


@st.composite
def _contents(draw: st.DrawFn) -> EntryContent:
    """Draw an entry that may be imported into the sample calendar."""
    content = draw(entries("drawn", _SLOTS, ["site"]))
    own = draw(st.none() | st.just(("site",)) | st.lists(st.sampled_from(_CHANNELS), unique=True))
    places = ["site"] if own is None else list(own)
    versions = {name: one for name, one in content.versions.items() if name in places}
    pictures = tuple(one for one in content.pictures if one.source.startswith("sha256:"))
    return replace(
        content,
        channels=None if own is None else tuple(own),
        versions=versions,
        pictures=pictures,
        status=EntryStatus.DRAFT,
    )


@_shared
@given(content=_contents())
def test_saving_without_a_change_changes_nothing(
    mei: Person, runtime: Runtime, channels: None, content: EntryContent
) -> None:
    """The form of any imported entry, sent back as it is, leaves the entry as it was."""
    try:
        with runtime.database.write() as session:
            entry = service.create_entry(
                session,
                get_calendar(session, "baby-benefits"),
                IsoWeek.parse(WEEK),
                replace(content, key=f"drawn-{secrets.token_hex(4)}"),
                by="file",
                now=NOW,
            )
    except InputError:
        # An import may refuse it as well, such as a poster without a template.
        return
    before = content_of(entry)
    values = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")

    response = mei.client.post(f"/entries/{entry.id}", data=values)

    assert response.status_code == 303, _faults(response.get_data(as_text=True))
    after = entry_of(runtime, entry.id)
    assert content_of(after) == before
    assert after.rev == entry.rev


def test_an_empty_version_stays_empty(mei: Person, runtime: Runtime, channels: None) -> None:
    """A channel that shows no text on purpose still shows none after another field was changed."""
    with runtime.database.write() as session:
        calendar = get_calendar(session, "baby-benefits")
        content = EntryContent(
            key="silent",
            day=Weekday.SAT,
            kind=EntryKind.POST,
            title="有标题",
            slot="午间",
            body="正文",
            channels=("site",),
            versions={"site": Version(title=None, body="")},
        )
        entry = service.create_entry(
            session, calendar, IsoWeek.parse(WEEK), content, by="file", now=NOW
        )
    values = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")
    values["title"] = "改过的标题"

    mei.client.post(f"/entries/{entry.id}", data=values)

    after = content_of(entry_of(runtime, entry.id))
    assert after.title == "改过的标题"
    assert after.versions == {"site": Version(title=None, body="")}
    assert after.channels == ("site",)


@pytest.mark.parametrize("body", ["    正文", "正文\n", "\n正文", "正文  "])
def test_blanks_alone_are_a_change(
    mei: Person, runtime: Runtime, channels: None, body: str
) -> None:
    """Leading blanks make a code block, so that a person who adds or removes them keeps that."""
    entry = make(mei, runtime, body="正文")
    values = form_values(mei.text(f"/entries/{entry.id}"), "entry-form")
    values["body"] = body

    mei.client.post(f"/entries/{entry.id}", data=values)

    assert entry_of(runtime, entry.id).body == body


#: Characters that people paste without seeing them, beside ordinary ones.
_pasted = st.text(
    characters | st.sampled_from("\0\x0b\x0c\x1b\x7f\x85\u2028\u202e\ufeff\r\n\t"), max_size=40
)
_long = st.sampled_from(["长" * 201, "长" * 1001, "长" * 100_001, "一\n" * 30])
_texts = _pasted | _long
_FIELDS = (
    *("title", "body", "week", "day", "slot", "time", "element", "kind"),
    *("livestream.host", "livestream.url", "livestream.minutes", "livestream.points"),
    *("livestream.replay_url", "livestream.booking_url", "notices"),
    *("version_title__site", "version_body__site", "notice.0m.title", "notice.0m.body"),
    *("poster.template", "poster-field.title1", "poster-field.points", "picture_alt"),
)


@_shared
@given(
    kind=st.sampled_from(EntryKind),
    typed=st.dictionaries(st.sampled_from(_FIELDS), _texts, max_size=4),
    pictures=st.sampled_from([0, 1, 18, 19, 40]),
)
@pytest.mark.usefixtures("channels")
def test_what_the_form_takes_an_export_can_write(
    mei: Person, runtime: Runtime, kind: EntryKind, typed: dict[str, str], pictures: int
) -> None:
    """Any input is either saved, exported and read again, or refused with the text in the form."""
    values: dict[str, Any] = {
        **PLAIN,
        "kind": kind.value,
        "poster.template": "quote" if kind is EntryKind.POSTER else "",
        "notices": "0m",
        **typed,
        "picture": ["sha256:" + "0a" * 32] * pictures,
        "picture_alt": [typed.get("picture_alt", "")] * pictures,
    }
    before = count(runtime, Entry)

    response = mei.post(NEW, values)

    if response.status_code == 422:
        page = response.get_data(as_text=True)
        assert count(runtime, Entry) == before
        assert 'class="field-error"' in page or 'class="note is-bad"' in page
        again = form_values(page, "entry-form")
        for name in ("title", "body"):
            assert _unix(again[name]) == _unix(values[name])
        return
    assert response.status_code == 303, _faults(response.get_data(as_text=True))
    saved = entry_of(runtime, int(response.location.split("/")[2]))
    with runtime.database.read() as session:
        text = export_text(session, "baby-benefits", IsoWeek.parse(saved.week))
    keys = {entry.key for entry in read_calendar(text, "exported.yaml").entries}
    assert saved.key in keys


def _faults(page: str) -> list[str]:
    return re.findall(r'<p class="(?:field-error|note is-bad)".*?</p>', page, re.DOTALL)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slot": "凌晨"}, "slot"),
        ({"channels": "gone"}, "channels"),
        ({"body": "长" * 100_001}, "body"),
        ({"title": "长" * 201}, "title"),
        ({"kind": "poster"}, "poster.template"),
        ({"title": "看不见\x0b的字符"}, "title"),
        ({"version_title__site": "长" * 201, "version_body__site": ""}, "version_title__site"),
        ({"kind": "livestream", "livestream.points": "点\n" * 21}, "livestream.points"),
        ({"kind": "livestream", "notices": "0m", "notice.0m.title": "长" * 201}, "notice.0m.title"),
        ({"picture": ["sha256:" + "0a" * 32] * 19, "picture_alt": ["图"] * 19}, "pictures"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("address", [NEW, ""], ids=["new", "stored"])
@pytest.mark.usefixtures("sample")
def test_a_refused_entry_comes_back_with_its_text(
    mei: Person, runtime: Runtime, change: dict[str, Any], field: str, address: str
) -> None:
    """The message stands at the field, all typed text is in the form, and nothing is stored."""
    entry = make(mei, runtime)
    before = count(runtime, Entry)
    values = {**PLAIN, "title": "写了很久的标题", "rev": entry.rev, **change}

    response = mei.post(address or f"/entries/{entry.id}", values)

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    form = form_values(page, "entry-form")
    assert form["title"] == values["title"]
    assert _unix(form["body"]) == values["body"]
    assert f'id="error-{field}"' in page or "field-error" in page
    assert count(runtime, Entry) == before
    assert entry_of(runtime, entry.id).title == PLAIN["title"]
