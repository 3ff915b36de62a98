"""Write a journal of finished deliveries: a CSV file per month that Excel opens."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from contentsvc.channels import FinishedDelivery, hookimpl

__version__ = "1.0"

_HEADER = (
    *("完成时间", "计划时间", "时区", "周历", "标题", "类型", "通知", "渠道", "渠道类型"),
    *("结果", "链接", "说明", "编号"),
)
_RESULTS = MappingProxyType(
    {"published": "已发布", "failed": "失败", "unknown": "结果未知", "handed_off": "待人工发布"}
)
_KINDS = MappingProxyType({"post": "图文", "poster": "海报", "livestream": "直播"})
#: The byte order mark, without which Excel does not read a file as UTF-8.
_MARK = b"\xef\xbb\xbf"
#: A spreadsheet reads a cell that begins so as a formula (OWASP, CSV Injection), in full width too.
_FORMULA = tuple("=+-@＝＋－＠")


@hookimpl
def deliveries_finished(deliveries: Sequence[FinishedDelivery]) -> None:
    """Append a row for each delivery to the file of its month."""
    tables: dict[Path, list[bytes]] = {}
    for delivery in deliveries:
        local = delivery.finished_at.astimezone(delivery.zone)
        path = delivery.folder / f"发布记录-{local:%Y-%m}.csv"
        tables.setdefault(path, []).append(_line(_row(delivery)))
    for path, lines in tables.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, b"".join(lines))


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
        _KINDS.get(delivery.kind.value, delivery.kind.value),
        # An offset such as -1h would be read as a formula.
        _offset(delivery.notice),
        delivery.channel,
        delivery.channel_type,
        _RESULTS.get(delivery.status, delivery.status),
        delivery.url or "",
        delivery.words,
        str(delivery.id),
    )


def _offset(notice: str) -> str:
    if not notice:
        return ""
    words = {"-": "提前", "+": "开播后"}.get(notice[0])
    return f"{words} {notice[1:]}" if words else "开播时"


def _line(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _safe(cell: str) -> str:
    """Return a cell on one line that no spreadsheet reads as a formula."""
    if not cell.isprintable():
        cell = "".join(char for char in cell if char.isprintable() or char.isspace())
    words = " ".join(cell.split())
    return f"'{words}" if words.startswith(_FORMULA) else words


def _append(path: Path, lines: bytes) -> None:
    """Append whole lines or nothing, also if several workers write at the same time."""
    with _locked(path) as file:
        size = os.fstat(file).st_size
        # After a power cut the last line may be incomplete; the new lines must not continue it.
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        content = _MARK + _line(_HEADER) if size == 0 else b"\r\n" * torn
        try:
            _write(file, content + lines)
        except OSError:
            os.ftruncate(file, size)
            raise


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open a file with an exclusive lock, which closing it releases."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
