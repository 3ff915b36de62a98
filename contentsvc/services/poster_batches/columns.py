"""Map the columns of a poster batch's table to the fields of its poster template."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from contentsvc.posters import FILE_COLUMN, Line, Template, column_letters

__all__ = [
    "fields_of",
    "guess_columns",
    "known_titles",
    "normalize_title",
    "sample_table",
    "split_table",
]

#: How many lines are searched for the column titles; a heading or a date may be above them.
_HEAD_LINES = 10
#: How many rows are examined for links.
_EXAMINED_ROWS = 20
#: Punctuation and text in brackets that are ignored in a column title: 姓名*, 链接（必填）.
_ASIDE = re.compile(r"[(（【\[].*?[)）】\]]|[\s*:：·_\-—]+")
_LINK = re.compile(r"(?:https?|weixin)://", re.IGNORECASE)
_FILE_TITLES = frozenset(
    {"file", "filename", "文件", "文件名", "图片名", "图片名称", "图片文件名", "保存为"}
)
#: Column titles that people use for a field in addition to its labels.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "sharer": ("姓名", "昵称", "名字", "群昵称", "微信昵称", "邀请人", "会员", "会员昵称", "name",
               "nickname", "member"),
    "name": ("姓名", "昵称", "名字", "nickname"),
    "host": ("主播", "讲师", "嘉宾", "speaker"),
    "url": ("链接", "二维码", "二维码内容", "二维码链接", "邀请链接", "专属链接", "推广链接",
            "网址", "link", "qr", "qrcode"),
    "code": ("邀请码", "推荐码", "专属码", "兑换码", "invitecode"),
    "photo": ("头像", "照片", "avatar"),
    "product": ("商品", "商品名", "商品名称", "品名", "产品", "产品名称"),
    "price": ("价格", "现价", "售价", "秒杀价", "拼团价"),
    "was": ("原价", "划线价", "市场价"),
    "title": ("标题", "主题"),
}  # fmt: skip
#: Fields whose column can provide the file names if no column has a file title, best first.
_NAMING_FIELDS = ("sharer", "name", "code", "product", "title")
#: The number of example rows in a table to fill in.
_EXAMPLES = 2


def normalize_title(text: str) -> str:
    """Return a column title for comparison: lower case, without punctuation and bracketed text.

    Full-width characters become ordinary ones (NFKC).
    """
    return _ASIDE.sub("", unicodedata.normalize("NFKC", text).casefold())


def _titles(template: Template) -> dict[str, str]:
    """Return the template field of each known column title; titles of file names have `file`."""
    titles: dict[str, str] = {}
    for name, spec in template.fields.items():
        for title in (name, spec.label.zh, spec.label.en):
            titles.setdefault(normalize_title(title), name)
    for name in template.fields:
        for title in _SYNONYMS.get(name, ()):
            titles.setdefault(title, name)
    return titles | dict.fromkeys(_FILE_TITLES, FILE_COLUMN)


def split_table(
    lines: Sequence[Line], known: Collection[str]
) -> tuple[tuple[str, ...], Sequence[Line]]:
    """Find the line with the column titles; return the titles and the rows below them.

    The titles are in the line with the most *known* normalized titles. If no title is known, they
    are in the first line that fills more than half of the columns; lines above it are headings of
    the sheet in merged cells. In the rows, a merged cell fills every column that it covers.
    """
    head = lines[:_HEAD_LINES]
    hits = [sum(normalize_title(cell) in known for cell in line.cells if cell) for line in head]
    if max(hits) > 0:
        index = hits.index(max(hits))
    else:
        filled = [sum(map(bool, line.cells)) for line in head]
        index = next(at for at, count in enumerate(filled) if count > max(filled) / 2)
    below = lines[index + 1 :]
    titles = _titles_over(head[index].cells, below)
    return titles, [replace(line, cells=line.filled[: len(titles)]) for line in below]


def _titles_over(cells: Sequence[str], rows: Sequence[Line]) -> tuple[str, ...]:
    """Return a unique title for each column up to the last one with text in any row.

    A repeated title gets a number. A column without a title, as below a merged cell, gets its
    letter.
    """
    used = [index for row in rows for index, cell in enumerate(row.cells) if cell]
    filled = [index for index, cell in enumerate(cells) if cell]
    count = max([*used, *filled], default=-1) + 1
    titles: list[str] = []
    for index in range(count):
        text = " ".join(cells[index].split()) if index < len(cells) else ""
        title, number = text or f"[{column_letters(index)}]", 2
        while title in titles:
            title, number = f"{text or '?'} ({number})", number + 1
        titles.append(title)
    return tuple(titles)


def guess_columns(
    template: Template, header: Sequence[str], rows: Sequence[Line]
) -> dict[str, int]:
    """Guess which column fills each template field; return the columns' indexes by field name.

    The name `file` stands for the column with the posters' file names.

    The guess uses the titles first, and for links and file names also the values of the rows.
    """
    titles = _titles(template)
    columns: dict[str, int] = {}
    for index, title in enumerate(header):
        name = titles.get(normalize_title(title))
        if name is not None:
            columns.setdefault(name, index)
    _add_similar_titles(template, header, columns)
    _add_link_column(template, rows, columns)
    if FILE_COLUMN not in columns:
        _add_file_column(rows, columns)
    return columns


def known_titles(template: Template) -> Collection[str]:
    """Return all column titles, normalized, that name a field of *template* or the file names."""
    return _titles(template).keys()


def _add_similar_titles(template: Template, header: Sequence[str], columns: dict[str, int]) -> None:
    """Assign free columns to fields if the title contains the field's label, or vice versa."""
    for name, spec in template.fields.items():
        label = normalize_title(spec.label.zh)
        for index, title in enumerate(header):
            if name in columns or index in columns.values():
                continue
            text = normalize_title(title)
            if min(len(text), len(label)) > 1 and (label in text or text in label):
                columns[name] = index


def _add_link_column(template: Template, rows: Sequence[Line], columns: dict[str, int]) -> None:
    """If the template has one link field, map it to the first column that has only links."""
    links = [name for name, spec in template.fields.items() if spec.type == "url"]
    if len(links) != 1 or links[0] in columns:
        return
    examined = rows[:_EXAMINED_ROWS]
    width = max((len(row.cells) for row in examined), default=0)
    for index in range(width):
        cells = _filled_cells(examined, index)
        if cells and index not in columns.values() and all(map(_LINK.match, cells)):
            columns[links[0]] = index
            return


def _add_file_column(rows: Sequence[Line], columns: dict[str, int]) -> None:
    """Choose the column for the file names and add it to *columns*.

    It is the first name, code or title column whose values are all different. If there is none, add
    nothing.
    """
    for name in _NAMING_FIELDS:
        index = columns.get(name)
        if index is None:
            continue
        cells = _filled_cells(rows, index)
        if cells and len(set(cells)) == len(cells):
            columns[FILE_COLUMN] = index
            return


def _filled_cells(rows: Sequence[Line], index: int) -> list[str]:
    return [row.cells[index] for row in rows if index < len(row.cells) and row.cells[index]]


def fields_of(
    template: Template,
    columns: Mapping[str, int],
    fixed: Mapping[str, str],
    cells: Sequence[str],
) -> dict[str, str]:
    """Return a row's texts by field name; if a cell is empty, take the text in *fixed*.

    Fields without a text are left out.
    """
    texts = {}
    for name in template.fields:
        index = columns.get(name)
        cell = cells[index] if index is not None and index < len(cells) else ""
        texts[name] = cell or fixed.get(name, "")
    return {name: text for name, text in texts.items() if text}


def sample_table(template: Template, language: str, file_title: str) -> list[list[str]]:
    """Return a table to fill in: a line with field labels in *language*, then example rows."""
    names = [name for name, spec in template.fields.items() if spec.type != "image"]
    head = [getattr(template.fields[name].label, language) for name in names]
    rows = []
    for number in range(1, _EXAMPLES + 1):
        values = [template.fields[name].sample for name in names]
        texts = [text if isinstance(text, str) else "\n".join(text) for text in values]
        rows.append([*texts, f"{template.id}-{number:03d}"])
    return [[*head, file_title], *rows]
