"""The text of an error on the command line: one line per problem, no traceback."""

from __future__ import annotations

import io

import click
from sqlalchemy.exc import OperationalError

from contentsvc.errors import ConfigError, ContentsvcError

__all__ = ["explain"]

#: The exit status after an error that the user can act on.
_EXPECTED = 2
#: The status that shells report for a program ended by SIGINT.
_INTERRUPTED = 130


def explain(error: BaseException) -> tuple[list[str], int]:
    """Return the lines to print to standard error for an error, and the exit status.

    An unexpected error has no lines: the caller lets it end the process with a traceback.
    """
    if isinstance(error, ContentsvcError):
        lines = str(error).splitlines() or [type(error).__name__]
        return [f"error: {line}" for line in lines], _EXPECTED
    if isinstance(error, click.ClickException):
        text = io.StringIO()
        error.show(text)
        return text.getvalue().splitlines(), error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return ["stopped"], _INTERRUPTED
    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()[0]
        refused = ConfigError("CONTENTSVC_DATABASE_URL", "database-not-responding", reason=reason)
        return [f"error: {refused}"], _EXPECTED
    return [], 1
