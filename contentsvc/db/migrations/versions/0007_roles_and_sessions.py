"""Roles in calendars, deactivated users, sessions on the server

Every present user becomes manager of every present calendar, so that nobody loses anything.
Everybody has to sign in again once.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "memberships",
        sa.Column("user_id", _ID, autoincrement=False, nullable=False),
        sa.Column("calendar_id", _ID, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_memberships_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_memberships_calendar_id_calendars"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "calendar_id", name=op.f("pk_memberships")),
    )
    op.create_index("ix_memberships_calendar_id", "memberships", ["calendar_id"])
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"])
    op.add_column("users", sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True))
    # In batch mode Alembic would make the table anew, which deletes the rows that refer to it.
    op.drop_column("users", "session_token")
    users = sa.table("users", sa.column("id"), sa.column("is_admin", sa.Boolean()))
    calendars = sa.table("calendars", sa.column("id"))
    memberships = sa.table(
        "memberships", sa.column("user_id"), sa.column("calendar_id"), sa.column("role")
    )
    everywhere = (
        sa.select(users.c.id, calendars.c.id, sa.literal("manager"))
        .join_from(users, calendars, sa.true())
        .where(users.c.is_admin.is_(sa.false()))
    )
    op.execute(memberships.insert().from_select(["user_id", "calendar_id", "role"], everywhere))
