"""The pages of deliveries (one entry, one channel, one time): the list and single deliveries."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.channels import Rendition
from contentsvc.db.models import Delivery, DeliveryPart
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.roles import Action
from contentsvc.domain.typed_text import typed_address
from contentsvc.domain.walltime import parse_local
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services import calendar_settings, deliveries
from contentsvc.services.channel_setup import channels
from contentsvc.services.deliveries import Resolution
from contentsvc.services.renditions import load_rendition
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain
from contentsvc.web.permissions import rights
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("deliveries", __name__)

_PAGE = 50
_REPLANNED = {DeliveryStatus.FAILED, DeliveryStatus.MISSED, DeliveryStatus.CANCELLED}
_RESOLVED = {DeliveryStatus.UNKNOWN, DeliveryStatus.HANDED_OFF}


@blueprint.get("/deliveries/")
def index() -> str:
    """Render the list of deliveries; those that need a person's attention come first."""
    status = _status(request.args.get("status"))
    channel = request.args.get("channel") or None
    calendar = request.args.get("calendar") or None
    before = request.args.get("before", "")
    visible = rights().calendar_ids
    with reading() as database:
        rows = deliveries.list_deliveries(
            database,
            status=status,
            channel=channel,
            calendar=calendar,
            limit=_PAGE + 1,
            calendar_ids=visible,
            before_id=int(before) if before.isdecimal() and len(before) < 19 else None,  # noqa: PLR2004 - digits of the largest id
        )
        plain = not (status or channel or calendar or before)
        return render_template(
            "deliveries/index.html",
            rows=rows[:_PAGE],
            more=rows[_PAGE - 1].id if len(rows) > _PAGE else None,
            waiting=deliveries.needs_attention(database, _PAGE, visible) if plain else [],
            channels=channels.all_channels(database),
            calendars=calendar_settings.all_calendars(database, visible),
            status=status,
            channel=channel,
            calendar=calendar,
            is_plain=plain,
        )


def _status(text: str | None) -> DeliveryStatus | None:
    try:
        return DeliveryStatus(text) if text else None
    except ValueError:
        return None


@blueprint.get("/deliveries/<int:delivery_id>")
def show(delivery_id: int) -> str:
    """Render a delivery with its attempts and the post that it sends or has sent."""
    return _page(delivery_id)


def _page(delivery_id: int, message: str = "") -> str:
    with reading() as database:
        delivery = deliveries.get_delivery(database, delivery_id)
        may_decide = rights().may(Action.APPROVE, delivery.entry.calendar_id)
        rendition = None
        if delivery.rendition_hash:
            try:
                rendition = load_rendition(runtime(), database, delivery.rendition_hash)
            except NotFoundError as error:
                message = message or explain(error)
        return render_template(
            "deliveries/show.html",
            delivery=delivery,
            entry=delivery.entry,
            calendar=delivery.entry.calendar,
            zone=delivery.entry.calendar.timezone,
            rendition=rendition,
            parts=_parts(database, delivery),
            message=message,
            can_resolve=may_decide and delivery.status in _RESOLVED,
            can_replan=may_decide and delivery.status in _REPLANNED,
            can_retract=may_decide and can_take_back(runtime(), delivery),
        )


def _parts(database: Session, delivery: Delivery) -> list[tuple[DeliveryPart, Rendition | None]]:
    """Return the parts of a delivery with their renditions; none if it has only one part."""
    if delivery.part_count <= 1:
        return []
    shown: list[tuple[DeliveryPart, Rendition | None]] = []
    for part in delivery.parts:
        try:
            shown.append((part, load_rendition(runtime(), database, part.rendition_hash)))
        except NotFoundError:
            # A picture is damaged. The part's state is still shown.
            shown.append((part, None))
    return shown


@blueprint.post("/deliveries/<int:delivery_id>/resolve")
def settle(delivery_id: int) -> Response | tuple[str, int]:
    """Store a person's decision about a delivery whose result the service cannot find out."""
    try:
        with writing() as database:
            deliveries.resolve_delivery(
                database,
                delivery_id,
                _resolution(request.form.get("resolution", "")),
                part=request.form.get("part", type=int),
                url=typed_address(request.form.get("url", "")) or None,
                by=person(),
                now=now(),
                usefulness=usefulness(),
            )
    except InputError as error:
        return _page(delivery_id, explain(error)), 422
    confirm_draft()
    show_toast(gettext("Recorded. Thank you."))
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@blueprint.post("/deliveries/<int:delivery_id>/retract")
def retract(delivery_id: int) -> Response | tuple[str, int]:
    """Delete a published post from its platform, and redirect to the delivery's page."""
    try:
        take_back(runtime(), delivery_id, by=person())
    except InputError as error:
        if isinstance(error, NotFoundError):
            raise
        return _page(delivery_id, explain(error)), 422
    show_toast(gettext("It is retracted."))
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


def _resolution(text: str) -> Resolution:
    try:
        return Resolution(text)
    except ValueError as error:
        raise InputError("not-a-choice", field="resolution") from error


@blueprint.post("/deliveries/<int:delivery_id>/plan-again")
def plan_again(delivery_id: int) -> Response | tuple[str, int]:
    """Plan a failed, missed or cancelled delivery again, for now or for the posted time."""
    try:
        with writing() as database:
            delivery = deliveries.get_delivery(database, delivery_id)
            deliveries.plan_again(
                database,
                delivery_id,
                by=person(),
                now=now(),
                usefulness=usefulness(),
                at=_chosen_time(delivery),
            )
    except InputError as error:
        return _page(delivery_id, explain(error)), 422
    show_toast(gettext("Planned again."))
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


def _chosen_time(delivery: Delivery) -> datetime | None:
    """Convert the posted time from the calendar's time zone to UTC; return None if it is empty."""
    text = request.form.get("at", "").strip()
    if not text:
        return None
    return parse_local(text, ZoneInfo(delivery.entry.calendar.timezone))
