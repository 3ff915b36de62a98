"""Views for actions on an entry: approve, submit, return, cancel, duplicate, delete, restore."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.channels import RenditionWarning
from contentsvc.db.models import Entry
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.roles import Action
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services import entries, planning
from contentsvc.services.approvals import content_to_publish, still_to_go_out
from contentsvc.web.board_positions import position_of, read_position, read_rev
from contentsvc.web.boards import back_to_board
from contentsvc.web.current import now, person, reading, usefulness, writing
from contentsvc.web.entries.corrections import show_correction_toast
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain
from contentsvc.web.permissions import may, require
from contentsvc.web.toasts import show_toast

__all__ = ["act_on", "blueprint", "show_saved_toast"]

blueprint = Blueprint("steps", __name__)


@blueprint.post("/entries/<int:entry_id>/<any(approve,submit,return,cancel,'take-back'):action>")
def act(entry_id: int, action: str) -> Response:
    """Approve, submit, return, cancel or take back an entry, as *action* says, and redirect."""
    return act_on(entry_id, read_rev(request.form), action)


def act_on(entry_id: int, rev: int, action: str) -> Response:
    """Do the step *action* with an entry if its revision is *rev*; return a redirect.

    The steps are `approve`, `submit`, `return`, `cancel` and `take-back`.
    """
    # Posters are painted before the write transaction, which blocks every other writer.
    warnings = _warnings_of(entry_id) if action == "approve" else []
    steps: dict[str, Callable[[Session, int, int], Entry]] = {
        "approve": lambda database, number, seen: planning.approve_entry(
            database,
            number,
            seen,
            by=person(),
            now=now(),
            usefulness=usefulness(),
            warnings=warnings,
        ),
        "submit": lambda database, number, seen: entries.submit_entry(
            database, number, seen, by=person(), now=now()
        ),
        "return": lambda database, number, seen: entries.return_entry(
            database, number, seen, by=person(), now=now(), usefulness=usefulness()
        ),
        "cancel": lambda database, number, seen: entries.cancel_entry(
            database, number, seen, by=person(), now=now(), usefulness=usefulness()
        ),
        "take-back": lambda database, number, seen: entries.take_back_entry(
            database, number, seen, by=person(), now=now(), usefulness=usefulness()
        ),
    }
    done = {
        "approve": gettext("Approved. It will be published as scheduled."),
        "submit": gettext("Submitted for review."),
        "return": gettext("It is back to draft."),
        "cancel": gettext("Cancelled. Nothing more will be published."),
        "take-back": gettext("Taken back. Nothing is published until it is approved again."),
    }
    try:
        with writing() as database:
            entry = steps[action](database, entry_id, rev)
    except InputError as error:
        show_toast(explain(error), bad=True)
        return redirect(url_for("entries.edit", entry_id=entry_id), code=303)
    show_toast(done[action])
    if action in {"approve", "cancel"}:
        show_correction_toast(entry_id)
    if request.form.get("back") == "board":
        return back_to_board(entry)
    return redirect(url_for("entries.edit", entry_id=entry_id), code=303)


def show_saved_toast(entry_id: int) -> None:
    """Show a toast that an entry is saved, and whether its approved version still goes out."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
        going_out = still_to_go_out(entry)
    if entry.status is EntryStatus.IN_REVIEW and going_out:
        _show_going_out(
            entry,
            ngettext(
                "Saved for review. %(num)d delivery of the approved version still goes out.",
                "Saved for review. %(num)d deliveries of the approved version still go out.",
                going_out,
            ),
        )
    else:
        show_toast(gettext("Saved."))


def _show_going_out(entry: Entry, message: str) -> None:
    """Show *message* as a toast that offers to take the approved version back, to who may."""
    if not may(Action.APPROVE, entry.calendar):
        show_toast(message)
        return
    show_toast(
        message,
        undo=url_for("steps.act", entry_id=entry.id, action="take-back"),
        undo_values={"rev": str(entry.rev)},
        undo_label=gettext("Take it back instead"),
    )


def _warnings_of(entry_id: int) -> list[RenditionWarning]:
    """Return the warnings about the posts that the channels of an entry would publish."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
    week, content = IsoWeek.parse(entry.week), content_to_publish(entry)
    previews = renderer().preview(entry.calendar, week, content, code=entry.code)
    return [warning for preview in previews for warning in preview.warnings]


@blueprint.post("/entries/<int:entry_id>/duplicate")
def duplicate(entry_id: int) -> Response:
    """Create a draft copy of an entry, at its own or the posted position; redirect to the board."""
    with writing() as database:
        source = entries.get_entry(database, entry_id)
        zone = source.calendar.timezone
        position = (
            read_position(request.form, zone) if request.form.get("day") else position_of(source)
        )
        copy = entries.duplicate_entry(
            database,
            entry_id,
            week=position.week,
            day=position.day,
            slot=position.slot,
            time=position.time,
            by=person(),
            now=now(),
        )
        values = {"rev": str(copy.rev)}
    show_toast(
        gettext("Duplicated as a draft."),
        undo=url_for("steps.delete", entry_id=copy.id),
        undo_values=values,
    )
    return back_to_board(copy)


@blueprint.post("/entries/<int:entry_id>/delete")
def delete(entry_id: int) -> Response:
    """Delete an entry, offer to undo it, and redirect to the week board."""
    with writing() as database:
        present = entries.get_entry(database, entry_id)
        require(database, entries.needed_to_remove(present), present.calendar_id)
        entry = entries.delete_entry(
            database,
            entry_id,
            read_rev(request.form),
            by=person(),
            now=now(),
            usefulness=usefulness(),
        )
    show_toast(
        gettext("“%(title)s” is deleted.", title=entry.title),
        undo=url_for("steps.restore", entry_id=entry_id),
    )
    show_correction_toast(entry_id)
    return redirect(url_for("boards.week", slug=entry.calendar.slug, week=entry.week), code=303)


@blueprint.post("/entries/<int:entry_id>/restore")
def restore(entry_id: int) -> Response:
    """Restore a deleted entry and redirect to the week board."""
    with writing() as database:
        deleted = entries.get_entry(database, entry_id, deleted=True)
        require(database, entries.needed_to_remove(deleted), deleted.calendar_id)
        entries.restore_entry(database, entry_id, by=person(), now=now(), usefulness=usefulness())
        entry = entries.get_entry(database, entry_id)
        going_out = still_to_go_out(entry)
    if going_out:
        message = gettext("“%(title)s” is restored and goes out as approved.", title=entry.title)
        _show_going_out(entry, message)
    elif entry.status is EntryStatus.IN_REVIEW:
        show_toast(gettext("“%(title)s” is restored and waits for review.", title=entry.title))
    else:
        show_toast(gettext("“%(title)s” is restored.", title=entry.title))
    return back_to_board(entry)
