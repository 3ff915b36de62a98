"""What a form gives: text ready to be copied, its counts and its warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from contentsvc.channels.content import Rendition, RenditionWarning, WarningLevel
from contentsvc.channels.forms.phrases import over

__all__ = [
    "Count",
    "FormName",
    "PostForm",
    "form_data",
    "stored_forms",
    "too_much",
    "utf8",
    "utf16",
    "with_forms",
]


class FormName(StrEnum):
    """The forms that a post can take."""

    ARTICLE = "article"
    WECOM = "wecom"
    CHAT = "chat"
    NOTE = "note"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Count:
    """How much of something there is, as the platform counts it."""

    #: `title`, `characters`, `bytes`, `messages`, `hashtags`, `segments`, …
    name: str
    used: int
    #: What the platform takes; None where it names no limit.
    most: int | None = None


@dataclass(frozen=True, slots=True)
class PostForm:
    """A post in one form, ready to be copied or sent."""

    name: FormName
    #: As the form shows it; empty where the form has none of its own.
    title: str
    #: The messages in their order; one unless the text is too long for one.
    messages: tuple[str, ...]
    #: The article's HTML; empty in every other form.
    html: str = ""
    #: The article's summary (摘要); empty in every other form.
    summary: str = ""
    counts: tuple[Count, ...] = ()
    warnings: tuple[RenditionWarning, ...] = ()

    @property
    def text(self) -> str:
        """Return all messages, an empty line between them."""
        return "\n\n".join(self.messages)

    def count(self, name: str) -> int:
        """Return one count; KeyError where the form has no such."""
        return {count.name: count.used for count in self.counts}[name]


def too_much(
    form: FormName, counts: tuple[Count, ...], lenient: frozenset[str] = frozenset()
) -> list[RenditionWarning]:
    """Return a warning for each count over its limit; those in *lenient* refuse nothing."""
    return [
        over(form, one.name, one.used, one.most, _level(one.name, lenient))
        for one in counts
        if one.most is not None and one.used > one.most
    ]


def _level(name: str, lenient: frozenset[str]) -> WarningLevel:
    return WarningLevel.WARN if name in lenient else WarningLevel.BLOCK


def utf8(text: str) -> int:
    """Return the bytes of *text* in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def utf16(text: str) -> int:
    """Return the units of *text* in UTF-16, as phones and browsers count: an emoji has two."""
    return len(text) + sum(char > "\uffff" for char in text)


def with_forms(rendition: Rendition, forms: Iterable[PostForm]) -> Rendition:
    """Return a rendition that keeps *forms* in its data and tells their warnings beside its own."""
    made = list(forms)
    told = [warning for form in made for warning in form.warnings]
    return replace(
        rendition,
        data={**rendition.data, "forms": [form_data(form) for form in made]},
        warnings=(*rendition.warnings, *told),
    )


def form_data(form: PostForm) -> dict[str, Any]:
    """Return a form as JSON values, to be kept in `Rendition.data["forms"]`."""
    return {
        "name": form.name.value,
        "title": form.title,
        "messages": list(form.messages),
        "html": form.html,
        "summary": form.summary,
        "counts": [{"name": c.name, "used": c.used, "most": c.most} for c in form.counts],
    }


def stored_forms(data: Mapping[str, Any]) -> list[PostForm]:
    """Return the forms of a rendition's data, without their warnings; what is none is left out."""
    listed = data.get("forms")
    found = (_stored(one) for one in (listed if isinstance(listed, list) else ()))
    return [form for form in found if form is not None]


def _stored(one: object) -> PostForm | None:
    match one:
        case {
            "name": str(name),
            "title": str(title),
            "messages": list(messages),
            "html": str(html),
            "summary": str(summary),
            "counts": list(counts),
        } if name in set(FormName):
            texts = tuple(text for text in messages if isinstance(text, str))
            known = tuple(count for value in counts if (count := _count(value)) is not None)
            return PostForm(FormName(name), title, texts, html, summary, known)
    return None


def _count(value: object) -> Count | None:
    match value:
        case {"name": str(name), "used": int(used), "most": int() | None as most}:
            return Count(name, used, most)
    return None
