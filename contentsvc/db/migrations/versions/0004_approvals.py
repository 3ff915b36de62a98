"""Approvals

What is approved today is approved as it stands: with its present channels, time, zone and brand.

Revision: 0004
Follows: 0003
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXTS = ("key", "day", "kind", "title", "slot", "time", "element", "body")
_VALUES = ("versions", "channels", "livestream", "notices", "poster", "pictures")
_COVERED = (
    *("kind", "element", "title", "body", "versions"),
    *("pictures", "poster", "livestream", "notices"),
)

_ENTRIES = sa.table(
    "entries",
    sa.column("id", sa.BigInteger()),
    sa.column("calendar_id", sa.BigInteger()),
    sa.column("status", sa.String()),
    sa.column("deleted_at", sa.DateTime(timezone=True)),
    sa.column("week", sa.String()),
    sa.column("starts_at", sa.DateTime(timezone=True)),
    *(sa.column(name, sa.String()) for name in _TEXTS),
    *(sa.column(name, sa.JSON(none_as_null=True)) for name in _VALUES),
    sa.column("approval", sa.JSON(none_as_null=True)),
    sa.column("approval_hash", sa.String()),
)
_CALENDARS = sa.table(
    "calendars",
    sa.column("id", sa.BigInteger()),
    sa.column("timezone", sa.String()),
    sa.column("brand", sa.String()),
    sa.column("channels", sa.JSON()),
)
_CHANNELS = sa.table(
    "channels",
    sa.column("name", sa.String()),
    sa.column("type", sa.String()),
    sa.column("settings", sa.JSON()),
    sa.column("sealed", sa.LargeBinary()),
)
_DELIVERIES = sa.table(
    "deliveries", sa.column("entry_id", sa.BigInteger()), sa.column("approval_hash", sa.String())
)


def upgrade() -> None:
    with op.batch_alter_table("entries") as batch_op:
        batch_op.add_column(sa.Column("approval", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("approval_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("suspended_hash", sa.String(length=64), nullable=True))
        # With the default as a text, SQLite adds the column. With sa.false() Alembic would make the
        # table anew, which deletes the deliveries that refer to it.
        batch_op.add_column(
            sa.Column("despite_quiet", sa.Boolean(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.add_column(sa.Column("approval_hash", sa.String(length=64), nullable=True))
    connection = op.get_bind()
    calendars = {row.id: row for row in connection.execute(sa.select(_CALENDARS))}
    prints = {row.name: _fingerprint(row) for row in connection.execute(sa.select(_CHANNELS))}
    approved = sa.select(_ENTRIES).where(_ENTRIES.c.status == "approved")
    for row in connection.execute(approved).all():
        approval = _approval(row, calendars[row.calendar_id], prints)
        digest = _hash(approval)
        connection.execute(
            sa.update(_ENTRIES)
            .where(_ENTRIES.c.id == row.id)
            .values(approval=approval, approval_hash=digest)
        )
        connection.execute(
            sa.update(_DELIVERIES)
            .where(_DELIVERIES.c.entry_id == row.id)
            .values(approval_hash=digest)
        )


def _approval(row: sa.Row, calendar: sa.Row, prints: dict[str, str]) -> dict[str, Any]:
    names = calendar.channels if row.channels is None else row.channels
    return {
        "content": {name: getattr(row, name) for name in (*_TEXTS, *_VALUES)},
        "week": row.week,
        "starts_at": _utc(row.starts_at).isoformat(),
        "zone": calendar.timezone,
        "brand": calendar.brand,
        "channels": {name: prints.get(name, "") for name in names},
    }


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _hash(approval: dict[str, Any]) -> str:
    covered = {name: approval["content"][name] for name in _COVERED}
    covered |= {name: approval[name] for name in ("channels", "starts_at", "zone", "brand")}
    present = {name: value for name, value in covered.items() if value is not None}
    text = json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(row: sa.Row) -> str:
    text = json.dumps([row.type, row.settings], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode() + b"\0" + bytes(row.sealed or b"")).hexdigest()
