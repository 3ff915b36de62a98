"""Pages for corrections, which tell readers what of an announced livestream has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from contentsvc.channels import WarningLevel
from contentsvc.db.mapping import content_of, head_of
from contentsvc.db.models import Entry
from contentsvc.domain.calendar_files import content_problems
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.walltime import parse_local
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, FieldsError, InputError
from contentsvc.services import entries
from contentsvc.services.calendar_settings import require_channels
from contentsvc.services.corrections import correcting
from contentsvc.services.corrections.correcting import CorrectionText, Offer, QuietHoursError
from contentsvc.services.corrections.proposing import propose_poster, propose_text
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain
from contentsvc.web.form_errors import error_status, errors_by_field
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
    #: Texts by form field; empty if nothing was refused.
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


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
    except InputError as error:
        return _page(entry_id, _refused(typed, error)), error_status(error)
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


def _refused(typed: CorrectionView, error: InputError) -> CorrectionView:
    """Return the form as typed, with all texts of *error* and the end of the quiet hours."""
    errors = errors_by_field(error, "")
    message = errors.pop("", "")
    found = error.errors if isinstance(error, FieldsError) else (error,)
    ends = (each.until for each in found if isinstance(each, QuietHoursError))
    until = next(ends, typed.quiet_until)
    return replace(typed, errors=errors, message=message, quiet_until=until)


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
    entry, choice, at = offer.entry, request.form.get("quiet", ""), now()
    poster = propose_poster(runtime(), offer, _template(entry)) if typed.has_poster else None
    text = CorrectionText(typed.title, typed.body, typed.channels, poster)
    checks = InputChecks()
    with checks.collect():
        at = _chosen_time(entry, typed.at)
        if choice == "after":
            at = correcting.quiet_until(entry.calendar, at) or at
        correcting.check_quiet_hours(entry.calendar, at, despite_quiet=choice == "despite")
    with checks.collect():
        with reading() as database:
            require_channels(database, text.channels)
        correcting.check_channels(offer, text.channels)
    with checks.collect():
        _check_content(entry, text, at)
    checks.raise_errors()
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


def _check_content(entry: Entry, text: CorrectionText, at: datetime) -> None:
    """Raise InputError if the text of a correction cannot be stored, exported or published.

    Raises:
        InputError: with the field of the form that must be corrected.
        FieldsError: several fields must be corrected.
    """
    local = at.astimezone(ZoneInfo(entry.calendar.timezone))
    content = correcting.correction_content(text, local)
    checks = InputChecks()
    with checks.collect(), reading() as database:
        entries.check_content(database, entry.calendar, replace(content, channels=None))
    for problem in content_problems(head_of(entry.calendar), content):
        with checks.collect():
            raise InputError(problem.message, field=problem.field)
    checks.raise_errors()
    _refuse_blocked(entry, content, IsoWeek.of(local.date()))


def _refuse_blocked(entry: Entry, content: EntryContent, week: IsoWeek) -> None:
    """Raise InputError for everything in *content* that a check on a channel forbids."""
    checks = InputChecks()
    for preview in renderer().preview(entry.calendar, week, content):
        for warning in preview.warnings:
            if warning.level is WarningLevel.BLOCK:
                place = "title" if warning.field == "title" else "body"
                with checks.collect():
                    raise InputError(warning.message, field=place)
    checks.raise_errors()


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
