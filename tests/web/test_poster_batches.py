"""Batches of posters in the web form: every step, every refusal, in both languages."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus
from contentsvc.services.poster_batches.making import BatchMaker
from contentsvc.services.runtime import Runtime
from tests.web.people import Clock, Person, handlers_in

NEW = "/posters/batches/new/invite"
TABLE = (
    "主标题,昵称,邀请码,链接\r\n"
    "一起来,小满,A1,https://e.com/i/A1\r\n"
    "一起来,=cmd,A2,nowhere\r\n"
    ",阿芷,A3,https://e.com/i/A3\r\n"
)


def _upload(
    person: Person, data: bytes | str = TABLE, name: str = "会员.csv", **values: Any
) -> Any:
    content = data.encode("gbk") if isinstance(data, str) else data
    form = {"sizes": ["1x1"], "format": "jpeg", "table": (io.BytesIO(content), name), **values}
    return person.post(NEW, form)


def _draft(person: Person, data: bytes | str = TABLE, **values: Any) -> str:
    """Upload a table and return the address of its batch."""
    response = _upload(person, data, **values)
    assert response.status_code == 303, response.get_data(as_text=True)
    return str(response.location)


def _columns(page: str) -> dict[str, str]:
    """Return the values that the form of a draft sends."""
    found = {}
    for name, inner in re.findall(
        r'<select[^>]* name="(column\.[^"]+)"(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'value="(\d*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def _started(person: Person, runtime: Runtime, data: str = TABLE) -> str:
    address = _draft(person, data)
    response = person.post(f"{address}/start", _columns(person.text(address)))
    assert response.status_code == 303, response.get_data(as_text=True)
    return address


def _work(runtime: Runtime) -> None:
    """Make the posters of all enqueued batches, as a worker does."""
    maker = BatchMaker(runtime)
    while True:
        with runtime.database.read() as session:
            batch = session.scalars(
                select(PosterBatch).where(PosterBatch.status == BatchStatus.RUNNING)
            ).first()
        if batch is None:
            return
        maker.make(batch.id, batch.fence)


@pytest.fixture
def done(mei: Person, runtime: Runtime) -> str:
    """Return the address of a batch of three rows, two of which failed."""
    address = _started(mei, runtime)
    _work(runtime)
    return address


def test_the_way_begins_with_pictures(mei: Person) -> None:
    """An empty list links to the templates, each with its picture."""
    assert "/posters/batches/new" in mei.text("/posters/batches/")
    gallery = mei.text("/posters/batches/new")

    assert "邀请海报" in gallery
    address = re.search(r'src="(/posters/invite/picture[^"]*)"', gallery)
    assert address is not None
    assert mei.get(address[1]).content_type == "image/webp"
    assert mei.get("/posters/batches/new/nothing").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_sample_sheet_comes_back_understood(mei: Person, language: str, ending: str) -> None:
    """A sample table in the person's language is accepted without choosing columns."""
    mei.post("/language", {"language": language, "next": "/"})
    sheet = mei.get(f"{NEW}/sample.{ending}")

    page = mei.text(_draft(mei, sheet.get_data(), table=(io.BytesIO(sheet.data), f"s.{ending}")))

    columns = _columns(page)
    places = [columns[f"column.{name}"] for name in ("title", "code", "url", "file")]
    assert places == ["0", "9", "10", "11"]
    assert "is-fault" not in page


def test_a_table_is_checked_before_it_begins(mei: Person) -> None:
    """One page shows the guessed columns, the first posters and the faulty rows."""
    address = _draft(mei)
    page = mei.text(address)

    assert _columns(page)["column.url"] == "3"
    assert "2 行做不了" in page
    assert "“nowhere”不是手机能打开的链接" in page
    assert "主标题：没有填" in page
    poster = mei.get(f"{address}/rows/2/1x1/preview")
    assert (poster.status_code, poster.content_type) == (200, "image/webp")
    assert mei.get(f"{address}/rows/3/1x1/preview").status_code == 422
    assert mei.get(f"{address}/rows/2/9x16/preview").status_code == 404


def test_what_a_size_leaves_out_is_told(mei: Person) -> None:
    """A filled field that a size does not show is named above the posters of that size."""
    table = TABLE.replace("昵称", "副标题", 1)
    address = _draft(mei, table, sizes=["9x16", "1x1"])

    page = mei.text(address)
    changed = mei.post(
        f"{address}/columns",
        {**_columns(page), "column.subtitle": "", "fixed.points": "新人有礼"},
        headers={"HX-Request": "true"},
    ).get_data(as_text=True)

    assert re.findall("：这个尺寸不显示(.*)。", page) == ["副标题"]
    assert re.findall("(.{9})：这个尺寸不显示(.*)。", changed) == [("1080×1080", "福利")]


def test_a_text_that_is_too_long_stays_in_the_form(mei: Person) -> None:
    """The error names the field, by script and without; what was typed is shown again."""
    address = _draft(mei)
    values = {**_columns(mei.text(address)), "fixed.words": "长" * 5000}

    by_script = mei.post(f"{address}/columns", values, headers={"HX-Request": "true"})
    by_form = mei.post(f"{address}/start", values)

    assert by_form.status_code == 422
    assert "长" * 5000 in by_form.get_data(as_text=True)
    for page in (by_script, by_form):
        assert "<strong>邀请语</strong>" in page.get_data(as_text=True)


def test_a_refused_correction_of_a_row_stays_in_the_form(mei: Person, done: str) -> None:
    """What was typed for a failed row is shown again with the error."""
    page = mei.post(f"{done}/rows", {"cell.3.url": "x" * 2001, "cell.4.title": "还没保存的标题"})

    assert page.status_code == 422
    assert "x" * 2001 in page.get_data(as_text=True)
    assert "还没保存的标题" in page.get_data(as_text=True)


def test_a_chosen_column_shows_at_once(mei: Person) -> None:
    """A script gets the posters and faults again; without a script the page is reloaded."""
    address = _draft(mei)
    values = {**_columns(mei.text(address)), "fixed.title": "都来", "column.url": ""}

    by_script = mei.post(f"{address}/columns", values, headers={"HX-Request": "true"})
    by_form = mei.post(f"{address}/columns", values)

    assert "每一行都缺：分享人链接" in by_script.get_data(as_text=True)
    assert "<html" not in by_script.get_data(as_text=True)
    assert by_form.status_code == 303
    assert 'value="都来"' in mei.text(address)


def test_rows_are_pasted(mei: Person, runtime: Runtime) -> None:
    """Cells copied from a spreadsheet are accepted as a table."""
    text = "昵称\t链接\n小满\thttps://e.com/1\n果果\thttps://e.com/2"
    response = mei.post(NEW, {"sizes": ["1x1"], "pasted": text})

    assert response.status_code == 303
    with runtime.database.read() as session:
        assert [row.cells[0] for row in session.scalars(select(PosterRow))] == ["小满", "果果"]


_HEAD = ("主标题", "昵称", "邀请码", "链接")
_SEMICOLONS = "主标题;昵称;邀请码;链接\n早安, 今天, 天气;小满;00007;https://e.com/7\n"
_MEMBER = ("早安, 今天, 天气", "小满", "00007", "https://e.com/7")


def _shown_as_numbers() -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.append(_HEAD)
    sheet.append((_MEMBER[0], "小满", 7, "https://e.com/7"))
    sheet["C2"].number_format = "00000"
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "form",
    [
        {"table": (_SEMICOLONS.encode(), "t.csv")},
        {"table": (_SEMICOLONS.encode("utf-16-le"), "t.txt")},
        {"table": (_shown_as_numbers(), "t.xlsx")},
        {"pasted": _SEMICOLONS.replace(";", "\t")},
        {"pasted": _SEMICOLONS},
    ],
    ids=["semicolons", "utf-16", "workbook", "pasted", "pasted-semicolons"],
)
def test_every_way_in_gives_the_same_cells(
    mei: Person, runtime: Runtime, form: dict[str, Any]
) -> None:
    """An uploaded file and pasted rows have the cells that the spreadsheet shows."""
    values = {key: _posted(value) for key, value in form.items()}
    response = mei.post(NEW, {"sizes": ["1x1"], "format": "jpeg", **values})

    assert response.status_code == 303, response.get_data(as_text=True)
    with runtime.database.read() as session:
        assert [tuple(row.cells) for row in session.scalars(select(PosterRow))] == [_MEMBER]


def _posted(value: Any) -> Any:
    return value if isinstance(value, str) else (io.BytesIO(value[0]), value[1])


@pytest.mark.parametrize("title", ["昵称", "文件名"])
def test_a_row_with_an_error_of_the_spreadsheet_fails(
    mei: Person, runtime: Runtime, title: str
) -> None:
    """The page names the cell before the start; the other rows are made, and it can be mended."""
    data = f"主标题,{title},链接\n来,小满,https://e.com/1\n来,#N/A,https://e.com/2\n"
    address = _draft(mei, data)
    draft = mei.text(address)
    preview = mei.get(f"{address}/rows/3/1x1/preview")
    mei.post(f"{address}/start", _columns(draft))
    _work(runtime)
    failed = mei.text(f"{address}/run")
    mei.post(f"{address}/rows", {"pasted": f"行号\t{title}\n3\t阿芷"})
    _work(runtime)

    assert "单元格 B3 是错误值 #N/A；请改正公式，或直接填写内容" in draft
    assert preview.status_code == 422
    assert "单元格 B3 是错误值 #N/A" in failed
    with zipfile.ZipFile(io.BytesIO(mei.get(f"{address}/posters.zip").data)) as archive:
        assert archive.namelist() == ["小满.jpg", "阿芷.jpg", "report.csv"]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"\0" * 80_000_000)
    return out.getvalue()


def _uncalculated() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.worksheets[0].append(("主标题", "链接"))
    book.worksheets[0].append(("来", "=A2&1"))
    book.save(out)
    return out.getvalue()


def _rows(count: int) -> str:
    return "主标题,链接\n" + "来,https://e.com/1\n" * count


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "", "请选择一个表格文件"),
        (b"abc", "t.xls", "旧的 .xls 请另存为 .xlsx"),
        (b"abc", "t.xlsx", "无法读取"),
        (b"\xff\xff\x00", "t.csv", "编码不是 UTF-8 或 GB 18030"),
        (b"title\n", "t.csv", "列名下面没有内容"),
        (_bomb(), "t.xlsx", "解压后太大"),
        (
            _uncalculated(),
            "t.xlsx",
            "单元格 B2 的公式 =A2&amp;1 没有计算结果",
        ),
        ("主标题,链接\n来,小满".encode()[:-1], "t.csv", "第 2 行有不是 UTF-8 的字节"),
        (_rows(5001).encode(), "t.csv", "有 5001 行，最多 5000 行"),
    ],
    ids=["none", "xls", "broken", "encoding", "empty", "bomb", "formula", "damaged", "rows"],
)
def test_a_table_that_cannot_be_used_is_refused(
    mei: Person, runtime: Runtime, data: bytes, name: str, words: str
) -> None:
    """The reason is beside the field in the person's language; the choices stay."""
    response = _upload(mei, data, name, sizes=["3x4"], format="png")
    page = response.get_data(as_text=True)

    assert response.status_code == 422
    assert words in page
    assert 'value="3x4" checked' in page
    assert re.search(r'value="png"[^>]* checked', page)
    with runtime.database.read() as session:
        assert session.scalars(select(PosterBatch)).all() == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sizes": []}, "请至少选一个尺寸"),
        ({"sizes": ["huge"]}, "请至少选一个尺寸"),
        ({"format": "gif"}, "error-format"),
        ({"brand": "../../etc"}, "error-brand"),
    ],
)
def test_a_choice_that_there_is_not_is_refused(
    mei: Person, values: dict[str, Any], words: str
) -> None:
    """Unknown sizes, formats and brands are reported beside their fields."""
    response = _upload(mei, **values)

    assert response.status_code == 422
    assert words in response.get_data(as_text=True)


def test_a_batch_without_a_good_row_does_not_begin(mei: Person, runtime: Runtime) -> None:
    """If every row lacks a field, the page says so and nothing is enqueued."""
    address = _draft(mei)

    response = mei.post(f"{address}/start", {})

    assert response.status_code == 422
    assert "现在没有一行能做成海报" in response.get_data(as_text=True)
    assert dict(runtime.queue.stats().waiting)["batch"] == 0


def test_a_third_batch_waits_for_one_to_end(mei: Person, runtime: Runtime) -> None:
    """Two batches run at once; the third stays a draft with the reason."""
    for _ in range(2):
        _started(mei, runtime)
    address = _draft(mei)

    response = mei.post(f"{address}/start", _columns(mei.text(address)))

    assert response.status_code == 422
    assert "mei 已有 2 批海报在制作" in response.get_data(as_text=True)


def test_progress_is_asked_for_until_the_end(mei: Person, runtime: Runtime, clock: Clock) -> None:
    """The page polls, works when it is opened again, and reloads at the end."""
    address = _started(mei, runtime)
    assert mei.get(address).location == f"{address}/run"
    running = mei.text(f"{address}/run")
    assert f'hx-get="{address}/progress"' in running
    assert '<noscript><meta http-equiv="refresh"' in running
    assert "HX-Refresh" not in mei.get(f"{address}/progress").headers

    _work(runtime)

    assert mei.get(f"{address}/progress").headers["HX-Refresh"] == "true"
    ended = mei.text(f"{address}/run")
    assert "hx-get" not in ended
    assert "2 行失败" in ended


def test_silence_is_told(mei: Person, runtime: Runtime, clock: Clock) -> None:
    """Without progress for a while, the page says that the batch waits for a worker."""
    address = _started(mei, runtime)
    clock.now = clock.now.replace(minute=clock.now.minute + 1)

    assert "正在等待出稿进程" in mei.text(f"{address}/progress")


def test_the_zip_holds_posters_and_report(mei: Person, done: str) -> None:
    """The ZIP has the name of the table and a length, and no cell of its report is a formula."""
    response = mei.get(f"{done}/posters.zip")

    assert int(response.headers["Content-Length"]) == len(response.data)
    disposition = response.headers["Content-Disposition"]
    assert disposition.endswith("filename*=UTF-8''%E4%BC%9A%E5%91%98.zip")
    assert disposition.isascii()
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert archive.namelist() == ["小满.jpg", "report.csv"]
        report = list(csv.reader(io.StringIO(archive.read("report.csv").decode("utf-8-sig"))))
    assert report[0] == ["行号", "文件", "邀请码", "二维码内容", "状态", "说明"]
    assert report[1] == ["2", "小满.jpg", "A1", "https://e.com/i/A1", "已做好", ""]
    assert report[2][:5] == ["3", "", "A2", "nowhere", "失败"]
    assert mei.get(f"{done}/report.csv").data == archive_report(response.data)
    shown = mei.get(f"{done}/rows/2/1x1")
    assert shown.content_type == "image/jpeg"


def archive_report(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("report.csv")


def test_failed_rows_are_mended_in_the_page(mei: Person, runtime: Runtime, done: str) -> None:
    """The faulty cells are in a form; saving it makes only these rows again."""
    page = mei.text(f"{done}/run")
    assert 'name="cell.3.url" value="nowhere"' in page

    values = {"cell.3.url": "https://e.com/i/A2", "cell.4.title": "来"}
    response = mei.post(f"{done}/rows", values)
    _work(runtime)

    assert response.status_code == 303
    with zipfile.ZipFile(io.BytesIO(mei.get(f"{done}/posters.zip").data)) as archive:
        assert archive.namelist() == ["小满.jpg", "=cmd.jpg", "阿芷.jpg", "report.csv"]


def test_failed_rows_are_mended_in_a_sheet(mei: Person, runtime: Runtime, done: str) -> None:
    """The sheet of failed rows gives the reasons and can be uploaded after correction."""
    book = load_workbook(io.BytesIO(mei.get(f"{done}/failed.xlsx").data))
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    assert titles == ["行号", "主标题", "昵称", "邀请码", "链接", "失败原因"]
    assert [cell.value for cell in sheet[2]][:3] == ["3", "一起来", "=cmd"]
    sheet["E2"], sheet["B3"] = "https://e.com/i/A2", "来"
    out = io.BytesIO()
    book.save(out)

    response = mei.post(f"{done}/rows", {"table": (io.BytesIO(out.getvalue()), "failed.xlsx")})
    _work(runtime)

    assert response.status_code == 303
    assert "行失败" not in mei.text(f"{done}/run")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "请选择一个表格文件"),
        ({"cell.3.url": "nowhere"}, "没有一行有改动"),
        ({"pasted": "行号\t链接\n88\thttps://e.com"}, "没有第 88 行"),
    ],
)
def test_corrections_that_cannot_be_used_are_told(
    mei: Person, done: str, values: dict[str, str], words: str
) -> None:
    """The page shows the reason, and nothing is changed."""
    response = mei.post(f"{done}/rows", values)

    assert response.status_code == 422
    assert words in response.get_data(as_text=True)


def test_a_batch_is_stopped_goes_on_and_is_deleted(mei: Person, runtime: Runtime) -> None:
    """A batch can be stopped, resumed and deleted; a deleted batch has no page."""
    address = _started(mei, runtime)
    mei.post(f"{address}/stop")
    assert "已停止" in mei.text(f"{address}/run")
    mei.post(f"{address}/go-on")
    _work(runtime)
    assert "已完成" in mei.text(f"{address}/run")
    mei.post(f"{address}/go-on")
    assert "没有要做的行了" in mei.text(f"{address}/run")
    mei.post(f"{address}/retry")
    _work(runtime)

    assert mei.post(f"{address}/delete").location == "/posters/batches/"
    assert mei.get(f"{address}/run").status_code == 404
    assert not list((runtime.config.data_dir / "batches").iterdir())


def test_what_a_table_holds_runs_in_no_page(mei: Person, runtime: Runtime) -> None:
    """Markup in titles, cells and the file's name is shown as text."""
    evil = "<img src=x onerror=alert(1)>"
    data = f"主标题,昵称,链接\n{evil},{evil},https://e.com/1\n好,好,{evil}\n".replace("昵称", evil)
    address = _draft(mei, data, table=(io.BytesIO(data.encode()), f"{evil}.csv"))
    pages = [mei.text(address)]
    mei.post(f"{address}/start", _columns(pages[0]))
    _work(runtime)
    pages += [mei.text(f"{address}/run"), mei.text("/posters/batches/")]

    assert [handlers_in(page) for page in pages] == [[], [], []]
    assert "&lt;img" in pages[0]
    with zipfile.ZipFile(io.BytesIO(mei.get(f"{address}/posters.zip").data)) as archive:
        assert all("/" not in name and "<" not in name for name in archive.namelist())


def test_pages_are_in_english_too(mei: Person, runtime: Runtime, done: str) -> None:
    """Every page and the report are in English for a person who reads English."""
    mei.post("/language", {"language": "en", "next": "/"})

    pages = [mei.text(path) for path in ("/posters/batches/", NEW, f"{done}/run")]

    assert "Poster batches" in pages[0]
    assert "One poster per row" in pages[1]
    assert "“nowhere” is not a link that a phone can open" in pages[2]
    assert "邀请码" not in mei.get(f"{done}/report.csv").data.decode().splitlines()[0]
