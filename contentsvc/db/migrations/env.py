"""Run the migrations on the connection that `contentsvc.db.migrate` passes to Alembic."""

from __future__ import annotations

from alembic import context

from contentsvc.db.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite has hardly any ALTER TABLE, so Alembic copies the table.
    render_as_batch=True,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
