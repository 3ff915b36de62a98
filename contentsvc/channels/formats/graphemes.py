"""Splits text into grapheme clusters, each of which people see as one character."""

from __future__ import annotations

from collections.abc import Iterator

import regex

__all__ = ["graphemes"]

#: An extended grapheme cluster of Unicode's UAX #29. Flags are matched as pairs of letters because
#: `\X` counts back to the beginning of a run of flags at each of them.
_CLUSTER = regex.compile(
    r"\p{GCB=Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X"
)


def graphemes(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of *text* in order: what people see as single characters."""
    for cluster in _CLUSTER.finditer(text):
        yield cluster[0]
