"""A plugin that appends each finished delivery (post to a channel) to a monthly CSV file."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contentsvc.channels import FinishedDelivery, Phrases, hookimpl

__version__ = "1.0"
api_version = 1

#: The journal is for Chinese content teams, so it has one language.
_LANGUAGE = "zh"
_PHRASES = Phrases(
    {
        _LANGUAGE: {
            "column-finished-at": "完成时间",
            "column-due-at": "计划时间",
            "column-zone": "时区",
            "column-calendar": "周历",
            "column-title": "标题",
            "column-kind": "类型",
            "column-notice": "通知",
            "column-channel": "渠道",
            "column-channel-type": "渠道类型",
            "column-status": "结果",
            "column-url": "链接",
            "column-message": "说明",
            "column-id": "编号",
            "kind-post": "图文",
            "kind-poster": "海报",
            "kind-livestream": "直播",
            "status-published": "已发布",
            "status-failed": "失败",
            "status-unknown": "结果未知",
            "status-handed_off": "待人工发布",
            "notice-before": "提前 {time}",
            "notice-start": "开播时",
            "notice-after": "开播后 {time}",
            "file": "发布记录-{month}.csv",
        }
    }
)
_COLUMNS = (
    *("finished-at", "due-at", "zone", "calendar", "title", "kind", "notice", "channel"),
    *("channel-type", "status", "url", "message", "id"),
)
#: The byte order mark, without which Excel does not read a file as UTF-8.
_MARK = b"\xef\xbb\xbf"
#: First characters that make a spreadsheet read a cell as a formula (OWASP, CSV Injection).
_FORMULA = tuple("=+-@＝＋－＠")


@hookimpl
def deliveries_finished(deliveries: Sequence[FinishedDelivery]) -> None:
    """Append a row for each delivery to the CSV file for the month in which it finished."""
    tables: dict[Path, list[bytes]] = {}
    for delivery in deliveries:
        local = delivery.finished_at.astimezone(delivery.zone)
        path = delivery.folder / _text("file", month=f"{local:%Y-%m}")
        tables.setdefault(path, []).append(_line(_row(delivery)))
    for path, lines in tables.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, b"".join(lines))


def _header() -> tuple[str, ...]:
    return tuple(_text(f"column-{name}") for name in _COLUMNS)


def _row(delivery: FinishedDelivery) -> tuple[str, ...]:
    times = (
        f"{at.astimezone(delivery.zone):%Y-%m-%d %H:%M:%S}"
        for at in (delivery.finished_at, delivery.due_at)
    )
    return (
        *times,
        delivery.zone.key,
        delivery.calendar,
        delivery.title,
        _text(f"kind-{delivery.kind}"),
        # An offset such as -1h would be read as a formula.
        _offset(delivery.notice),
        delivery.channel,
        delivery.channel_type,
        _text(f"status-{delivery.status}"),
        delivery.url or "",
        delivery.message,
        str(delivery.id),
    )


def _offset(notice: str) -> str:
    if not notice:
        return ""
    code = {"-": "notice-before", "+": "notice-after"}.get(notice[0], "notice-start")
    return _text(code, time=notice[1:])


def _text(code: str, **params: str) -> str:
    return _PHRASES.text(code, _LANGUAGE, **params)


def _line(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _safe(cell: str) -> str:
    """Return *cell* on one line. If it would be a formula, an apostrophe precedes it."""
    if not cell.isprintable():
        cell = "".join(char for char in cell if char.isprintable() or char.isspace())
    line = " ".join(cell.split())
    return f"'{line}" if line.startswith(_FORMULA) else line


def _append(path: Path, lines: bytes) -> None:
    """Append *lines* to the file completely or not at all, even while other processes append."""
    with _locked(path) as file:
        size = os.fstat(file).st_size
        # After a power cut the last line may be incomplete; the new lines must not continue it.
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        content = _MARK + _line(_header()) if size == 0 else b"\r\n" * torn
        try:
            _write(file, content + lines)
        except OSError:
            os.ftruncate(file, size)
            raise


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open *path* for appending and lock it during the `with` block; yield its descriptor."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
