"""The objects that a channel's plugin can use: document store, folder and HTTP client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from contentsvc.channels import Document, HttpClient, Livestreams, Picture
from contentsvc.db.models import ChannelDocument
from contentsvc.db.session import Database
from contentsvc.errors import NotFoundError
from contentsvc.services.ports import Clock
from contentsvc.storage import FileStorage

__all__ = ["ChannelHost", "DatabaseStore", "load_pictures", "store_pictures"]


def store_pictures(storage: FileStorage, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Store the content of *pictures* by hash; return JSON-ready dicts for `load_pictures`."""
    return [
        {
            "name": picture.name,
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "alt": picture.alt,
            "hash": storage.put(picture.content),
        }
        for picture in pictures
    ]


def load_pictures(storage: FileStorage, stored: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """Return pictures with their content. *stored* is a list that `store_pictures` returned.

    Raises:
        NotFoundError: the content of a picture is missing or damaged.
    """
    return [
        Picture(
            name=item["name"],
            media_type=item["media_type"],
            width=item["width"],
            height=item["height"],
            alt=item["alt"],
            content=storage.get(item["hash"]),
        )
        for item in stored
    ]


@dataclass(frozen=True, slots=True)
class DatabaseStore:
    """The store in which one channel's plugin keeps JSON documents and pictures under its own keys.

    The JSON is in the database, the pictures are in the file storage.
    """

    database: Database
    storage: FileStorage
    channel_id: int
    clock: Clock

    def put(self, key: str, body: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> Document:
        """Store a document under *key* and return it; if *key* has one already, return that one.

        A stored document is not changed.
        """
        stored = store_pictures(self.storage, pictures)
        now = self.clock()
        values = {
            "channel_id": self.channel_id,
            "key": key,
            "body": dict(body),
            "pictures": stored,
            "created_at": now,
            "updated_at": now,
        }
        with self.database.write() as session:
            session.execute(self.database.insert_once(ChannelDocument, values))
            row = self._row(session, key)
            assert row is not None
            return _document(row)

    def get(self, key: str) -> Document | None:
        """Return the document stored under *key*; None if there is none."""
        with self._read() as session:
            row = self._row(session, key)
            return None if row is None else _document(row)

    def newest(self, limit: int = 50, offset: int = 0) -> list[Document]:
        """Return up to *limit* documents, the newest first, after skipping *offset*."""
        query = (
            select(ChannelDocument)
            .where(ChannelDocument.channel_id == self.channel_id)
            .order_by(ChannelDocument.created_at.desc(), ChannelDocument.id.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._read() as session:
            return [_document(row) for row in session.scalars(query)]

    def delete(self, key: str) -> bool:
        """Delete the document stored under *key*; return False if there was none."""
        statement = delete(ChannelDocument).where(
            ChannelDocument.channel_id == self.channel_id, ChannelDocument.key == key
        )
        with self.database.write() as session:
            return session.execute(statement.returning(ChannelDocument.id)).first() is not None

    def picture(self, key: str, name: str) -> Picture | None:
        """Return the picture *name* of the document *key*; None if either is missing or damaged."""
        with self._read() as session:
            row = self._row(session, key)
        stored = [item for item in row.pictures if item["name"] == name] if row else []
        try:
            return load_pictures(self.storage, stored[:1])[0] if stored else None
        except NotFoundError:
            return None

    def _read(self) -> AbstractContextManager[Session]:
        return self.database.read()

    def _row(self, session: Session, key: str) -> ChannelDocument | None:
        return session.scalar(
            select(ChannelDocument).where(
                ChannelDocument.channel_id == self.channel_id, ChannelDocument.key == key
            )
        )


def _document(row: ChannelDocument) -> Document:
    return Document(
        key=row.key, body=row.body, created_at=row.created_at, updated_at=row.updated_at
    )


@dataclass(frozen=True, slots=True)
class ChannelHost:
    """The objects that the service gives to one channel's plugin, such as an HTTP client."""

    name: str
    http: HttpClient
    store: DatabaseStore
    livestreams: Livestreams
    #: The parent folder of all channels' folders.
    folders: Path
    public_url: str

    @property
    def folder(self) -> Path:
        """The path of the channel's own folder, which may not exist yet."""
        return self.folders / self.name

    @property
    def pages_url(self) -> str:
        """The URL of the channel's public pages: `…/site/NAME`, or `…/site` for channel `site`."""
        return f"{self.public_url}/site" + ("" if self.name == "site" else f"/{self.name}")
