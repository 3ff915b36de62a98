"""Find the channels that cannot publish, whatever is due, until a person does something."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from contentsvc.db.models import ChannelRow
from contentsvc.errors import PluginError
from contentsvc.messages import Message
from contentsvc.services.channel_setup.channels import all_channels, has_lost_secrets
from contentsvc.services.runtime import Runtime

__all__ = ["channel_problem", "channel_problems"]


def channel_problems(runtime: Runtime, session: Session) -> Mapping[str, Message]:
    """Return by channel name what keeps a channel from being opened, with what to do about it.

    Paused channels are no problem of this kind: a person or the platform has paused them.
    """
    rows = all_channels(session)
    problems = ((row.name, channel_problem(runtime, row)) for row in rows)
    return {name: problem for name, problem in problems if problem is not None}


def channel_problem(runtime: Runtime, row: ChannelRow) -> Message | None:
    """Return what keeps a channel from being opened; None if nothing is known.

    No code of the plugin runs.
    """
    try:
        runtime.registry.channel_type(row.type)
    except PluginError as error:
        return error.message
    if has_lost_secrets(row, runtime.config.secret_key):
        return Message("channel-secrets-other-key")
    return None
