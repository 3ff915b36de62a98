"""`contentsvc db`: migrate, back up and restore the database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from contentsvc.config import Config
from contentsvc.db import backups, migrate
from contentsvc.db.session import Database
from contentsvc.launcher.locking import lock_data_dir

__all__ = ["db"]


@click.group()
def db() -> None:
    """Migrate, back up or restore the database."""


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
        backups.backup(database, target)
    click.echo(f"wrote {target}")


@db.command("restore")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The backup that replaces a SQLite database. Without it, the database has already been "
    "restored, as pg_restore does for PostgreSQL.",
)
def restore(source: Path | None) -> None:
    """Restore a backup so that nothing is published twice; stop the service first.

    Deliveries that were due since the backup may be out. They become unknown: the service asks the
    platforms that can be asked, and a person decides about the others.
    """
    from contentsvc.services.delivery.restored import doubt_overdue
    from contentsvc.services.ports import system_clock

    config = Config.from_env()
    now = system_clock()
    # The lock keeps `contentsvc up` from starting meanwhile.
    with lock_data_dir(config.data_dir):
        if source is None:
            with closing(Database(config.database_url)) as database:
                migrate.upgrade(database)
                with database.write() as session:
                    count = doubt_overdue(session, now)
        else:
            with (
                backups.restoring(config.database_url, source, now) as restoring,
                restoring.database.write() as session,
            ):
                count = doubt_overdue(session, now)
            click.echo(f"restored {source}")
            if restoring.replaced is not None:
                click.echo(f"the database that it replaced is now {restoring.replaced}")
    click.echo(f"deliveries that may be out since: {count}")
    if count:
        click.echo("see `contentsvc deliveries list --status unknown` after the next start")
