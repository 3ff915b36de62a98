"""What a person reads when a command cannot do its work: one line a problem, no traceback."""

from __future__ import annotations

import io

import click
from sqlalchemy.exc import OperationalError

from contentsvc.errors import ContentsvcError

__all__ = ["explain"]

_FORESEEN = 2
#: As shells have it for a program ended by SIGINT.
_INTERRUPTED = 130


def explain(error: BaseException) -> tuple[list[str], int]:
    """Return the lines for standard error and the exit status; no lines for an unforeseen error."""
    if isinstance(error, ContentsvcError):
        lines = str(error).splitlines() or [type(error).__name__]
        return [f"error: {line}" for line in lines], _FORESEEN
    if isinstance(error, click.ClickException):
        text = io.StringIO()
        error.show(text)
        return text.getvalue().splitlines(), error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return ["stopped"], _INTERRUPTED
    if isinstance(error, OperationalError):
        words = str(error.orig).strip().splitlines()[0]
        return [f"error: CONTENTSVC_DATABASE_URL: the database does not answer: {words}"], _FORESEEN
    return [], 1
