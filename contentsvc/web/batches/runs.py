"""The pages of running and finished poster batches: progress, results, corrections, downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import InputError, NotFoundError
from contentsvc.posters import Template, write_xlsx
from contentsvc.services.poster_batches import batches
from contentsvc.services.poster_batches.batches import batch_folder, get_batch, progress_of, rows_of
from contentsvc.services.poster_batches.results import (
    failed_table,
    members_of,
    remarks_of,
    report_csv,
)
from contentsvc.services.poster_batches.row_edits import apply_corrected_table, apply_row_edits
from contentsvc.services.poster_batches.running import enqueue_batch, retry, run, stop
from contentsvc.storage import FileStorage, archive_size, stream_archive
from contentsvc.web.batches import messages
from contentsvc.web.batches.batch_form import posted_corrections, posted_table
from contentsvc.web.batches.setup import find_template
from contentsvc.web.current import language, now, reading, runtime, writing
from contentsvc.web.downloads import name_file
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("batch_runs", __name__, url_prefix="/posters/batches")

#: Most finished posters that a page shows, and most failed or remarked rows that it lists.
_SHOWN, _LISTED = 6, 100
#: Most failed rows that can be corrected in the page; more are corrected in a table.
_CORRECTED_IN_PAGE = 20
#: A batch without progress for this long is shown as waiting.
_WAITING_AFTER = timedelta(seconds=12)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@blueprint.get("/<int:batch_id>/run")
def show(batch_id: int) -> BaseResponse | str:
    """Render a batch's progress and results; redirect to its draft page if it has not started."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        if batch.status is BatchStatus.DRAFT:
            return redirect(url_for("poster_batches.show", batch_id=batch_id))
        return _page(database, batch, {})


def _page(database: Session, batch: PosterBatch, errors: dict[str, str]) -> str:
    template = find_template(batch.template)
    typed = posted_corrections()
    failed = rows_of(database, batch, RowStatus.FAILED, limit=_LISTED)
    made = rows_of(database, batch, RowStatus.MADE, limit=_SHOWN)
    return render_template(
        "batches/run.html",
        batch=batch,
        template=template,
        failed=[(row, remarks_of(row)) for row in failed],
        mended=[
            (row, _faulty_fields(batch, template, row, typed.get(row.number, {})))
            for row in failed[:_CORRECTED_IN_PAGE]
        ],
        made=made,
        remarked=_remarked(database, batch),
        errors=errors,
        describe=messages.remark_describer(template),
        zone=runtime().config.timezone,
        **_state(database, batch),
    )


def _state(database: Session, batch: PosterBatch) -> dict[str, Any]:
    """Return the page template's variables about the progress of a batch."""
    is_quiet = batch.status is BatchStatus.RUNNING and now() - batch.updated_at > _WAITING_AFTER
    return {"progress": progress_of(database, batch, now()), "is_quiet": is_quiet}


def _remarked(database: Session, batch: PosterBatch) -> list[tuple[PosterRow, Any]]:
    """Return (row, remarks) for each row whose poster was made with remarks.

    Return an empty list while the batch runs.
    """
    if batch.status is BatchStatus.RUNNING:
        return []
    rows = batches.rows_with_remarks(database, batch, limit=_LISTED)
    return [(row, remarks_of(row)) for row in rows]


def _faulty_fields(
    batch: PosterBatch, template: Template | None, row: PosterRow, typed: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (name, label, text) of each field of a failed row that a person can correct.

    The text is that of the table, or the correction in *typed*, which was refused.
    """
    fields = []
    for name in dict.fromkeys(remark.field or "" for remark in remarks_of(row)):
        column = batch.columns.get(name)
        if column is not None:
            stored = row.cells[column] if column < len(row.cells) else ""
            text = typed.get(name, stored)
            fields.append((name, messages.field_label(template, name), text))
    return fields


@blueprint.get("/<int:batch_id>/progress")
def progress(batch_id: int) -> Response:
    """Return the HTML of a batch's progress, which the batch's page requests every second.

    After the batch has ended, the response makes the browser reload the whole page.
    """
    with reading() as database:
        batch = get_batch(database, batch_id)
        state = _state(database, batch)
    response = make_response(
        render_template("batches/_progress.html", batch=batch, error=batch.error, **state)
    )
    if batch.status is not BatchStatus.RUNNING:
        # The whole page shows the results.
        response.headers["HX-Refresh"] = "true"
    return response


def _back(batch_id: int) -> BaseResponse:
    return redirect(url_for(".show", batch_id=batch_id), code=303)


@blueprint.post("/<int:batch_id>/stop")
def stop_batch(batch_id: int) -> BaseResponse:
    """Stop a batch but keep the posters made so far, and redirect to the batch's page."""
    with writing() as database:
        stop(get_batch(database, batch_id, to_change=True), now())
    return _back(batch_id)


@blueprint.post("/<int:batch_id>/go-on")
def go_on(batch_id: int) -> BaseResponse:
    """Resume a stopped batch and redirect to its page."""
    return _again(batch_id, lambda _database, _batch: None)


@blueprint.post("/<int:batch_id>/retry")
def retry_failed(batch_id: int) -> BaseResponse:
    """Start making the posters of failed rows again, and redirect to the batch's page."""
    return _again(batch_id, retry)


def _again(batch_id: int, prepare: Callable[[Session, PosterBatch], None]) -> BaseResponse:
    """Call *prepare*, start the batch and redirect to its page.

    If the batch cannot start, its page shows the reason as a toast.
    """
    try:
        with writing() as database:
            batch = get_batch(database, batch_id, to_change=True)
            prepare(database, batch)
            fence = run(database, batch, now())
    except NotFoundError:
        raise
    except InputError as error:
        show_toast(explain(error), bad=True)
    else:
        enqueue_batch(runtime(), batch_id, fence)
    return _back(batch_id)


@blueprint.post("/<int:batch_id>/rows")
def correct_rows(batch_id: int) -> BaseResponse | tuple[str, int]:
    """Store posted corrections of rows (form fields or a table) and make their posters again."""
    try:
        edits = posted_corrections()
        lines = [] if edits else posted_table()[1]
        with writing() as database:
            batch = get_batch(database, batch_id, to_change=True)
            if edits:
                count = apply_row_edits(database, batch, edits)
            else:
                count = apply_corrected_table(database, batch, lines)
            fence = run(database, batch, now())
    except NotFoundError:
        raise
    except InputError as error:
        with reading() as database:
            batch = get_batch(database, batch_id)
            return _page(database, batch, {"table": explain(error)}), 422
    confirm_draft()
    enqueue_batch(runtime(), batch_id, fence)
    show_toast(
        ngettext("%(num)d row is being made again", "%(num)d rows are being made again", count)
    )
    return _back(batch_id)


@blueprint.post("/<int:batch_id>/delete")
def delete(batch_id: int) -> BaseResponse:
    """Delete a batch and its posters, and redirect to the list of batches."""
    batch = batches.delete_batch(runtime().database, runtime().config, batch_id)
    show_toast(gettext("“%(name)s” and its posters were deleted.", name=batch.name))
    return redirect(url_for("poster_batches.index"), code=303)


@blueprint.get("/<int:batch_id>/rows/<int:number>/<size>")
def poster(batch_id: int, number: int, size: str) -> Response:
    """Return the image file of a finished poster: of row *number* in the size *size*."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        row = database.get(PosterRow, (batch_id, number))
    pictures = {picture["size"]: picture["hash"] for picture in row.pictures} if row else {}
    if row is None or size not in pictures:
        raise NotFoundError("no-row-poster", number=number)
    files = FileStorage(batch_folder(runtime().config, batch.key))
    response = make_response(files.get(pictures[size]))
    response.content_type = _MEDIA[batch.format]
    response.headers["Cache-Control"] = "private, max-age=600"
    return name_file(response, row.name, inline=True)


@blueprint.get("/<int:batch_id>/posters.zip")
def archive(batch_id: int) -> Response:
    """Stream a ZIP file with the posters made so far and a CSV report."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        template = find_template(batch.template)
        report = report_csv(database, batch, template, language())
        members = members_of(runtime().config, database, batch, report)
    response = Response(stream_archive(members), mimetype="application/zip")
    size = archive_size(members)
    if size is not None:
        response.content_length = size
    return _named(response, batch, "zip")


@blueprint.get("/<int:batch_id>/report.csv")
def report(batch_id: int) -> Response:
    """Return a CSV file that reports the result of each row of the batch."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        template = find_template(batch.template)
        content = report_csv(database, batch, template, language())
    response = Response(content, content_type="text/csv; charset=utf-8")
    return _named(response, batch, "csv")


@blueprint.get("/<int:batch_id>/failed.xlsx")
def failed(batch_id: int) -> Response:
    """Return an Excel file of the failed rows, which people correct and upload again."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        table = failed_table(database, batch, find_template(batch.template), language())
    response = Response(write_xlsx([(str(gettext("Failed rows")), table)]), mimetype=_XLSX)
    return _named(response, batch, "xlsx")


def _named(response: Response, batch: PosterBatch, ending: str) -> Response:
    """Set the file name of a download: the batch's name, with *ending* as its extension."""
    stem = PurePath(batch.name).stem or "posters"
    return name_file(response, f"{stem}.{ending}")
