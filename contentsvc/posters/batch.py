"""Renders a poster for each row of a table, and packs the posters in a ZIP file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from contentsvc.errors import RenderError
from contentsvc.posters.brand import Brand
from contentsvc.posters.encoding import Encoded, Format, encode
from contentsvc.posters.layer_pictures import Pictures
from contentsvc.posters.paint_cache import PaintCache
from contentsvc.posters.painting.poster import Poster, render
from contentsvc.posters.tables.reading import FILE_COLUMN, Row, read_rows
from contentsvc.posters.template.schema import Template
from contentsvc.posters.typesetting.fonts import Fonts

__all__ = [
    "PosterSetup",
    "RowResult",
    "ZipReport",
    "picture_name",
    "read_rows",
    "render_rows",
    "unique_name",
    "write_zip",
]

_ENDINGS: Mapping[Format, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
#: Characters that a file name may not contain on some system.
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
#: Device names, which Windows refuses as file names.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
#: The most characters of a file name, without its extension.
_LONGEST_NAME = 60
#: The time of every ZIP entry, the earliest that ZIP knows, so that equal rows give equal bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PosterSetup:
    """The settings that all posters of a table share, such as template, brand kit and size.

    Each row of the table adds only its own field values.
    """

    template: Template
    brand: Brand
    pictures: Pictures
    fonts: Fonts
    size: str = "9x16"
    kind: Format = "jpeg"
    max_bytes: int | None = None
    cache: PaintCache = field(default_factory=PaintCache)


@dataclass(frozen=True, slots=True)
class RowResult:
    """The result for one table row: file name, encoded poster, and messages in English.

    The messages are the error if the row failed, else the warnings. `encoded` is None if the row
    failed, or if the poster is already in the ZIP file.
    """

    number: int
    name: str
    encoded: Encoded | None
    messages: tuple[str, ...]


@dataclass(slots=True)
class ZipReport:
    """A report on a ZIP file of posters: their number, and the rows with warnings or errors."""

    made: int = 0
    warned: list[RowResult] = field(default_factory=list)
    failed: list[RowResult] = field(default_factory=list)


def render_rows(batch: PosterSetup, rows: Sequence[Row]) -> Iterator[RowResult]:
    """Paint a poster for each row and yield the results in order.

    A row that fails does not stop the rows after it.
    """
    names: set[str] = set()
    for row in rows:
        fallback = f"{batch.template.id}-{row.number:04d}"
        given = row.values.get(FILE_COLUMN, "")
        name = unique_name(picture_name(given, fallback, batch.kind), names)
        faults = tuple(
            _with_field(field, str(fault))
            for field, fault in row.faults.items()
            if _is_used(batch.template, field)
        )
        if faults:
            yield RowResult(row.number, name, None, faults)
            continue
        try:
            poster = _paint(batch, row)
            encoded = encode(poster.image, batch.kind, batch.max_bytes)
        except RenderError as error:
            yield RowResult(row.number, name, None, (_with_field(error.field, str(error)),))
            continue
        messages = tuple(
            _with_field(warning.field, str(warning.message)) for warning in poster.warnings
        )
        yield RowResult(row.number, name, encoded, messages)


def write_zip(
    batch: PosterSetup,
    rows: Sequence[Row],
    out: Path | IO[bytes],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ZipReport:
    """Paint a poster for each row and write the posters to the ZIP file *out*.

    If rows failed, the ZIP file also contains a list of them, `failures.txt`. After each row,
    *progress* is called with two numbers: the finished rows and all rows.

    Raises:
        OSError: *out* cannot be written.
    """
    report = ZipReport()
    # Posters are compressed already; compressing them again takes time and saves nothing.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for done, result in enumerate(render_rows(batch, rows), 1):
            _add_to_zip(report, result, archive)
            progress(done, len(rows))
        if report.failed:
            lines = [f"row {row.number}: {'; '.join(row.messages)}\n" for row in report.failed]
            archive.writestr(zipfile.ZipInfo("failures.txt", _EPOCH), "".join(lines))
    return report


def _add_to_zip(report: ZipReport, result: RowResult, archive: zipfile.ZipFile) -> None:
    if result.encoded is None:
        report.failed.append(result)
        return
    archive.writestr(zipfile.ZipInfo(result.name, _EPOCH), result.encoded.data)
    report.made += 1
    if result.messages:
        # A thousand posters in memory would take a gigabyte; their messages take little.
        report.warned.append(RowResult(result.number, result.name, None, result.messages))


def _is_used(template: Template, field: str) -> bool:
    return field in template.fields or field == FILE_COLUMN


def _paint(batch: PosterSetup, row: Row) -> Poster:
    fields = {name: value for name, value in row.values.items() if name != FILE_COLUMN}
    return render(
        batch.template,
        fields,
        brand=batch.brand,
        pictures=batch.pictures,
        fonts=batch.fonts,
        size=batch.size,
        cache=batch.cache,
    )


def picture_name(given: str, fallback: str, kind: Format) -> str:
    """Return a file name that is valid on every system, made from *given*.

    If no usable characters are left of *given*, the name is made from *fallback*. *kind* determines
    the suffix.
    """
    ending = _ENDINGS[kind]
    stem = _UNSAFE.sub("-", given).strip(" .-").removesuffix(f".{ending}")[:_LONGEST_NAME]
    stem = f"{stem}-" if _DEVICES.fullmatch(stem) else stem.rstrip(" .")
    return f"{stem or fallback}.{ending}"


def unique_name(name: str, taken: set[str]) -> str:
    """Return *name* or, if it is in *taken*, *name* with a number; add the result to *taken*.

    Names that differ only in upper and lower case count as equal.
    """
    stem, dot, ending = name.rpartition(".")
    unique, number = name, 2
    while unique.lower() in taken:
        unique, number = f"{stem}-{number}{dot}{ending}", number + 1
    taken.add(unique.lower())
    return unique


def _with_field(name: str | None, message: str) -> str:
    return f"{name}: {message}" if name and name not in message else message
