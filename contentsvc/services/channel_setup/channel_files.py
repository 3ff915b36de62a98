"""Channels from a file: applying it twice changes what changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.channels import Registry, SettingsError
from contentsvc.domain.calendar_files.file_values import FileValue
from contentsvc.domain.calendar_files.parsers import slug
from contentsvc.domain.calendar_files.tree import compose
from contentsvc.errors import CalendarError, InputError, PluginError
from contentsvc.services.channel_setup.channels import save_channel

__all__ = ["apply_channels"]

_MOST_CHANNELS = 1000


def apply_channels(
    session: Session, registry: Registry, text: str, file: Path, *, secret_key: str, now: datetime
) -> list[tuple[str, str]]:
    """Create or change the channels of a file; return each name with what was done.

    The answers are `created`, `changed` and `unchanged`. Channels that the file does not name are
    left alone. A secret given as `{$file: PATH}` is read below the file's own folder.

    Raises:
        CalendarError: the file has faults, all of which are named; the caller's transaction is
            to be rolled back, so that nothing of it is taken.
    """
    root = FileValue(compose(text, str(file)), "", [])
    fields = root.fields(("channels",), required=("channels",))
    done: list[tuple[str, str]] = []
    for spot in fields.items("channels", _MOST_CHANNELS):
        answer = _apply(session, registry, spot, file, secret_key=secret_key, now=now)
        if answer is None:
            continue
        if answer[0] in {name for name, _ in done}:
            spot.wrong(f"the channel {answer[0]!r} is given twice")
        done.append(answer)
    if root.problems:
        raise CalendarError(file, sorted(root.problems, key=lambda problem: problem.line))
    return done


def _apply(
    session: Session,
    registry: Registry,
    spot: FileValue,
    file: Path,
    *,
    secret_key: str,
    now: datetime,
) -> tuple[str, str] | None:
    fields = spot.fields(("name", "type", "settings"), required=("name", "type"))
    name = fields.read("name", slug, None)
    kind = fields.text("type", 64)
    given = fields.get("settings")
    settings = given.pairs() if given else {}
    if name is None or kind is None:
        return None
    try:
        _, answer = save_channel(
            session,
            registry,
            name=name,
            type=kind,
            settings={field: _value(value) for field, value in settings.items()},
            secret_key=secret_key,
            base=file.absolute().parent,
            now=now,
        )
    except SettingsError as error:
        for field, message in error.problems:
            place = settings.get(field.partition(".")[0], given or spot)
            place.wrong(f"{field}: {message}" if place is (given or spot) else message)
    except PluginError as error:
        (fields.get("type") or spot).wrong(str(error))
    except InputError as error:
        (fields.get(error.field or "") or spot).wrong(str(error))
    else:
        return name, answer
    return None


def _value(spot: FileValue) -> Any:
    """Return a setting as plain values; the channel type's settings say what text means."""
    if spot.is_mapping:
        return {name: _value(inner) for name, inner in spot.pairs().items()}
    if spot.is_list:
        return [_value(inner) for inner in spot.items(_MOST_CHANNELS)]
    return spot.scalar()
