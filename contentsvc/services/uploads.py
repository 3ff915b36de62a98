"""Store and list uploaded pictures; only their pixels are stored, without other data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import Upload
from contentsvc.db.session import Database
from contentsvc.posters import clean_picture
from contentsvc.storage import FileStorage

__all__ = ["UploadedPicture", "recent_uploads", "store_uploads"]

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class UploadedPicture:
    """A picture that a person uploads: the file's name and content, and the form field."""

    name: str
    content: bytes
    field: str = "pictures"


def store_uploads(
    database: Database, storage: FileStorage, pictures: Sequence[UploadedPicture], *, now: datetime
) -> list[str]:
    """Store the pixels of *pictures*; return a reference (`sha256:…`) for each.

    A picture that is stored already is not stored again. Decoding takes seconds, so every picture
    is decoded and its file is written before the write transaction begins.

    Raises:
        InputError: a picture is too large, damaged or not a picture; none is recorded. `field` is
            the form field of the picture.
    """
    rows = [_store(storage, picture, now) for picture in pictures]
    if rows:
        with database.write() as session:
            for row in rows:
                session.execute(database.insert_once(Upload, row))
    return [f"sha256:{row['hash']}" for row in rows]


def _store(storage: FileStorage, picture: UploadedPicture, now: datetime) -> dict[str, Any]:
    """Write the file of a picture; return the values of its row in the table of uploads."""
    clean = clean_picture(picture.content, field=picture.field)
    return {
        "hash": storage.put(clean.data),
        "name": PurePath(picture.name).name[:_LONGEST_NAME] or "picture",
        "media_type": clean.media_type,
        "size": len(clean.data),
        "width": clean.width,
        "height": clean.height,
        "created_at": now,
    }


def recent_uploads(session: Session, most: int) -> list[Upload]:
    """Return the newest uploads, at most *most*."""
    newest = select(Upload).order_by(Upload.created_at.desc(), Upload.hash).limit(most)
    return list(session.scalars(newest))
