"""List, import and export the calendar files (YAML) in a team's folder."""

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
from contentsvc.db.session import Database
from contentsvc.domain.calendar_files import MOST_BYTES, read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, ConflictError, InputError, NotFoundError, Problem
from contentsvc.services.calendar_files.exporting import export_text, week_entries
from contentsvc.services.calendar_files.importing import (
    ImportChoices,
    ImportReport,
    import_calendar,
    mark_as_filed,
)
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.planning import Usefulness

__all__ = [
    "CalendarFile",
    "FileState",
    "FolderFile",
    "export_to_folder",
    "import_from_folder",
    "list_folder",
    "read_from_folder",
]

#: Letters, digits, hyphens, underscores, dots and Chinese; no hidden files and no paths.
_NAME = re.compile(r"[\w一-鿿][\w一-鿿.-]{0,79}\.ya?ml")


_DEFAULTS = ImportChoices()


class FileState(StrEnum):
    """The state of a calendar file: new, imported, changed since, a template, or broken."""

    #: Never imported.
    NEW = "new"
    #: Imported, then changed on disk.
    CHANGED = "changed"
    #: Imported with its current content.
    IMPORTED = "imported"
    #: Has no week; a person chooses the week when stamping it.
    TEMPLATE = "template"
    #: Cannot be read; its problems say why.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The content of a calendar file that has been read: its settings and entries, and a hash."""

    name: str
    plan: CalendarPlan
    #: SHA-256 of the file's bytes, in hexadecimal.
    hash: str

    @classmethod
    def of(cls, name: str, content: bytes) -> CalendarFile:
        """Read the *content* of the file *name*.

        Raises:
            CalendarError: the file cannot be used; the error lists every problem.
        """
        return cls(name, read_calendar_bytes(content, name), _hash(content))


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A calendar file in the team's folder, with its state and last import, as a page lists it."""

    name: str
    state: FileState
    #: None if the file is broken.
    plan: CalendarPlan | None = None
    problems: tuple[Problem, ...] = ()
    #: Time and week of the last import or stamping; None and "" if the file was never imported.
    imported_at: datetime | None = None
    imported_week: str = ""


def list_folder(session: Session, folder: Path) -> list[FolderFile]:
    """Return the calendar files in *folder*, ordered by name; [] if there is no such folder."""
    imported = {row.name: row for row in session.scalars(select(ImportedFile))}
    try:
        names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []
    return [_inspect(folder, name, imported.get(name)) for name in names]


def read_from_folder(folder: Path, name: str) -> CalendarFile:
    """Read the calendar file *name* in *folder*.

    Raises:
        InputError: the name is not that of a calendar file, or leads out of the folder.
        NotFoundError: there is no such file.
        CalendarError: the file cannot be used; the error lists every problem.
    """
    return CalendarFile.of(name, _content(folder, name))


def import_from_folder(
    session: Session,
    file: CalendarFile,
    *,
    now: datetime,
    by: str,
    usefulness: Usefulness,
    week: IsoWeek | None = None,
    choices: ImportChoices = _DEFAULTS,
) -> ImportReport:
    """Import a file that `read_from_folder` has read into the database; return a report.

    Also store the hash of the file's content. *week* replaces the week of the file; a template
    needs it.

    Raises:
        InputError: no week is given, a channel does not exist, or an entry cannot be approved.
        ApprovedEntriesError: the file changes settings that approved entries depend on, and
            *choices* have no answer what happens to these.
        ConflictError: an entry began to be published just now, or somebody else is importing the
            same new calendar.
    """
    report = import_calendar(
        session,
        replace(file.plan, week=week or file.plan.week),
        now=now,
        by=by,
        usefulness=usefulness,
        choices=choices,
    )
    _remember(session, file.name, file.hash, file.plan.head.slug, report.week, now=now)
    return report


def export_to_folder(
    database: Database,
    folder: Path,
    slug: str,
    week: IsoWeek,
    *,
    now: datetime,
    name: str | None = None,
    overwrite: bool = False,
) -> str:
    """Write one week of the calendar *slug* to a file in *folder*; return the file's name.

    Without *name* the file is the one from which the week was imported, else `SLUG-WEEK.yaml`. The
    file is replaced in one step. It is written between a read and a write transaction, so that a
    slow disk does not block other writers.

    Raises:
        NotFoundError: there is no such calendar.
        InputError: the name cannot be used, or the folder cannot be written.
        ConflictError: the file has content that was never imported, and *overwrite* is false.
    """
    with database.read() as session:
        text = export_text(session, slug, week)
        revs = {
            entry.id: entry.rev
            for entry in week_entries(session, get_calendar(session, slug), week)
        }
        name = name or _default_name(session, folder, slug, week)
        path = _path(folder, name)
        if not overwrite:
            _require_imported(session, path, name)
    _replace(path, text)
    with database.write() as session:
        for entry in week_entries(session, get_calendar(session, slug), week):
            # The file does not have what was saved since.
            if entry.rev == revs.get(entry.id):
                mark_as_filed(entry)
        _remember(session, name, _hash(text.encode()), slug, week, now=now)
    return name


def _inspect(folder: Path, name: str, row: ImportedFile | None) -> FolderFile:
    when = (row.imported_at, row.week) if row else (None, "")
    try:
        content = _content(folder, name)
        plan = read_calendar_bytes(content, name)
    except CalendarError as error:
        return FolderFile(name, FileState.BROKEN, None, tuple(error.problems), *when)
    except InputError as error:
        problem = Problem(0, "", error.message)
        return FolderFile(name, FileState.BROKEN, None, (problem,), *when)
    return FolderFile(name, _state(plan, content, row), plan, (), *when)


def _state(plan: CalendarPlan, content: bytes, row: ImportedFile | None) -> FileState:
    if plan.week is None:
        return FileState.TEMPLATE
    if row is None:
        return FileState.NEW
    return FileState.IMPORTED if row.hash == _hash(content) else FileState.CHANGED


def _path(folder: Path, name: str) -> Path:
    """Return the path of file *name* in *folder*; raise InputError if the name is not allowed."""
    if not _NAME.fullmatch(name):
        raise InputError("folder-file-name", field="file", file=name)
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError("folder-file-link", field="file", file=name, folder=str(folder))
    return path


def _content(folder: Path, name: str) -> bytes:
    path = _path(folder, name)
    if not path.exists():
        raise NotFoundError("folder-file-missing", file=name, folder=str(folder))
    if not path.is_file():
        raise InputError("folder-file-odd", field="file", file=name)
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to notice that the file is too large.
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            "folder-file-unreadable", field="file", file=name, reason=str(error.strerror)
        ) from error


def _default_name(session: Session, folder: Path, slug: str, week: IsoWeek) -> str:
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
    """Return True if the file *name* is a valid calendar file with a week, not a template."""
    try:
        return read_from_folder(folder, name).plan.week is not None
    except InputError:
        return False


def _require_imported(session: Session, path: Path, name: str) -> None:
    """Raise ConflictError if the file at *path* has changed since its last import or export.

    Also raise it if the file was never imported, but not if there is no file.
    """
    if not path.exists():
        return
    row = session.get(ImportedFile, name)
    if row is None or row.hash != _hash(_content(path.parent, name)):
        raise ConflictError("folder-file-changed", field="file", file=name)


def _replace(path: Path, text: str) -> None:
    """Replace the file at *path* in one step: write *text* to a temporary file and rename that."""
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
            "folder-file-unwritable", field="file", path=str(path), reason=str(error.strerror)
        ) from error


def _remember(
    session: Session, name: str, digest: str, slug: str, week: IsoWeek, *, now: datetime
) -> None:
    row = session.get(ImportedFile, name) or ImportedFile(name=name)
    row.hash = digest
    row.calendar = slug
    row.week = str(week)
    row.imported_at = now
    session.add(row)
    session.flush()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
