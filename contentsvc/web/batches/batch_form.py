"""The forms of a batch: which table, and which of its columns is which field."""

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
    "posted_fixed",
    "posted_mends",
    "posted_table",
]

_LONGEST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field in the form: its column, or what is the same in all rows."""

    name: str
    #: None for the files' names.
    spec: FieldSpec | None
    place: int | None
    fixed: str

    @property
    def is_used(self) -> bool:
        """Return whether it is shown at once: it is needed, or given."""
        return self.spec is None or self.spec.required or self.place is not None or bool(self.fixed)


def posted_table() -> tuple[str, list[Line]]:
    """Return the table of a form, uploaded or pasted, with its name.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    file = request.files.get("table")
    if file is not None and file.filename:
        name = PurePath(file.filename.replace("\\", "/")).name
        return name, _read(lambda: read_lines(file.read(), name))
    text = request.form.get("pasted", "")
    if text.strip():
        name = str(gettext("Pasted rows"))
        return name, _read(lambda: read_pasted(text, name))
    raise InputError("choose a table, or paste rows of one", field="table")


def _read(read: Callable[[], list[Line]]) -> list[Line]:
    try:
        return read()
    except InputError as error:
        raise InputError(error.message, field="table") from error


def posted_columns(template: Template) -> dict[str, int]:
    """Return the columns that a form gives: of fields, and of the files' names."""
    found = {}
    for name in (*template.fields, FILE_COLUMN):
        text = request.form.get(f"column.{name}", "")
        if text.isdecimal() and len(text) < 4:  # noqa: PLR2004 - a table has sixty columns
            found[name] = int(text)
    return found


def posted_fixed(template: Template) -> dict[str, str]:
    """Return what a form gives for all rows."""
    texts = {name: request.form.get(f"fixed.{name}", "").strip() for name in template.fields}
    return {name: text.replace("\r\n", "\n") for name, text in texts.items() if text}


def field_rows(batch: PosterBatch, template: Template) -> list[FieldRow]:
    """Return the fields in the order of the template, the files' names last."""
    rows = [
        FieldRow(name, spec, batch.columns.get(name), batch.fixed.get(name, ""))
        for name, spec in template.fields.items()
    ]
    return [*rows, FieldRow(FILE_COLUMN, None, batch.columns.get(FILE_COLUMN), "")]


def column_options(batch: PosterBatch, rows: Sequence[PosterRow]) -> list[tuple[int, str]]:
    """Return the columns to choose from: each with its title and what it begins with."""
    options = []
    for place, title in enumerate(batch.header):
        cells = (row.cells[place] for row in rows if place < len(row.cells))
        first = " ".join(next((cell for cell in cells if cell), "").split())
        cut = f"{first[:_LONGEST_SHOWN]}…" if len(first) > _LONGEST_SHOWN else first
        options.append((place, f"{title} · {cut}" if cut else str(title)))
    return options


def posted_mends() -> dict[int, dict[str, str]]:
    """Return the cells of a form in which failed rows are mended: by row and field."""
    found: dict[int, dict[str, str]] = {}
    for key, text in _fields(request.form, "cell."):
        number, _, name = key.partition(".")
        if number.isdecimal() and len(number) < 8:  # noqa: PLR2004 - no table has as many rows
            found.setdefault(int(number), {})[name] = text.replace("\r\n", "\n")
    return found


def _fields(form: Mapping[str, str], start: str) -> list[tuple[str, str]]:
    return [(key.removeprefix(start), form[key]) for key in form if key.startswith(start)]
