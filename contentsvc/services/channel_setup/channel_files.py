"""Create and change channels from a YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.channels.hosting import Registry, SettingsError
from contentsvc.domain.calendar_files.file_values import FileValue, read_file
from contentsvc.domain.calendar_files.parsers import slug
from contentsvc.domain.typed_text import half_width
from contentsvc.errors import CalendarError, InputError, PluginError
from contentsvc.messages import Message
from contentsvc.services.channel_setup.saving import (
    CheckedChannel,
    check_channel,
    store_channel,
)

__all__ = ["check_channels", "store_channels"]

_MOST_CHANNELS = 1000


def check_channels(
    session: Session, registry: Registry, text: str, file: Path, *, secret_key: str
) -> list[CheckedChannel]:
    """Check the channels in the YAML *text*, the content of *file*; return them to be stored.

    Channels that the file does not name do not change. The path of a secret given as
    `{$file: PATH}` is relative to the file's folder.

    Raises:
        CalendarError: the file has faults; the error names all of them.
    """
    root = read_file(text, str(file))
    fields = root.fields(("channels",), required=("channels",))
    channels: list[CheckedChannel] = []
    for spot in fields.items("channels", _MOST_CHANNELS):
        checked = _check(session, registry, spot, file, secret_key)
        if checked is None:
            continue
        if checked.name in {channel.name for channel in channels}:
            spot.add_problem("channel-given-twice", name=checked.name)
        channels.append(checked)
    if root.problems:
        raise CalendarError(file, sorted(root.problems, key=lambda problem: problem.line))
    return channels


def store_channels(
    session: Session, channels: Sequence[CheckedChannel], *, secret_key: str, now: datetime
) -> list[tuple[str, str]]:
    """Store checked channels; return (name, result) for each.

    A result is `created`, `changed` or `unchanged`.

    Raises:
        ConflictError: somebody else has changed one of the channels since the check. The caller
            must roll back the transaction, so that no part of the file is applied.
    """
    return [
        (checked.name, store_channel(session, checked, secret_key=secret_key, now=now)[1])
        for checked in channels
    ]


def _check(
    session: Session, registry: Registry, spot: FileValue, file: Path, secret_key: str
) -> CheckedChannel | None:
    fields = spot.fields(("name", "type", "settings"), required=("name", "type"))
    name = fields.read("name", slug, None)
    kind = half_width(fields.text("type", 64) or "")
    block = fields.get("settings")
    settings = block.pairs() if block else {}
    if name is None or not kind:
        return None
    try:
        return check_channel(
            session,
            registry,
            name=name,
            type=kind,
            settings={field: _value(value) for field, value in settings.items()},
            secret_key=secret_key,
            base=file.absolute().parent,
        )
    except SettingsError as error:
        for field, problem in error.problems:
            value = settings.get(field.partition(".")[0])
            if value is not None:
                value.add_problem(problem)
            else:
                message = Message("channel-setting-problem", setting=field, problem=problem)
                (block or spot).add_problem(message)
    except PluginError as error:
        (fields.get("type") or spot).add_problem(error.message)
    except InputError as error:
        (fields.get(error.field or "") or spot).add_problem(error.message)
    return None


def _value(spot: FileValue) -> Any:
    """Return a value of the file as a string, or as nested dicts and lists of strings.

    The channel type converts the strings.
    """
    if spot.is_mapping:
        return {name: _value(inner) for name, inner in spot.pairs().items()}
    if spot.is_list:
        return [_value(inner) for inner in spot.items(_MOST_CHANNELS)]
    return spot.scalar()
