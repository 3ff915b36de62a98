"""Reads a calendar file (YAML) into a CalendarPlan, and writes a CalendarPlan as YAML.

Every problem of a file is reported with its line number.
"""

from __future__ import annotations

from contentsvc.domain.calendar_files.content_checks import content_problems
from contentsvc.domain.calendar_files.file_values import MOST_BYTES
from contentsvc.domain.calendar_files.reading import (
    FIELDS,
    read_calendar,
    read_calendar_bytes,
)
from contentsvc.domain.calendar_files.writing import write_calendar

__all__ = [
    "FIELDS",
    "MOST_BYTES",
    "content_problems",
    "read_calendar",
    "read_calendar_bytes",
    "write_calendar",
]
