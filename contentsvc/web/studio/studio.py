"""The poster studio: a template chosen by its picture, filled in, seen, downloaded or planned."""

from __future__ import annotations

import io
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
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import ConflictError, InputError, NotFoundError, RenderError
from contentsvc.posters import Template, TemplateError
from contentsvc.services import calendar_settings, entries, uploads
from contentsvc.services.rendering.branding import check_brand, list_brands
from contentsvc.services.rendering.studio import FORMATS, file_name
from contentsvc.web.board_places import read_rev, this_week
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.explaining import explain
from contentsvc.web.studio.poster_fields import poster_inputs, poster_values
from contentsvc.web.studio.sketching import Shown, beside, blame, poster_remarks, sketched, studio
from contentsvc.web.studio.studio_form import (
    StudioForm,
    blank_form,
    first_words,
    form_of_entry,
    posted_form,
    read_entry,
)
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("studio", __name__)

#: What is named by its content's hash never changes.
_FOREVER = "private, max-age=31536000, immutable"
#: The sizes that ship, by what people call them.
_RATIOS = {"9x16": "9:16", "3x4": "3:4", "1x1": "1:1", "cover": "2.35:1", "wide": "16:9"}
_UPLOAD = "poster-upload."


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    return {"poster_inputs": poster_inputs, "poster_remarks": poster_remarks, "ratios": _RATIOS}


@blueprint.get("/posters/<name>")
def edit(name: str) -> Response | tuple[str, int]:
    """Show a template's form with the poster beside it."""
    try:
        template = _template(name)
    except TemplateError as error:
        return _broken(error)
    entry = _entry(request.args.get("entry"))
    if entry is None:
        form = blank_form(template, request.args)
    else:
        form = form_of_entry(template, entry, request.args)
    shown = replace(sketched(form), message="", status=200)
    # Nobody is told on arrival that nothing is filled in yet.
    return _page(form, shown if entry else replace(shown, remarks={}))


@blueprint.post("/posters/<name>")
def render(name: str) -> Response | tuple[str, int]:
    """Show the poster that the form says, for a browser without scripts."""
    form, refused = _posted(name)
    return _page(form, refused or sketched(form))


@blueprint.post("/posters/<name>/sketch")
def sketch(name: str) -> Response:
    """Answer the poster that the form says, and what is to be said of each field."""
    form, refused = _posted(name)
    shown = refused or sketched(form)
    response = make_response(render_template("posters/_sketch.html", form=form, shown=shown))
    if shown.sketch is None:
        # The last good picture stays where it is.
        response.headers["HX-Reswap"] = "none"
    return response


@blueprint.post("/posters/<name>/file")
def download(name: str) -> Response | tuple[str, int]:
    """Answer the poster as a file, or every size of it in one ZIP."""
    form, refused = _posted(name)
    if refused:
        return _page(form, refused)
    try:
        order = form.file_order()
        if request.form.get("action") == "all":
            return _bundle(form)
        kept = studio().finish(order)
    except (RenderError, InputError) as error:
        return _page(form, beside(sketched(form), blame(form.template, error)))
    return send_file(
        io.BytesIO(kept.encoded.data),
        mimetype=kept.encoded.media_type,
        as_attachment=True,
        download_name=file_name(order, first_words(form)),
    )


def _bundle(form: StudioForm) -> Response:
    order, words = form.file_order(), first_words(form)
    orders = [replace(order, size=size) for size in form.template.sizes]
    content = studio().bundle([(file_name(each, words), each) for each in orders])
    name = file_name(replace(order, size=""), words).rpartition(".")[0]
    return send_file(io.BytesIO(content), as_attachment=True, download_name=f"{name}.zip")


@blueprint.post("/posters/<name>/entry")
def save(name: str) -> Response | tuple[str, int]:
    """Make a draft entry with this poster; what cannot be saved stays in the form."""
    form, refused = _posted(name)
    if refused:
        return _page(form, refused)
    try:
        with writing() as database:
            calendar = _chosen_calendar(database, form)
            week, content = read_entry(form, calendar.timezone)
            entry = entries.create_entry(database, calendar, week, content, by=person(), now=now())
    except (InputError, RenderError) as error:
        return _page(form, beside(sketched(form), blame(form.template, error)))
    show_toast(gettext("Saved as a draft of %(calendar)s.", calendar=calendar.name))
    return redirect(url_for("entries.edit", entry_id=entry.id), code=303)


def _chosen_calendar(database: Session, form: StudioForm) -> Calendar:
    slug = form["place"].partition("|")[0]
    if not slug:
        raise InputError(gettext("Choose a calendar and a slot."), field="place")
    return calendar_settings.get_calendar(database, slug)


@blueprint.post("/posters/<name>/use")
def use(name: str) -> Response | tuple[str, int]:
    """Give the entry that the poster came from this poster."""
    form, refused = _posted(name)
    if refused:
        return _page(form, refused)
    if form.entry is None:
        raise NotFoundError("there is no entry; it may have been deleted")
    try:
        with writing() as database:
            current = entries.get_entry(database, form.entry.id)
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
                review_on_edit=runtime().config.review_on_edit,
            )
    except ConflictError as error:
        # Using it again replaces what somebody else saved, knowingly.
        again = replace(form, values={**form.values, "rev": str(form.entry.rev)})
        return _page(again, replace(sketched(form), message=explain(error), status=409))
    except InputError as error:
        return _page(form, beside(sketched(form), blame(form.template, error)))
    show_toast(gettext("The entry has this poster now."))
    return redirect(url_for("entries.edit", entry_id=form.entry.id), code=303)


@blueprint.get("/posters/<name>/picture")
def picture(name: str) -> Response:
    """Answer a template's small picture in a brand."""
    kept = studio().thumbnail(_template(name), request.args.get("brand") or None)
    response = make_response(kept.encoded.data)
    response.content_type = kept.encoded.media_type
    response.headers["Cache-Control"] = _FOREVER if request.args.get("v") else "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _template(name: str) -> Template:
    """Return a template; NotFoundError where there is none, TemplateError where it is broken."""
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
        return entries.get_entry(database, int(text[:18]))


def _posted(name: str) -> tuple[StudioForm, Shown | None]:
    """Return the form as it was sent, and what is wrong with the pictures that came with it."""
    template = _template(name)
    form = posted_form(template, request.form, _entry(request.form.get("entry")))
    try:
        check_brand(runtime().config.asset_folders(), form["brand"] or None)
        kept = _keep_uploads(template)
    except InputError as error:
        return form, beside(
            sketched(replace(form, values={**form.values, "brand": ""})), blame(template, error)
        )
    return replace(form, poster={**form.poster, **kept}), None


def _keep_uploads(template: Template) -> dict[str, str]:
    """Keep the pictures that came with the form itself; return their references by field."""
    found: dict[str, str] = {}
    for key, file in request.files.items():
        name = key.removeprefix(_UPLOAD)
        if not file.filename or not key.startswith(_UPLOAD) or name not in template.fields:
            continue
        try:
            with writing() as database:
                upload = uploads.keep_upload(
                    database,
                    runtime().storage,
                    name=file.filename,
                    content=file.read(),
                    now=now(),
                )
        except InputError as error:
            raise InputError(error.message, field=name) from error
        found[name] = f"sha256:{upload.hash}"
    return found


def _broken(error: TemplateError) -> tuple[str, int]:
    page = render_template("posters/broken.html", file=error.file, problems=error.problems)
    return page, 422


def _page(form: StudioForm, shown: Shown) -> tuple[str, int]:
    with reading() as database:
        rows = calendar_settings.all_calendars(database)
    brands = {"": str(gettext("The usual one")), **list_brands(runtime().config.asset_folders())}
    zone = runtime().config.timezone.key
    page = render_template(
        "posters/studio.html",
        form=form,
        template=form.template,
        shown=shown,
        calendars=rows,
        brands=brands,
        formats=FORMATS,
        week=form["week"] or str(this_week(zone)),
        day=form["day"] or _tomorrow(),
        first_words=first_words(form),
    )
    return page, shown.status


def _tomorrow() -> str:
    day = now().astimezone(runtime().config.timezone).date() + timedelta(days=1)
    return Weekday.of(day).value
