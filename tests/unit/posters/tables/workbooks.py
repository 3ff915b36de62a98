"""Workbooks as Excel and WPS write them, made from the XML of their cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

__all__ = ["workbook"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(
    *sheets: str,
    formats: Sequence[int | str] = (),
    texts: str = "",
    states: Sequence[str] = (),
    is_1904: bool = False,
    main: str = _MAIN,
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Return an XLSX file with the XML of *sheets*.

    Style number n of a cell, from 1, has the n-th of *formats*: the number of a built-in format, or
    a format's code. *texts* is the XML of the shared strings.
    """
    states = [*states, *["visible"] * (len(sheets) - len(states))]
    listed = "".join(
        f'<sheet name="s{number}" sheetId="{number}" state="{state}" r:id="rId{number}"/>'
        for number, state in enumerate(states, 1)
    )
    kinds = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    kinds += [("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")]
    parts = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{_OFFICE}">'
            f'<workbookPr date1904="{int(is_1904)}"/><sheets>{listed}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relations(kinds),
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>',
        "xl/styles.xml": _styles(formats, main),
    }
    for number, content in enumerate(sheets, 1):
        data = content if "<sheetData>" in content else f"<sheetData>{content}</sheetData>"
        parts[f"xl/worksheets/sheet{number}.xml"] = f'<worksheet xmlns="{main}">{data}</worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _content_types(sheets: int) -> str:
    kinds = {f"worksheets/sheet{number}": "worksheet" for number in range(1, sheets + 1)}
    kinds |= {"workbook": "sheet.main", "sharedStrings": "sharedStrings", "styles": "styles"}
    listed = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    return f'<Types xmlns="{_TYPES}">{listed}</Types>'


def _relations(kinds: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(kinds, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>'


def _styles(formats: Sequence[int | str], main: str) -> str:
    own = {code: 164 + at for at, code in enumerate(formats) if isinstance(code, str)}
    codes = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        for code, number in own.items()
    )
    numbers = [0, *(own[code] if isinstance(code, str) else code for code in formats)]
    style = '<xf numFmtId="{}" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    styles = "".join(map(style.format, numbers))
    return (
        f'<styleSheet xmlns="{main}"><numFmts>{codes}</numFmts>'
        "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills>"
        "<borders><border/></borders>"
        f"<cellStyleXfs>{style.format(9)}</cellStyleXfs><cellXfs>{styles}</cellXfs>"
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
