"""What came of a batch: its posters in a ZIP, and what is to be said of each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.config import Config
from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import RowStatus
from contentsvc.posters import RowRemark, Template, write_csv
from contentsvc.services.poster_batches.batches import batch_folder, rows_of
from contentsvc.services.poster_batches.columns import fields_of
from contentsvc.storage import FileStorage, Member

__all__ = ["ReportWords", "failed_table", "members_of", "remarks_of", "report_of"]

#: The field that is an invitation's code, where a template has one.
_CODE = "code"


@dataclass(frozen=True, slots=True)
class ReportWords:
    """How a report speaks: in a person's language."""

    #: Titles of row, file, code, QR code's text, state and remarks.
    titles: tuple[str, str, str, str, str, str]
    #: By RowStatus.
    statuses: dict[str, str]
    say: Callable[[RowRemark], str]


def remarks_of(row: PosterRow) -> list[RowRemark]:
    """Return what is to be said of a row."""
    return [RowRemark.from_data(remark) for remark in row.remarks]


def members_of(config: Config, session: Session, batch: PosterBatch, report: bytes) -> list[Member]:
    """Return the files of a batch's ZIP: its posters, a folder a size, and *report*."""
    files = FileStorage(batch_folder(config, batch.key))
    many = len(batch.sizes) > 1
    members = [
        _member(files, f"{picture['size']}/{row.name}" if many else row.name, picture)
        for row in rows_of(session, batch, RowStatus.MADE)
        for picture in row.pictures
    ]
    taken = {member.name.lower() for member in members}
    name = "report.csv" if "report.csv" not in taken else "_report.csv"
    return [*members, Member(name, len(report), lambda: report)]


def _member(files: FileStorage, name: str, picture: dict[str, Any]) -> Member:
    digest = str(picture["hash"])
    return Member(name, int(picture["bytes"]), lambda: files.get(digest))


def report_of(
    session: Session, batch: PosterBatch, template: Template | None, words: ReportWords
) -> bytes:
    """Return a CSV with a line a row: number, file, invite code, QR code's text, state, remarks.

    Without its *template*, which may be gone by now, codes are not known.
    """
    lines: list[Sequence[object]] = [words.titles]
    for row in rows_of(session, batch):
        fields = fields_of(template, batch.columns, batch.fixed, row.cells) if template else {}
        said = "; ".join(words.say(remark) for remark in remarks_of(row))
        name = row.name if row.status is RowStatus.MADE else ""
        code, link = fields.get(_CODE, ""), _link(template, fields)
        lines.append((row.number, name, code, link, words.statuses[row.status], said))
    return write_csv(lines)


def _link(template: Template | None, fields: dict[str, str]) -> str:
    """Return what the first code of a poster says."""
    specs = template.fields.items() if template is not None else ()
    return next((fields.get(name, "") for name, spec in specs if spec.type == "url"), "")


def failed_table(
    session: Session,
    batch: PosterBatch,
    titles: tuple[str, str],
    say: Callable[[RowRemark], str],
) -> list[list[object]]:
    """Return the failed rows as a table to mend: row number, its cells, why it failed.

    *titles* stand over the first and the last.
    """
    head: list[object] = [titles[0], *batch.header, titles[1]]
    width = len(batch.header)
    rows = [
        [
            row.number,
            *(row.cells + [""] * (width - len(row.cells))),
            "; ".join(map(say, remarks_of(row))),
        ]
        for row in rows_of(session, batch, RowStatus.FAILED)
    ]
    return [head, *rows]
