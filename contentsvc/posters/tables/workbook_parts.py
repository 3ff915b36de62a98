"""Reads the parts of an XLSX file other than its cells: the list of sheets, texts and formats.

openpyxl is not used for reading: unless the whole workbook is in memory, it reports neither merged
cells nor formulas without a result. It also refuses styles that other programs write wrongly.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, XMLPullParser

from contentsvc.errors import InputError
from contentsvc.posters.tables.format_codes import BUILT_IN_FORMATS, GENERAL

__all__ = ["Parts", "child_text", "local_name", "open_parts", "xml_events"]

#: Limit of the unpacked ZIP, in bytes, so that a small file cannot fill the memory.
_MOST_UNPACKED = 64 * 1024 * 1024
#: XLSX knows no other methods, and bzip2 unpacks a little file to gigabytes in one step.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
#: Bytes of XML that are parsed at a time. The parser begins each unfinished piece, such as a long
#: text, again with every chunk, so small chunks would take quadratic time.
_CHUNK = 1024 * 1024
#: How Excel writes characters that XML does not allow, such as _x000D_ for a carriage return.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DOCUMENT, _SHEET, _TEXTS, _STYLES = "officeDocument", "worksheet", "sharedStrings", "styles"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a workbook other than the cells of its sheets."""

    archive: zipfile.ZipFile
    #: The names of the ZIP entries of the visible sheets, in order.
    sheets: Sequence[str]
    #: The texts that cells refer to by index.
    texts: Sequence[str]
    #: The number format of each cell style, by index.
    formats: Sequence[str]
    #: Whether dates count from 1904, as in workbooks of old Macs.
    is_1904: bool


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    target: str


def open_parts(data: bytes, name: str) -> Parts:
    """Read the parts of the workbook *data*. *name* is the file's name in error messages.

    Raises:
        InputError: the workbook is too large once unpacked, or packed in a way that XLSX forbids.
        BadZipFile, KeyError, ParseError, ValueError: the workbook is damaged.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise InputError("table-unpacked-too-large", file=name)
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise ValueError("unknown compression")
    book = _target(_relations(archive, "").values(), _DOCUMENT) or "xl/workbook.xml"
    relations = _relations(archive, book)
    sheets, is_1904 = _sheets(archive, book, relations)
    texts = _target(relations.values(), _TEXTS)
    styles = _target(relations.values(), _STYLES)
    return Parts(
        archive,
        sheets,
        list(_shared_texts(archive, texts)) if texts else [],
        _formats(archive, styles) if styles else [],
        is_1904,
    )


def xml_events(archive: zipfile.ZipFile, entry: str) -> Iterator[tuple[str, str, Element]]:
    """Parse the XML file *entry* in *archive*, and yield its parsing events.

    An event has three parts: `start` or `end`, the element's tag without namespace, and the
    element.

    Raises:
        BadZipFile, KeyError, ParseError: the entry is damaged or missing.
    """
    parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            parser.feed(chunk)
            yield from _named(parser.read_events())
    parser.close()
    yield from _named(parser.read_events())


def _named(events: Iterable[Any]) -> Iterator[tuple[str, str, Element]]:
    for event, element in events:
        yield event, local_name(element.tag), element


@lru_cache(maxsize=1024)
def local_name(tag: str) -> str:
    """Return *tag* without its namespace, which differs in strict workbooks."""
    return tag.rpartition("}")[2]


def child_text(element: Element) -> str:
    """Return the text of a string item, without its phonetic runs (reading aids)."""
    pieces = []
    for child in element:
        kind = local_name(child.tag)
        if kind == "t":
            pieces.append(child.text or "")
        elif kind == "r":
            pieces += [piece.text or "" for piece in child if local_name(piece.tag) == "t"]
    text = "".join(pieces)
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _relations(archive: zipfile.ZipFile, part: str) -> Mapping[str, _Relation]:
    """Return the parts that *part* refers to, by relation id. The part "" is the whole file."""
    folder, name = posixpath.split(part)
    entry = posixpath.join(folder, "_rels", f"{name}.rels")
    if entry not in archive.NameToInfo:
        return {}
    return {
        element.get("Id", ""): _Relation(
            element.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/"),
        )
        for event, kind, element in xml_events(archive, entry)
        if event == "end" and kind == "Relationship"
    }


def _target(relations: Iterable[_Relation], kind: str) -> str | None:
    return next((relation.target for relation in relations if relation.kind == kind), None)


def _sheets(
    archive: zipfile.ZipFile, book: str, relations: Mapping[str, _Relation]
) -> tuple[Sequence[str], bool]:
    """Return the ZIP entries of the visible sheets, and whether dates count from 1904.

    A sheet that is listed twice is returned once.
    """
    sheets: dict[str, None] = {}
    is_1904 = False
    for event, kind, element in xml_events(archive, book):
        if event == "start":
            continue
        if kind == "workbookPr":
            is_1904 = element.get("date1904") in {"1", "true"}
        if kind == "sheet" and element.get("state", "visible") == "visible":
            ids = (text for key, text in element.items() if local_name(key) == "id")
            relation = relations.get(next(ids, ""))
            if relation is not None and relation.kind == _SHEET:
                sheets.setdefault(relation.target)
    return tuple(sheets), is_1904


def _shared_texts(archive: zipfile.ZipFile, entry: str) -> Iterator[str]:
    for event, kind, element in xml_events(archive, entry):
        if event == "end" and kind == "si":
            yield child_text(element)
            element.clear()


def _formats(archive: zipfile.ZipFile, entry: str) -> Sequence[str]:
    """Return the number format of each cell style, in the order of the styles."""
    codes = dict(BUILT_IN_FORMATS)
    styles: list[int] = []
    is_cell_style = False
    for event, kind, element in xml_events(archive, entry):
        if kind == "cellXfs":
            is_cell_style = event == "start"
        elif event == "start":
            continue
        elif kind == "numFmt":
            codes[int(element.get("numFmtId", ""))] = element.get("formatCode", GENERAL)
        elif kind == "xf" and is_cell_style:
            styles.append(int(element.get("numFmtId", "0")))
    return [codes.get(style, GENERAL) for style in styles]
