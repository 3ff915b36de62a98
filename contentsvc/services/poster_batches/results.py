"""The results of a batch: a ZIP of its posters, a report, and a table of the failed rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.config import Config
from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import RowStatus
from contentsvc.messages import Message
from contentsvc.posters import FILE_COLUMN, RowRemark, Template, qr_text, write_csv
from contentsvc.services.poster_batches.batches import batch_folder, rows_of
from contentsvc.services.poster_batches.columns import fields_of
from contentsvc.storage import FileStorage, Member

__all__ = [
    "failed_table",
    "field_label",
    "members_of",
    "remark_text",
    "remarks_of",
    "report_csv",
]

#: The name of the field that holds an invite code, in the templates that have one.
_CODE = "code"
#: The columns of a report: number, file, invite code, QR code's text, status and remarks.
_REPORT_TITLES = (
    Message("report-row"),
    Message("report-file"),
    Message("report-invite-code"),
    Message("report-link"),
    Message("report-status"),
    Message("report-remarks"),
)


def remarks_of(row: PosterRow) -> list[RowRemark]:
    """Return the remarks (warnings and faults) that are stored with a row."""
    return [RowRemark.from_data(remark) for remark in row.remarks]


def field_label(template: Template | None, name: str | None, language: str) -> str:
    """Return the label of the field *name*, or *name* if the template has no such field."""
    if name == FILE_COLUMN:
        return Message("file-name-label").text(language)
    spec = template.fields.get(name or "") if template else None
    return str(getattr(spec.label, language)) if spec else name or ""


def remark_text(template: Template | None, remark: RowRemark, language: str) -> str:
    """Return a remark as text in *language*, preceded by the label of its field."""
    label, problem = field_label(template, remark.field, language), _problem(remark)
    if not label:
        return problem.text(language)
    return Message("row-remark", label=label, problem=problem).text(language)


def _problem(remark: RowRemark) -> Message:
    """Return the message of *remark* without the field's name, which the caller puts before it."""
    if remark.code == "required":
        return Message("row-field-missing")
    if remark.code == "bad_link" and "value" in remark.message.params:
        return Message("row-link-invalid", text=str(remark.message.params["value"]))
    return remark.message


def members_of(config: Config, session: Session, batch: PosterBatch, report: bytes) -> list[Member]:
    """Return the files to put into a batch's ZIP: its posters, and *report* as `report.csv`.

    Posters in several sizes are in a folder per size.
    """
    files = FileStorage(batch_folder(config, batch.key))
    has_folders = len(batch.sizes) > 1
    members = [
        _member(files, f"{picture['size']}/{row.name}" if has_folders else row.name, picture)
        for row in rows_of(session, batch, RowStatus.MADE)
        for picture in row.pictures
    ]
    taken = {member.name.lower() for member in members}
    name = "report.csv" if "report.csv" not in taken else "_report.csv"
    return [*members, Member(name, len(report), lambda: report)]


def _member(files: FileStorage, name: str, picture: dict[str, Any]) -> Member:
    digest = str(picture["hash"])
    return Member(name, int(picture["bytes"]), lambda: files.get(digest))


def report_csv(
    session: Session, batch: PosterBatch, template: Template | None, language: str
) -> bytes:
    """Return a CSV file that lists every row of a batch with its file, status and remarks.

    A line has the row's number, file, invite code, QR code's text, status and remarks. Titles,
    statuses and remarks are in *language*. Without the *template*, which may have been
    deleted, codes and QR codes' texts are empty.
    """
    lines: list[Sequence[object]] = [[title.text(language) for title in _REPORT_TITLES]]
    for row in rows_of(session, batch):
        fields = fields_of(template, batch.columns, batch.fixed, row.cells) if template else {}
        remarks = _joined_remarks(template, row, language)
        name = row.name if row.status is RowStatus.MADE else ""
        status = Message(f"report-{row.status}").text(language)
        link = _link(template, fields)
        lines.append((row.number, name, fields.get(_CODE, ""), link, status, remarks))
    return write_csv(lines)


def _joined_remarks(template: Template | None, row: PosterRow, language: str) -> str:
    return "; ".join(remark_text(template, remark, language) for remark in remarks_of(row))


def _link(template: Template | None, fields: dict[str, str]) -> str:
    """Return the text in a poster's first QR code; empty if it has none."""
    specs = template.fields.items() if template is not None else ()
    link = next((fields.get(name, "") for name, spec in specs if spec.type == "url"), "")
    try:
        return qr_text(link)
    except ValueError:  # The row failed, and its remark says why.
        return link


def failed_table(
    session: Session, batch: PosterBatch, template: Template | None, language: str
) -> list[list[object]]:
    """Return the failed rows as a table to correct: number, cells, and why the row failed.

    The first line has the titles in *language*.
    """
    titles = Message("report-row"), Message("failed-rows-reason")
    head: list[object] = [titles[0].text(language), *batch.header, titles[1].text(language)]
    width = len(batch.header)
    rows = [
        [
            row.number,
            *(row.cells + [""] * (width - len(row.cells))),
            _joined_remarks(template, row, language),
        ]
        for row in rows_of(session, batch, RowStatus.FAILED)
    ]
    return [head, *rows]
