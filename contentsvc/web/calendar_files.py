"""Import calendar files (YAML) from a folder or an upload, and export weeks to files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from contentsvc.domain.calendar_files import read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.roles import Role
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, ConflictError, InputError
from contentsvc.messages import Message
from contentsvc.services import calendar_settings, members
from contentsvc.services.calendar_files import calendar_folder, import_rights, templates
from contentsvc.services.calendar_files.exporting import export_text
from contentsvc.services.calendar_files.importing import (
    ImportChoices,
    ImportReport,
    import_calendar,
)
from contentsvc.services.calendar_files.stamping import stamp
from contentsvc.services.concerns import ApprovedEntriesError
from contentsvc.services.rendering.branding import require_brand
from contentsvc.services.rendering.file_checks import refuse_blocked
from contentsvc.web.approvals import ask_about, posted_answer
from contentsvc.web.board_positions import read_week, this_week
from contentsvc.web.current import now, person, reading, runtime, usefulness, writing
from contentsvc.web.errors import answer_error
from contentsvc.web.explaining import explain
from contentsvc.web.permissions import require, require_creation
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("files", __name__)


def _chosen_week(name: str = "week") -> IsoWeek | None:
    text = request.form.get(name, "")
    return read_week(text, runtime().config.timezone.key) if text else None


@blueprint.post("/calendar-files/<name>/import")
def import_file(name: str) -> BaseResponse | tuple[str, int]:
    """Import the file *name* of the calendars folder; show the board or a report.

    If the file is a template (a week without a date), its entries go to the chosen week.
    """
    folder = runtime().config.calendars_dir
    try:
        file = calendar_folder.read_from_folder(folder, name)
        _check(file.plan, name, _chosen_week())
        with writing() as database, _permitted(database, file.plan):
            report = calendar_folder.import_from_folder(
                database,
                file,
                now=now(),
                by=person(),
                usefulness=usefulness(),
                week=_chosen_week(),
                choices=_choices(),
            )
    except CalendarError as error:
        return _broken(error)
    except ApprovedEntriesError as error:
        return ask_about(error, dict(request.form))
    return _report(report)


@blueprint.post("/calendar-templates/<plugin>/<name>/stamp")
def stamp_template(plugin: str, name: str) -> BaseResponse | tuple[str, int]:
    """Create the entries of a plugin's calendar template (a week without a date) in a week."""
    week = _chosen_week() or this_week(runtime().config.timezone.key)
    try:
        plan = templates.read_template(runtime().registry, plugin, name)
        _check(plan, name, week)
        with writing() as database, _permitted(database, plan):
            report = stamp(
                database,
                plan,
                week,
                now=now(),
                by=person(),
                usefulness=usefulness(),
                choices=_choices(),
            )
    except CalendarError as error:
        return _broken(error)
    except ApprovedEntriesError as error:
        return ask_about(error, dict(request.form))
    return _report(report)


@blueprint.post("/calendar-files/upload")
def upload() -> BaseResponse | tuple[str, int]:
    """Import the calendar file that the person uploads; show the board or a report."""
    given = _uploaded()
    if given is None:
        return answer_error(400, Message("calendar-file-needed"), field="file")
    name, content = given
    try:
        plan = read_calendar_bytes(content, name)
        _check(plan, name, _chosen_week())
        with writing() as database, _permitted(database, plan):
            report = import_calendar(
                database,
                replace(plan, week=_chosen_week() or plan.week),
                now=now(),
                by=person(),
                usefulness=usefulness(),
                choices=_choices(),
            )
    except CalendarError as error:
        return _broken(error)
    except ApprovedEntriesError as error:
        text = content.decode("utf-8-sig")
        return ask_about(error, {**request.form, "file_name": name, "file_text": text})
    return _report(report)


@contextmanager
def _permitted(database: Session, plan: CalendarPlan) -> Iterator[None]:
    """Refuse the import of *plan* in this context if the person's role does not allow it.

    Whoever creates a calendar becomes its manager. An import that changes what only a manager may
    change is refused after it, by an error that rolls the transaction back.

    Raises:
        NotPermittedError: the person's role is too small.
    """
    slug = plan.head.slug
    calendar_settings.lock_slug(database, slug)
    before = import_rights.state_of(database, slug)
    if before is None:
        require_creation(database)
    else:
        needed = import_rights.needed_before(before, plan, _choices())
        require(database, needed, before.calendar_id)
    yield
    after = import_rights.state_of(database, slug)
    if before is None:
        calendar = calendar_settings.get_calendar(database, slug)
        members.set_role(database, current_user.id, calendar, Role.MANAGER)
    elif after is not None:
        needed = import_rights.needed_after(before, after)
        require(database, needed, before.calendar_id)


def _check(plan: CalendarPlan, name: str, week: IsoWeek | None) -> None:
    """Refuse the file *name* if its brand does not exist, or if it approves a blocked entry.

    Posters are painted here, before the write transaction, which blocks every other writer.
    """
    require_brand(runtime(), plan.head)
    stamped = replace(plan, week=week or plan.week)
    refuse_blocked(runtime(), stamped, name, approve=bool(request.form.get("approve")))


def _uploaded() -> tuple[str, bytes] | None:
    """Return the name and content of the uploaded file, or of one that a question has kept."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.filename, file.read()
    if "file_text" in request.form:
        return request.form.get("file_name", ""), request.form["file_text"].encode()
    return None


def _choices() -> ImportChoices:
    """Return what the person has chosen in the posted form."""
    return ImportChoices(
        approve=bool(request.form.get("approve")),
        overwrite=bool(request.form.get("overwrite")),
        review_on_edit=runtime().config.review_on_edit,
        answer=posted_answer(),
    )


def _broken(error: CalendarError) -> tuple[str, int]:
    return render_template("calendars/broken.html", file=error.file, problems=error.problems), 422


def _report(report: ImportReport) -> BaseResponse:
    """Redirect to the week board, or render a report if entries were skipped, late or missing."""
    show_toast(
        gettext(
            "Imported: %(created)s new, %(changed)s changed, %(unchanged)s as before.",
            created=len(report.created),
            changed=len(report.changed),
            unchanged=len(report.unchanged),
        )
    )
    address = url_for("boards.week", slug=report.calendar, week=str(report.week))
    if not (report.skipped or report.waiting or report.past or report.absent):
        return redirect(address, code=303)
    return make_response(render_template("calendars/report.html", report=report, address=address))


@blueprint.post("/calendars/<slug>/export")
def export(slug: str) -> BaseResponse:
    """Write a week to a file in the calendars folder, and redirect to the week board."""
    with reading() as database:
        zone = calendar_settings.get_calendar(database, slug).timezone
    week = read_week(request.form.get("week"), zone)
    back = redirect(url_for("boards.week", slug=slug, week=str(week)), code=303)
    try:
        name = calendar_folder.export_to_folder(
            runtime().database,
            runtime().config.calendars_dir,
            slug,
            week,
            now=now(),
            overwrite=bool(request.form.get("overwrite")),
        )
    except ConflictError as error:
        show_toast(
            explain(error),
            bad=True,
            undo=url_for("files.export", slug=slug),
            undo_values={"week": str(week), "overwrite": "yes"},
            undo_label=gettext("Replace the file"),
        )
        return back
    except InputError as error:
        show_toast(explain(error), bad=True)
        return back
    show_toast(gettext("Written to %(file)s.", file=name))
    return back


@blueprint.get("/calendars/<slug>/file")
def download(slug: str) -> Response:
    """Return a week of the calendar *slug* as a YAML file for download."""
    with reading() as database:
        zone = calendar_settings.get_calendar(database, slug).timezone
        week = read_week(request.args.get("week"), zone)
        response = make_response(export_text(database, slug, week))
    response.content_type = "application/yaml; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-{week}.yaml"'
    return response
