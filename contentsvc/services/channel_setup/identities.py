"""Ask a platform to whom a channel's credentials belong."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import Identity
from contentsvc.channels.hosting import supports, verify_identity
from contentsvc.errors import PLUGIN_FAULTS, ContentsvcError, InputError
from contentsvc.masking import KNOWN
from contentsvc.messages import Message, text_of
from contentsvc.services.channel_setup.channels import StoredChannel, get_channel, open_channel
from contentsvc.services.runtime import Runtime

__all__ = ["IdentityAnswer", "ask_identity", "can_tell_identity"]

#: Seconds that a person waits for the platform.
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """What a platform answered about a channel's account: an identity or an error."""

    identity: Identity | None = None
    error: Message | None = None


def can_tell_identity(kind: type[OpenChannel]) -> bool:
    """Return True if channels of the type *kind* can ask the platform about their account."""
    return supports(kind, "identity")


def ask_identity(runtime: Runtime, name: str) -> IdentityAnswer:
    """Ask the platform about the account of the channel *name*; return the answer or the error.

    Raises:
        NotFoundError: there is no such channel.
        InputError: channels of its type cannot ask.
        PluginError: its plugin is not loaded.
    """
    with runtime.database.read() as session:
        row = get_channel(session, name)
    if not can_tell_identity(runtime.registry.channel_type(row.type)):
        raise InputError("channel-identity-unsupported", channel=name)
    try:
        identity = runtime.calls.run(row.type, lambda: _identity(runtime, row), _SECONDS)
        return IdentityAnswer(identity)
    except ContentsvcError as error:
        return IdentityAnswer(error=KNOWN.message(error.message))
    except PLUGIN_FAULTS as error:
        # A plugin may raise anything.
        reason = Message("attempt-plugin-failed", kind=type(error).__name__, text=text_of(error))
        return IdentityAnswer(error=KNOWN.message(reason))


def _identity(runtime: Runtime, row: StoredChannel) -> Identity:
    """Return what the plugin tells of the account, without the channel's secrets."""
    identity = verify_identity(open_channel(runtime, row).identity())
    return replace(identity, name=KNOWN.text(identity.name), id=KNOWN.text(identity.id))
