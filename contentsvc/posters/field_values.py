"""Validates the field values of one poster, and fills them into the template's texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters.amounts import price_number
from contentsvc.posters.brand import Brand
from contentsvc.posters.focus import split_focus
from contentsvc.posters.qr import qr_text
from contentsvc.posters.template.schema import PLACEHOLDER, Clause, FieldSpec, Template, parts_of
from contentsvc.posters.warnings import PosterWarning

__all__ = ["Values", "resolve_values", "split_item"]

#: URL schemes that a phone opens from a QR code.
_SCHEMES = ("http", "https", "weixin")
#: In ASCII. A QR code of level M holds 2,331 bytes (ISO/IEC 18004, table 7); a link is far shorter.
_LONGEST_URL = 1000
#: In characters; a longer text, such as a whole page, is a mistake.
_LONGEST_TEXT = 2000
_MOST_ITEMS = 50
#: In characters; a longer price would be too small to read, and a price is never cut.
_LONGEST_PRICE = 40


@dataclass(frozen=True, slots=True)
class Values:
    """The validated field values of a poster: a tuple of texts for a list field, else a text."""

    fields: Mapping[str, str | tuple[str, ...]]
    brand: Mapping[str, str]
    #: The names of the fields that hold prices.
    prices: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """Return the value of the field *name* as one text. The items of a list are joined."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else "；".join(map(_whole, value))

    def items(self, name: str) -> tuple[str, ...]:
        """Return the items of the list field *name*."""
        value = self.fields.get(name, ())
        return (value,) if isinstance(value, str) else value

    def holds(self, condition: str | None) -> bool:
        """Return True if the values meet *condition*, such as `a and not b`. None is always met."""
        return all(self._is_true(clause) for clause in parts_of(condition))

    def _is_true(self, clause: Clause) -> bool:
        value = self.brand.get(clause.name, "") if "." in clause.name else self.text(clause.name)
        result = value == clause.value if clause.value else bool(value)
        return result == clause.wanted

    def fill(self, text: str) -> str:
        """Return *text* with its placeholders replaced by values.

        If *text* has placeholders and all their values are empty, return an empty text.
        """
        result = [self._placeholder(match) for match in PLACEHOLDER.finditer(text)]
        if result and not any(result):
            return ""
        return PLACEHOLDER.sub(self._placeholder, text)

    def _placeholder(self, match: re.Match[str]) -> str:
        name = match["name"]
        if match["item"]:
            value = self._piece(name, int(match["item"]), 1 if match["tail"] else 0)
        else:
            value = self.brand.get(name, "") if "." in name else self.text(name)
        return value[: int(match["first"])] if match["first"] else value

    def _piece(self, name: str, number: int, part: int) -> str:
        items = self.items(name)
        return split_item(items[number - 1])[part] if number <= len(items) else ""


def split_item(item: str) -> tuple[str, str]:
    """Split a list item at its first `|` into two texts. The second may be empty."""
    head, _, tail = item.replace("｜", "|").partition("|")
    return head.strip(), tail.strip()


def _whole(item: str) -> str:
    return " ".join(part for part in split_item(item) if part)


def resolve_values(
    template: Template, fields: Mapping[str, object], defaults: Mapping[str, object], brand: Brand
) -> tuple[Values, list[PosterWarning]]:
    """Validate *fields* against the template; return the values and warnings about them.

    A field that *fields* leaves empty takes its value from *defaults*.

    Raises:
        RenderError: a required field is empty, or a value has the wrong type; its `field` is set.
    """
    warnings = [_unknown(name, template) for name in fields if name not in template.fields]
    known: dict[str, str | tuple[str, ...]] = {}
    for name, spec in template.fields.items():
        value = _checked(name, spec, _given(name, spec, fields, defaults))
        if spec.type == "price" and isinstance(value, str) and value:
            value, doubts = _price(name, spec, value)
            warnings += doubts
        if spec.required and not value:
            raise RenderError("poster-field-required", label=_label(name, spec), field=name)
        known[name] = value
        warnings += _limits(name, spec, value)
    brand_values = {
        "brand.name": brand.name,
        "brand.footer": brand.footer,
        "brand.logo": brand.logo or "",
    }
    prices = frozenset(name for name, spec in template.fields.items() if spec.type == "price")
    return Values(known, brand_values, prices), warnings


def _price(name: str, spec: FieldSpec, text: str) -> tuple[str, list[PosterWarning]]:
    """Return the price *text* without the yuan sign, which the template adds, and any warnings.

    Raises:
        RenderError: *text* is so long that it could not be shown in full.
    """
    number = price_number(text)
    if len(number or text) > _LONGEST_PRICE:
        raise RenderError(
            "poster-field-too-long",
            label=_label(name, spec),
            used=len(number or text),
            most=_LONGEST_PRICE,
            field=name,
        )
    if number is not None:
        return number, []
    return text, [PosterWarning("", name, "no_price", Message("poster-not-price", value=text))]


def _given(
    name: str, spec: FieldSpec, fields: Mapping[str, object], defaults: Mapping[str, object]
) -> object:
    for value in (fields.get(name), defaults.get(name), defaults.get(spec.source or "")):
        if value is not None and value not in ("", [], ()):
            return value
    return spec.default


def _checked(name: str, spec: FieldSpec, value: object) -> str | tuple[str, ...]:
    if spec.type == "list":
        return _items(name, spec, value)
    text = _one_text(name, spec, value)
    if spec.type == "url" and text:
        _check_url(name, spec, text)
    if spec.type == "image":
        _check_focus(name, spec, text)
    return text


def _label(name: str, spec: FieldSpec) -> Message:
    """Return the name of a field for messages: its key in English, its label in Chinese."""
    return Message.given(en=name, zh=spec.label.zh)


def _items(name: str, spec: FieldSpec, value: object) -> tuple[str, ...]:
    """Return the items of a list field. If *value* is one text, each of its lines is an item."""
    if isinstance(value, str):
        value = value.splitlines()
    if not isinstance(value, Sequence):
        label = _label(name, spec)
        raise RenderError("poster-field-not-list", label=label, value=str(value), field=name)
    if len(value) > _MOST_ITEMS:
        raise RenderError(
            "poster-field-too-many-items",
            label=_label(name, spec),
            used=len(value),
            most=_MOST_ITEMS,
            field=name,
        )
    items = (_one_text(name, spec, item) for item in value)
    return tuple(item for item in items if item)


def _one_text(name: str, spec: FieldSpec, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        label, kind = _label(name, spec), type(value).__name__
        raise RenderError("poster-field-not-text", label=label, type=kind, field=name)
    text = str(value).strip()
    if len(text) > _LONGEST_TEXT:
        raise RenderError(
            "poster-field-too-long",
            label=_label(name, spec),
            used=len(text),
            most=_LONGEST_TEXT,
            field=name,
        )
    return text


def _check_focus(name: str, spec: FieldSpec, text: str) -> None:
    try:
        split_focus(text)
    except ValueError as error:
        label, reason = _label(name, spec), Message("poster-focus-invalid", value=text)
        raise RenderError("poster-field-problem", label=label, reason=reason, field=name) from error


def _check_url(name: str, spec: FieldSpec, text: str) -> None:
    label = _label(name, spec)
    try:
        parts, address = urlsplit(text), qr_text(text)
    except ValueError as error:
        raise RenderError("poster-field-not-link", label=label, value=text, field=name) from error
    if parts.scheme not in _SCHEMES or not parts.netloc or re.search(r"\s", text):
        allowed = tuple(f"{scheme}://" for scheme in _SCHEMES)
        raise RenderError(
            "poster-field-link-refused", label=label, value=text, allowed=allowed, field=name
        )
    if len(address) > _LONGEST_URL:
        raise RenderError(
            "poster-field-link-too-long",
            label=label,
            used=len(address),
            most=_LONGEST_URL,
            field=name,
        )


def _unknown(name: str, template: Template) -> PosterWarning:
    message = Message(
        "poster-field-unknown", template=template.id, name=name, fields=tuple(template.fields)
    )
    return PosterWarning("", name, "unknown_field", message)


def _limits(name: str, spec: FieldSpec, value: str | tuple[str, ...]) -> list[PosterWarning]:
    texts = (value,) if isinstance(value, str) else value
    result = []
    longest = max((len(text) for text in texts), default=0)
    if spec.max and longest > spec.max:
        message = Message("poster-text-long", used=longest, most=spec.max)
        result.append(PosterWarning("", name, "long", message))
    if spec.max_items and isinstance(value, tuple) and len(value) > spec.max_items:
        message = Message("poster-list-long", used=len(value), most=spec.max_items)
        result.append(PosterWarning("", name, "long", message))
    return result
