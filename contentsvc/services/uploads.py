"""Store and list uploaded pictures; only their pixels are stored, without other data."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import Upload
from contentsvc.posters import clean_picture
from contentsvc.storage import FileStorage

__all__ = ["recent_uploads", "store_upload"]

_LONGEST_NAME = 200


def store_upload(
    session: Session, storage: FileStorage, *, name: str, content: bytes, now: datetime
) -> Upload:
    """Store the pixels of a picture; return the existing upload if it is stored already.

    Raises:
        InputError: the content is too large, damaged or not a picture; nothing was stored.
    """
    clean = clean_picture(content, field="pictures")
    digest = storage.put(clean.data)
    upload = session.get(Upload, digest)
    if upload is None:
        upload = Upload(
            hash=digest,
            name=PurePath(name).name[:_LONGEST_NAME] or "picture",
            media_type=clean.media_type,
            size=len(clean.data),
            width=clean.width,
            height=clean.height,
            created_at=now,
        )
        session.add(upload)
        session.flush()
    return upload


def recent_uploads(session: Session, most: int) -> list[Upload]:
    """Return the newest uploads, at most *most*."""
    newest = select(Upload).order_by(Upload.created_at.desc(), Upload.hash).limit(most)
    return list(session.scalars(newest))
