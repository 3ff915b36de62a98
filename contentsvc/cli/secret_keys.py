"""`contentsvc secrets`: replace the secret key."""

from __future__ import annotations

import os
from contextlib import closing

import click

from contentsvc.config import Config, new_secret_key, store_secret_key
from contentsvc.db import migrate
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError
from contentsvc.launcher.locking import lock_data_dir
from contentsvc.services.channel_setup.rotating import Resealed, reseal

__all__ = ["secrets"]

_SETTING = "CONTENTSVC_SECRET_KEY"


@click.group()
def secrets() -> None:
    """Replace the secret key."""


@secrets.command("rotate")
def rotate() -> None:
    """Encrypt the channels' secrets with a new secret key; stop the service first.

    Everybody has to sign in again. The old key is read until all secrets are encrypted with the
    new one, so that an interrupted rotation is finished by running it again.
    """
    config = Config.from_env()
    # The lock keeps `contentsvc up` from starting meanwhile.
    with (
        lock_data_dir(config.data_dir),
        closing(Database(config.database_url)) as database,
    ):
        migrate.check(database)
        if os.environ.get(_SETTING):
            result = _rotate_given(config, database)
        else:
            result = _rotate_stored(config, database)
    click.echo(f"channels whose secrets are encrypted with the new key: {len(result.done)}")
    for name in result.lost:
        click.echo(f"{name}: its secrets were encrypted with another key; enter them again")


def _rotate_stored(config: Config, database: Database) -> Resealed:
    """Replace the key in the data folder."""
    path = config.data_dir / "secret.key"
    keys = config.secret_key.splitlines()
    if len(keys) == 1:
        keys.insert(0, new_secret_key())
        store_secret_key(path, "\n".join(keys), replace=True)
    result = reseal(database, "\n".join(keys))
    store_secret_key(path, keys[0], replace=True)
    return result


def _rotate_given(config: Config, database: Database) -> Resealed:
    """Encrypt with the first of the keys in the setting, which an operator has added."""
    if "\n" not in config.secret_key:
        raise ConfigError(_SETTING, "secret-key-rotate-needs-two")
    result = reseal(database, config.secret_key)
    click.echo(f"now remove all lines but the first from {_SETTING}")
    return result
