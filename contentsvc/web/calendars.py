"""The list of calendars, and the form for creating and changing a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from contentsvc.db.models import Calendar
from contentsvc.domain.calendars import Community
from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.quotas import Pacing, QuietHours, Quota
from contentsvc.domain.walltime import parse_time
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services import calendar_settings
from contentsvc.services.calendar_files import calendar_folder, templates
from contentsvc.services.channel_setup import channels
from contentsvc.services.concerns import ApprovedEntriesError
from contentsvc.services.rendering.branding import check_brand
from contentsvc.web.approvals import posted_answer
from contentsvc.web.board_positions import this_week
from contentsvc.web.current import now, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import brand_choices
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("calendars", __name__)

_DEFAULT_SLOTS = "早安 08:30\n午间 12:00\n晚间 20:00"


@blueprint.get("/calendars/")
def index() -> str:
    """Render the list of calendars and of the files in the calendars folder."""
    folder = runtime().config.calendars_dir
    with reading() as database:
        present = this_week(runtime().config.timezone.key)
        return render_template(
            "calendars/index.html",
            calendars=calendar_settings.all_calendars(database),
            files=calendar_folder.list_folder(database, folder),
            templates=templates.offered_templates(runtime().registry),
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
        return _form(calendar, _values(calendar), {}), 200
    return _save(calendar)


def _values(calendar: Calendar) -> MultiDict[str, str]:
    values: MultiDict[str, str] = MultiDict(
        {
            "slug": calendar.slug,
            "name": calendar.name,
            "timezone": calendar.timezone,
            "kind": calendar.community_kind,
            "tier": str(calendar.community_tier),
            "tags": ", ".join(calendar.community_tags),
            "slots": "\n".join(f"{name} {wall}" for name, wall in calendar.slots),
            "brand": calendar.brand or "",
            "quiet": calendar.quiet or "",
            "quotas": "\n".join(
                f"{name} {_format_limit(quota['day'])} {_format_limit(quota['month'])}"
                for name, quota in calendar.quotas.items()
            ),
        }
    )
    values.setlist("channels", list(calendar.channels))
    return values


def _save(calendar: Calendar | None) -> Response | tuple[str, int]:
    form = request.form
    slug = calendar.slug if calendar else form.get("slug", "").strip()
    try:
        community, slots = _community(form), _slots(form.get("slots", ""))
        pacing = Pacing(_quiet(form.get("quiet", "")), _quotas(form.get("quotas", "")))
        with writing() as database:
            if calendar is None:
                _refuse_taken(database, slug)
            head = calendar_settings.make_head(
                database,
                slug=slug,
                name=form.get("name", ""),
                timezone=form.get("timezone", "").strip(),
                community=community,
                slots=slots,
                channels=form.getlist("channels"),
                pacing=pacing,
            )
            calendar_settings.put_calendar(
                database, head, now=now(), usefulness=usefulness(), answer=posted_answer()
            )
    except ApprovedEntriesError as error:
        return _form(calendar, form, {}, error), 409
    except InputError as error:
        status = 409 if isinstance(error, ConflictError) else 422
        return _form(calendar, form, {error.field or "name": explain(error)}), status
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


def _community(form: Mapping[str, str]) -> Community:
    try:
        kind = CommunityKind(form.get("kind", ""))
    except ValueError as error:
        raise InputError("not-a-choice", field="kind") from error
    tags = form.get("tags", "").replace("，", ",").split(",")
    tier = 2 if form.get("tier") == "2" else 1
    brand = form.get("brand") or None
    check_brand(runtime().config.asset_folders(), brand)
    return Community(kind, tier, tuple(tag.strip() for tag in tags if tag.strip()), brand)


def _slots(text: str) -> dict[str, time]:
    """Parse slots (named times), one on each line, such as `早安 08:30`; return times by name.

    Raises:
        InputError: a line cannot be read.
    """
    slots: dict[str, time] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, wall = line.rpartition(" ")
        name = name.strip()
        if not name or name in slots:
            raise InputError("slot-line-unreadable", line=line, field="slots")
        try:
            slots[name] = parse_time(wall)
        except InputError as error:
            raise InputError(error.message, field="slots") from error
    return slots


def _quiet(text: str) -> QuietHours | None:
    """Parse quiet hours such as `22:00-08:00`; return None if *text* is empty.

    Raises:
        InputError: *text* is not a span of hours.
    """
    if not text.strip():
        return None
    try:
        return QuietHours.parse(text.strip().replace("–", "-"))
    except InputError as error:
        raise InputError(error.message, field="quiet") from error


def _format_limit(count: int | None) -> str:
    return "-" if count is None else str(count)


def _quotas(text: str) -> dict[str, Quota]:
    """Parse lines such as `benefits-group 3 60`: a channel, and its most posts a day and a month.

    Return the quotas by channel name.

    A hyphen stands for no limit.

    Raises:
        InputError: a line cannot be read.
    """
    quotas: dict[str, Quota] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        columns = line.split()
        counts = [None if column == "-" else column for column in columns[1:]]
        is_quota = len(columns) == 3 and all(count is None or count.isdecimal() for count in counts)  # noqa: PLR2004 - name, day, month
        if not is_quota or columns[0] in quotas:
            raise InputError("quota-line-unreadable", line=line, field="quotas")
        day, month = (int(count) if count else None for count in counts)
        quotas[columns[0]] = Quota(day, month)
    return quotas
