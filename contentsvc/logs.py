"""Log lines on standard output: time, level, message, and what `extra` gave as key=value."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

__all__ = ["LineFormatter", "setup"]

#: What every record has; anything beyond was given by `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_PLAIN = re.compile(r"[\w.:/@+\-…]+")
_PASSWORD = re.compile(r"(\w+://[^\s/:@]*):[^\s/@]+@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

#: Libraries that tell at `info` what this service tells better itself.
_CHATTY = ("alembic", "httpcore", "httpx", "PIL", "rq", "rq.job", "rq.worker", "werkzeug")


def setup(level: str) -> None:
    """Log to standard output from *level* up: debug, info, warning or error."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    chatty = logging.DEBUG if level == "debug" else max(logging.WARNING, logging.root.level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(chatty)


class LineFormatter(logging.Formatter):
    """One line a record, a traceback indented below it; passwords in addresses are masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = _CONTROL.sub(_escaped, record.getMessage())
        parts = [at.replace("+00:00", "Z"), record.levelname.ljust(7), message]
        parts += [f"{name}={_value(value)}" for name, value in _given(record)]
        return _PASSWORD.sub(r"\1:••••••@", " ".join(parts) + self._trace(record))

    def _trace(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return ""
        lines = self.formatException(record.exc_info).splitlines()
        return "".join(f"\n    {line}" for line in lines)


def _given(record: logging.LogRecord) -> list[tuple[str, object]]:
    given = [(name, value) for name, value in vars(record).items() if name not in _USUAL]
    return sorted(given, key=lambda pair: pair[0] != "action")


def _value(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
