"""Texts that pages show about poster batches and their rows, in the person's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask_babel import lazy_gettext, ngettext

from contentsvc.domain.batches import BatchStatus
from contentsvc.posters import RowRemark, Template
from contentsvc.services.poster_batches import results
from contentsvc.web.current import language

__all__ = [
    "BATCH_STATUSES",
    "STATUS_ICONS",
    "field_label",
    "remark_describer",
    "remedy",
    "size_label",
    "time_left",
]

_ = lazy_gettext

BATCH_STATUSES = {
    BatchStatus.DRAFT: _("Not started"),
    BatchStatus.RUNNING: _("Being made"),
    BatchStatus.STOPPED: _("Stopped"),
    BatchStatus.DONE: _("Finished"),
}
STATUS_ICONS = {
    BatchStatus.DRAFT: "pencil",
    BatchStatus.RUNNING: "hourglass-split",
    BatchStatus.STOPPED: "slash-circle",
    BatchStatus.DONE: "check-circle-fill",
}
#: Advice by the code of a remark.
_REMEDIES = {
    "required": _("Fill in the cell, or type a text for all rows."),
    "bad_link": _("Enter the complete link, such as https://example.com/i/A1."),
    "bad_picture": _("Enter the name of a picture in the assets folder, or leave the cell empty."),
    "bad_value": _("Shorten the text or leave it out."),
    "cut": _("Shorten the text."),
    "long": _("Shorten the text."),
    "dropped": _("Use fewer items."),
    "missing_glyph": _("Use another character."),
    "same_name": _("Choose a column without repeated cells."),
    "small_qr": _("Use a shorter link."),
    "overlap": _("Shorten the text."),
    "low_contrast": _("Choose another picture or brand."),
    "small_picture": _("Use a larger picture."),
    "wrong_ratio": _("Use a picture of another shape."),
    "no_share": _("Enter a progress value such as 128/200 or 64."),
    "no_price": _("Enter a price in yuan, such as 29.9."),
    "deadly": _("Check the texts and pictures of this row, or leave the row out."),
    "unforeseen": _("Try again; if it fails again, tell your operator."),
}
#: Labels of the sizes of templates.
_SIZES = {
    "9x16": _("Tall poster"),
    "3x4": _("Portrait"),
    "1x1": _("Square"),
    "cover": _("Article cover"),
    "wide": _("Landscape"),
}
_MINUTE, _HOUR = 60, 3600


def field_label(template: Template | None, name: str | None) -> str:
    """Return the label of the template's field *name*, or *name* if there is no such field."""
    return results.field_label(template, name, language())


def size_label(template: Template, size: str) -> str:
    """Return the label of a poster size of *template*, such as `Square 1080×1080`."""
    width, height = template.variants[size].size
    return f"{_SIZES.get(size, size)} {width}×{height}"


def remark_describer(template: Template | None) -> Callable[[RowRemark], str]:
    """Return a function that puts a remark on a table row into words, the field's label first."""
    return lambda remark: results.remark_text(template, remark, language())


def remedy(remark: RowRemark) -> str:
    """Return advice on how to fix the fault that *remark* reports; empty if there is none."""
    return str(_REMEDIES.get(remark.code, ""))


def time_left(left: timedelta) -> str:
    """Return the time *left* for display in seconds, minutes or hours, such as `5 minutes`."""
    seconds = max(1, round(left.total_seconds()))
    if seconds < _MINUTE:
        return str(ngettext("%(num)d second", "%(num)d seconds", seconds))
    if seconds < _HOUR:
        return str(ngettext("%(num)d minute", "%(num)d minutes", -(-seconds // _MINUTE)))
    return str(ngettext("%(num)d hour", "%(num)d hours", -(-seconds // _HOUR)))
