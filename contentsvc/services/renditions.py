"""Renditions (成稿) kept by the hash of what they show."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.channels import (
    FormattedPost,
    Picture,
    Rendition,
    RenditionWarning,
    WarningLevel,
    stored_formats,
)
from contentsvc.db.models import RenditionRow
from contentsvc.errors import NotFoundError
from contentsvc.messages import Message
from contentsvc.services.channel_setup.hosting import load_pictures, store_pictures
from contentsvc.services.runtime import Runtime

__all__ = [
    "KeptRendition",
    "Renditions",
    "keep",
    "load_rendition",
    "prepare",
    "rendition_formats",
    "rendition_picture",
]


#: Renditions that are held in memory, and the bytes of their pictures.
_MOST_HELD = 64
_MOST_HELD_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptRendition:
    """A rendition whose pictures are stored, ready to be written as one row."""

    hash: str
    document: Mapping[str, Any]


def prepare(runtime: Runtime, rendition: Rendition) -> KeptRendition:
    """Store a rendition's pictures and name it by its hash; the database is not touched."""
    document = {
        "title": rendition.title,
        "text": rendition.text,
        "html": rendition.html,
        "data": dict(rendition.data),
        "pictures": store_pictures(runtime.storage, rendition.pictures),
        "warnings": [
            {"level": item.level.value, "field": item.field, "message": item.message.to_json()}
            for item in rendition.warnings
        ],
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return KeptRendition(digest, document)


def keep(runtime: Runtime, session: Session, kept: KeptRendition) -> None:
    """Write a rendition's row, once."""
    values = {"hash": kept.hash, "document": kept.document, "created_at": runtime.clock()}
    session.execute(runtime.database.insert_once(RenditionRow, values))


def load_rendition(runtime: Runtime, session: Session, digest: str) -> Rendition:
    """Return a kept rendition, its pictures whole; NotFoundError where there is none."""
    document = _document(session, digest)
    return Rendition(
        title=document["title"],
        text=document["text"],
        html=document["html"],
        pictures=tuple(load_pictures(runtime.storage, document["pictures"])),
        data=document["data"],
        warnings=tuple(
            RenditionWarning(
                WarningLevel(item["level"]), item["field"], Message.from_json(item["message"])
            )
            for item in document["warnings"]
        ),
    )


class Renditions:
    """Kept renditions, the last ones held in memory: a burst shows the same one to thousands.

    What stands under a hash never changes. Used by one thread.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Begin with none."""
        self._runtime = runtime
        self._held: OrderedDict[str, Rendition] = OrderedDict()

    def load(self, session: Session, digest: str) -> Rendition:
        """Return a kept rendition, its pictures whole; NotFoundError where there is none."""
        if digest not in self._held:
            self._held[digest] = load_rendition(self._runtime, session, digest)
            while len(self._held) > _MOST_HELD or (
                len(self._held) > 1 and self._bytes() > _MOST_HELD_BYTES
            ):
                self._held.popitem(last=False)
        self._held.move_to_end(digest)
        return self._held[digest]

    def _bytes(self) -> int:
        return sum(len(one.content) for held in self._held.values() for one in held.pictures)


def rendition_formats(session: Session, digest: str) -> list[FormattedPost]:
    """Return the forms of a kept rendition; NotFoundError where there is no such rendition."""
    return stored_formats(_document(session, digest)["data"])


def rendition_picture(runtime: Runtime, session: Session, digest: str, name: str) -> Picture:
    """Return one picture of a kept rendition; NotFoundError where there is none."""
    found = [item for item in _document(session, digest)["pictures"] if item["name"] == name]
    if not found:
        raise NotFoundError(f"the rendition has no picture {name!r}")
    return load_pictures(runtime.storage, found[:1])[0]


def _document(session: Session, digest: str) -> Mapping[str, Any]:
    row = session.get(RenditionRow, digest)
    if row is None:
        raise NotFoundError(f"there is no rendition {digest[:12]}…")
    return row.document
