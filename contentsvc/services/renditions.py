"""Store and load renditions (成稿, finished posts) under the hash of their content."""

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
    "PreparedRendition",
    "Renditions",
    "load_rendition",
    "prepare",
    "rendition_formats",
    "rendition_picture",
    "store_rendition",
]


#: Most renditions that are cached in memory, and most bytes of their pictures.
_MOST_CACHED = 64
_MOST_CACHED_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PreparedRendition:
    """A rendition with stored pictures, as a hash and a JSON document for the database."""

    hash: str
    document: Mapping[str, Any]


def prepare(runtime: Runtime, rendition: Rendition) -> PreparedRendition:
    """Store a rendition's pictures and compute its hash, without access to the database."""
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
    return PreparedRendition(digest, document)


def store_rendition(runtime: Runtime, session: Session, prepared: PreparedRendition) -> None:
    """Insert a prepared rendition into the database unless it is there already."""
    values = {"hash": prepared.hash, "document": prepared.document, "created_at": runtime.clock()}
    session.execute(runtime.database.insert_once(RenditionRow, values))


def load_rendition(runtime: Runtime, session: Session, digest: str) -> Rendition:
    """Return the rendition with the hash *digest*, including its pictures.

    Raises:
        NotFoundError: no rendition has this hash.
    """
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
    """A cache of recently used renditions (finished posts), which many deliveries share.

    A cached rendition never expires: it is identified by its hash and never changes. Not
    thread-safe.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Create an empty cache."""
        self._runtime = runtime
        self._cached: OrderedDict[str, Rendition] = OrderedDict()

    def load(self, session: Session, digest: str) -> Rendition:
        """Return the rendition with the hash *digest*, including its pictures.

        Raises:
            NotFoundError: no rendition has this hash.
        """
        if digest not in self._cached:
            self._cached[digest] = load_rendition(self._runtime, session, digest)
            while len(self._cached) > _MOST_CACHED or (
                len(self._cached) > 1 and self._bytes() > _MOST_CACHED_BYTES
            ):
                self._cached.popitem(last=False)
        self._cached.move_to_end(digest)
        return self._cached[digest]

    def _bytes(self) -> int:
        return sum(
            len(picture.content) for cached in self._cached.values() for picture in cached.pictures
        )


def rendition_formats(session: Session, digest: str) -> list[FormattedPost]:
    """Return the post in each platform format from the rendition with the hash *digest*.

    Raises:
        NotFoundError: no rendition has this hash.
    """
    return stored_formats(_document(session, digest)["data"])


def rendition_picture(runtime: Runtime, session: Session, digest: str, name: str) -> Picture:
    """Return the picture called *name* of the rendition with the hash *digest*.

    Raises:
        NotFoundError: no rendition has this hash, or it has no picture of this name.
    """
    pictures = [item for item in _document(session, digest)["pictures"] if item["name"] == name]
    if not pictures:
        raise NotFoundError("rendition-picture-unknown", name=name)
    return load_pictures(runtime.storage, pictures[:1])[0]


def _document(session: Session, digest: str) -> Mapping[str, Any]:
    row = session.get(RenditionRow, digest)
    if row is None:
        raise NotFoundError("rendition-unknown", hash=digest[:12])
    return row.document
