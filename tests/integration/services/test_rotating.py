"""Encrypting the secrets of channels with a new key."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contentsvc.db.models import ChannelRow
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError
from contentsvc.services.channel_setup import rotating
from contentsvc.services.channel_setup.rotating import reseal
from contentsvc.services.channel_setup.sealing import is_sealed_with, seal, unseal
from tests.factories import NOW

OLD, NEW, OTHER = "the-old-key-of-ours", "the-new-key-of-ours", "a-key-that-is-gone-now"


def _add(database: Database, name: str, sealed: bytes | None) -> None:
    row = ChannelRow(name=name, type="webhook", settings={}, sealed=sealed, paused_reason="")
    row.created_at = row.updated_at = NOW
    with database.write() as session:
        session.add(row)


def _sealed(database: Database, name: str) -> bytes:
    with database.read() as session:
        found = session.scalars(select(ChannelRow.sealed).where(ChannelRow.name == name)).one()
    assert found is not None
    return found


def test_secrets_are_encrypted_with_the_first_key(database: Database) -> None:
    """Secrets under an old key are encrypted anew, and those under no known key are named."""
    _add(database, "old", seal({"token": "t"}, OLD))
    _add(database, "new", seal({"token": "n"}, NEW))
    _add(database, "gone", seal({"token": "g"}, OTHER))
    _add(database, "none", None)

    result = reseal(database, f"{NEW}\n{OLD}")

    assert (result.done, result.lost) == (["old"], ["gone"])
    assert unseal(_sealed(database, "old"), NEW) == {"token": "t"}
    assert is_sealed_with(_sealed(database, "new"), NEW)
    assert reseal(database, NEW).done == []


def test_a_channel_saved_meanwhile_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that somebody stores between reading and writing is not overwritten."""
    _add(database, "old", seal({"token": "first"}, OLD))
    saved: list[bool] = []
    replace = rotating._replace

    def replace_late(*args: Any) -> bool:
        if not saved:
            saved.append(True)
            with database.write() as session:
                row = session.scalars(select(ChannelRow)).one()
                row.sealed = seal({"token": "second"}, OLD)
        return replace(*args)

    monkeypatch.setattr(rotating, "_replace", replace_late)

    assert reseal(database, f"{NEW}\n{OLD}").done == ["old"]
    assert unseal(_sealed(database, "old"), NEW) == {"token": "second"}


def test_old_keys_decrypt_only() -> None:
    """A text encrypted with an old key is read; a new one is encrypted with the first key."""
    keys = f"{NEW}\n{OLD}"

    assert unseal(seal({"a": "b"}, OLD), keys) == {"a": "b"}
    assert unseal(seal({"a": "b"}, keys), NEW) == {"a": "b"}
    with pytest.raises(ConfigError):
        unseal(seal({"a": "b"}, OTHER), keys)
