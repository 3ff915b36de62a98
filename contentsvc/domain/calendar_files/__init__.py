"""The format of a calendar file: YAML into a CalendarPlan and back, every fault with its place."""

from __future__ import annotations

from contentsvc.domain.calendar_files.reading import (
    FIELDS,
    read_calendar,
    read_calendar_bytes,
)
from contentsvc.domain.calendar_files.tree import MOST_BYTES
from contentsvc.domain.calendar_files.writing import write_calendar

__all__ = ["FIELDS", "MOST_BYTES", "read_calendar", "read_calendar_bytes", "write_calendar"]
