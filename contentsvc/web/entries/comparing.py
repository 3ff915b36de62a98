"""Compare the fields of two versions of an entry form, after two people edited one entry."""

from __future__ import annotations

from flask_babel import gettext

from contentsvc.web.entries.entry_form import EntryForm

__all__ = ["differences"]


def differences(theirs: EntryForm, yours: EntryForm) -> list[tuple[str, str, str]]:
    """Return (label, text in *theirs*, text in *yours*) for each form field whose text differs."""
    pairs = [
        (gettext("Week"), theirs.week, yours.week),
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


def _labels() -> dict[str, str]:
    return {
        "title": gettext("Title"),
        "body": gettext("Text"),
        "day": gettext("Day"),
        "slot": gettext("Slot"),
        "time": gettext("Own time"),
        "kind": gettext("Kind"),
        "element": gettext("Element"),
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
