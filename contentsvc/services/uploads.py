"""Uploads: pictures that people bring, cleaned before they are kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import Upload
from contentsvc.posters import clean_picture
from contentsvc.storage import FileStorage

__all__ = ["keep_upload", "recent_uploads"]

_LONGEST_NAME = 200


def keep_upload(
    session: Session, storage: FileStorage, *, name: str, content: bytes, now: datetime
) -> Upload:
    """Clean and keep a picture; the same picture twice is one upload.

    Raises:
        InputError: it is too large, broken or no picture; nothing was kept.
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
    """Return the newest uploads, to choose from."""
    newest = select(Upload).order_by(Upload.created_at.desc(), Upload.hash).limit(most)
    return list(session.scalars(newest))
