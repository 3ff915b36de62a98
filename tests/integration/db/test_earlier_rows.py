"""Rows that earlier versions wrote are read and shown completely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import JSON, Text, column, insert, table, text, update
from sqlalchemy.orm import Session

from contentsvc.channels import FormattedPost, PostFormat
from contentsvc.db import migrate
from contentsvc.db.mapping import approval_of, approved_content, content_of, head_of
from contentsvc.db.models import (
    Attempt,
    Calendar,
    ChannelRow,
    Delivery,
    Entry,
    LivestreamPage,
    PosterBatch,
    PosterRow,
    RenditionRow,
    User,
)
from contentsvc.db.session import Database
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import PictureRef, Version
from contentsvc.domain.livestreams import Facts
from contentsvc.domain.roles import Role
from contentsvc.services.accounts import (
    check_password,
    create_user,
    hash_password,
    look_up_link,
    make_link,
)
from contentsvc.services.members import rights_of
from contentsvc.services.poster_batches.results import remark_text, remarks_of
from contentsvc.services.renditions import load_rendition, rendition_formats
from contentsvc.services.runtime import Runtime
from contentsvc.services.sessions import sessions_of
from tests.factories import NOW, make_calendar, make_channel, make_entry, make_runtime

HASH = "0" * 64
PASSWORD = "a good long password"
DOCUMENT = {
    "title": "早安",
    "text": "正文",
    "html": "<p>正文</p>",
    "data": {
        "kind": "post",
        "forms": [
            {
                "name": "sms",
                "title": "",
                "messages": ["【店】早安"],
                "html": "",
                "summary": "",
                "counts": [{"name": "characters", "used": 5, "most": 500}],
            }
        ],
    },
    "pictures": [],
    "warnings": [{"level": "warn", "field": "body", "message": "the text is long"}],
}
FACTS = {
    "title": "直播课",
    "starts_at": "2026-11-26T12:00:00+00:00",
    "host": "林晓",
    "url": "https://live.example/42",
    "booking_url": "",
    "replay_url": "",
    "minutes": 60,
    "points": ["看点"],
    "is_cancelled": False,
    "link": "https://live.example/42",
    "state": "soon",
}
REMARK = {
    "field": "link",
    "code": "bad_link",
    "message": "is no web address",
    "is_fault": True,
}
LIVESTREAM = {
    "host": "林晓",
    "url": "https://live.example/42",
    "minutes": 60,
    "points": ["看点"],
    "replay_url": "",
    "booking_url": "",
}


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    """Give a database with a row in each of the tables that store JSON or messages."""
    runtime = make_runtime(database, tmp_path)
    channel = make_channel(runtime)
    entry = make_entry(runtime, make_calendar(runtime), approved=False)
    times = {"created_at": NOW, "updated_at": NOW}
    with database.write() as session:
        session.add(RenditionRow(hash=HASH, document=DOCUMENT, created_at=NOW))
        session.flush()
        delivery = Delivery(
            entry_id=entry.id,
            channel_id=channel.id,
            key="key",
            status=DeliveryStatus.FAILED,
            due_at=NOW,
            next_at=NOW,
            useful_until=NOW,
            rendition_hash=HASH,
            **times,
        )
        delivery.attempts = [Attempt(number=1, fence=1, worker="w", started_at=NOW)]
        batch = PosterBatch(
            key="k",
            owner="mei",
            name="表",
            template="t",
            format="png",
            sizes=[],
            header=[],
            columns={},
            fixed={},
            status=BatchStatus.STOPPED,
            expires_at=NOW,
            **times,
        )
        page = LivestreamPage(entry_id=entry.id, facts={}, created_at=NOW, changed_at=NOW)
        session.add_all([delivery, batch, page])
        session.flush()
        values = {"batch_id": batch.id, "number": 1, "status": RowStatus.FAILED}
        session.execute(
            insert(PosterRow).values(**values, cells=[], pictures=[], remarks=[], name="")
        )
    return runtime


def row(session: Session, model: type[Any]) -> Any:
    """Return the only row of a table."""
    return session.query(model).one()


def content(session: Session) -> Any:
    """Return the content of the only entry."""
    return content_of(row(session, Entry))


def formats_of(session: Session) -> list[FormattedPost]:
    """Return the formats that the page of a delivery shows."""
    return rendition_formats(session, HASH)


class Stored(NamedTuple):
    """A value as an earlier version stored it, and what this version reads from it."""

    name: str
    #: Table and column, such as `attempts.words`.
    column: str
    value: Any
    read: Callable[[Session], Any]
    expected: object


STORED = [
    Stored(
        "error of a delivery",
        "deliveries.error",
        "the platform answered 500",
        lambda session: row(session, Delivery).error.text("zh"),
        "the platform answered 500",
    ),
    Stored(
        "message of an attempt",
        "attempts.words",
        "45009 api freq out of limit",
        lambda session: row(session, Attempt).message.text("zh"),
        "45009 api freq out of limit",
    ),
    Stored(
        "reason of a pause",
        "channels.paused_reason",
        "401 Unauthorized",
        lambda session: row(session, ChannelRow).paused_reason.text("en"),
        "401 Unauthorized",
    ),
    Stored(
        "error of a batch",
        "poster_batches.error",
        "the disk is full",
        lambda session: row(session, PosterBatch).error.text("zh"),
        "the disk is full",
    ),
    Stored(
        "remarks on a row",
        "poster_rows.remarks",
        [REMARK],
        lambda session: [
            remark_text(None, remark, "en") for remark in remarks_of(row(session, PosterRow))
        ],
        ["link: is no web address"],
    ),
    Stored(
        "receipt",
        "deliveries.receipt",
        {"id": "7", "url": "https://example.org/7"},
        lambda session: row(session, Delivery).receipt,
        {"id": "7", "url": "https://example.org/7"},
    ),
    Stored(
        "facts in a notice",
        "deliveries.facts",
        FACTS,
        lambda session: Facts.from_json(row(session, Delivery).facts).to_json(),
        FACTS,
    ),
    Stored(
        "public facts of a livestream",
        "livestream_pages.facts",
        FACTS,
        lambda session: Facts.from_json(row(session, LivestreamPage).facts).starts_at,
        datetime(2026, 11, 26, 12, tzinfo=UTC),
    ),
    Stored(
        "livestream of an entry",
        "entries.livestream",
        LIVESTREAM,
        lambda session: content(session).livestream.points,
        ("看点",),
    ),
    Stored(
        "notices of an entry",
        "entries.notices",
        ["-24h", {"at": "-1h", "title": "快开播", "body": "来", "poster": {"tag": "热"}}],
        lambda session: [
            (str(notice), content(session).notice_version(notice).title)
            for notice in content(session).notices
        ],
        [("-24h", None), ("-1h", "快开播")],
    ),
    Stored(
        "versions of an entry",
        "entries.versions",
        {"site": {"title": "网站标题", "body": ""}},
        lambda session: content(session).title_for("site"),
        "网站标题",
    ),
    Stored(
        "poster of an entry",
        "entries.poster",
        {"template": "daily", "fields": {"points": ["一", "二"]}},
        lambda session: content(session).poster.fields,
        {"points": ("一", "二")},
    ),
    Stored(
        "pictures of an entry",
        "entries.pictures",
        [{"source": "a.png", "alt": "图"}],
        lambda session: [(picture.source, picture.alt) for picture in content(session).pictures],
        [("a.png", "图")],
    ),
    Stored(
        "quotas of a calendar",
        "calendars.quotas",
        {"site": {"day": 3, "month": None}},
        lambda session: head_of(row(session, Calendar)).quotas["site"].day,
        3,
    ),
    Stored(
        "slots of a calendar",
        "calendars.slots",
        [["早安", "08:30"]],
        lambda session: list(head_of(row(session, Calendar)).slots),
        ["早安"],
    ),
    Stored(
        "formats of a rendition",
        "renditions.document",
        DOCUMENT,
        lambda session: [(post.name, post.messages) for post in formats_of(session)],
        [(PostFormat.SMS, ("【店】早安",))],
    ),
    Stored(
        "counts of a format",
        "renditions.document",
        DOCUMENT,
        lambda session: [
            (count.name, count.used, count.most)
            for post in formats_of(session)
            for count in post.counts
        ],
        [("characters", 5, 500)],
    ),
]


def test_the_rows_of_earlier_versions_are_read(runtime: Runtime) -> None:
    """Every value that an earlier version stored is shown by this version."""
    with runtime.database.write() as session:
        for stored in STORED:
            name, _, key = stored.column.partition(".")
            kind = Text() if isinstance(stored.value, str) else JSON()
            earlier = table(name, column(key, kind))
            session.execute(update(earlier).values({key: stored.value}))

    with runtime.database.read() as session:
        found = {stored.name: stored.read(session) for stored in STORED}
    assert found == {stored.name: stored.expected for stored in STORED}


def test_the_warnings_of_an_earlier_rendition_are_read(runtime: Runtime) -> None:
    """A warning that was stored as a text is shown in every language."""
    with runtime.database.read() as session:
        (warning,) = load_rendition(runtime, session, HASH).warnings

    assert warning.message.text("zh") == "the text is long"


def test_what_was_approved_before_is_approved_as_it_stands(
    database: Database, tmp_path: Path
) -> None:
    """An entry that an earlier version approved gets the hash that an approval has now."""
    earlier = make_runtime(database, tmp_path)
    make_channel(earlier, settings={"title": "本站"})
    entry = make_entry(
        earlier,
        make_calendar(earlier),
        versions={"site": Version(body="网站的正文")},
        pictures=(PictureRef("a.png", "图"),),
    )
    draft = make_entry(earlier, make_calendar(earlier, slug="other"), approved=False)
    with database.write() as session:
        _undo_roles(session)
        for name, columns in _NEW_COLUMNS.items():
            for column_name in columns:
                session.execute(text(f"ALTER TABLE {name} DROP COLUMN {column_name}"))
        session.execute(text("DROP TABLE entry_revisions"))
        session.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    migrate.upgrade(database)

    with database.read() as session:
        migrated = session.get_one(Entry, entry.id)
        approval = approval_of(migrated)
        assert approval is not None
        assert approval.hash == entry.approval_hash
        content = replace(content_of(migrated), channels=("site",))
        assert approved_content(approval) == content
        assert [row.approval_hash for row in migrated.deliveries] == [entry.approval_hash]
        assert session.get_one(Entry, draft.id).approval_hash is None


def _undo_roles(session: Session) -> None:
    """Make the tables of users as they were before migration 0007."""
    for statement in (
        "DROP TABLE memberships",
        "DROP TABLE sessions",
        "ALTER TABLE users DROP COLUMN deactivated_at",
        "ALTER TABLE users ADD COLUMN session_token VARCHAR(64) NOT NULL DEFAULT 'token'",
        "UPDATE alembic_version SET version_num = '0006'",
    ):
        session.execute(text(statement))


def test_everybody_manages_every_calendar_that_there_was(
    database: Database, tmp_path: Path
) -> None:
    """After the update nobody has lost anything: users manage all calendars, admins need no role.

    Passwords and sign-in links still work.
    """
    earlier = make_runtime(database, tmp_path)
    make_channel(earlier)
    calendars = [make_calendar(earlier, slug=slug) for slug in ("first", "second")]
    with database.write() as session:
        users = {
            name: create_user(
                session,
                name=name,
                password_hash=hash_password(PASSWORD),
                is_admin=name == "mei",
                now=NOW,
            )
            for name in ("mei", "wang", "zhao")
        }
        token = make_link(session, user_id=users["zhao"].id, now=NOW)
        session.flush()
        _undo_roles(session)
    migrate.upgrade(database)

    everything = {calendar.id: Role.MANAGER for calendar in calendars}
    with database.read() as session:
        rights = {
            name: rights_of(session, session.get_one(User, user.id)) for name, user in users.items()
        }
        assert rights["wang"].roles == rights["zhao"].roles == everything
        assert (rights["wang"].is_admin, rights["mei"].is_admin) == (False, True)
        assert rights["mei"].roles == {}
        assert check_password(session, "wang", PASSWORD) is not None
        assert look_up_link(session, token, now=NOW) is not None
        assert sessions_of(session, users["wang"].id, now=NOW) == []


_NEW_COLUMNS = {
    "attempts": ["expected_at"],
    "entries": ("approval", "approval_hash", "suspended_hash", "despite_quiet"),
    "deliveries": ("approval_hash",),
}
