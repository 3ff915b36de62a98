"""Convert poster fields to form inputs and back, for the studio and the entry form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import LazyString, gettext, lazy_gettext

from contentsvc.domain.typed_text import half_width
from contentsvc.posters import ART, FieldSpec, Focus, Template, split_focus, with_focus
from contentsvc.services.rendering.painting import UPLOAD, asset_pictures
from contentsvc.services.uploads import recent_uploads
from contentsvc.web.current import language, reading, runtime

__all__ = [
    "FieldInput",
    "posted_poster",
    "poster_inputs",
    "poster_texts",
    "poster_values",
]

_FIELD, _ACROSS, _DOWN = "poster-field.", "poster-focus-x.", "poster-focus-y."
#: Most pictures that a list offers.
_MOST_UPLOADS, _MOST_ASSETS = 24, 200
_ART = "art:"

_ = lazy_gettext

ART_NAMES: Mapping[str, LazyString] = {
    "arcs": _("arcs"),
    "bear": _("bear"),
    "bottle": _("bottle"),
    "calendar": _("calendar sheet"),
    "cup": _("cup of tea"),
    "dots": _("dots"),
    "expert": _("expert"),
    "face": _("face"),
    "friends": _("friends"),
    "gift": _("gift"),
    "hills": _("hills"),
    "isle": _("isle"),
    "jar": _("jar"),
    "leaf": _("leaf"),
    "letter": _("letter"),
    "love": _("hearts"),
    "market": _("market"),
    "morning": _("morning"),
    "phone": _("phone"),
    "play": _("play button"),
    "podium": _("podium"),
    "rays": _("rays"),
    "room": _("room"),
    "streamers": _("streamers"),
}

#: The groups of a list, each a title and pairs of value and label.
Groups = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class FieldInput:
    """A form input for one field of a poster template: its label, value and suggestions."""

    name: str
    spec: FieldSpec
    label: str
    #: The text as typed; each item of a list is a line. For a picture, its name without focus.
    value: str
    #: An example, shown as the placeholder.
    sample: str
    #: Texts that the template offers.
    suggestions: tuple[str, ...] = ()
    #: Pictures to choose from.
    groups: tuple[tuple[str, list[tuple[str, str]]], ...] = ()
    #: Percent from the left and from the top, as typed.
    focus: tuple[str, str] = ("", "")
    #: The address of the picture; empty for art.
    address: str = ""


def posted_poster(values: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the poster fields in a posted form, by field name.

    The text of a picture includes its focus: the point that stays visible when it is cropped.
    """
    fields = {}
    for key, text in values.items():
        if not key.startswith(_FIELD):
            continue
        name = key.removeprefix(_FIELD)
        across, down = values.get(_ACROSS + name, ""), values.get(_DOWN + name, "")
        fields[name] = _focused(text, across, down) if across or down else text
    return fields


def _focused(text: str, across: str, down: str) -> str:
    """Add a focus point (percent) to the picture reference *text*; drawn art has none."""
    try:
        bare, _ = split_focus(text)
    except ValueError:
        return text
    if not bare or bare.startswith(_ART):
        return bare
    return with_focus(bare, (_share(across), _share(down)))


def _share(text: str) -> float:
    """Return a percentage as a share from 0 to 1; 0.5 if *text* is not a number."""
    try:
        percent = float(half_width(text).rstrip("%") or 50)
    except ValueError:
        percent = 50
    return min(max(percent, 0), 100) / 100 if math.isfinite(percent) else 0.5


def poster_texts(fields: Mapping[str, str | tuple[str, ...]]) -> dict[str, str]:
    """Return poster fields as form texts; a list becomes a text with a line for each item."""
    return {
        name: value if isinstance(value, str) else "\n".join(value)
        for name, value in fields.items()
    }


def poster_values(
    texts: Mapping[str, str], template: Template | None
) -> dict[str, str | tuple[str, ...]]:
    """Convert form texts to values of poster fields, without fields that *template* lacks."""
    fields: dict[str, str | tuple[str, ...]] = {}
    for name, text in texts.items():
        spec = template.fields.get(name) if template else None
        if not text.strip() or (template and spec is None):
            continue
        lines = tuple(line.strip() for line in text.splitlines() if line.strip())
        fields[name] = lines if spec is not None and spec.type == "list" else text
    return fields


def poster_inputs(template: Template, texts: Mapping[str, str]) -> list[FieldInput]:
    """Return a form input for each field of *template*, filled from *texts* (by field name)."""
    offered: Groups | None = None
    inputs = []
    for name, spec in template.fields.items():
        text = texts.get(name, "")
        if spec.type == "image":
            offered = _pictures() if offered is None else offered
            inputs.append(_picture_input(name, spec, text, offered))
        else:
            inputs.append(_text_input(template, name, spec, text))
    return inputs


def _text_input(template: Template, name: str, spec: FieldSpec, text: str) -> FieldInput:
    sample = spec.sample if isinstance(spec.sample, str) else "\n".join(spec.sample)
    usual = (spec.default,) if spec.default and isinstance(spec.default, str) else ()
    choices = template.choices(name)
    texts = tuple(dict.fromkeys([*usual, *choices])) if choices else ()
    return FieldInput(name, spec, _label(spec), text, sample, suggestions=texts)


def _picture_input(name: str, spec: FieldSpec, text: str, offered: Groups) -> FieldInput:
    bare, focus = _parted(text)
    groups = [(gettext("Default"), [("", gettext("the template's own"))]), *offered]
    if bare and not any(bare == value for _, pairs in groups for value, _ in pairs):
        groups.insert(1, (gettext("Chosen"), [(bare, bare.partition(":")[2][:12] or bare)]))
    return FieldInput(
        name,
        spec,
        _label(spec),
        bare,
        "",
        groups=tuple(groups),
        focus=(_percent(focus[0]), _percent(focus[1])) if focus else ("", ""),
        address=picture_address(bare),
    )


def _parted(text: str) -> tuple[str, Focus | None]:
    try:
        return split_focus(text)
    except ValueError:
        return text, None


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"


def _label(spec: FieldSpec) -> str:
    return spec.label.en if language() == "en" else spec.label.zh


def picture_address(source: str) -> str:
    """Return the URL of the upload or asset *source*; empty for drawn art and for no picture."""
    if not source or source.startswith(_ART):
        return ""
    if source.startswith(UPLOAD):
        return url_for("previews.uploaded", digest=source.removeprefix(UPLOAD))
    return url_for("previews.asset", name=source)


def _pictures() -> Groups:
    """Return the pictures that people can choose, in groups: uploads, asset files, drawn art."""
    with reading() as database:
        uploads = recent_uploads(database, _MOST_UPLOADS)
    assets = asset_pictures(runtime().config.asset_folders(), _MOST_ASSETS)
    groups: Sequence[tuple[str, list[tuple[str, str]]]] = [
        (gettext("Uploaded"), [(f"{UPLOAD}{upload.hash}", upload.name) for upload in uploads]),
        (gettext("Assets"), [(name, name) for name in assets]),
        (gettext("Drawn"), [(f"{_ART}{name}", str(ART_NAMES.get(name, name))) for name in ART]),
    ]
    return [(title, pairs) for title, pairs in groups if pairs]
