"""Types of click parameters that accept what a Chinese input method types, such as `９ｘ１６`."""

from __future__ import annotations

from typing import Any

import click

from contentsvc.domain.typed_text import half_width

__all__ = ["NAME", "TypedChoice"]


class _Name(click.ParamType[str]):
    name = "text"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> str:
        return half_width(value)


#: The name of a calendar, channel, brand or size, or a week; none of them has other characters.
NAME = _Name()


class TypedChoice(click.Choice[str]):
    """A choice between names, which may be typed in full-width characters."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the chosen name; fail with the names to choose from."""
        return str(super().convert(half_width(value), param, ctx))
