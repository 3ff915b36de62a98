"""`contentsvc db`: migrate and back up the database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from contentsvc.config import Config
from contentsvc.db import migrate
from contentsvc.db.session import Database

__all__ = ["db"]


@click.group()
def db() -> None:
    """Migrate or back up the database."""


@db.command("upgrade")
def upgrade() -> None:
    """Migrate the database to the schema of this version.

    `contentsvc up` does this when it starts.
    """
    with closing(Database(Config.from_env().database_url)) as database:
        migrated = migrate.upgrade(database)
    state = "was migrated to" if migrated else "is already at"
    click.echo(f"the database {state} revision {migrate.head_revision()}")


@db.command("backup")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new file that the copy is written to.",
)
def backup(target: Path) -> None:
    """Write a consistent copy of a SQLite database while the service runs."""
    with closing(Database(Config.from_env().database_url)) as database:
        migrate.check(database)
        migrate.backup(database, target)
    click.echo(f"wrote {target}")
