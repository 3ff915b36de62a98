"""Tests of the journal: a file per month, complete rows, and no formulas."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contentsvc.channels import EntryKind, FinishedDelivery
from contentsvc.channels.testing import load_plugin, sample_finished_delivery

PLUGIN = Path(__file__).parents[2] / "plugins" / "journal.py"
Write = Callable[..., object]


@pytest.fixture(scope="module")
def write() -> Write:
    return journal()


def journal() -> Write:
    """Return a function that passes deliveries to the journal in one call."""
    (listener,) = load_plugin(PLUGIN).listeners()
    return lambda *deliveries: listener.call(deliveries)


@pytest.fixture
def finished(tmp_path: Path) -> FinishedDelivery:
    return sample_finished_delivery(tmp_path / "journal")


def rows(folder: Path) -> list[dict[str, str]]:
    (path,) = folder.iterdir()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_finished_delivery_is_a_row(write: Write, finished: FinishedDelivery) -> None:
    """A row has local times and Chinese labels."""
    write(finished)

    assert rows(finished.folder) == [
        {
            "完成时间": "2026-11-26 20:00:01",
            "计划时间": "2026-11-26 20:00:00",
            "时区": "Asia/Shanghai",
            "周历": "baby-benefits",
            "标题": "早安签到",
            "类型": "图文",
            "通知": "",
            "渠道": "there",
            "渠道类型": "sample",
            "结果": "已发布",
            "链接": "https://there.example/1",
            "说明": "",
            "编号": "1",
        }
    ]


def test_excel_reads_chinese(write: Write, finished: FinishedDelivery) -> None:
    """The file begins with one byte order mark, and its lines end with CRLF."""
    write(finished)
    write(finished)

    (path,) = finished.folder.iterdir()
    content = path.read_bytes()
    assert content.startswith("\ufeff完成时间,".encode())
    assert content.count(b"\xef\xbb\xbf") == 1
    assert content.count(b"\r\n") == content.count(b"\n") == 3


@pytest.mark.parametrize(
    ("status", "label"),
    [("failed", "失败"), ("unknown", "结果未知"), ("handed_off", "待人工发布")],
)
def test_results_are_in_words(
    write: Write, finished: FinishedDelivery, status: str, label: str
) -> None:
    """The result is in Chinese as on the pages, with the platform's message."""
    write(replace(finished, status=status, message="含有\n敏感词", url=None))

    (row,) = rows(finished.folder)
    assert (row["结果"], row["说明"], row["链接"]) == (label, "含有 敏感词", "")


def test_each_month_of_the_calendar_has_its_table(write: Write, finished: FinishedDelivery) -> None:
    """The month is that of the calendar's time zone, not of UTC."""
    late = datetime(2026, 11, 30, 16, 5, tzinfo=UTC)

    write(
        finished,
        replace(finished, finished_at=late),
        replace(finished, finished_at=late, zone=ZoneInfo("Europe/Berlin")),
    )

    assert sorted(path.name for path in finished.folder.iterdir()) == [
        "发布记录-2026-11.csv",
        "发布记录-2026-12.csv",
    ]


@pytest.mark.parametrize(
    "title",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "\t=1+1",
        " \r\n =cmd|' /C calc'!A0",
        '=HYPERLINK("https://evil.example")',
        "\u200b=1+1",
        "\x00=1+1",
    ],
)
def test_no_cell_is_a_formula(write: Write, finished: FinishedDelivery, title: str) -> None:
    """A title or a platform's message cannot run a formula when the file is opened."""
    write(replace(finished, title=title, message=title, url=title))

    (row,) = rows(finished.folder)
    for cell in (row["标题"], row["说明"], row["链接"]):
        assert cell.startswith("'")


@pytest.mark.parametrize(
    ("notice", "label"), [("-24h", "提前 24h"), ("+2h", "开播后 2h"), ("0m", "开播时"), ("", "")]
)
def test_a_notice_s_offset_is_in_words(
    write: Write, finished: FinishedDelivery, notice: str, label: str
) -> None:
    """The offset is in Chinese, because a spreadsheet reads -24h as a formula."""
    write(replace(finished, kind=EntryKind.LIVESTREAM, notice=notice))

    (row,) = rows(finished.folder)
    assert (row["类型"], row["通知"]) == ("直播", label)


def test_quotes_and_commas_keep_their_cell(write: Write, finished: FinishedDelivery) -> None:
    """Quotes and commas in a title do not move the other columns."""
    write(replace(finished, title='他说："好", 然后走了'))

    assert rows(finished.folder)[0]["标题"] == '他说："好", 然后走了'


def test_half_a_surrogate_is_no_reason_to_fail(write: Write, finished: FinishedDelivery) -> None:
    """A message with a lone surrogate is written."""
    write(replace(finished, message="坏\ud83d了"))

    assert len(rows(finished.folder)) == 1


def test_what_ends_together_is_written_together(write: Write, finished: FinishedDelivery) -> None:
    """Deliveries of one call are written in their order."""
    write(*(replace(finished, id=number) for number in range(1, 201)))

    assert [row["编号"] for row in rows(finished.folder)] == [str(n) for n in range(1, 201)]


def _write_many(folder: Path, number: int) -> None:
    write, finished = journal(), sample_finished_delivery(folder)

    def two(one: int) -> None:
        write(replace(finished, id=one), replace(finished, id=one + 1))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(two, range(number, number + 50, 2)))


def test_workers_write_side_by_side(tmp_path: Path) -> None:
    """Several processes and threads write one header, and each row completely and once."""
    context = get_context("spawn")
    processes = [
        context.Process(target=_write_many, args=(tmp_path / "journal", number))
        for number in (0, 1000, 2000)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    written = [int(row["编号"]) for row in rows(tmp_path / "journal")]
    assert sorted(written) == [*range(50), *range(1000, 1050), *range(2000, 2050)]


def test_what_a_power_cut_left_spoils_no_row(write: Write, finished: FinishedDelivery) -> None:
    """After an incomplete line, the next row begins on a new line."""
    write(finished)
    (path,) = finished.folder.iterdir()
    with path.open("ab") as file:
        file.write(b"2026-11-26 20:0")

    write(finished)

    assert [row["编号"] for row in rows(finished.folder)] == ["1", None, "1"]


def test_a_full_disk_leaves_no_half_row(
    write: Write, finished: FinishedDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that could not be written completely are removed, and the log has the error."""
    write(finished)
    (path,) = finished.folder.iterdir()
    before = path.read_bytes()
    real = os.write

    def full(file: int, content: bytes) -> int:
        if len(content) > 20:
            return real(file, content[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        write(finished)

    assert path.read_bytes() == before
