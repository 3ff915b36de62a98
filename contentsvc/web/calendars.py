"""The list of calendars, and the form for creating and changing a calendar."""

from __future__ import annotations

import re
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
from contentsvc.domain.typed_text import digits, half_width, split_list
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

_TIME_AT_END = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?$")
_TAG_SEPARATOR = ", "
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
            "tags": _TAG_SEPARATOR.join(calendar.community_tags),
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
    slug = calendar.slug if calendar else half_width(form.get("slug", ""))
    try:
        community, slots = _community(form, calendar), _slots(form.get("slots", ""))
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


def _community(form: Mapping[str, str], calendar: Calendar | None) -> Community:
    try:
        kind = CommunityKind(form.get("kind", ""))
    except ValueError as error:
        raise InputError("not-a-choice", field="kind") from error
    tier = 2 if form.get("tier") == "2" else 1
    brand = form.get("brand") or None
    check_brand(runtime().config.asset_folders(), brand)
    return Community(kind, tier, _tags(form.get("tags", ""), calendar), brand)


def _tags(text: str, calendar: Calendar | None) -> tuple[str, ...]:
    """Return the typed tags. Unchanged ones stay, since a tag of a file may contain a separator."""
    if calendar and text == _TAG_SEPARATOR.join(calendar.community_tags):
        return tuple(calendar.community_tags)
    return tuple(dict.fromkeys(split_list(text)))


def _slots(text: str) -> dict[str, time]:
    """Parse slots (named times), one on each line, such as `早安 08:30`; return times by name.

    Raises:
        InputError: a line cannot be read.
    """
    slots: dict[str, time] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, wall = _name_and_time(line)
        if not name or name in slots:
            raise InputError("slot-line-unreadable", line=line, field="slots")
        try:
            slots[name] = parse_time(wall)
        except InputError as error:
            raise InputError(error.message, field="slots") from error
    return slots


def _name_and_time(line: str) -> tuple[str, str]:
    """Return the name and the time of a slot's line; either is empty if the line has none.

    A blank, a comma or a colon divides them, or only the first digit of the time.
    """
    *name, wall = line.rsplit(maxsplit=1)
    if name:
        return name[0], wall
    found = _TIME_AT_END.search(half_width(line))
    return (line[: found.start()].rstrip(",，、:："), line[found.start() :]) if found else ("", "")


def _quiet(text: str) -> QuietHours | None:
    """Parse quiet hours such as `22:00-08:00`; return None if *text* is empty.

    Raises:
        InputError: *text* is not a span of hours.
    """
    if not text.strip():
        return None
    try:
        return QuietHours.parse(text)
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
        columns = half_width(line).replace(",", " ").split()
        limits = [(text, digits(text)) for text in columns[1:]]
        is_quota = len(limits) == 2 and all(  # noqa: PLR2004 - day and month
            text == "-" or count is not None for text, count in limits
        )
        if not is_quota or columns[0] in quotas:
            raise InputError("quota-line-unreadable", line=line, field="quotas")
        (_, day), (_, month) = limits
        quotas[columns[0]] = Quota(day, month)
    return quotas
