"""The pages of the week board: show and filter it, move entries, copy or approve a week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.channels import WarningLevel
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import calendar_settings, entries, planning, switch, week_board
from contentsvc.services.approvals import content_to_publish
from contentsvc.services.calendar_files import stamping
from contentsvc.services.calendar_files.exporting import week_entries
from contentsvc.services.operations.health import dispatcher_is_silent
from contentsvc.services.week_board import Card, WeekBoard
from contentsvc.web.board_positions import (
    Position,
    position_of,
    read_position,
    read_rev,
    read_week,
    this_week,
)
from contentsvc.web.current import now, person, reading, usefulness, writing
from contentsvc.web.entries.corrections import show_correction_toast
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain, explain_text
from contentsvc.web.form_errors import error_status, errors_by_field
from contentsvc.web.labels import label
from contentsvc.web.permissions import require, rights
from contentsvc.web.toasts import show_toast

__all__ = ["back_to_board", "blueprint", "describe_position"]

blueprint = Blueprint("boards", __name__)


@dataclass(frozen=True, slots=True)
class Chip:
    """A button in the week board's filter that selects or deselects one channel."""

    name: str
    count: int
    is_on: bool
    #: The URL of the board that a click on this button opens.
    address: str


@blueprint.get("/")
def first() -> Response:
    """Redirect to the board of the calendar opened last, or to the list if there is no calendar."""
    slug = session.get("calendar")
    with reading() as database:
        known = [calendar.slug for calendar in _own_calendars(database)]
    if not known:
        return redirect(url_for("calendars.index"))
    return redirect(url_for("boards.week", slug=slug if slug in known else known[0]))


def _own_calendars(database: Session) -> list[Calendar]:
    return calendar_settings.all_calendars(database, rights().calendar_ids)


@blueprint.get("/calendars/<slug>")
def week(slug: str) -> str:
    """Render the week board of a calendar for the requested week."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        if session.get("calendar") != slug:
            session["calendar"] = slug
        return _page(database, calendar, read_week(request.args.get("week"), calendar.timezone))


def _page(database: Session, calendar: Calendar, iso_week: IsoWeek) -> str:
    """Render the page of the week board, or only the board if an htmx script requests it."""
    board = week_board.week_board(database, calendar, iso_week, now=now())
    chosen_channels = request.values.getlist("channel")
    template = "boards/_board.html" if request.headers.get("HX-Request") else "boards/week.html"
    return render_template(
        template,
        calendar=calendar,
        board=board,
        week=iso_week,
        today=this_week(calendar.timezone),
        chips=_filter_chips(board, chosen_channels, calendar.slug),
        chosen_channels=chosen_channels,
        shows=lambda card: _shows(card, chosen_channels),
        all_calendars=_own_calendars(database),
        new_entry=_new_entry(database, board),
        waiting=_waiting(board),
        nobody_publishes=dispatcher_is_silent(database, now()),
        pause=switch.paused(database),
    )


def _new_entry(database: Session, board: WeekBoard) -> str:
    """Return the address of the form of a new entry in the next free slot of the week shown.

    For a week that has passed, it is that of the present week: nothing is planned on a day gone by.
    """
    present = this_week(board.calendar.timezone)
    if board.week < present:
        board = week_board.week_board(database, board.calendar, present, now=now())
    week, (day, slot) = board.week, board.next_slot() or (None, None)
    if day is None and board.calendar.slots:
        # All slots of this week have passed.
        week = week.plus(1)
    return url_for("entries.new", slug=board.calendar.slug, week=week, day=day, slot=slot)


def _cards(board: WeekBoard) -> list[Card]:
    return [card for row in board.rows for cell in row.cells for card in cell.cards]


def _shows(card: Card, chosen_channels: Sequence[str]) -> bool:
    return not chosen_channels or any(channel.name in chosen_channels for channel in card.channels)


def _waiting(board: WeekBoard) -> int:
    return sum(card.state in {"draft", "in_review"} for card in _cards(board))


def _filter_chips(board: WeekBoard, chosen_channels: list[str], slug: str) -> list[Chip]:
    """Return a filter button for each channel on the board, with its number of entries."""
    counts = Counter(channel.name for card in _cards(board) for channel in card.channels)
    chips = []
    for name, count in sorted(counts.items()):
        others = [other for other in chosen_channels if other != name]
        chosen = others if name in chosen_channels else [*others, name]
        address = url_for("boards.week", slug=slug, week=str(board.week), channel=chosen)
        chips.append(Chip(name, count, name in chosen_channels, address))
    return chips


def back_to_board(entry: Entry) -> Response:
    """Return a redirect to the week board that shows *entry*."""
    address = url_for("boards.week", slug=entry.calendar.slug, week=entry.week)
    return redirect(f"{address}#entry-{entry.id}", code=303)


@blueprint.get("/entries/<int:entry_id>/move")
def ask_move(entry_id: int) -> str:
    """Render the form for moving an entry to another day or time."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
        return _move_form(entry, position_of(entry).values(), {})


def _move_form(entry: Entry, form: dict[str, str], errors: dict[str, str]) -> str:
    whole = not request.headers.get("HX-Request")
    week_now = this_week(entry.calendar.timezone)
    return render_template(
        "boards/move.html" if whole else "boards/_move.html",
        entry=entry,
        calendar=entry.calendar,
        form=form,
        errors=errors,
        weeks=_weeks_to_choose(IsoWeek.parse(entry.week), week_now),
    )


def _weeks_to_choose(own_week: IsoWeek, present: IsoWeek) -> list[IsoWeek]:
    return sorted({own_week, *(present.plus(weeks) for weeks in range(9))})


@blueprint.post("/entries/<int:entry_id>/move")
def move(entry_id: int) -> Response | str | tuple[str, int]:
    """Move an entry to the posted position, offer to undo it, and show the board again."""
    with reading() as database:
        before = entries.get_entry(database, entry_id)
        zone = before.calendar.timezone
        origin = position_of(before)
    try:
        target = read_position(request.form, zone)
        with writing() as database:
            entry = _move(database, entry_id, target)
    except (InputError, ConflictError) as error:
        return _refused(before, error)
    if target != origin:
        show_toast(
            gettext("Moved to %(place)s", place=describe_position(entry, target)),
            undo=url_for("boards.move", entry_id=entry_id),
            undo_values=origin.values() | {"rev": str(entry.rev)},
        )
        show_correction_toast(entry_id)
    if request.headers.get("HX-Request"):
        return _board_again(entry.calendar.slug, entry.week)
    return back_to_board(entry)


def _move(database: Session, entry_id: int, target: Position) -> Entry:
    entry = entries.get_entry(database, entry_id)
    # What is approved goes out at the new time without a review.
    require(database, entries.needed_to_move(entry), entry.calendar_id)
    return entries.move_entry(
        database,
        entry_id,
        read_rev(request.form),
        week=target.week,
        day=target.day,
        slot=target.slot,
        time=target.time,
        by=person(),
        now=now(),
        usefulness=usefulness(),
    )


def describe_position(entry: Entry, position: Position) -> str:
    """Return the day and time of *position* in the calendar of *entry*, such as 周三 20:00."""
    slots = dict(entry.calendar.slots)
    at = position.values()["time"] or str(slots.get(position.slot, ""))
    return f"{label('weekday', position.day)} {at}"


def _refused(entry: Entry, error: InputError) -> Response:
    """Return a response that explains, on the board or in the form, why *entry* was not moved."""
    status = error_status(error)
    is_script = bool(request.headers.get("HX-Request"))
    # After a conflict, the board shows what somebody else has done.
    is_form = "in_dialog" in request.form and not isinstance(error, ConflictError)
    if is_script and not is_form:
        show_toast(explain(error), bad=True)
        return make_response(_board_again(entry.calendar.slug, entry.week), status)
    response = make_response(
        _move_form(entry, dict(request.form), errors_by_field(error, "rev")), status
    )
    if is_script:
        response.headers["HX-Retarget"] = "#dialog-body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _board_again(slug: str, own_week: str) -> str:
    """Render the current board of the week that the person is viewing.

    *own_week*, the week of the moved entry, is used if the form does not name the viewed week.
    """
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        text = request.form.get("board_week") or own_week
        return _page(database, calendar, read_week(text, calendar.timezone))


@blueprint.get("/calendars/<slug>/copy")
def ask_copy(slug: str) -> str:
    """Render a preview of copying a week: the entries to be copied, and those that cannot be."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        source, target = _copied_weeks(calendar)
        return render_template(
            "boards/copy.html",
            calendar=calendar,
            source=source,
            target=target,
            report=stamping.preview_copy(database, calendar, source, target, now=now()),
            titles={entry.key: entry.title for entry in week_entries(database, calendar, source)},
            weeks=[target.plus(-weeks) for weeks in range(1, 9)],
        )


def _copied_weeks(calendar: Calendar) -> tuple[IsoWeek, IsoWeek]:
    target = read_week(request.values.get("week"), calendar.timezone)
    source = request.values.get("source") or str(target.plus(-1))
    return read_week(source, calendar.timezone), target


@blueprint.post("/calendars/<slug>/copy")
def copy_week(slug: str) -> Response:
    """Copy the entries of one week to another as drafts, and redirect to the board."""
    with writing() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        source, target = _copied_weeks(calendar)
        report = stamping.copy_week(database, calendar, source, target, now=now(), by=person())
    copied = len(report.copied)
    show_toast(
        ngettext("%(num)d entry copied as a draft", "%(num)d entries copied as drafts", copied)
    )
    return redirect(url_for("boards.week", slug=slug, week=str(target)), code=303)


@blueprint.post("/calendars/<slug>/approve")
def approve_week(slug: str) -> Response:
    """Approve a week's drafts and entries in review, except those that a check blocks."""
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        iso_week = read_week(request.form.get("week"), calendar.timezone)
        waiting = planning.waiting_in(
            database, calendar, iso_week, now=now(), usefulness=usefulness()
        )
    # Posters are painted before the write transaction, which blocks every other writer.
    blocked = {
        entry.id: reason for entry in waiting if (reason := _blocking_reason(calendar, entry))
    }
    seen = {entry.id: entry.rev for entry in waiting if entry.id not in blocked}
    with writing() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        approved = planning.approve_week(
            database, calendar, iso_week, by=person(), now=now(), usefulness=usefulness(), seen=seen
        )
    show_toast(ngettext("%(num)d entry approved", "%(num)d entries approved", len(approved)))
    for entry in waiting:
        if entry.id in blocked:
            show_toast(
                gettext(
                    "“%(title)s” is not approved: %(reason)s",
                    title=entry.title,
                    reason=blocked[entry.id],
                ),
                bad=True,
                link=url_for("entries.edit", entry_id=entry.id),
                link_text=gettext("Open it"),
            )
    return redirect(url_for("boards.week", slug=slug, week=str(iso_week)), code=303)


def _blocking_reason(calendar: Calendar, entry: Entry) -> str:
    """Return the first warning that keeps *entry* from being approved; empty if there is none."""
    week = IsoWeek.parse(entry.week)
    previews = renderer().preview(calendar, week, content_to_publish(entry), code=entry.code)
    warnings = [warning for preview in previews for warning in preview.warnings]
    blocking = [warning.message for warning in warnings if warning.level is WarningLevel.BLOCK]
    return explain_text(blocking[0]) if blocking else ""
