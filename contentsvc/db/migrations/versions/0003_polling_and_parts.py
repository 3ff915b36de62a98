"""Polling of accepted posts, remembered keys, and posts of several parts

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.add_column(sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("poll_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("follow_ups", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("part_count", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("parts_out", sa.Integer(), server_default="0", nullable=False)
        )
    with op.batch_alter_table("attempts") as batch_op:
        batch_op.add_column(sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "delivery_parts",
        sa.Column(
            "delivery_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rendition_hash", sa.String(length=64), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_parts_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rendition_hash"],
            ["renditions.hash"],
            name=op.f("fk_delivery_parts_rendition_hash_renditions"),
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_delivery_parts")),
    )
    with op.batch_alter_table("delivery_parts") as batch_op:
        batch_op.create_index("ix_delivery_parts_rendition_hash", ["rendition_hash"])
    deliveries = sa.table(
        "deliveries", sa.column("id"), sa.column("attempt_count"), sa.column("first_sent_at")
    )
    attempts = sa.table(
        "attempts", sa.column("delivery_id"), sa.column("action"), sa.column("started_at")
    )
    # A delivery's key was first sent when its first attempt began.
    first = (
        sa.select(sa.func.min(attempts.c.started_at))
        .where(attempts.c.delivery_id == deliveries.c.id, attempts.c.action == "publish")
        .scalar_subquery()
    )
    op.execute(
        deliveries.update().where(deliveries.c.attempt_count > 0).values(first_sent_at=first)
    )
    op.execute(attempts.update().where(attempts.c.action == "check").values(action="poll"))
