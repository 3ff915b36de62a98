"""Warnings about a poster that was painted in spite of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contentsvc.messages import Message

__all__ = ["PosterWarning"]


@dataclass(frozen=True, slots=True)
class PosterWarning:
    """A problem that did not stop a poster from being painted, and the layer and field it is in.

    `layer` is empty if only a field is concerned, and `field` is None if no field is concerned.
    `code` is one of: `cut` (a text did not fit at its smallest size), `missing_glyph`, `long` (over
    the field's limit), `dropped` (list items without room), `unknown_field`, `small_qr`,
    `small_picture`, `wrong_ratio`, `low_contrast`, `overlap`, `no_share`, `no_price`.
    """

    layer: str
    field: str | None
    code: str
    message: Message

    def to_data(self) -> dict[str, str | None]:
        """Return the warning as a dictionary that can be stored as JSON."""
        return {
            "layer": self.layer,
            "field": self.field,
            "code": self.code,
            "message": self.message.to_json(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Create a warning from *data*, a dictionary that `to_data` returned.

        Raises:
            KeyError: a value is missing.
        """
        message = Message.from_json(str(data["message"]))
        return cls(data["layer"], data["field"], data["code"], message)
