"""What a person should know about a poster that was painted all the same."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PosterWarning"]


@dataclass(frozen=True, slots=True)
class PosterWarning:
    """One thing that is not as it should be, with the layer and the field it stands beside.

    `code` is one of: `cut` (lettering did not fit at its least size), `missing_glyph`, `long`
    (over the field's limit), `dropped` (list items without room), `unknown_field`, `small_qr`,
    `small_picture`.
    """

    layer: str
    field: str | None
    code: str
    message: str
