"""Finds the name that an author probably meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["meant"]

#: Up to this length, a name with two other letters is usually another word: extract, retract.
_SHORT = 8


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return the name in *known* that *name* is probably a misspelling of, or None.

    Names of up to eight letters may differ by one letter, longer names by two. A letter that is
    missing, added, replaced or swapped with the next one counts as one.
    """
    distances = {
        other: _distance(name, other)
        for other in known
        if other != name and abs(len(name) - len(other)) <= _limit(name, other)
    }
    near = [other for other, distance in distances.items() if distance <= _limit(name, other)]
    return min(near, key=lambda other: (distances[other], other), default=None)


def _limit(left: str, right: str) -> int:
    """Return how many letters of two names may differ: 1 in short names, else 2.

    No distance is less than the difference in length.
    """
    return 1 if min(len(left), len(right)) <= _SHORT else 2


def _distance(left: str, right: str) -> int:
    """Return the number of letters that differ (optimal string alignment distance)."""
    rows = [list(range(len(right) + 1))]
    for i, a in enumerate(left, start=1):
        row = [i]
        for j, b in enumerate(right, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
