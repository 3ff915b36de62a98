"""The list of calendars, and the form for creating and changing a calendar."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from contentsvc.db.models import Calendar
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.roles import Action, Role
from contentsvc.domain.typed_text import half_width
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services import calendar_settings, members
from contentsvc.services.calendar_files import calendar_folder, templates
from contentsvc.services.channel_setup import channels
from contentsvc.services.concerns import ApprovedEntriesError
from contentsvc.web.approvals import posted_answer
from contentsvc.web.board_positions import this_week
from contentsvc.web.calendar_form import read_settings, settings_values
from contentsvc.web.current import now, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.form_errors import error_status, errors_by_field
from contentsvc.web.permissions import rights
from contentsvc.web.poster_choices import brand_choices
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("calendars", __name__)

_DEFAULT_SLOTS = "早安 08:30\n午间 12:00\n晚间 20:00"


@blueprint.get("/calendars/")
def index() -> str:
    """Render the person's calendars and, for admins, the files in the calendars folder."""
    folder = runtime().config.calendars_dir
    with reading() as database:
        present = this_week(runtime().config.timezone.key)
        return render_template(
            "calendars/index.html",
            calendars=calendar_settings.all_calendars(database, rights().calendar_ids),
            files=calendar_folder.list_folder(database, folder) if rights().is_admin else [],
            templates=templates.offered_templates(runtime().registry)
            if rights().may_anywhere(Action.WRITE)
            else [],
            folder=folder,
            weeks=[present.plus(number) for number in range(-1, 9)],
            this_week=present,
            zone=runtime().config.timezone,
        )


@blueprint.route("/new-calendar", methods=["GET", "POST"])
def new() -> Response | tuple[str, int]:
    """Render the form of a new calendar, or create a calendar from the posted form."""
    if request.method == "GET":
        blank = {
            "timezone": runtime().config.timezone.key,
            "slots": _DEFAULT_SLOTS,
            "kind": "benefits",
            "tier": "1",
        }
        return _form(None, MultiDict(blank), {}), 200
    return _save(None)


@blueprint.route("/calendars/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> Response | tuple[str, int]:
    """Render the form of a calendar, or store the posted form and adapt the calendar's entries."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
    if request.method == "GET":
        return _form(calendar, settings_values(calendar), {}), 200
    return _save(calendar)


def _save(calendar: Calendar | None) -> Response | tuple[str, int]:
    form, checks = request.form, InputChecks()
    slug = calendar.slug if calendar else half_width(form.get("slug", ""))
    typed = read_settings(form, calendar, checks)
    try:
        with reading() as database:
            with checks.collect():
                if calendar is None:
                    _refuse_taken(database, slug)
            with checks.collect():
                head = calendar_settings.make_head(
                    database,
                    slug=slug,
                    name=form.get("name", ""),
                    timezone=form.get("timezone", "").strip(),
                    community=typed.community,
                    slots=typed.slots,
                    channels=form.getlist("channels"),
                    pacing=typed.pacing,
                )
        checks.raise_errors()
        with writing() as database:
            if calendar is None:
                # Somebody may have created it since the check above.
                calendar_settings.lock_slug(database, slug)
                _refuse_taken(database, slug)
            calendar_settings.require_channels(database, head.channels)
            stored = calendar_settings.put_calendar(
                database, head, now=now(), usefulness=usefulness(), answer=posted_answer()
            )
            if calendar is None:
                members.set_role(database, current_user.id, stored, Role.MANAGER)
    except ApprovedEntriesError as error:
        return _form(calendar, form, {}, error), 409
    except InputError as error:
        return _form(calendar, form, errors_by_field(error, "name")), error_status(error)
    confirm_draft()
    show_toast(gettext("Saved."))
    return redirect(url_for("boards.week", slug=slug), code=303)


def _refuse_taken(database: Session, slug: str) -> None:
    try:
        calendar_settings.get_calendar(database, slug)
    except NotFoundError:
        return
    raise ConflictError("calendar-slug-taken", field="slug")


def _form(
    calendar: Calendar | None,
    form: MultiDict[str, str],
    errors: dict[str, str],
    question: ApprovedEntriesError | None = None,
) -> str:
    with reading() as database:
        offered = channels.all_channels(database)
    brands = brand_choices()
    # A brand that was removed stays in the list, beside its error, until another is chosen.
    brands.setdefault(form.get("brand", ""), form.get("brand", ""))
    return render_template(
        "calendars/edit.html",
        calendar=calendar,
        form=form,
        errors=errors,
        question=question,
        offered=offered,
        brands=sorted(brands.items()),
    )
