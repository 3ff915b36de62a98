"""`contentsvc deliveries`: list and show deliveries, settle unknown outcomes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from contentsvc.cli.runtime import open_runtime, operator
from contentsvc.cli.typed_parameters import NAME, TypedChoice
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services import deliveries as service
from contentsvc.services.planning import Usefulness

if TYPE_CHECKING:
    from contentsvc.db.models import Attempt, Delivery

__all__ = ["deliveries"]


@click.group()
def deliveries() -> None:
    """Show deliveries and settle unknown outcomes."""


@deliveries.command("list")
@click.option("--status", type=TypedChoice([status.value for status in DeliveryStatus]))
@click.option("--channel", type=NAME, help="Only deliveries of this channel.")
@click.option("--calendar", type=NAME, help="Only deliveries of this calendar.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def show_all(
    status: str | None, channel: str | None, calendar: str | None, limit: int, *, as_json: bool
) -> None:
    """List deliveries, the newest first."""
    with open_runtime() as runtime, runtime.database.read() as session:
        listed = service.list_deliveries(
            session,
            status=DeliveryStatus(status) if status else None,
            channel=channel,
            calendar=calendar,
            limit=limit,
        )
        for delivery in listed:
            click.echo(_json(delivery) if as_json else _line(delivery))


@deliveries.command("show")
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: int, *, as_json: bool) -> None:
    """Show the delivery NUMBER and its attempts."""
    with open_runtime() as runtime, runtime.database.read() as session:
        delivery = service.get_delivery(session, number)
        if as_json:
            attempts = [_attempt(attempt) for attempt in delivery.attempts]
            click.echo(json.dumps(_facts(delivery) | {"attempts": attempts}, ensure_ascii=False))
            return
        click.echo(_line(delivery))
        if delivery.error:
            click.echo(f"  {delivery.error}")
        for attempt in delivery.attempts:
            facts = _attempt(attempt)
            click.echo("  " + "  ".join(str(value) for value in facts.values() if value))


@deliveries.command("resolve")
@click.argument("number", type=int)
@click.argument("resolution", type=TypedChoice([choice.value for choice in service.Resolution]))
@click.option("--url", help="The address of the published post.")
def resolve(number: int, resolution: str, url: str | None) -> None:
    """Settle the delivery NUMBER: mark it as published, send it again, or cancel it."""
    with open_runtime() as runtime:
        with runtime.database.write() as session:
            delivery = service.resolve_delivery(
                session,
                number,
                service.Resolution(resolution),
                url=url,
                by=operator(),
                now=runtime.clock(),
                usefulness=Usefulness.of(runtime.config),
            )
            status = delivery.status
        runtime.queue.wake()
    click.echo(f"{number}: {status}")


@deliveries.command("retract")
@click.argument("number", type=int)
def retract(number: int) -> None:
    """Delete the published post of the delivery NUMBER from its platform."""
    from contentsvc.services.retracting import take_back

    with open_runtime() as runtime:
        take_back(runtime, number, by=operator())
    click.echo(f"{number}: retracted")


def _line(delivery: Delivery) -> str:
    facts = _facts(delivery)
    return "\t".join(str(facts[name]) for name in ("id", "due_at", "status", "channel", "title"))


def _json(delivery: Delivery) -> str:
    return json.dumps(_facts(delivery), ensure_ascii=False)


def _facts(delivery: Delivery) -> dict[str, Any]:
    zone = ZoneInfo(delivery.entry.calendar.timezone)
    return {
        "id": delivery.id,
        "calendar": delivery.entry.calendar.slug,
        "title": delivery.entry.title,
        "notice": delivery.notice,
        "channel": delivery.channel.name,
        "status": delivery.status.value,
        "due_at": _time(delivery.due_at, zone),
        "published_at": _time(delivery.published_at, zone),
        "receipt": service.shown_receipt(delivery),
        "error": str(delivery.error),
        "key": delivery.key,
        "attempt_count": delivery.attempt_count,
        "part_count": delivery.part_count,
        "parts_out": delivery.parts_out,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    zone = ZoneInfo("UTC")
    return {
        "number": attempt.number,
        "part": attempt.part,
        "action": attempt.action,
        "started_at": _time(attempt.started_at, zone),
        "finished_at": _time(attempt.finished_at, zone),
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "worker": attempt.worker,
        "words": str(attempt.message),
    }


def _time(at: datetime | None, zone: ZoneInfo) -> str | None:
    if at is None:
        return None
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(zone).isoformat(timespec=precision)
