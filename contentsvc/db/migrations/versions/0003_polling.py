"""Polling of accepted posts, and how long a platform remembers a key

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
