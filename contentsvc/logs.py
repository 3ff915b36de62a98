"""Log to standard output: time, level, message, then the values of `extra` as key=value."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from contentsvc.masking import KNOWN, MASK

__all__ = ["LineFormatter", "setup"]

#: The attributes of every log record; all others come from `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_PLAIN = re.compile(r"[\w.:/@+\-…]+")
_PASSWORD = re.compile(r"(\w+://[^\s/:@]*):[^\s/@]+@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

#: Libraries whose `info` lines repeat what this service logs itself.
_CHATTY = ("alembic", "httpcore", "httpx", "PIL", "rq", "rq.job", "rq.worker", "werkzeug")


def setup(level: str) -> None:
    """Write log messages of *level* (debug, info, warning, error) and above to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    chatty = logging.DEBUG if level == "debug" else max(logging.WARNING, logging.root.level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(chatty)


class LineFormatter(logging.Formatter):
    """Formats a log record as one line; a traceback follows, indented.

    Passwords in URLs and the secrets of channels are masked, also in lines that a plugin logs and
    in tracebacks; control characters are escaped.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a line of text, followed by its traceback if it has one."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = _CONTROL.sub(_escaped, record.getMessage())
        parts = [at.replace("+00:00", "Z"), record.levelname.ljust(7), message]
        parts += [f"{name}={_value(value)}" for name, value in _extras(record)]
        return KNOWN.text(_PASSWORD.sub(rf"\1:{MASK}@", " ".join(parts) + self._trace(record)))

    def _trace(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return ""
        lines = self.formatException(record.exc_info).splitlines()
        return "".join(f"\n    {line}" for line in lines)


def _extras(record: logging.LogRecord) -> list[tuple[str, object]]:
    extras = [(name, value) for name, value in vars(record).items() if name not in _STANDARD]
    return sorted(extras, key=lambda pair: pair[0] != "action")


def _value(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
