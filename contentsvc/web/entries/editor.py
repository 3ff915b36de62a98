"""The pages on which people create and edit an entry, with uploads and a live preview.

Text that cannot be saved stays in the form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.models import Calendar, Entry, EntryRevision
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.roles import Action
from contentsvc.domain.typed_text import digits
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import booking, calendar_settings, entries, uploads
from contentsvc.services.approvals import still_to_go_out
from contentsvc.services.channel_setup import channels
from contentsvc.services.corrections import correcting
from contentsvc.services.rendering.renderer import Preview
from contentsvc.services.revisions import count_revisions, get_revision
from contentsvc.web.board_positions import read_rev, read_week
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.entries.comparing import differences
from contentsvc.web.entries.content_errors import content_errors
from contentsvc.web.entries.corrections import correction_view, show_correction_toast
from contentsvc.web.entries.entry_form import (
    EntryForm,
    blank_form,
    form_of,
    form_of_revision,
    keep_unchanged,
    posted_form,
    read_form,
)
from contentsvc.web.entries.notice_form import NoticeFields, notice_fields, notice_when, typed_chain
from contentsvc.web.entries.previews import renderer
from contentsvc.web.entries.steps import act_on, show_saved_toast
from contentsvc.web.explaining import explain
from contentsvc.web.form_errors import errors_by_field
from contentsvc.web.permissions import may, require
from contentsvc.web.poster_choices import choose_template, offered_templates

__all__ = ["blueprint"]

blueprint = Blueprint("entries", __name__)

_CODE = re.compile(r"[0-9a-f]{12}")

blueprint.add_app_template_filter(notice_when)


@dataclass(frozen=True, slots=True)
class EntryView:
    """The content of the entry page apart from its form: the stored entry, errors and messages."""

    entry: Entry | None = None
    errors: dict[str, str] = field(default_factory=dict)
    #: Differences from the version that somebody else saved: (label, theirs, yours).
    theirs: list[tuple[str, str, str]] = field(default_factory=list)
    message: str = ""
    #: The calendar's time zone when the form was opened, if it has another one now; else empty.
    zone_before: str = ""
    #: The earlier revision whose content is in the form, to be saved again.
    revision: EntryRevision | None = None
    status: int = 200


@blueprint.route("/calendars/<slug>/entries/new", methods=["GET", "POST"])
def new(slug: str) -> Response | tuple[str, int]:
    """Render the form of a new entry, or create an entry from the posted form."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
    week = read_week(request.args.get("week"), calendar.timezone)
    _require_decision(calendar)
    if request.method == "GET":
        return _page(calendar, blank_form(calendar, week, request.args), EntryView())
    form, upload_errors = _with_uploads(posted_form(request.form, str(week)))
    target, content, errors = _read(form, calendar)
    errors = _all_errors(calendar, content) | errors | upload_errors
    if errors or target is None:
        return _page(calendar, form, EntryView(errors=errors, status=422))
    try:
        with writing() as database:
            current = calendar_settings.get_calendar(database, slug)
            entry = entries.create_entry(database, current, target, content, by=person(), now=now())
    except InputError as error:
        return _page(calendar, form, _error_view(error))
    return _after_saving(entry.id, entry.rev)


@blueprint.route("/entries/<int:entry_id>", methods=["GET", "POST"])
def edit(entry_id: int) -> Response | tuple[str, int]:
    """Render the form of an entry, or store the posted form; refused text stays in the form."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
    if request.method == "GET":
        return _page(entry.calendar, *_opened(entry))
    _require_decision(entry.calendar)
    form, upload_errors = _with_uploads(posted_form(request.form, entry.week))
    target, content, errors = _read(form, entry.calendar)
    content = keep_unchanged(content, form, entry)
    errors = _all_errors(entry.calendar, content) | errors | upload_errors
    if errors or target is None:
        return _page(entry.calendar, form, EntryView(entry=entry, errors=errors, status=422))
    try:
        with writing() as database:
            saved = _change(database, entry_id, target, content)
    except ConflictError as error:
        return _page(entry.calendar, form, _conflict_view(entry_id, form, error))
    except InputError as error:
        return _page(entry.calendar, form, replace(_error_view(error), entry=entry))
    return _after_saving(saved.id, saved.rev)


def _require_decision(calendar: Calendar) -> None:
    """Refuse a form whose button also approves, before anything of it is stored."""
    if request.form.get("action") == "approve":
        with reading() as database:
            require(database, Action.APPROVE, calendar.id)


def _opened(entry: Entry) -> tuple[EntryForm, EntryView]:
    """Return the form of *entry*, or of the earlier revision that the address asks for."""
    rev = digits(request.args.get("revision", ""))
    if rev is None:
        return form_of(entry), EntryView(entry=entry)
    with reading() as database:
        revision = get_revision(database, entry.id, rev)
    return form_of_revision(revision, entry.calendar), EntryView(entry=entry, revision=revision)


def _read(
    form: EntryForm, calendar: Calendar
) -> tuple[IsoWeek | None, EntryContent, dict[str, str]]:
    return read_form(form, calendar, choose_template(form["poster.template"]))


def _all_errors(calendar: Calendar, content: EntryContent) -> dict[str, str]:
    """Return every error of *content*, whose fields could be read, by form field."""
    try:
        with reading() as database:
            entries.check_content(database, calendar, content)
    except InputError as error:
        return errors_by_field(error, "title") | content_errors(calendar, content)
    return content_errors(calendar, content)


def _change(database: Session, entry_id: int, week: IsoWeek, content: EntryContent) -> Entry:
    entry, take_back = entries.get_entry(database, entry_id), _takes_back()
    review_on_edit = runtime().config.review_on_edit
    needed = entries.needed_to_change(entry, review_on_edit=review_on_edit, take_back=take_back)
    require(database, needed, entry.calendar_id)
    return entries.change_entry(
        database,
        entry_id,
        read_rev(request.form),
        content,
        week=week,
        by=person(),
        now=now(),
        usefulness=usefulness(),
        review_on_edit=review_on_edit,
        take_back=take_back,
    )


def _takes_back() -> bool:
    return request.form.get("action") == "take-back"


def _with_uploads(form: EntryForm) -> tuple[EntryForm, dict[str, str]]:
    """Store the posted pictures; return *form* with these pictures, and errors by field."""
    try:
        stored = _store_uploads()
    except InputError as error:
        return form, {"pictures": explain(error)}
    return replace(form, pictures=(*form.pictures, *((source, "") for source in stored))), {}


def _store_uploads() -> list[str]:
    """Store the pictures of this request; return a reference (`sha256:…`) for each.

    Raises:
        InputError: a picture cannot be used; then none is stored.
    """
    pictures = [
        uploads.UploadedPicture(file.filename, file.read())
        for file in request.files.getlist("upload")
        if file.filename
    ]
    parts = runtime()
    return uploads.store_uploads(parts.database, parts.storage, pictures, now=now())


def _error_view(error: InputError) -> EntryView:
    errors = errors_by_field(error, "")
    return EntryView(errors=errors, message=errors.pop("", ""), status=422)


def _conflict_view(entry_id: int, form: EntryForm, error: ConflictError) -> EntryView:
    """Return page content that compares *form* with the entry that somebody else has saved.

    If the person saves again, the form overwrites the entry.
    """
    with reading() as database:
        current = entries.get_entry(database, entry_id)
    return EntryView(
        entry=current,
        theirs=differences(form_of(current), form, current.calendar),
        message=explain(error),
        zone_before=form["zone"] if form["zone"] != current.calendar.timezone else "",
        status=409,
    )


def _after_saving(entry_id: int, rev: int) -> Response:
    """Approve or submit the saved entry if the person pressed that button, and redirect."""
    confirm_draft()
    action = request.form.get("action", "save")
    if action in {"approve", "submit"}:
        return act_on(entry_id, rev, action)
    show_saved_toast(entry_id)
    show_correction_toast(entry_id)
    return redirect(url_for("entries.edit", entry_id=entry_id), code=303)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """The address of a livestream's public page, as shown on the entry page."""

    #: The page's path on this server.
    path: str
    #: Whether readers can reach the page: a public URL is configured.
    is_reachable: bool


def _public(entry: Entry) -> PublicPage | None:
    """Return the address of a livestream's public page; None if it has none yet.

    A livestream gets a page with its first approval, if there is a channel with pages.
    """
    with reading() as database:
        address = booking.public_page(runtime(), database, entry)
    if not address:
        return None
    return PublicPage(urlsplit(address).path, runtime().config.has_public_url)


def _told_otherwise(entry: Entry) -> tuple[str, ...]:
    with reading() as database:
        return correcting.channels_to_correct(database, entry.id, now())


def _page(calendar: Calendar, form: EntryForm, view: EntryView) -> tuple[str, int]:
    entry, review_on_edit = view.entry, runtime().config.review_on_edit
    needed = Action.WRITE
    if entry is not None:
        needed = entries.needed_to_change(entry, review_on_edit=review_on_edit)
    with reading() as database:
        offered = channels.all_channels(database)
        revision_count = count_revisions(database, entry.id) if entry else 0
    page = render_template(
        "entries/edit.html",
        calendar=calendar,
        cell=_cell(calendar),
        form=form,
        view=view,
        entry=entry,
        errors=view.errors,
        offered=offered,
        templates=offered_templates(),
        notices=_notices(form),
        correcting=correction_view(entry.id) if entry else None,
        public=_public(entry) if entry else None,
        told_otherwise=_told_otherwise(entry) if entry else (),
        template=choose_template(form["poster.template"]),
        going_out=still_to_go_out(entry) if entry else 0,
        revision_count=revision_count,
        review_on_edit=review_on_edit,
        may_save=may(needed, calendar),
        deliveries=sorted(entry.deliveries, key=lambda row: row.due_at) if entry else [],
    )
    return page, view.status


def _cell(calendar: Calendar) -> str:
    """Return a name for the board position that a new entry was opened for."""
    place = [request.args.get(name, "") for name in ("week", "day", "slot", "time")]
    return "-".join(["new", calendar.slug, *place])


@blueprint.get("/poster-fields")
def poster_fields() -> str:
    """Return the HTML of the chosen poster template's form fields, with the typed texts."""
    template = choose_template(request.args.get("poster.template", ""))
    form = posted_form(request.args, "")
    return render_template("entries/_poster_fields.html", template=template, form=form, errors={})


@blueprint.get("/notice-fields")
def notices() -> str:
    """Return the HTML of form fields for each livestream notice that was typed, such as `-1h`."""
    form = posted_form(request.args, "")
    return render_template("entries/_notices.html", notices=_notices(form), form=form, errors={})


def _notices(form: EntryForm) -> list[NoticeFields]:
    template = choose_template(form["poster.template"])
    return notice_fields(form.values, typed_chain(form["notices"]), template)


@blueprint.post("/calendars/<slug>/preview")
def preview(slug: str) -> str:
    """Return the HTML of a preview of the posted entry on each channel, without saving it."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
    form = posted_form(request.form, "")
    week, content, errors = _read(form, calendar)
    previews: list[Preview] = []
    if week is not None and not errors:
        content = replace(content, key=request.form.get("key") or "new")
        previews, errors = _make_previews(slug, week, content)
    return render_template(
        "entries/_preview.html", calendar=calendar, previews=previews, errors=errors
    )


def _make_previews(
    slug: str, week: IsoWeek, content: EntryContent
) -> tuple[list[Preview], dict[str, str]]:
    try:
        with reading() as database:
            calendar = calendar_settings.get_calendar(database, slug)
            entries.check_content(database, calendar, content)
    except InputError as error:
        return [], errors_by_field(error, "title")
    return renderer().preview(calendar, week, content, code=_posted_code()), {}


def _posted_code() -> str:
    """Return the posted entry's code, used for links in its preview; empty if it is invalid."""
    code = request.form.get("code", "")
    return code if _CODE.fullmatch(code) else ""


@blueprint.post("/uploads")
def upload() -> tuple[str, int]:
    """Store the posted pictures; return the HTML of their rows in the form, or of an error."""
    try:
        rows = [(source, "") for source in _store_uploads()]
    except InputError as error:
        return render_template("entries/_pictures.html", rows=[], error=explain(error)), 422
    return render_template("entries/_pictures.html", rows=rows, error=""), 200
