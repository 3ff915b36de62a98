"""The format of log lines."""

from __future__ import annotations

import logging
import sys

from contentsvc.logs import LineFormatter


def _line(message: str, *args: object, **extra: object) -> str:
    record = logging.makeLogRecord(
        {"name": "x", "levelname": "INFO", "msg": message, "args": args, "created": 0.25, **extra}
    )
    return LineFormatter().format(record)


def test_a_line_shows_the_action_first_and_quotes_what_has_spaces() -> None:
    """The values of `extra` follow the message as key=value, the action first."""
    line = _line("Delivered %s", "it", delivery=7, action="delivery_published", title="早安 签到")

    assert line == (
        "1970-01-01T00:00:00.250Z INFO    Delivered it "
        'action=delivery_published delivery=7 title="早安 签到"'
    )


def test_a_message_cannot_forge_a_second_line() -> None:
    """Control characters from outside are escaped."""
    line = _line("refused: %s", "a\nINFO forged\x1b[2J")

    assert "\n" not in line
    assert line.endswith(r"refused: a\nINFO forged\x1b[2J")


def test_a_password_in_an_address_is_masked() -> None:
    """Passwords in URLs are masked in the message and in the values of `extra`."""
    line = _line("at %s", "postgresql://me:geheim@db/x", url="redis://:geheim@host/0")

    assert "geheim" not in line
    assert "postgresql://me:••••••@db/x" in line


def test_a_traceback_is_indented_below() -> None:
    """A traceback is indented below its record."""
    try:
        int("no")
    except ValueError:
        line = _line("Broken", exc_info=sys.exc_info())

    first, *rest = line.splitlines()
    assert first.endswith("Broken")
    assert rest[-1].startswith("    ValueError: invalid literal")
