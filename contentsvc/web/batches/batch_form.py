"""Read and fill the forms of a poster batch: its table, and the table column of each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from flask import request
from flask_babel import gettext

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.errors import InputError
from contentsvc.posters import FILE_COLUMN, FieldSpec, Line, Template, read_lines, read_pasted

__all__ = [
    "FieldRow",
    "column_options",
    "field_rows",
    "posted_columns",
    "posted_corrections",
    "posted_fixed",
    "posted_table",
]

_LONGEST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A poster field in the form: the table column that fills it, or one text for all rows."""

    name: str
    #: The field of the template; None for the file names.
    spec: FieldSpec | None
    column: int | None
    fixed: str

    @property
    def is_used(self) -> bool:
        """Return whether the field is required or filled in; the form folds up other fields."""
        return (
            self.spec is None or self.spec.required or self.column is not None or bool(self.fixed)
        )


def posted_table() -> tuple[str, list[Line]]:
    """Return the name and the lines of the table that the person uploaded or pasted.

    Raises:
        InputError: no table was posted, or it cannot be read.
    """
    file = request.files.get("table")
    if file is not None and file.filename:
        name = PurePath(file.filename.replace("\\", "/")).name
        return name, _read(lambda: read_lines(file.read(), name))
    text = request.form.get("pasted", "")
    if text.strip():
        name = str(gettext("Pasted rows"))
        return name, _read(lambda: read_pasted(text, name))
    raise InputError("table-needed", field="table")


def _read(read: Callable[[], list[Line]]) -> list[Line]:
    try:
        return read()
    except InputError as error:
        raise InputError(error.message, field="table") from error


def posted_columns(template: Template) -> dict[str, int]:
    """Return the posted choice of table columns: the index of a column by field name.

    Fields without a column are left out. `FILE_COLUMN` stands for the posters' file names.
    """
    columns = {}
    for name in (*template.fields, FILE_COLUMN):
        text = request.form.get(f"column.{name}", "")
        if text.isdecimal() and len(text) < 4:  # noqa: PLR2004 - a table has at most sixty columns
            columns[name] = int(text)
    return columns


def posted_fixed(template: Template) -> dict[str, str]:
    """Return the form's texts that are the same on every poster of the batch, by field name."""
    texts = {name: request.form.get(f"fixed.{name}", "").strip() for name in template.fields}
    return {name: text.replace("\r\n", "\n") for name, text in texts.items() if text}


def field_rows(
    template: Template, columns: Mapping[str, int], fixed: Mapping[str, str]
) -> list[FieldRow]:
    """Return a form row for each field of *template*, and a last one for the file names.

    *columns* and *fixed* are the choices of a batch, as stored or as posted.
    """
    rows = [
        FieldRow(name, spec, columns.get(name), fixed.get(name, ""))
        for name, spec in template.fields.items()
    ]
    return [*rows, FieldRow(FILE_COLUMN, None, columns.get(FILE_COLUMN), "")]


def column_options(batch: PosterBatch, rows: Sequence[PosterRow]) -> list[tuple[int, str]]:
    """Return (index, label) of each table column; the label shows its title and first cell."""
    options = []
    for index, title in enumerate(batch.header):
        cells = (row.cells[index] for row in rows if index < len(row.cells))
        first = " ".join(next((cell for cell in cells if cell), "").split())
        cut = f"{first[:_LONGEST_SHOWN]}…" if len(first) > _LONGEST_SHOWN else first
        options.append((index, f"{title} · {cut}" if cut else str(title)))
    return options


def posted_corrections() -> dict[int, dict[str, str]]:
    """Return the posted corrections of failed rows: new texts by row number and field name."""
    corrections: dict[int, dict[str, str]] = {}
    for key, text in _fields(request.form, "cell."):
        number, _, name = key.partition(".")
        if number.isdecimal() and len(number) < 8:  # noqa: PLR2004 - no table has as many rows
            corrections.setdefault(int(number), {})[name] = text.replace("\r\n", "\n")
    return corrections


def _fields(form: Mapping[str, str], start: str) -> list[tuple[str, str]]:
    return [(key.removeprefix(start), form[key]) for key in form if key.startswith(start)]
