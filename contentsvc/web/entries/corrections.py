"""Pages for corrections, which tell readers what of an announced livestream has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from contentsvc.channels import WarningLevel
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.domain.walltime import parse_local
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import entries
from contentsvc.services.corrections import correcting
from contentsvc.services.corrections.correcting import CorrectionText, Offer, QuietHoursError
from contentsvc.services.corrections.proposing import propose_poster, propose_text
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain
from contentsvc.web.formatting import as_time
from contentsvc.web.poster_choices import choose_template
from contentsvc.web.toasts import show_toast

__all__ = ["CorrectionView", "blueprint", "correction_view", "show_correction_toast"]

blueprint = Blueprint("corrections", __name__)


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """The content of the correction form, proposed or typed, as passed to the page template."""

    offer: Offer
    title: str
    body: str
    #: Names of the selected channels.
    channels: tuple[str, ...]
    #: The local time of publication as typed; empty means at once.
    at: str = ""
    has_poster: bool = False
    can_have_poster: bool = False
    #: Ids of deliveries that can be retracted.
    retractable: frozenset[int] = frozenset()
    #: The end of the quiet hours if the correction would be sent in them now; else None.
    quiet_until: datetime | None = None
    message: str = ""
    status: int = 200


def correction_view(entry_id: int) -> CorrectionView | None:
    """Return the content of a livestream's correction form; None if nothing is to be corrected."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if not offer:
        return None
    retractable = frozenset(
        row.id
        for notice in offer.outdated
        for row in notice.deliveries
        if can_take_back(runtime(), row)
    )
    if not offer.outdated:
        return CorrectionView(offer, "", "", (), retractable=retractable)
    text = propose_text(runtime(), offer)
    poster = propose_poster(runtime(), offer, _template(offer.entry))
    return CorrectionView(
        offer,
        text.title,
        text.body,
        tuple(notice.channel for notice in offer.outdated),
        has_poster=poster is not None,
        can_have_poster=poster is not None,
        retractable=retractable,
        quiet_until=correcting.quiet_until(offer.entry.calendar, now()),
    )


def show_correction_toast(entry_id: int) -> None:
    """Show a toast that links to the correction form if published notices are outdated."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if not offer or not (offer.outdated or offer.unsettled):
        return
    count = len(offer.outdated) or len({row.channel_id for row in offer.unsettled})
    show_toast(
        ngettext(
            "%(num)d channel has published outdated information.",
            "%(num)d channels have published outdated information.",
            count,
        ),
        bad=True,
        link=url_for("corrections.show", entry_id=entry_id),
        link_text=gettext("Correct it"),
    )


@blueprint.get("/entries/<int:entry_id>/correction")
def show(entry_id: int) -> str:
    """Render the correction form of a livestream: its outdated notices and a proposed text."""
    return _page(entry_id, correction_view(entry_id))


def _page(entry_id: int, view: CorrectionView | None) -> str:
    with reading() as database:
        entry = entries.get_entry(database, entry_id, deleted=True)
    return render_template(
        "corrections/show.html", entry=entry, calendar=entry.calendar, correcting=view
    )


@blueprint.post("/entries/<int:entry_id>/correction")
def send(entry_id: int) -> Response | tuple[str, int]:
    """Plan the posted correction for now or the posted time, or render the form with an error."""
    view = correction_view(entry_id)
    if view is None or not view.offer.outdated:
        show_toast(gettext("There is nothing left to correct."))
        return _back(entry_id)
    typed = _typed(view)
    try:
        made = _send(typed)
    except QuietHoursError as error:
        return _page(entry_id, replace(typed, message=explain(error), quiet_until=error.until)), 422
    except InputError as error:
        status = 409 if isinstance(error, ConflictError) else 422
        return _page(entry_id, replace(typed, message=explain(error))), status
    confirm_draft()
    when = as_time(made.starts_at, made.calendar.timezone)
    show_toast(
        gettext("The correction will be sent.")
        if made.starts_at <= now()
        else gettext("The correction will be sent: %(when)s.", when=when),
        link=url_for("entries.edit", entry_id=made.id),
        link_text=gettext("Open it"),
    )
    return _back(entry_id)


def _typed(view: CorrectionView) -> CorrectionView:
    form = request.form
    return CorrectionView(
        view.offer,
        form.get("title", ""),
        form.get("body", "").replace("\r\n", "\n"),
        tuple(form.getlist("channels")),
        at=form.get("at", "").strip(),
        has_poster=view.can_have_poster and "poster" in form,
        can_have_poster=view.can_have_poster,
        retractable=view.retractable,
        quiet_until=view.quiet_until,
    )


def _send(typed: CorrectionView) -> Entry:
    offer = typed.offer
    if request.form.get("sequence") != str(offer.sequence):
        raise ConflictError("correction-outdated")
    at, choice = _chosen_time(offer.entry, typed.at), request.form.get("quiet", "")
    if choice == "after":
        at = correcting.quiet_until(offer.entry.calendar, at) or at
    poster = propose_poster(runtime(), offer, _template(offer.entry)) if typed.has_poster else None
    text = CorrectionText(typed.title, typed.body, typed.channels, poster)
    _refuse_blocked(offer.entry, text, at)
    with writing() as database:
        return correcting.correct(
            database,
            offer,
            text,
            at=at,
            despite_quiet=choice == "despite",
            by=person(),
            now=now(),
            usefulness=usefulness(),
        )


def _refuse_blocked(entry: Entry, text: CorrectionText, at: datetime) -> None:
    """Raise InputError if the correction has no title, or if a channel's check forbids it.

    Raises:
        InputError: with the field of the form that must be corrected.
    """
    if not text.title.strip():
        raise InputError("entry-title-missing", field="title")
    local = at.astimezone(ZoneInfo(entry.calendar.timezone))
    content = correcting.correction_content(text, local)
    for preview in renderer().preview(entry.calendar, IsoWeek.of(local.date()), content):
        for warning in preview.warnings:
            if warning.level is WarningLevel.BLOCK:
                raise InputError(warning.message, field=warning.field)


def _chosen_time(entry: Entry, text: str) -> datetime:
    """Parse *text* as a time in the calendar's zone; return the current time if it is empty."""
    if not text:
        return now()
    at = parse_local(text, ZoneInfo(entry.calendar.timezone))
    if at < now() - timedelta(minutes=1):
        raise InputError("entry-time-past", field="at")
    return at


def _template(entry: Entry) -> Any:
    poster = content_of(entry).poster
    return choose_template(poster.template) if poster else None


@blueprint.post("/entries/<int:entry_id>/correction/dismiss")
def dismiss(entry_id: int) -> Response:
    """Store that no correction is wanted, cancel one that is not published yet, and redirect."""
    with reading() as database:
        offer = correcting.offer_of(database, entry_id, now())
    if offer:
        try:
            with writing() as database:
                correcting.dismiss(database, offer, by=person(), now=now(), usefulness=usefulness())
        except InputError as error:
            show_toast(explain(error), bad=True)
            return _back(entry_id)
    show_toast(gettext("No correction will be sent."))
    return _back(entry_id)


@blueprint.post("/entries/<int:entry_id>/correction/retract/<int:delivery_id>")
def retract(entry_id: int, delivery_id: int) -> Response:
    """Delete a published notice of a livestream from its channel, and redirect to the entry."""
    try:
        take_back(runtime(), delivery_id, by=person())
    except InputError as error:
        show_toast(explain(error), bad=True)
    else:
        show_toast(gettext("It is retracted."))
    return _back(entry_id)


def _back(entry_id: int) -> Response:
    with reading() as database:
        entry = entries.get_entry(database, entry_id, deleted=True)
    if entry.deleted_at is None:
        return redirect(url_for("entries.edit", entry_id=entry_id), code=303)
    return redirect(url_for("corrections.show", entry_id=entry_id), code=303)
