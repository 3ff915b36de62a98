"""`contentsvc channels`: configure channels and send test messages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from contentsvc.cli.approvals import approved_option, settle
from contentsvc.cli.runtime import open_runtime
from contentsvc.cli.typed_parameters import NAME
from contentsvc.errors import CalendarError, Problem
from contentsvc.messages import Message
from contentsvc.services.channel_changes import changing_channels
from contentsvc.services.channel_setup import channels as service
from contentsvc.services.channel_setup.channel_files import check_channels, store_channels
from contentsvc.services.planning import Usefulness

if TYPE_CHECKING:
    from contentsvc.domain.approvals import Answer, Decision

__all__ = ["channels"]


@click.group()
def channels() -> None:
    """Configure channels and send test messages."""


@channels.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@approved_option
def apply(file: Path, *, approved: Decision | None) -> None:
    """Create and change the channels that FILE describes; applying it again changes nothing."""
    text = _read(file)
    with open_runtime() as runtime:
        key = runtime.config.secret_key
        with runtime.database.read() as session:
            checked = check_channels(session, runtime.registry, text, file, secret_key=key)

        def write(answer: Answer | None) -> list[tuple[str, str]]:
            now, usefulness = runtime.clock(), Usefulness.of(runtime.config)
            with (
                runtime.database.write() as session,
                changing_channels(session, answer, now=now, usefulness=usefulness),
            ):
                return store_channels(session, checked, secret_key=key, now=now)

        results = settle(write, approved)
        runtime.queue.wake()
    for name, result in results:
        click.echo(f"{name}: {result}")


@channels.command("list")
def show() -> None:
    """List the channels with their types and, for paused channels, the reason."""
    with open_runtime() as runtime, runtime.database.read() as session:
        for channel in service.all_channels(session):
            state = f"paused: {channel.paused_reason}" if channel.paused_at else "ready"
            if channel.type not in runtime.registry.channel_types():
                state = f"no plugin provides the type {channel.type!r}"
            click.echo(f"{channel.name}\t{channel.type}\t{state}")


@channels.command("test")
@click.argument("name", type=NAME)
def test(name: str) -> None:
    """Publish a test message through the channel NAME; exit with 1 if that fails."""
    with open_runtime() as runtime:
        sent = service.test_send(runtime, name, language=runtime.config.language)
    if sent.error:
        click.echo(f"{name}: {sent.error}", err=True)
        raise SystemExit(1)
    url = sent.receipt.url if sent.receipt else None
    click.echo(f"{name}: {url or sent.note or 'published'}")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = Message("command-file-not-text", reason=str(error))
        raise CalendarError(file, [Problem(0, "", message)]) from error
