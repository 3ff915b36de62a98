"""The focus of a picture: the point that stays visible if the picture is cropped.

It is written after the name of the picture: `tent.jpg#focus=0.3,0.72`.
"""

from __future__ import annotations

import re

__all__ = ["Focus", "split_focus", "with_focus"]

#: The distances from the left and from the top edge, as shares from 0 to 1.
Focus = tuple[float, float]
_MARK = "#focus="
_SHARE = r"(0(?:\.\d{1,6})?|1(?:\.0{1,6})?)"
_FOCUS = re.compile(rf"(?P<name>.+){_MARK}{_SHARE},\s?{_SHARE}")


def split_focus(text: str) -> tuple[str, Focus | None]:
    """Split a picture reference such as `tent.jpg#focus=0.3,0.72` into its name and its focus.

    The focus is None if *text* has none.

    Raises:
        ValueError: the focus is not two numbers from 0 to 1.
    """
    if _MARK not in text:
        return text, None
    match = _FOCUS.fullmatch(text)
    if match is None:
        raise ValueError(f"the focus of {text!r} is not two numbers from 0 to 1")
    return match["name"], (float(match[2]), float(match[3]))


def with_focus(name: str, focus: Focus | None) -> str:
    """Append *focus* to the picture name *name*, unless *focus* is None; return the result.

    Each number of the focus has at most three decimals.
    """
    if focus is None or not name:
        return name
    return f"{name}{_MARK}{focus[0]:.3g},{focus[1]:.3g}"
