"""The tables of the database, as SQLAlchemy classes."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from contentsvc.db.types import EnumText, MessageText, UtcDateTime
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.domain.deliveries import WAITING, DeliveryStatus, Outcome
from contentsvc.domain.elements import Element
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.roles import Role
from contentsvc.messages import Message

__all__ = [
    "WAITING_SQL",
    "Attempt",
    "Base",
    "Calendar",
    "ChannelDocument",
    "ChannelRow",
    "Correction",
    "Delivery",
    "DeliveryPart",
    "Entry",
    "Heartbeat",
    "ImportedFile",
    "LivestreamPage",
    "Membership",
    "PosterBatch",
    "PosterRow",
    "RenditionRow",
    "SessionRow",
    "SignInLink",
    "Switch",
    "ToastRow",
    "Upload",
    "User",
]

#: SQLite generates ids only for a column that is declared INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")


#: The SQL condition that a delivery waits to be claimed. A database uses a partial index only if
#: the query repeats the condition of the index literally. Without the `|| ''` SQLite would use the
#: index that begins with the status, and sort all due deliveries in every query.
WAITING_SQL = "status || '' IN ({})".format(", ".join(f"'{status}'" for status in sorted(WAITING)))


def _new_code() -> str:
    """Return a random code that makes the address of a public page impossible to guess."""
    return secrets.token_hex(6)


class Base(DeclarativeBase):
    """The base class of all tables; it names constraints, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        datetime: UtcDateTime(),
        Message: MessageText(),
        EntryKind: EnumText(EntryKind),
        EntryStatus: EnumText(EntryStatus),
        Element: EnumText(Element),
        DeliveryStatus: EnumText(DeliveryStatus),
        Outcome: EnumText(Outcome),
        BatchStatus: EnumText(BatchStatus),
        RowStatus: EnumText(RowStatus),
        Role: EnumText(Role),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class User(Base):
    """A person who can sign in to the service."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    #: The name for signing in, in lower case.
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    is_admin: Mapped[bool] = mapped_column(default=False)
    #: `zh`, `en`, or empty for the language of the service.
    language: Mapped[str] = mapped_column(String(8), default="")
    #: Since when the person cannot sign in; None for an active user.
    deactivated_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A browser in which a person is signed in; only the hash of its token is stored."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_seen_at", "seen_at"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    #: Browser and system as people know them, such as `Firefox, Windows`; empty if unknown.
    browser: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    #: The last request, at most an hour late.
    seen_at: Mapped[datetime]


class SignInLink(Base):
    """A single-use link for signing in; only the hash of its token is stored."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: None if the link creates the first admin.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Calendar(Base):
    """The settings of a calendar, a community's content plan by week."""

    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64))
    community_kind: Mapped[str] = mapped_column(String(32))
    community_tier: Mapped[int]
    community_tags: Mapped[list[Any]]
    #: Pairs of slot name and `HH:MM[:SS]`, in the order in which people see them.
    slots: Mapped[list[Any]]
    #: Names of the channels for entries without channels of their own.
    channels: Mapped[list[Any]]
    #: Name of the brand kit for posters; None for the brand kit in the assets folder.
    brand: Mapped[str | None] = mapped_column(String(64))
    #: Quiet hours such as `22:00-08:00`; None for no quiet hours.
    quiet: Mapped[str | None] = mapped_column(String(20))
    #: Quotas as {channel: {day, month}}.
    quotas: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    entries: Mapped[list[Entry]] = relationship(back_populates="calendar", passive_deletes=True)


class Membership(Base):
    """The role of a person in a calendar. Admins need none."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_calendar_id", "calendar_id"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    calendar_id: Mapped[int] = mapped_column(
        ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    role: Mapped[Role]


class Entry(Base):
    """One planned item of a calendar week: a post, poster or livestream."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("calendar_id", "week", "key"),
        Index("ix_entries_calendar_id_starts_at", "calendar_id", "starts_at"),
        # For the week board. With only the index above, SQLite would read entries of all weeks.
        Index("ix_entries_calendar_id_week_starts_at", "calendar_id", "week", "starts_at"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    #: `2026-W48`.
    week: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(64))
    #: Part of the entry's public address; never changes.
    code: Mapped[str] = mapped_column(String(16), unique=True, default=_new_code)
    #: `mon` to `sun`.
    day: Mapped[str] = mapped_column(String(3))
    slot: Mapped[str | None] = mapped_column(String(64))
    #: `HH:MM[:SS]` in the calendar's zone; None if the slot sets it.
    time: Mapped[str | None] = mapped_column(String(8))
    #: The instant of the week, day and time.
    starts_at: Mapped[datetime]
    kind: Mapped[EntryKind]
    element: Mapped[Element | None]
    title: Mapped[str] = mapped_column(String(500))
    body: Mapped[str] = mapped_column(Text)
    #: Versions as {channel: {title, body}}.
    versions: Mapped[dict[str, Any]]
    #: Names of channels; None for the calendar's channels.
    channels: Mapped[list[Any] | None]
    livestream: Mapped[dict[str, Any] | None]
    notices: Mapped[list[Any]]
    poster: Mapped[dict[str, Any] | None]
    pictures: Mapped[list[Any]]
    status: Mapped[EntryStatus]
    #: Increases with every change. Forms send it back, so that nobody overwrites an unseen change.
    rev: Mapped[int] = mapped_column(default=1)
    #: Name of the person who approved the entry last.
    approved_by: Mapped[str | None] = mapped_column(String(64))
    approved_at: Mapped[datetime | None]
    #: The approved revision, as `domain.approvals.Approval` writes it; None if there is none. While
    #: a changed entry waits for review, this is what goes out.
    approval: Mapped[dict[str, Any] | None]
    #: The hash of the approved revision; None if the entry is not approved, or if a change of its
    #: calendar or of a channel has suspended the approval.
    approval_hash: Mapped[str | None] = mapped_column(String(64))
    #: The hash of the entry as it stood when its approval was suspended; None if it is not
    #: suspended. The approval stands again if the entry has this hash again.
    suspended_hash: Mapped[str | None] = mapped_column(String(64))
    #: Whether a person has chosen that it is published in quiet hours as well.
    despite_quiet: Mapped[bool] = mapped_column(default=False)
    #: The last editor: a user's name, `file` or `sample`.
    changed_by: Mapped[str] = mapped_column(String(64))
    #: SHA-256 of the content at the last import; None for an entry that was not imported.
    imported_hash: Mapped[str | None] = mapped_column(String(64))
    #: Set instead of deleting the row, for undo. A deleted entry is not shown or published.
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    calendar: Mapped[Calendar] = relationship(back_populates="entries")
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="entry", passive_deletes=True)


class ChannelRow(Base):
    """A configured channel: one account of a platform to publish to."""

    __tablename__ = "channels"
    __table_args__ = (
        # Few of many channels are paused, and every worker looks them up before it sends.
        Index(
            "ix_channels_paused",
            "id",
            postgresql_where=text("paused_at IS NOT NULL"),
            sqlite_where=text("paused_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(64))
    #: Settings that are not secret, and references to secrets such as {"$env": "KEY"}.
    settings: Mapped[dict[str, Any]]
    #: Encrypted JSON of the secrets that a person entered; None if there are none.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    paused_at: Mapped[datetime | None]
    #: Why the channel is paused, as a message for people.
    paused_reason: Mapped[Message] = mapped_column(default="")
    #: When a reminder of the pause was sent.
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ChannelDocument(Base):
    """A document that a channel's plugin stores, such as a post on the service's own site."""

    __tablename__ = "channel_documents"
    __table_args__ = (
        UniqueConstraint("channel_id", "key"),
        Index("ix_channel_documents_channel_id_created_at", "channel_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(200))
    body: Mapped[dict[str, Any]]
    #: Pictures as [{name, media_type, width, height, alt, hash}].
    pictures: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RenditionRow(Base):
    """A rendition (the finished post for a channel), identified by its content hash.

    Its picture files are in the file storage.
    """

    __tablename__ = "renditions"

    #: SHA-256 of the document.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: {title, text, html, data, warnings, pictures: [{name, media_type, …, hash}]}.
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class EntryRevision(Base):
    """The content that an entry had before somebody replaced it."""

    __tablename__ = "entry_revisions"
    __table_args__ = (UniqueConstraint("entry_id", "rev"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    #: The entry's revision (`Entry.rev`) with this content.
    rev: Mapped[int]
    #: `2026-W48`.
    week: Mapped[str] = mapped_column(String(8))
    #: The columns of the content, as `mapping.stored_content` returns them.
    content: Mapped[dict[str, Any]]
    #: The last editor and the time of the last change.
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]


class Delivery(Base):
    """The publication of one entry, or of one of its notices, on one channel at one time."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("entry_id", "channel_id", "notice"),
        # For claiming: finds the next deliveries in due order without sorting.
        Index(
            "ix_deliveries_waiting",
            *("next_at", "due_at", "id"),
            postgresql_where=text(WAITING_SQL),
            sqlite_where=text(WAITING_SQL),
        ),
        # For the renderer and reconciling. It is not partial, since SQLite does not use a partial
        # index if the status is a parameter.
        Index("ix_deliveries_status_next_at", "status", "next_at"),
        Index("ix_deliveries_status_due_at", "status", "due_at"),
        Index("ix_deliveries_due_at", "due_at"),
        Index("ix_deliveries_channel_id_due_at", "channel_id", "due_at"),
        # For reminders: finds deliveries without a reminder.
        Index(
            "ix_deliveries_untold",
            "updated_at",
            postgresql_where=text("status IN ('unknown', 'failed') AND told_at IS NULL"),
            sqlite_where=text("status IN ('unknown', 'failed') AND told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="RESTRICT"))
    #: The offset of the notice, such as `-24h`; empty for a post or poster.
    notice: Mapped[str] = mapped_column(String(8), default="")
    #: Passed to the plugin in every attempt; never changes.
    key: Mapped[str] = mapped_column(String(36), unique=True)
    status: Mapped[DeliveryStatus]
    due_at: Mapped[datetime]
    #: When the dispatcher handles it next: due_at, or later after a failed attempt.
    next_at: Mapped[datetime]
    #: The instant after which the delivery is too late.
    useful_until: Mapped[datetime]
    #: Increases with every claim; a write with an older fence changes nothing.
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    attempt_count: Mapped[int] = mapped_column(default=0)
    #: When the key was first sent to the platform, which may remember it for a limited time. None
    #: if it was not sent since a person planned the delivery.
    first_sent_at: Mapped[datetime | None]
    #: When the service stops polling the platform, which has accepted the post; None if it has not.
    poll_until: Mapped[datetime | None]
    #: Calls that asked the platform about the post since the delivery got its present status, or
    #: since the last poll that the platform answered.
    follow_ups: Mapped[int] = mapped_column(default=0)
    #: Whether an attempt may have published it, or its next part. The service never sets a delivery
    #: in doubt to failed, missed or cancelled.
    in_doubt: Mapped[bool] = mapped_column(default=False)
    #: The number of parts that are published one after the other; 0 if the channel publishes the
    #: post as a whole.
    part_count: Mapped[int] = mapped_column(default=0)
    #: How many parts are published; the next attempt is about the part after them.
    parts_out: Mapped[int] = mapped_column(default=0)
    #: The approval under which it was planned. It is sent only while the entry has this approval.
    approval_hash: Mapped[str | None] = mapped_column(String(64))
    rendition_hash: Mapped[str | None] = mapped_column(ForeignKey("renditions.hash"))
    #: The livestream facts that the rendition shows; None for posts and posters.
    facts: Mapped[dict[str, Any] | None]
    #: When a person retracted the post.
    retracted_at: Mapped[datetime | None]
    #: {id, url} of the published post, {token, poll_after} of an accepted post, or
    #: {instructions, url} of a hand-off.
    receipt: Mapped[dict[str, Any] | None]
    #: The reason why the last attempt failed or was put off, as a message for people; may be empty.
    error: Mapped[Message] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    #: When a reminder of the unknown outcome or failure was sent.
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship(back_populates="deliveries")
    channel: Mapped[ChannelRow] = relationship()
    attempts: Mapped[list[Attempt]] = relationship(
        back_populates="delivery", passive_deletes=True, order_by="Attempt.id"
    )
    parts: Mapped[list[DeliveryPart]] = relationship(
        passive_deletes=True, order_by="DeliveryPart.number"
    )

    @property
    def may_be_out(self) -> bool:
        """Whether people may see a part of it, or all of it, on the platform."""
        return self.in_doubt or self.parts_out > 0


class DeliveryPart(Base):
    """A part of a delivery, such as one of several messages, with its own receipt."""

    __tablename__ = "delivery_parts"
    __table_args__ = (Index("ix_delivery_parts_rendition_hash", "rendition_hash"),)

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    #: From 1, in the order of publication.
    number: Mapped[int] = mapped_column(primary_key=True)
    rendition_hash: Mapped[str] = mapped_column(ForeignKey("renditions.hash"))
    #: {id, url}; None until the part is published.
    receipt: Mapped[dict[str, Any] | None]
    published_at: Mapped[datetime | None]


class LivestreamPage(Base):
    """The title, start and other facts that a livestream's public page shows.

    The page shows what was approved last.
    """

    __tablename__ = "livestream_pages"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    #: {title, host, url, booking_url, replay_url, minutes, points, starts_at}.
    facts: Mapped[dict[str, Any]]
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    #: The announced start before the livestream was moved; None if it was not moved.
    moved_from: Mapped[datetime | None]
    #: Increases with every change, as calendar programs require.
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()


class Correction(Base):
    """A person's decision on whether to send a correction of outdated notices to one channel.

    There is at most one decision per change of the livestream and channel.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        UniqueConstraint("entry_id", "channel_id", "sequence"),
        Index("ix_corrections_correction_id", "correction_id"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    #: The `sequence` of the livestream's page, which identifies the change.
    sequence: Mapped[int]
    #: The entry with the correction; None if the person wants no correction.
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    #: The facts that the correction shows, as in `Delivery.facts`.
    facts: Mapped[dict[str, Any]]
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime]


class Attempt(Base):
    """One call to a plugin to publish a delivery, to look up whether it is out, or to retract it.

    The row is inserted before the call and completed after it.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_delivery_id", "delivery_id"),
        Index("ix_attempts_started_at", "started_at"),
        # Each row is written twice. With free space in its page, the second write adds no index
        # entries.
        {"postgresql_with": {"fillfactor": 60}},
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    #: The number of the attempt, from 1.
    number: Mapped[int]
    #: The number of the part, from 1; 0 if the post is published as a whole.
    part: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int]
    #: `publish`, `find`, `poll` or `retract`.
    action: Mapped[str] = mapped_column(String(16), default="publish")
    #: The worker, or the person who retracts.
    worker: Mapped[str] = mapped_column(String(128))
    #: When the call should have begun: the due time, or the end of the last hold or delay. None for
    #: rows of earlier versions and for a person's attempts.
    expected_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    #: The platform's message, or why the attempt failed.
    message: Mapped[Message] = mapped_column("words", default="")

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")


class Upload(Base):
    """An uploaded picture without its metadata, identified by the hash of its content."""

    __tablename__ = "uploads"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(64))
    #: Size in bytes.
    size: Mapped[int]
    #: Width and height in pixels.
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]


class ImportedFile(Base):
    """The last import of a calendar file: its time, and the hash of the file's content."""

    __tablename__ = "imported_files"

    #: The file's name in the calendars folder.
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    #: SHA-256 of its bytes.
    hash: Mapped[str] = mapped_column(String(64))
    calendar: Mapped[str] = mapped_column(String(64))
    #: The week that the file was imported to.
    week: Mapped[str] = mapped_column(String(8))
    imported_at: Mapped[datetime]


class PosterBatch(Base):
    """A request to make a poster from a template for each row of an uploaded table."""

    __tablename__ = "poster_batches"
    __table_args__ = (Index("ix_poster_batches_status", "status"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    #: Name of the folder for the posters; never reused, unlike an id.
    key: Mapped[str] = mapped_column(String(32), unique=True)
    #: Name of the user who created the batch.
    owner: Mapped[str] = mapped_column(String(64))
    #: Name of the table's file, or a name that a person chose.
    name: Mapped[str] = mapped_column(String(200))
    template: Mapped[str] = mapped_column(String(60))
    #: Name of a brand kit; None for the brand kit in the assets folder.
    brand: Mapped[str | None] = mapped_column(String(64))
    sizes: Mapped[list[Any]]
    #: `jpeg`, `png` or `webp`.
    format: Mapped[str] = mapped_column(String(8))
    #: The titles of the columns.
    header: Mapped[list[Any]]
    #: {field: index of its column}; the field `file` sets the names of the pictures.
    columns: Mapped[dict[str, Any]]
    #: {field: the text for rows whose cell is empty}.
    fixed: Mapped[dict[str, Any]]
    status: Mapped[BatchStatus]
    #: Increases each time the batch is enqueued; a write with an older fence changes nothing.
    fence: Mapped[int] = mapped_column(default=0)
    #: When the batch is enqueued again unless its worker renews the lease.
    lease_until: Mapped[datetime | None]
    #: The worker that makes the posters; None while the batch waits for a worker.
    held_by: Mapped[str | None] = mapped_column(String(128))
    #: Number of workers that died while making posters since the last finished row.
    stumbles: Mapped[int] = mapped_column(default=0)
    #: When the batch was last started, and how many rows were settled then; used to compute its
    #: speed.
    started_at: Mapped[datetime | None]
    settled_before: Mapped[int] = mapped_column(default=0)
    #: Why the batch stopped; empty if a person stopped it.
    error: Mapped[Message] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: The instant after which the rows and posters are deleted.
    expires_at: Mapped[datetime]


class PosterRow(Base):
    """One row of the table of a poster batch, with the posters made from the row."""

    __tablename__ = "poster_rows"
    __table_args__ = (Index("ix_poster_rows_batch_id_status", "batch_id", "status", "number"),)

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("poster_batches.id", ondelete="CASCADE"), primary_key=True
    )
    #: The line number in the table, from 1.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[list[Any]]
    status: Mapped[RowStatus]
    #: File name of the row's pictures, without folder; empty in a draft.
    name: Mapped[str] = mapped_column(String(200), default="")
    #: Pictures as [{size, hash, bytes}].
    pictures: Mapped[list[Any]]
    #: Remarks as [{field, code, message, is_fault}].
    remarks: Mapped[list[Any]]


class Switch(Base):
    """A switch for the whole service, such as `pause`. It is on while its row is in this table."""

    __tablename__ = "switches"

    #: Name of the switch; `pause` stops all publishing.
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    set_by: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime]


class ToastRow(Base):
    """A toast (a short message to a user) that is stored until a page shows it."""

    __tablename__ = "toasts"
    __table_args__ = (Index("ix_toasts_box", "box"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    #: The random name of the toast box in the session cookie of the person who sees the toast.
    box: Mapped[str] = mapped_column(String(32))
    #: Path and query of the page that shows the toast; empty for any page.
    address: Mapped[str] = mapped_column(Text)
    #: The fields of `services.toasts.Toast`.
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Heartbeat(Base):
    """The time at which a process last reported that it is running."""

    __tablename__ = "heartbeats"

    #: `web`, `dispatcher`, `worker`.
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: `host:pid`.
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(32))
    #: Additional facts, which depend on the role.
    detail: Mapped[dict[str, Any]]
