"""Approvals: what a person has approved, and the hash to which an approval is bound.

The hash covers everything that readers see, and everything that decides where and when they see it:
the names in `COVERED`. Planning, rendering and sending compare the hash, so that nothing is
published that was not approved.

An ingredient that an entry does not have is left out of the hash. A new ingredient therefore
changes no earlier approval. Content that is made after the approval is covered by what it is made
from: its `template`, the `source` of its data and the `rules` for choosing them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

__all__ = ["COVERED", "Answer", "Approval", "Decision", "approval_hash"]

#: Ingredients from the content of an entry.
_FROM_CONTENT = (
    *("kind", "element", "title", "body", "versions"),
    *("pictures", "poster", "livestream", "notices"),
)
#: The names of everything that an approval covers.
COVERED = frozenset(
    {
        *_FROM_CONTENT,
        *("channels", "starts_at", "zone", "brand"),
        # Content that is made after its approval.
        *("template", "source", "rules"),
    }
)


class Decision(StrEnum):
    """What to do with approved entries if somebody changes a setting that the approval covers."""

    #: They stay approved, with the channels and the brand that were approved. Their times follow
    #: the calendar.
    KEEP = "keep"
    #: They take everything from the new settings, and wait for approval.
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's decision about a list of approved entries, and a digest of that list."""

    decision: Decision
    #: The digest of the list that the person saw; empty if the answer holds for any list.
    seen: str = ""


def approval_hash(ingredients: Mapping[str, Any]) -> str:
    """Return the hash of an approval, in hexadecimal: the SHA-256 of its *ingredients*.

    *ingredients* are values that JSON can encode, by a name in `COVERED`. An ingredient that is
    None counts as missing. The order of the ingredients does not matter.

    Raises:
        ValueError: an ingredient's name is not in `COVERED`.
    """
    unknown = set(ingredients) - COVERED
    if unknown:
        raise ValueError(f"an approval covers no {', '.join(sorted(unknown))}")
    present = {name: value for name, value in ingredients.items() if value is not None}
    text = json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Approval:
    """The approved revision of an entry: its content, time, zone, brand and channels."""

    #: The columns of the entry's content, as the database stores them.
    content: Mapping[str, Any]
    #: The ISO week, such as `2026-W48`.
    week: str
    #: In UTC.
    starts_at: datetime
    #: Name of the calendar's time zone, which a post may show.
    zone: str
    #: Name of the brand kit of its posters; None for the default brand.
    brand: str | None
    #: A fingerprint of each channel's settings, by the channel's name.
    channels: Mapping[str, str]

    @property
    def ingredients(self) -> dict[str, Any]:
        """Return the values that the approval covers, by name in `COVERED`."""
        return {
            **{name: self.content[name] for name in _FROM_CONTENT},
            "channels": dict(self.channels),
            "starts_at": self.starts_at.isoformat(),
            "zone": self.zone,
            "brand": self.brand,
        }

    @property
    def hash(self) -> str:
        """Return the hash to which the approval is bound."""
        return approval_hash(self.ingredients)

    def to_json(self) -> dict[str, Any]:
        """Convert the approval to a dictionary that JSON can encode."""
        return {**asdict(self), "starts_at": self.starts_at.isoformat()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Create an approval from *stored*, a dictionary that `to_json` returned."""
        return cls(**{**stored, "starts_at": datetime.fromisoformat(stored["starts_at"])})
