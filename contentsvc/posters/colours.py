"""Reads the colours of templates: hex codes or palette names, with optional shade and opacity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from contentsvc.errors import RenderError

__all__ = ["BASE_PALETTE", "COLOUR", "Rgba", "average", "flatten", "mix", "resolve"]

#: Red, green and blue from 0 to 255, and opacity from 0 to 1.
Rgba = tuple[int, int, int, float]

#: Colours that every template has by default; the art drawn by code relies on these names.
BASE_PALETTE = {
    "white": "#FFFFFF",
    "black": "#000000",
    "ink": "#2B2622",
    "soft": "#7A6A60",
    "faint": "#9C8A7E",
    "paper": "#FBF6EA",
    "primary": "#FF5F57",
    "warm": "#FF7E4B",
    "accent": "#2F9E8B",
    "hot": "#F0322E",
    "fire": "#FF7A3C",
    "gold": "#FFC145",
    "sky": "#9AD4EA",
    "dawn": "#FFD9A8",
    "mist": "#3F5E66",
}
#: `#FFF`, `#FF5F57`, `#FF5F57B8`, or a palette name with a shade and an opacity: `coral+30@72`.
COLOUR = re.compile(
    r"(?:#(?P<hex>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|(?P<name>[a-z][a-z0-9_]*))"
    r"(?P<shade>[+-]\d{1,3})?(?:@(?P<alpha>\d{1,3}))?"
)


def resolve(colour: str, palette: Mapping[str, str]) -> Rgba:
    """Convert *colour*, a hex code or a palette name, to its red, green, blue and opacity.

    `+30` moves the colour 30 % towards white and `-30` towards black; `@72` sets 72 % opacity.

    Raises:
        RenderError: *colour* is not a colour, or its name is not in the palette.
    """
    match = _match(colour)
    if match is None:
        raise RenderError("colour-invalid", value=colour)
    return _shaded(_base(match, palette), int(match["shade"] or 0), int(match["alpha"] or 100))


@lru_cache(maxsize=2048)
def _match(colour: str) -> re.Match[str] | None:
    return COLOUR.fullmatch(colour)


@lru_cache(maxsize=2048)
def _shaded(base: Rgba, shade: int, percent: int) -> Rgba:
    red, green, blue = (_shade(value, shade) for value in base[:3])
    return (red, green, blue, base[3] * min(percent, 100) / 100)


def flatten(palette: Mapping[str, str]) -> dict[str, str]:
    """Return *palette* with each reference to another colour replaced by that colour's hex code.

    Raises:
        RenderError: a colour refers to a name that has no hex code.
    """
    numbers = {name: value for name, value in palette.items() if value.startswith("#")}
    shades = {name: _hex(resolve(value, numbers)) for name, value in palette.items()}
    return {**numbers, **shades}


def _hex(colour: Rgba) -> str:
    red, green, blue, alpha = colour
    return f"#{red:02X}{green:02X}{blue:02X}{round(alpha * 255):02X}"


def mix(first: Rgba, second: Rgba, share: float) -> Rgba:
    """Mix two colours; *share* is the proportion of *second*, from 0 (none) to 1 (all)."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(first[:3], second[:3], strict=True)
    )
    return (red, green, blue, first[3] + (second[3] - first[3]) * share)


def average(colours: Sequence[Rgba]) -> Rgba:
    """Return the mean of *colours*."""
    red, green, blue = (
        round(sum(each[band] for each in colours) / len(colours)) for band in range(3)
    )
    return (red, green, blue, sum(each[3] for each in colours) / len(colours))


def _base(match: re.Match[str], palette: Mapping[str, str]) -> Rgba:
    if match["hex"]:
        return _hexadecimal(match["hex"])
    name = match["name"]
    if name not in palette:
        raise RenderError("colour-unknown", name=name, names=sorted(palette))
    value = palette[name]
    # The values of a flattened palette are hex codes, so a name never refers to another name.
    return _hexadecimal(value.removeprefix("#"))


@lru_cache(maxsize=512)
def _hexadecimal(digits: str) -> Rgba:
    if len(digits) == 3:  # noqa: PLR2004 - the short form has one digit a colour
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[start : start + 2], 16) for start in (0, 2, 4))
    alpha = int(digits[6:8], 16) / 255 if len(digits) > 6 else 1.0  # noqa: PLR2004 - the long form
    return (red, green, blue, alpha)


def _shade(value: int, percent: int) -> int:
    target = 255 if percent > 0 else 0
    return round(value + (target - value) * min(abs(percent), 100) / 100)
