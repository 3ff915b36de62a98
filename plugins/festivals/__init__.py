"""A plugin with calendar templates for the weeks of three festivals."""

from __future__ import annotations

from pathlib import Path

from contentsvc.channels import hookimpl

__version__ = "1.0"
api_version = 1


@hookimpl
def register_calendar_templates() -> list[Path]:
    """Return the paths of the calendar templates for the weeks of 双12, 春节 and 母亲节."""
    return sorted((Path(__file__).parent / "calendars").glob("*.yaml"))
