"""Which column of a person's table is which field of a template."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from contentsvc.posters import FILE_COLUMN, Line, Template

__all__ = [
    "fields_of",
    "guess_columns",
    "known_titles",
    "plain",
    "sample_table",
    "split_table",
]

#: Lines in which the column titles are looked for: tables begin with a title, a date, a note.
_HEAD_LINES = 10
#: Of this many rows the values are looked at.
_LOOKED_AT = 20
#: What stands behind a column's title without being part of it: 姓名*, 链接（必填）.
_ASIDE = re.compile(r"[(（【\[].*?[)）】\]]|[\s*:：·_\-—]+")
_LINK = re.compile(r"(?:https?|weixin)://", re.IGNORECASE)
_FILE_WORDS = frozenset(
    {"file", "filename", "文件", "文件名", "图片名", "图片名称", "图片文件名", "保存为"}
)
#: What people call a field beside its own labels.
_WORDS: Mapping[str, tuple[str, ...]] = {
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
#: Whose column names the files where no column does so itself.
_NAMING = ("sharer", "name", "code", "product", "title")
#: Rows of examples in a sheet to fill in.
_EXAMPLES = 2


def plain(text: str) -> str:
    """Give a column's title as it is compared: without marks, asides, case and width."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", text).casefold())


def _titles(template: Template) -> dict[str, str]:
    """Give the field, or `file`, that each known title means; a field's own words come first."""
    found: dict[str, str] = {}
    for name, spec in template.fields.items():
        for title in (name, spec.label.zh, spec.label.en):
            found.setdefault(plain(title), name)
    for name in template.fields:
        for title in _WORDS.get(name, ()):
            found.setdefault(title, name)
    return found | dict.fromkeys(_FILE_WORDS, FILE_COLUMN)


def split_table(
    lines: Sequence[Line], known: Collection[str]
) -> tuple[tuple[str, ...], Sequence[Line]]:
    """Part the line of column titles, by most *known* plain words, from the rows below it.

    Where no title is known it is the first line with several cells: what stands above, over merged
    cells, is a heading of the whole sheet.
    """
    head = lines[:_HEAD_LINES]
    hits = [sum(plain(cell) in known for cell in line.cells if cell) for line in head]
    if max(hits) > 0:
        place = hits.index(max(hits))
    else:
        wide = max(sum(map(bool, line.cells)) for line in head)
        several = [at for at, line in enumerate(head) if sum(map(bool, line.cells)) > wide / 2]
        place = several[0]
    return _titles_over(head[place].cells, lines[place + 1 :]), lines[place + 1 :]


def _titles_over(cells: Sequence[str], rows: Sequence[Line]) -> tuple[str, ...]:
    """Give a title for every column that holds anything; equal titles are numbered.

    One without a title, as a merged cell leaves it, is called by its letter.
    """
    used = [place for row in rows for place, cell in enumerate(row.cells) if cell]
    filled = [place for place, cell in enumerate(cells) if cell]
    count = max([*used, *filled], default=-1) + 1
    titles: list[str] = []
    for place in range(count):
        text = " ".join(cells[place].split()) if place < len(cells) else ""
        title, number = text or f"[{_letter(place)}]", 2
        while title in titles:
            title, number = f"{text or '?'} ({number})", number + 1
        titles.append(title)
    return tuple(titles)


def _letter(place: int) -> str:
    """Name a column as a spreadsheet does: A to Z, then AA."""
    first, last = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def guess_columns(
    template: Template, header: Sequence[str], rows: Sequence[Line]
) -> dict[str, int]:
    """Guess the column of each field, and of the files' names, by titles and by what they hold."""
    titles = _titles(template)
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        name = titles.get(plain(title))
        if name is not None:
            found.setdefault(name, place)
    _guess_alike(template, header, found)
    _guess_links(template, rows, found)
    if FILE_COLUMN not in found:
        _guess_names(rows, found)
    return found


def known_titles(template: Template) -> Collection[str]:
    """Give every title, plain, that means a field of *template* or the files' names."""
    return _titles(template).keys()


def _guess_alike(template: Template, header: Sequence[str], found: dict[str, int]) -> None:
    """Take a title that holds a field's label, or the other way round."""
    for name, spec in template.fields.items():
        label = plain(spec.label.zh)
        for place, title in enumerate(header):
            if name in found or place in found.values():
                continue
            text = plain(title)
            if min(len(text), len(label)) > 1 and (label in text or text in label):
                found[name] = place


def _guess_links(template: Template, rows: Sequence[Line], found: dict[str, int]) -> None:
    """Take the column of links for the only field that is one."""
    links = [name for name, spec in template.fields.items() if spec.type == "url"]
    if len(links) != 1 or links[0] in found:
        return
    looked = rows[:_LOOKED_AT]
    width = max((len(row.cells) for row in looked), default=0)
    for place in range(width):
        cells = [row.cells[place] for row in looked if place < len(row.cells) and row.cells[place]]
        if cells and place not in found.values() and all(map(_LINK.match, cells)):
            found[links[0]] = place
            return


def _guess_names(rows: Sequence[Line], found: dict[str, int]) -> None:
    """Call the files by the first of some columns in which no two cells are alike."""
    for name in _NAMING:
        place = found.get(name)
        if place is None:
            continue
        cells = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
        if cells and len(set(cells)) == len(cells):
            found[FILE_COLUMN] = place
            return


def fields_of(
    template: Template,
    columns: Mapping[str, int],
    fixed: Mapping[str, str],
    cells: Sequence[str],
) -> dict[str, str]:
    """Give the fields of one row: its own cells, else what is the same in all rows."""
    found = {}
    for name in template.fields:
        place = columns.get(name)
        own = cells[place] if place is not None and place < len(cells) else ""
        found[name] = own or fixed.get(name, "")
    return {name: text for name, text in found.items() if text}


def sample_table(template: Template, language: str, file_title: str) -> list[list[str]]:
    """Give a table to fill in: the fields' labels, and rows that show what goes there."""
    names = [name for name, spec in template.fields.items() if spec.type != "image"]
    head = [getattr(template.fields[name].label, language) for name in names]
    rows = []
    for number in range(1, _EXAMPLES + 1):
        values = [template.fields[name].sample for name in names]
        texts = [text if isinstance(text, str) else "\n".join(text) for text in values]
        rows.append([*texts, f"{template.id}-{number:03d}"])
    return [[*head, file_title], *rows]
