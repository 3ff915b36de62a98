"""The folder in which a team keeps its calendar files under version control."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import ImportedFile
from contentsvc.domain.calendar_files import MOST_BYTES, read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, ConflictError, InputError, NotFoundError, Problem
from contentsvc.services.calendar_files.exporting import export_text, week_entries
from contentsvc.services.calendar_files.importing import (
    ImportReport,
    import_calendar,
    mark_as_filed,
)
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.planning import Windows

__all__ = [
    "FileState",
    "FolderFile",
    "export_to_folder",
    "import_from_folder",
    "list_folder",
    "read_from_folder",
]

#: Letters, digits, hyphens, underscores, points and Chinese; no hidden files and no paths.
_NAME = re.compile(r"[\w一-鿿][\w一-鿿.-]{0,79}\.ya?ml")


class FileState(StrEnum):
    """How a calendar file stands to the database."""

    #: Never imported.
    NEW = "new"
    #: Imported, and changed on disk since.
    CHANGED = "changed"
    #: Imported as it stands.
    IMPORTED = "imported"
    #: Without a week: it is stamped on one.
    TEMPLATE = "template"
    #: It cannot be read; its problems say why.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file of the folder."""

    name: str
    state: FileState
    #: None where it is broken.
    plan: CalendarPlan | None = None
    problems: tuple[Problem, ...] = ()
    #: When it was last imported or stamped, and on which week; None and empty where never.
    imported_at: datetime | None = None
    imported_week: str = ""


def list_folder(session: Session, folder: Path) -> list[FolderFile]:
    """Return the folder's calendar files by name; none where there is no such folder."""
    imported = {row.name: row for row in session.scalars(select(ImportedFile))}
    try:
        names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []
    return [_look(folder, name, imported.get(name)) for name in names]


def read_from_folder(folder: Path, name: str) -> CalendarPlan:
    """Read one file of the folder.

    Raises:
        InputError: the name is none of a calendar file, or leads out of the folder.
        NotFoundError: there is no such file.
        CalendarError: it cannot be read; every problem is listed.
    """
    return read_calendar_bytes(_content(folder, name), name)


def import_from_folder(
    session: Session,
    folder: Path,
    name: str,
    *,
    now: datetime,
    by: str,
    windows: Windows,
    week: IsoWeek | None = None,
    approve: bool = False,
    overwrite: bool = False,
    review_on_edit: bool = True,
) -> ImportReport:
    """Import a file of the folder and remember what it held.

    *week* is for a template, or to stamp a dated file on another week. Raises as
    `read_from_folder` and `import_calendar` do.
    """
    content = _content(folder, name)
    plan = read_calendar_bytes(content, name)
    report = import_calendar(
        session,
        replace(plan, week=week or plan.week),
        now=now,
        by=by,
        windows=windows,
        approve=approve,
        overwrite=overwrite,
        review_on_edit=review_on_edit,
    )
    _remember(session, name, content, plan.head.slug, report.week, now=now)
    return report


def export_to_folder(
    session: Session,
    folder: Path,
    slug: str,
    week: IsoWeek,
    *,
    now: datetime,
    name: str | None = None,
    overwrite: bool = False,
) -> str:
    """Write a calendar's week into the folder and return the file's name.

    The default name is that of the file the week was imported from, else `SLUG-WEEK.yaml`. The
    file is replaced as a whole or not at all.

    Raises:
        NotFoundError: there is no such calendar.
        InputError: the name cannot be used, or the folder cannot be written.
        ConflictError: the file says something that was never imported; *overwrite* replaces it.
    """
    text = export_text(session, slug, week)
    name = name or _usual_name(session, folder, slug, week)
    path = _path(folder, name)
    if not overwrite:
        _refuse_loss(session, path, name)
    _replace(path, text)
    for entry in week_entries(session, get_calendar(session, slug), week):
        mark_as_filed(entry)
    _remember(session, name, text.encode(), slug, week, now=now)
    return name


def _look(folder: Path, name: str, row: ImportedFile | None) -> FolderFile:
    when = (row.imported_at, row.week) if row else (None, "")
    try:
        content = _content(folder, name)
        plan = read_calendar_bytes(content, name)
    except CalendarError as error:
        return FolderFile(name, FileState.BROKEN, None, tuple(error.problems), *when)
    except InputError as error:
        problem = Problem(0, "", str(error))
        return FolderFile(name, FileState.BROKEN, None, (problem,), *when)
    return FolderFile(name, _state(plan, content, row), plan, (), *when)


def _state(plan: CalendarPlan, content: bytes, row: ImportedFile | None) -> FileState:
    if plan.week is None:
        return FileState.TEMPLATE
    if row is None:
        return FileState.NEW
    return FileState.IMPORTED if row.hash == _hash(content) else FileState.CHANGED


def _path(folder: Path, name: str) -> Path:
    """Return a file's path in the folder; InputError where the name leads out of it."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not the name of a calendar file, such as spring.yaml", field="file"
        )
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{name} is a link that leads out of {folder}", field="file")
    return path


def _content(folder: Path, name: str) -> bytes:
    path = _path(folder, name)
    if not path.exists():
        raise NotFoundError(f"there is no file {name} in {folder}")
    if not path.is_file():
        raise InputError(f"{name} is not a file", field="file")
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to see that it is too long.
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror})", field="file") from error


def _usual_name(session: Session, folder: Path, slug: str, week: IsoWeek) -> str:
    rows = session.scalars(
        select(ImportedFile)
        .where(ImportedFile.calendar == slug, ImportedFile.week == str(week))
        .order_by(ImportedFile.imported_at.desc())
    )
    for row in rows:
        if _is_dated(folder, row.name):
            return row.name
    return f"{slug}-{week}.yaml"


def _is_dated(folder: Path, name: str) -> bool:
    """Return whether the file is there and no template, which a week must not replace."""
    try:
        return read_from_folder(folder, name).week is not None
    except InputError:
        return False


def _refuse_loss(session: Session, path: Path, name: str) -> None:
    """Raise ConflictError where the file holds what the database never saw."""
    if not path.exists():
        return
    row = session.get(ImportedFile, name)
    if row is None or row.hash != _hash(_content(path.parent, name)):
        raise ConflictError(
            f"{name} holds changes that were not imported; import it first, or replace it",
            field="file",
        )


def _replace(path: Path, text: str) -> None:
    """Write the file beside its place and move it there, so that no half file is ever seen."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise InputError(
            f"{path} cannot be written ({error.strerror}); look at CONTENTSVC_CALENDARS_DIR",
            field="file",
        ) from error


def _remember(
    session: Session, name: str, content: bytes, slug: str, week: IsoWeek, *, now: datetime
) -> None:
    row = session.get(ImportedFile, name) or ImportedFile(name=name)
    row.hash = _hash(content)
    row.calendar = slug
    row.week = str(week)
    row.imported_at = now
    session.add(row)
    session.flush()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
