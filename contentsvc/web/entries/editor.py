"""The entry form: made and changed without losing a word; and its live preview."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import booking, calendar_settings, entries, uploads
from contentsvc.services.channel_setup import channels
from contentsvc.services.corrections import correcting
from contentsvc.services.rendering.renderer import Preview
from contentsvc.web.board_places import read_rev, read_week
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.entries.comparing import differences
from contentsvc.web.entries.corrections import correcting_of, tell_offer
from contentsvc.web.entries.entry_form import EntryForm, blank_form, form_of, posted_form, read_form
from contentsvc.web.entries.notice_form import NoticeFields, notice_fields, notice_when, typed_chain
from contentsvc.web.entries.previews import renderer
from contentsvc.web.entries.steps import act_on
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import choose_template, offered_templates
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("entries", __name__)

_CODE = re.compile(r"[0-9a-f]{12}")

blueprint.add_app_template_filter(notice_when)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the entry page shows beside the form."""

    entry: Entry | None = None
    errors: dict[str, str] = field(default_factory=dict)
    #: What somebody else saved meanwhile: (label, theirs, yours).
    theirs: list[tuple[str, str, str]] = field(default_factory=list)
    message: str = ""
    status: int = 200


@blueprint.route("/calendars/<slug>/entries/new", methods=["GET", "POST"])
def new(slug: str) -> Response | tuple[str, int]:
    """Make an entry."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
    week = read_week(request.args.get("week"), calendar.timezone)
    if request.method == "GET":
        return _page(calendar, blank_form(calendar, week, request.args), Shown())
    form, refused = _with_uploads(posted_form(request.form, str(week)))
    target, content, errors = _read(form, calendar)
    errors |= refused
    if errors or target is None:
        return _page(calendar, form, Shown(errors=errors, status=422))
    try:
        with writing() as database:
            calendar = calendar_settings.get_calendar(database, slug)
            entry = entries.create_entry(
                database, calendar, target, content, by=person(), now=now()
            )
    except InputError as error:
        return _page(calendar, form, _faulty(error))
    return _after_saving(entry.id, entry.rev)


@blueprint.route("/entries/<int:entry_id>", methods=["GET", "POST"])
def edit(entry_id: int) -> Response | tuple[str, int]:
    """Show an entry and change it; text that cannot be saved stays in the form."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
    if request.method == "GET":
        return _page(entry.calendar, form_of(entry), Shown(entry=entry))
    form, refused = _with_uploads(posted_form(request.form, entry.week))
    target, content, errors = _read(form, entry.calendar)
    errors |= refused
    if errors or target is None:
        return _page(entry.calendar, form, Shown(entry=entry, errors=errors, status=422))
    try:
        with writing() as database:
            saved = _change(database, entry_id, target, content)
    except ConflictError as error:
        return _page(entry.calendar, form, _conflict(entry_id, form, error))
    except InputError as error:
        return _page(entry.calendar, form, replace(_faulty(error), entry=entry))
    return _after_saving(saved.id, saved.rev)


def _read(
    form: EntryForm, calendar: Calendar
) -> tuple[IsoWeek | None, EntryContent, dict[str, str]]:
    return read_form(form, calendar, choose_template(form["poster.template"]))


def _change(database: Session, entry_id: int, week: IsoWeek, content: EntryContent) -> Entry:
    return entries.change_entry(
        database,
        entry_id,
        read_rev(request.form),
        content,
        week=week,
        by=person(),
        now=now(),
        usefulness=usefulness(),
        review_on_edit=runtime().config.review_on_edit,
    )


def _with_uploads(form: EntryForm) -> tuple[EntryForm, dict[str, str]]:
    """Keep the pictures that came with the form itself, where no script sent them before."""
    try:
        kept = _keep_uploads()
    except InputError as error:
        return form, {"pictures": explain(error)}
    return replace(form, pictures=(*form.pictures, *((source, "") for source in kept))), {}


def _keep_uploads() -> list[str]:
    """Keep every picture of this request, or none; return their references."""
    contents = [
        (file.filename, file.read()) for file in request.files.getlist("upload") if file.filename
    ]
    if not contents:
        return []
    with writing() as database:
        kept = [
            uploads.keep_upload(database, runtime().storage, name=name, content=content, now=now())
            for name, content in contents
        ]
        return [f"sha256:{upload.hash}" for upload in kept]


def _faulty(error: InputError) -> Shown:
    words = explain(error)
    return Shown(errors={error.field: words} if error.field else {}, message=words, status=422)


def _conflict(entry_id: int, form: EntryForm, error: ConflictError) -> Shown:
    """Show what stands now beside what was typed; saving again is then a choice."""
    with reading() as database:
        current = entries.get_entry(database, entry_id)
    return Shown(
        entry=current,
        theirs=differences(form_of(current), form),
        message=explain(error),
        status=409,
    )


def _after_saving(entry_id: int, rev: int) -> Response:
    """Do what the pressed button asks beyond saving; what was typed is saved whatever comes."""
    action = request.form.get("action", "save")
    if action in {"approve", "submit"}:
        return act_on(entry_id, rev, action)
    show_toast(gettext("Saved."))
    tell_offer(entry_id)
    return redirect(url_for("entries.edit", entry_id=entry_id), code=303)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A livestream's public page, as the entry's page links to it."""

    #: From the server's root.
    path: str
    #: Whether notices lead there.
    is_reachable: bool


def _public(entry: Entry) -> PublicPage | None:
    """Return the page of a livestream that was approved once, on a site that shows one."""
    with reading() as database:
        address = booking.public_page(runtime(), database, entry)
    if not address:
        return None
    return PublicPage(urlsplit(address).path, runtime().config.has_public_url)


def _told_otherwise(entry: Entry) -> tuple[str, ...]:
    with reading() as database:
        return correcting.channels_to_correct(database, entry.id, now())


def _page(calendar: Calendar, form: EntryForm, shown: Shown) -> tuple[str, int]:
    with reading() as database:
        offered = channels.all_channels(database)
    entry = shown.entry
    page = render_template(
        "entries/edit.html",
        calendar=calendar,
        form=form,
        shown=shown,
        entry=entry,
        errors=shown.errors,
        offered=offered,
        templates=offered_templates(),
        notices=_notices(form),
        correcting=correcting_of(entry.id) if entry else None,
        public=_public(entry) if entry else None,
        told_otherwise=_told_otherwise(entry) if entry else (),
        template=choose_template(form["poster.template"]),
        deliveries=sorted(entry.deliveries, key=lambda row: row.due_at) if entry else [],
    )
    return page, shown.status


@blueprint.get("/poster-fields")
def poster_fields() -> str:
    """Answer the fields of a poster template, filled with what stands in the form already."""
    template = choose_template(request.args.get("poster.template", ""))
    form = posted_form(request.args, "")
    return render_template("entries/_poster_fields.html", template=template, form=form, errors={})


@blueprint.get("/notice-fields")
def notices() -> str:
    """Answer the fields of the notices whose distances stand in the form."""
    form = posted_form(request.args, "")
    return render_template("entries/_notices.html", notices=_notices(form), form=form, errors={})


def _notices(form: EntryForm) -> list[NoticeFields]:
    template = choose_template(form["poster.template"])
    return notice_fields(form.values, typed_chain(form["notices"]), template)


@blueprint.post("/calendars/<slug>/preview")
def preview(slug: str) -> str:
    """Render what the form says for each channel; nothing of the entry is saved."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
    form = posted_form(request.form, "")
    week, content, errors = _read(form, calendar)
    made: list[Preview] = []
    if week is not None and not errors:
        content = replace(content, key=request.form.get("key") or "new")
        made, errors = _make_previews(slug, week, content)
    return render_template("entries/_preview.html", calendar=calendar, previews=made, errors=errors)


def _make_previews(
    slug: str, week: IsoWeek, content: EntryContent
) -> tuple[list[Preview], dict[str, str]]:
    try:
        with reading() as database:
            calendar = calendar_settings.get_calendar(database, slug)
            entries.check_content(database, calendar, content)
    except InputError as error:
        return [], {error.field or "title": explain(error)}
    return renderer().preview(calendar, week, content, code=_posted_code()), {}


def _posted_code() -> str:
    """Return the code that the form carries, with which the preview's links are the real ones."""
    code = request.form.get("code", "")
    return code if _CODE.fullmatch(code) else ""


@blueprint.post("/uploads")
def upload() -> tuple[str, int]:
    """Keep pictures and answer their rows for the form."""
    try:
        rows = [(source, "") for source in _keep_uploads()]
    except InputError as error:
        return render_template("entries/_pictures.html", rows=[], error=explain(error)), 422
    return render_template("entries/_pictures.html", rows=rows, error=""), 200
