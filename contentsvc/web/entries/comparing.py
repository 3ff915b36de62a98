"""Compare the fields of two versions of an entry form, after two people edited one entry."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask_babel import gettext

from contentsvc.db.models import Calendar
from contentsvc.domain.walltime import parse_time, resolve
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.web.entries.entry_form import EntryForm
from contentsvc.web.formatting import as_time
from contentsvc.web.labels import label

__all__ = ["differences"]


def differences(
    theirs: EntryForm, yours: EntryForm, calendar: Calendar
) -> list[tuple[str, str, str]]:
    """Return (label, text in *theirs*, text in *yours*) for each form field whose text differs.

    Both times are those at which *calendar* publishes that version now, in its present time zone
    and with its present slots, although these may have changed since the version was made.
    """
    time_label = gettext("Time (%(zone)s)", zone=calendar.timezone)
    pairs = [
        (gettext("Title"), theirs["title"], yours["title"]),
        (gettext("Text"), theirs["body"], yours["body"]),
        (time_label, _time(theirs, calendar), _time(yours, calendar)),
        (gettext("Kind"), label("kind", theirs["kind"]), label("kind", yours["kind"])),
        (
            gettext("Element"),
            label("element", theirs["element"]),
            label("element", yours["element"]),
        ),
        *((text, theirs[name], yours[name]) for name, text in _labels().items()),
        (gettext("Channels"), _lines(theirs.channels), _lines(yours.channels)),
        (gettext("Pictures"), _pictures(theirs), _pictures(yours)),
    ]
    pairs += [
        (name, theirs.poster.get(name, ""), yours.poster.get(name, ""))
        for name in sorted({*theirs.poster, *yours.poster})
        if theirs["poster.template"] or yours["poster.template"]
    ]
    notice_fields = sorted(
        name for name in {*theirs.values, *yours.values} if name.startswith("notice.")
    )
    pairs += [(name.removeprefix("notice."), theirs[name], yours[name]) for name in notice_fields]
    for name in sorted({*theirs.versions, *yours.versions}):
        their_title, their_body = theirs.versions.get(name, ("", ""))
        your_title, your_body = yours.versions.get(name, ("", ""))
        pairs += [(name, their_title, your_title), (name, their_body, your_body)]
    return [pair for pair in pairs if pair[1].strip() != pair[2].strip()]


def _time(form: EntryForm, calendar: Calendar) -> str:
    """Return the week, day, time and slot of *form* for display, or as typed if unreadable."""
    slot = form["slot"]
    typed = dict(calendar.slots).get(slot, "") if slot else form["time"]
    try:
        day, wall = IsoWeek.parse(form.week).day(Weekday(form["day"])), parse_time(typed)
    except (InputError, ValueError):
        moment = f"{label('weekday', form['day'])} {'' if slot else typed}"
    else:
        at = resolve(day, wall, ZoneInfo(calendar.timezone)).at
        moment = as_time(at, calendar.timezone, seconds=bool(wall.second))
    return " · ".join(part.strip() for part in (form.week, moment, slot) if part.strip())


def _labels() -> dict[str, str]:
    return {
        "livestream.host": gettext("Host"),
        "livestream.url": gettext("Link"),
        "livestream.minutes": gettext("Minutes"),
        "livestream.points": gettext("Points"),
        "livestream.replay_url": gettext("Replay link"),
        "livestream.booking_url": gettext("Booking link"),
        "notices": gettext("Notices"),
        "poster.template": gettext("Poster template"),
    }


def _lines(names: tuple[str, ...]) -> str:
    return "\n".join(sorted(names))


def _pictures(form: EntryForm) -> str:
    return "\n".join(f"{source[:16]} {alt}".strip() for source, alt in form.pictures)
