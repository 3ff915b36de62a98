"""The poster studio's pages: fill in a template, see the poster, download it or plan an entry."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.entries import EntryKind, PosterSpec
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.roles import Action
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import ConflictError, InputError, NotFoundError, RenderError
from contentsvc.posters import Template, TemplateError
from contentsvc.services import calendar_settings, entries, uploads
from contentsvc.services.rendering.branding import check_brand
from contentsvc.services.rendering.studio import FORMATS, file_name
from contentsvc.web.board_positions import read_rev, this_week
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain
from contentsvc.web.permissions import may, require, rights
from contentsvc.web.poster_choices import brand_choices
from contentsvc.web.studio.poster_fields import poster_inputs, poster_values
from contentsvc.web.studio.sketching import (
    StudioView,
    error_view,
    left_out_notes,
    poster_notes,
    sketch_view,
    studio,
    with_sketch_of,
)
from contentsvc.web.studio.studio_form import (
    StudioForm,
    blank_form,
    form_of_entry,
    posted_form,
    poster_title,
    read_entry,
)
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("studio", __name__)

#: Files that are addressed by the hash of their content never change.
_FOREVER = "private, max-age=31536000, immutable"
#: Labels of the built-in sizes.
_RATIOS = {"9x16": "9:16", "3x4": "3:4", "1x1": "1:1", "cover": "2.35:1", "wide": "16:9"}
_UPLOAD = "poster-upload."


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    return {"poster_inputs": poster_inputs, "poster_notes": poster_notes, "ratios": _RATIOS}


@blueprint.get("/posters/<name>")
def edit(name: str) -> Response | tuple[str, int]:
    """Render the studio page of the template *name*: its form and the poster."""
    try:
        template = _template(name)
    except TemplateError as error:
        return _broken(error)
    entry = _entry(request.args.get("entry"))
    if entry is None:
        form = blank_form(template, request.args, _community(request.args))
    else:
        form = form_of_entry(template, entry, request.args)
    view = replace(sketch_view(form), message="", status=200)
    # An empty form shows no errors when it is opened.
    return _page(form, view if entry else replace(view, notes=left_out_notes(form)))


@blueprint.post("/posters/<name>")
def render(name: str) -> Response | tuple[str, int]:
    """Render the studio page with the posted form's poster, for browsers without scripts."""
    form, rejected = _posted(name)
    return _page(form, rejected or sketch_view(form))


@blueprint.post("/posters/<name>/sketch")
def sketch(name: str) -> Response:
    """Return the HTML of a small poster of the posted form, and of notes on its fields."""
    form, rejected = _posted(name)
    view = rejected or sketch_view(form)
    response = make_response(render_template("posters/_sketch.html", form=form, view=view))
    if view.sketch is None:
        # The last good picture stays in the page.
        response.headers["HX-Reswap"] = "none"
    return response


@blueprint.post("/posters/<name>/file")
def download(name: str) -> Response | tuple[str, int]:
    """Return the image file of the posted poster, or a ZIP file with all its sizes."""
    form, rejected = _posted(name)
    if rejected:
        return _page(form, rejected)
    try:
        poster_request = form.file_request()
        if request.form.get("action") == "all":
            return _bundle(form)
        poster = studio().finish(poster_request)
    except (RenderError, InputError) as error:
        return _page(form, _error_view(form, error))
    return send_file(
        io.BytesIO(poster.encoded.data),
        mimetype=poster.encoded.media_type,
        as_attachment=True,
        download_name=file_name(poster_request, poster_title(form)),
    )


def _error_view(form: StudioForm, error: RenderError | InputError) -> StudioView:
    """Return page content with the error of the poster, or of what is done with it."""
    view = error_view(form.template, error, of_poster=isinstance(error, RenderError))
    return with_sketch_of(sketch_view(form), view)


def _bundle(form: StudioForm) -> Response:
    poster_request, title = form.file_request(), poster_title(form)
    poster_requests = [replace(poster_request, size=size) for size in form.template.sizes]
    content = studio().bundle([(file_name(each, title), each) for each in poster_requests])
    name = file_name(replace(poster_request, size=""), title).rpartition(".")[0]
    return send_file(io.BytesIO(content), as_attachment=True, download_name=f"{name}.zip")


@blueprint.post("/posters/<name>/entry")
def save(name: str) -> Response | tuple[str, int]:
    """Create a draft entry with the posted poster, or render the form with the error."""
    form, rejected = _posted(name)
    if rejected:
        return _page(form, rejected)
    checks, zone = InputChecks(), runtime().config.timezone.key
    try:
        with writing() as database:
            with checks.collect():
                calendar = _chosen_calendar(database, form)
                require(database, Action.WRITE, calendar.id)
                zone = calendar.timezone
            with checks.collect():
                week, content = read_entry(form, zone)
            checks.raise_errors()
            entry = entries.create_entry(database, calendar, week, content, by=person(), now=now())
    except (InputError, RenderError) as error:
        return _page(form, _error_view(form, error))
    confirm_draft()
    show_toast(gettext("Saved as a draft of %(calendar)s.", calendar=calendar.name))
    return redirect(url_for("entries.edit", entry_id=entry.id), code=303)


def _chosen_calendar(database: Session, form: StudioForm) -> Calendar:
    slug = form["place"].partition("|")[0]
    if not slug:
        raise InputError("poster-slot-needed", field="place")
    return calendar_settings.get_calendar(database, slug)


@blueprint.post("/posters/<name>/use")
def use(name: str) -> Response | tuple[str, int]:
    """Store the posted poster in the entry from which the studio was opened, and redirect to it."""
    form, rejected = _posted(name)
    if rejected:
        return _page(form, rejected)
    if form.entry is None:
        raise NotFoundError("studio-entry-missing")
    try:
        with writing() as database:
            current = entries.get_entry(database, form.entry.id)
            review_on_edit = runtime().config.review_on_edit
            needed = entries.needed_to_change(current, review_on_edit=review_on_edit)
            require(database, needed, current.calendar_id)
            content = content_of(current)
            fields = poster_values(form.poster, form.template)
            changed = replace(
                content,
                kind=EntryKind.POSTER if content.kind is EntryKind.POST else content.kind,
                poster=PosterSpec(form.template.id, fields),
            )
            entries.change_entry(
                database,
                current.id,
                read_rev(form.values),
                changed,
                by=person(),
                now=now(),
                usefulness=usefulness(),
                review_on_edit=review_on_edit,
            )
    except ConflictError as error:
        # Pressing the button again overwrites what somebody else saved.
        again = replace(form, values={**form.values, "rev": str(form.entry.rev)})
        return _page(again, replace(sketch_view(form), message=explain(error), status=409))
    except InputError as error:
        return _page(form, _error_view(form, error))
    confirm_draft()
    show_toast(gettext("The entry now has this poster."))
    return redirect(url_for("entries.edit", entry_id=form.entry.id), code=303)


@blueprint.get("/posters/<name>/picture")
def picture(name: str) -> Response:
    """Return the thumbnail image of the template *name*, in the requested brand."""
    thumbnail = studio().thumbnail(_template(name), request.args.get("brand") or None)
    response = make_response(thumbnail.encoded.data)
    response.content_type = thumbnail.encoded.media_type
    response.headers["Cache-Control"] = _FOREVER if request.args.get("v") else "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _template(name: str) -> Template:
    """Return the poster template *name*.

    Raises:
        NotFoundError: there is no such template.
        TemplateError: the template is broken.
    """
    try:
        return studio().painter.template(name)
    except TemplateError:
        raise
    except RenderError as error:
        raise NotFoundError(error.message) from error


def _entry(text: str | None) -> Entry | None:
    if not text or not text.isdecimal():
        return None
    with reading() as database:
        entry = entries.get_entry(database, int(text[:18]))
        require(database, Action.READ, entry.calendar_id)
    return entry


def _community(values: Mapping[str, str]) -> str:
    """Return the name of the calendar to which the form would save a new poster.

    The form offers all calendars, and the first of them is chosen until a person chooses another.
    Return an empty name if there is no calendar.
    """
    slug = values.get("place", "").partition("|")[0]
    with reading() as database:
        calendars = calendar_settings.all_calendars(database, rights().calendar_ids)
    names = {each.slug: each.name for each in calendars}
    return names.get(slug) or next(iter(names.values()), "")


def _posted(name: str) -> tuple[StudioForm, StudioView | None]:
    """Return the posted form, and page content with the error if brand or pictures are invalid."""
    template = _template(name)
    entry = _entry(request.form.get("entry"))
    community = entry.calendar.name if entry else _community(request.form)
    form = posted_form(template, request.form, entry, community)
    try:
        check_brand(runtime().config.asset_folders(), form["brand"] or None)
        references = _store_uploads(template)
    except InputError as error:
        return form, with_sketch_of(
            sketch_view(replace(form, values={**form.values, "brand": ""})),
            error_view(template, error),
        )
    return replace(form, poster={**form.poster, **references}), None


def _store_uploads(template: Template) -> dict[str, str]:
    """Store the posted pictures; return their references (`sha256:…`) by template field."""
    posted = {
        key.removeprefix(_UPLOAD): file
        for key, file in request.files.items()
        if file.filename and key.startswith(_UPLOAD)
    }
    pictures = [
        uploads.UploadedPicture(file.filename or "", file.read(), field=name)
        for name, file in posted.items()
        if name in template.fields
    ]
    parts = runtime()
    references = uploads.store_uploads(parts.database, parts.storage, pictures, now=now())
    return dict(zip((picture.field for picture in pictures), references, strict=True))


def _broken(error: TemplateError) -> tuple[str, int]:
    page = render_template("posters/broken.html", file=error.file, problems=error.problems)
    return page, 422


def _page(form: StudioForm, view: StudioView) -> tuple[str, int]:
    with reading() as database:
        calendars = calendar_settings.all_calendars(database, rights().calendar_ids)
    zone = runtime().config.timezone.key
    page = render_template(
        "posters/studio.html",
        form=form,
        template=form.template,
        view=view,
        calendars=[row for row in calendars if may(Action.WRITE, row)],
        brands=brand_choices(),
        formats=FORMATS,
        week=form["week"] or str(this_week(zone)),
        day=form["day"] or _tomorrow(),
        poster_title=poster_title(form),
    )
    return page, view.status


def _tomorrow() -> str:
    day = now().astimezone(runtime().config.timezone).date() + timedelta(days=1)
    return Weekday.of(day).value
