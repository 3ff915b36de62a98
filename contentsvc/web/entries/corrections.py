"""Corrections of what was told of a livestream: offered, sent, withdrawn; notices taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from contentsvc.channels import WarningLevel
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.domain.walltime import resolve
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import entries
from contentsvc.services.corrections import correcting
from contentsvc.services.corrections.correcting import CorrectionText, Offer
from contentsvc.services.corrections.proposing import propose_poster, propose_text
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import choose_template
from contentsvc.web.toasts import show_toast

__all__ = ["Correcting", "blueprint", "correcting_of", "tell_offer"]

blueprint = Blueprint("corrections", __name__)


@dataclass(frozen=True, slots=True)
class Correcting:
    """What the correction's form shows."""

    offer: Offer
    title: str
    body: str
    #: Ticked channels.
    channels: tuple[str, ...]
    #: A local time as it was typed; empty means now.
    at: str = ""
    has_poster: bool = False
    can_have_poster: bool = False
    #: Ids of deliveries that can be taken back.
    retractable: frozenset[int] = frozenset()
    message: str = ""
    status: int = 200


def correcting_of(entry_id: int) -> Correcting | None:
    """Return the correction that is offered for an entry; None where there is nothing to do."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if not offer:
        return None
    retractable = frozenset(
        row.id for one in offer.outdated for row in one.deliveries if can_take_back(runtime(), row)
    )
    if not offer.outdated:
        return Correcting(offer, "", "", (), retractable=retractable)
    words = propose_text(runtime(), offer)
    poster = propose_poster(runtime(), offer, _template(offer.entry))
    return Correcting(
        offer,
        words.title,
        words.body,
        tuple(one.channel for one in offer.outdated),
        has_poster=poster is not None,
        can_have_poster=poster is not None,
        retractable=retractable,
    )


def tell_offer(entry_id: int) -> None:
    """Say right after a change that readers were told otherwise, and lead to the correction."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if not offer or not (offer.outdated or offer.unsettled):
        return
    count = len(offer.outdated) or len({row.channel_id for row in offer.unsettled})
    show_toast(
        ngettext(
            "%(num)d channel was told otherwise before.",
            "%(num)d channels were told otherwise before.",
            count,
        ),
        bad=True,
        link=url_for("corrections.show", entry_id=entry_id),
        link_text=gettext("Correct it"),
    )


@blueprint.get("/entries/<int:entry_id>/correction")
def show(entry_id: int) -> str:
    """Show what readers were told that is no longer so, with a correction ready to be sent."""
    return _page(entry_id, correcting_of(entry_id))


def _page(entry_id: int, shown: Correcting | None) -> str:
    with reading() as database:
        entry = entries.get_entry(database, entry_id, deleted=True)
    return render_template(
        "corrections/show.html", entry=entry, calendar=entry.calendar, correcting=shown
    )


@blueprint.post("/entries/<int:entry_id>/correction")
def send(entry_id: int) -> Response | tuple[str, int]:
    """Send a correction, now or at the chosen time; what was typed is kept where it cannot be."""
    shown = correcting_of(entry_id)
    if shown is None or not shown.offer.outdated:
        show_toast(gettext("There is nothing to correct any more."))
        return _back(entry_id)
    typed = _typed(shown)
    try:
        made = _send(typed)
    except InputError as error:
        status = 409 if isinstance(error, ConflictError) else 422
        return _page(entry_id, _with(typed, explain(error))), status
    show_toast(
        gettext("The correction is on its way."),
        link=url_for("entries.edit", entry_id=made.id),
        link_text=gettext("Open it"),
    )
    return _back(entry_id)


def _typed(shown: Correcting) -> Correcting:
    form = request.form
    return Correcting(
        shown.offer,
        form.get("title", ""),
        form.get("body", "").replace("\r\n", "\n"),
        tuple(form.getlist("channels")),
        at=form.get("at", "").strip(),
        has_poster=shown.can_have_poster and "poster" in form,
        can_have_poster=shown.can_have_poster,
        retractable=shown.retractable,
    )


def _with(typed: Correcting, message: str) -> Correcting:
    values: dict[str, Any] = {name: getattr(typed, name) for name in Correcting.__slots__}
    return Correcting(**{**values, "message": message})


def _send(typed: Correcting) -> Entry:
    offer = typed.offer
    if request.form.get("sequence") != str(offer.sequence):
        raise ConflictError("correction-outdated")
    at = _chosen_time(offer.entry, typed.at)
    poster = propose_poster(runtime(), offer, _template(offer.entry)) if typed.has_poster else None
    text = CorrectionText(typed.title, typed.body, typed.channels, poster)
    _refuse_blocked(offer.entry, text, at)
    with writing() as database:
        return correcting.correct(
            database, offer, text, at=at, by=person(), now=now(), usefulness=usefulness()
        )


def _refuse_blocked(entry: Entry, text: CorrectionText, at: datetime) -> None:
    """Raise InputError where a channel could not show the correction; it is painted to see."""
    if not text.title.strip():
        raise InputError("entry-title-missing", field="title")
    local = at.astimezone(ZoneInfo(entry.calendar.timezone))
    content = correcting.correction_content(text, local)
    for preview in renderer().preview(entry.calendar, IsoWeek.of(local.date()), content):
        for warning in preview.warnings:
            if warning.level is WarningLevel.BLOCK:
                raise InputError(warning.message, field=warning.field)


def _chosen_time(entry: Entry, text: str) -> datetime:
    """Read the wall-clock time of the calendar's zone; none means now."""
    if not text:
        return now()
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise InputError(gettext("Choose a day and a time."), field="at") from error
    at = resolve(local.date(), local.time(), ZoneInfo(entry.calendar.timezone)).at
    if at < now() - timedelta(minutes=1):
        raise InputError("entry-time-past", field="at")
    return at


def _template(entry: Entry) -> Any:
    poster = content_of(entry).poster
    return choose_template(poster.template) if poster else None


@blueprint.post("/entries/<int:entry_id>/correction/dismiss")
def dismiss(entry_id: int) -> Response:
    """Want no correction; one that is not out yet is withdrawn."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if offer:
        try:
            with writing() as database:
                correcting.dismiss(database, offer, by=person(), now=now(), usefulness=usefulness())
        except InputError as error:
            show_toast(explain(error), bad=True)
            return _back(entry_id)
    show_toast(gettext("No correction goes out."))
    return _back(entry_id)


@blueprint.post("/entries/<int:entry_id>/correction/retract/<int:delivery_id>")
def retract(entry_id: int, delivery_id: int) -> Response:
    """Take a notice back from its channel."""
    try:
        take_back(runtime(), delivery_id)
    except InputError as error:
        show_toast(explain(error), bad=True)
    else:
        show_toast(gettext("It is taken back."))
    return _back(entry_id)


def _back(entry_id: int) -> Response:
    with reading() as database:
        entry = entries.get_entry(database, entry_id, deleted=True)
    if entry.deleted_at is None:
        return redirect(url_for("entries.edit", entry_id=entry_id), code=303)
    return redirect(url_for("corrections.show", entry_id=entry_id), code=303)
