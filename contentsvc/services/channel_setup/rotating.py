"""Encrypt all stored secrets with a new secret key."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select, update

from contentsvc.db.models import ChannelRow
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError
from contentsvc.services.channel_setup.sealing import is_sealed_with, seal, unseal

__all__ = ["Resealed", "reseal"]


@dataclass(slots=True)
class Resealed:
    """What `reseal` did, by the names of the channels."""

    #: Channels whose secrets are encrypted with the first key now.
    done: list[str] = field(default_factory=list)
    #: Channels whose secrets none of the keys decrypts.
    lost: list[str] = field(default_factory=list)


def reseal(database: Database, secret_key: str) -> Resealed:
    """Encrypt the secrets of all channels with the first of the keys in *secret_key*, one a line.

    If somebody saves a channel at the same time, its secrets are read again.
    """
    result = Resealed()
    waiting = _sealed_channels(database)
    while waiting:
        again: list[str] = []
        for channel_id, name, sealed in waiting:
            if is_sealed_with(sealed, secret_key):
                continue
            try:
                renewed = seal(unseal(sealed, secret_key), secret_key)
            except ConfigError:
                result.lost.append(name)
                continue
            (result.done if _replace(database, channel_id, sealed, renewed) else again).append(name)
        waiting = [row for row in _sealed_channels(database) if row[1] in again]
    return result


def _sealed_channels(database: Database) -> list[tuple[int, str, bytes]]:
    query = (
        select(ChannelRow.id, ChannelRow.name, ChannelRow.sealed)
        .where(ChannelRow.sealed.is_not(None))
        .order_by(ChannelRow.name)
    )
    with database.read() as session:
        rows = session.execute(query)
        return [(row.id, row.name, row.sealed) for row in rows if row.sealed is not None]


def _replace(database: Database, channel_id: int, before: bytes, after: bytes) -> bool:
    """Store *after* in place of *before*; return False if somebody has changed it meanwhile."""
    statement = (
        update(ChannelRow)
        .where(ChannelRow.id == channel_id, ChannelRow.sealed == before)
        .values(sealed=after)
        .returning(ChannelRow.id)
    )
    with database.write() as session:
        return session.execute(statement).first() is not None
