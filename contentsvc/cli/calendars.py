"""`contentsvc calendars`: import, export and list calendar files, and fill weeks from templates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contentsvc.cli.approvals import approved_option, settle
from contentsvc.cli.runtime import open_runtime, operator
from contentsvc.cli.typed_parameters import NAME
from contentsvc.config import shipped
from contentsvc.domain.calendar_files import MOST_BYTES
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services.calendar_files import calendar_folder as folders
from contentsvc.services.calendar_files.calendar_folder import CalendarFile
from contentsvc.services.calendar_files.exporting import export_text
from contentsvc.services.calendar_files.importing import (
    ImportChoices,
    ImportReport,
    import_calendar,
)
from contentsvc.services.calendar_files.templates import offered_templates
from contentsvc.services.calendar_settings import all_calendars
from contentsvc.services.planning import Usefulness
from contentsvc.services.rendering.branding import require_brand
from contentsvc.services.rendering.file_checks import refuse_blocked

if TYPE_CHECKING:
    from contentsvc.domain.approvals import Answer, Decision
    from contentsvc.domain.calendars import CalendarPlan
    from contentsvc.services.runtime import Runtime

__all__ = ["calendars"]

_approve = click.option("--approve", is_flag=True, help="Approve every entry in your name.")
_overwrite = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace changes made in the web interface by the file's content.",
)


@click.group()
def calendars() -> None:
    """Import, export and stamp calendar files."""


@calendars.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--week", type=NAME, help="The week of a template: 2026-W48, this or next.")
@_approve
@_overwrite
@approved_option
def import_file(
    file: Path, week: str | None, *, approve: bool, overwrite: bool, approved: Decision | None
) -> None:
    """Import the calendar FILE; importing it again applies only its changes."""
    read = CalendarFile.of(str(file), _bytes(file))
    with open_runtime() as runtime:
        target = _week(week, read.plan, runtime.clock()) if week else None
        if read.plan.week is not None and target not in {None, read.plan.week}:
            raise InputError(
                "command-week-fixed", file=str(file), week=str(read.plan.week), target=str(target)
            )
        _import(
            runtime, file, read, target, approve=approve, overwrite=overwrite, decision=approved
        )


@calendars.command("stamp")
@click.argument("template")
@click.option("--week", type=NAME, required=True, help="The week: 2026-W48, this or next.")
@_approve
@_overwrite
@approved_option
def stamp_file(
    template: str, week: str, *, approve: bool, overwrite: bool, approved: Decision | None
) -> None:
    """Create the entries of TEMPLATE in a week.

    TEMPLATE is a file, the name of a file in the calendars folder, or PLUGIN/NAME.
    """
    with open_runtime() as runtime:
        file = _template(template, runtime)
        read = CalendarFile.of(str(file), _bytes(file))
        target = _week(week, read.plan, runtime.clock())
        _import(
            runtime, file, read, target, approve=approve, overwrite=overwrite, decision=approved
        )


@calendars.command("export")
@click.argument("calendar", type=NAME)
@click.option("--week", type=NAME, required=True, help="The week: 2026-W48.")
@click.option("--save", is_flag=True, help="Write the file into the calendars folder.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="With --save: replace changes of the file that were not imported.",
)
def export_week(calendar: str, week: str, *, save: bool, overwrite: bool) -> None:
    """Print a week of CALENDAR as a calendar file."""
    with open_runtime() as runtime:
        if not save:
            with runtime.database.read() as session:
                click.echo(export_text(session, calendar, _parsed(week)), nl=False)
            return
        name = folders.export_to_folder(
            runtime.database,
            runtime.config.calendars_dir,
            calendar,
            _parsed(week),
            now=runtime.clock(),
            overwrite=overwrite,
        )
        click.echo(runtime.config.calendars_dir / name)


@calendars.command("list")
def show_all() -> None:
    """List the calendars, the files of the calendars folder, and the plugins' templates."""
    with open_runtime() as runtime, runtime.database.read() as session:
        for calendar in all_calendars(session):
            click.echo(f"calendar\t{calendar.slug}\t{calendar.name}")
        for file in folders.list_folder(session, runtime.config.calendars_dir):
            week = str(file.plan.week or "") if file.plan else ""
            click.echo("\t".join(["file", file.name, file.state, week or file.imported_week]))
            for problem in file.problems:
                click.echo(f"  {problem}")
        for template in offered_templates(runtime.registry):
            name = template.plan.head.name if template.plan else "broken"
            click.echo(f"template\t{template.plugin}/{template.name}\t{name}")
            for problem in template.problems:
                click.echo(f"  {problem}")


def _import(
    runtime: Runtime,
    path: Path,
    file: CalendarFile,
    week: IsoWeek | None,
    *,
    approve: bool,
    overwrite: bool,
    decision: Decision | None,
) -> None:
    """Import *file*, print a report, and record the import if *path* is in the calendars folder."""
    require_brand(runtime, file.plan.head)
    stamped = replace(file.plan, week=week or file.plan.week)
    refuse_blocked(runtime, stamped, file.name, approve=approve)
    choices = ImportChoices(approve, overwrite, runtime.config.review_on_edit)

    def write(answer: Answer | None) -> ImportReport:
        chosen = replace(choices, answer=answer)
        return _write(runtime, path, replace(file, name=path.name), week, chosen)

    report = settle(write, decision)
    runtime.queue.wake()
    for line in _lines(report):
        click.echo(line)


def _write(
    runtime: Runtime,
    path: Path,
    file: CalendarFile,
    week: IsoWeek | None,
    choices: ImportChoices,
) -> ImportReport:
    """Import *file* in one transaction and return a report."""
    usefulness, config = Usefulness.of(runtime.config), runtime.config
    with runtime.database.write() as session:
        if path.absolute().parent == config.calendars_dir:
            return folders.import_from_folder(
                session,
                file,
                now=runtime.clock(),
                by=operator(),
                usefulness=usefulness,
                week=week,
                choices=choices,
            )
        return import_calendar(
            session,
            replace(file.plan, week=week or file.plan.week),
            now=runtime.clock(),
            by=operator(),
            usefulness=usefulness,
            choices=choices,
        )


def _lines(report: ImportReport) -> list[str]:
    counts = {
        "created": report.created,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "approved": report.approved,
    }
    summary = ", ".join(f"{len(keys)} {name}" for name, keys in counts.items())
    return [
        f"{report.calendar} {report.week}: {summary}",
        *(f"kept {entry.key}: {entry.reason}" for entry in report.skipped),
        *(
            f"waits {key}: the new text waits for review; the approved one still goes out"
            for key in report.waiting
        ),
        *(f"past {key}: its time has passed; it was imported as a draft" for key in report.past),
        *(
            f"absent {key}: it is no longer in the file; the entry was not deleted"
            for key in report.absent
        ),
    ]


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            # One byte more than allowed is enough to detect a file that is too large.
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("command-file-unreadable", file=str(file), reason=reason) from error


def _template(name: str, runtime: Runtime) -> Path:
    """Return the path of the calendar template *name*.

    *name* is a path, the name of a file in the calendars folder or of a shipped template, or
    PLUGIN/NAME.

    Raises:
        NotFoundError: there is no such template.
    """
    folder, file = runtime.config.calendars_dir, f"{name.removesuffix('.yaml')}.yaml"
    candidates = [Path(name), folder / file, shipped("calendars") / file]
    candidates += [
        template.path
        for template in runtime.registry.calendar_templates()
        if f"{template.plugin}/{template.path.name}" == file
    ]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise NotFoundError("command-template-unknown", name=name, folder=str(folder))


def _week(text: str, plan: CalendarPlan, now: datetime) -> IsoWeek:
    """Return the week that *text* names: `this`, `next` or an ISO week such as `2026-W31`.

    The current week is that of the calendar's time zone.

    Raises:
        InputError: *text* is not a week.
    """
    this = IsoWeek.of(now.astimezone(plan.head.zone).date())
    relative = {"this": this, "next": this.plus(1)}
    return relative.get(text) or _parsed(text)


def _parsed(text: str) -> IsoWeek:
    try:
        return IsoWeek.parse(text)
    except InputError as error:
        raise InputError("command-week-invalid", field="week", problem=error.message) from error
