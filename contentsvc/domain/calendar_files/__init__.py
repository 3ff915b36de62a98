"""The format of calendar files: YAML to a CalendarPlan and back, with the line of every problem."""

from __future__ import annotations

from contentsvc.domain.calendar_files.file_values import MOST_BYTES
from contentsvc.domain.calendar_files.reading import (
    FIELDS,
    read_calendar,
    read_calendar_bytes,
)
from contentsvc.domain.calendar_files.writing import write_calendar

__all__ = ["FIELDS", "MOST_BYTES", "read_calendar", "read_calendar_bytes", "write_calendar"]
