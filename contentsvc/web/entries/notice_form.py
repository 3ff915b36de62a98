"""The form fields in which a person gives single notices of a livestream their own texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext, ngettext

from contentsvc.domain.entries import EntryContent, NoticeVersion
from contentsvc.domain.notices import Notice, parse_chain
from contentsvc.domain.typed_text import split_list
from contentsvc.errors import InputError
from contentsvc.posters import FieldSpec, Template

__all__ = [
    "NoticeFields",
    "notice_fields",
    "notice_values",
    "notice_when",
    "read_versions",
    "typed_chain",
]

_PREFIX = "notice."
#: Fields of a poster that often differ between notices; other fields are shown only if they do.
_OFTEN_OWN = (
    *("state", "title1", "title2", "subtitle", "time_note"),
    *("offer_tag", "offer", "offer_note", "action"),
)
_TITLE, _BODY, _SILENT, _POSTER = "title", "body", "silent", "poster."


@dataclass(frozen=True, slots=True)
class NoticeFields:
    """The form fields of one notice (a message before, at or after a livestream's start)."""

    #: The offset from the start, such as `-24h`.
    at: str
    #: The offset for display.
    when: str
    #: The prefix of the names of the notice's form fields.
    prefix: str
    values: Mapping[str, str]
    #: The poster fields that can have other texts in this notice.
    poster: Mapping[str, FieldSpec]

    @property
    def is_own(self) -> bool:
        """Return whether the notice has texts of its own instead of the entry's."""
        return any(value.strip() for value in self.values.values())

    @property
    def has_own_poster(self) -> bool:
        """Return whether the notice's poster has texts of its own instead of the entry's."""
        return any(text.strip() for name, text in self.values.items() if name.startswith(_POSTER))


def notice_values(content: EntryContent) -> dict[str, str]:
    """Return the notices' own texts as form values, by field name such as `notice.-1h.title`."""
    values: dict[str, str] = {}
    for at, version in content.notice_versions.items():
        own = {
            _TITLE: version.title or "",
            _BODY: version.body or "",
            _SILENT: "1" if version.body == "" else "",
            **{
                f"{_POSTER}{name}": text if isinstance(text, str) else "\n".join(text)
                for name, text in version.poster.items()
            },
        }
        values |= {f"{_PREFIX}{at}.{name}": text for name, text in own.items() if text}
    return values


def notice_fields(
    values: Mapping[str, str], chain: Sequence[Notice], template: Template | None
) -> list[NoticeFields]:
    """Return the form fields of each notice in *chain*, filled from *values* of the entry form."""
    fields_of_notices = []
    for notice in chain:
        prefix = f"{_PREFIX}{notice}."
        own = _own(values, prefix)
        filled = {name.removeprefix(_POSTER) for name in own if name.startswith(_POSTER)}
        fields = template.fields if template else {}
        offered = {name: fields[name] for name in fields if name in filled or name in _OFTEN_OWN}
        fields_of_notices.append(
            NoticeFields(str(notice), notice_when(notice), prefix, own, offered)
        )
    return fields_of_notices


def typed_chain(text: str) -> tuple[Notice, ...]:
    """Parse *text* as notice offsets such as `-24h, 0m`; return no notices if it is invalid."""
    try:
        return parse_chain(split_list(text))
    except InputError:
        return ()


def read_versions(
    values: Mapping[str, str], chain: Sequence[Notice], template: Template | None
) -> dict[str, NoticeVersion]:
    """Return the texts that notices in *chain* have of their own, by offset such as `-1h`."""
    versions = {}
    for notice in chain:
        own = _own(values, f"{_PREFIX}{notice}.")
        body = own.get(_BODY, "")
        version = NoticeVersion(
            title=own.get(_TITLE, "").strip() or None,
            body="" if own.get(_SILENT) else (body if body.strip() else None),
            poster=_poster(own, template),
        )
        if version != NoticeVersion():
            versions[str(notice)] = version
    return versions


def _own(values: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def _poster(own: Mapping[str, str], template: Template | None) -> dict[str, str | tuple[str, ...]]:
    fields: dict[str, str | tuple[str, ...]] = {}
    for name, spec in (template.fields if template else {}).items():
        text = own.get(f"{_POSTER}{name}", "")
        if text.strip():
            lines = tuple(line.strip() for line in text.splitlines() if line.strip())
            fields[name] = lines if spec.type == "list" else text
    return fields


def notice_when(notice: Notice | str) -> str:
    """Return how long before or after the start *notice* goes out, such as 开播前 1 天."""
    if isinstance(notice, str):
        notice = Notice.parse(notice)
    if not notice.offset:
        return str(gettext("At the start"))
    distance = _distance(abs(notice.offset))
    if notice.offset < timedelta(0):
        return str(gettext("%(distance)s before the start", distance=distance))
    return str(gettext("%(distance)s after the start", distance=distance))


def _distance(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    if hours and hours % 24 == 0 and not minutes:
        return str(ngettext("%(num)d day", "%(num)d days", hours // 24))
    parts = []
    if hours:
        parts.append(str(ngettext("%(num)d hour", "%(num)d hours", hours)))
    if minutes:
        parts.append(str(ngettext("%(num)d minute", "%(num)d minutes", minutes)))
    return " ".join(parts)
