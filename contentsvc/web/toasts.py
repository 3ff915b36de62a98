"""Messages of what was done, with the way back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash

__all__ = ["tell"]


def tell(
    message: str,
    *,
    bad: bool = False,
    undo: str = "",
    values: Mapping[str, str] | None = None,
    link: str = "",
    link_words: str = "",
) -> None:
    """Show *message* on the next page.

    *undo* is where to post *values* to take it back, *link* where to go on.
    """
    told = {
        "message": message,
        "undo": undo,
        "values": dict(values or {}),
        "link": link,
        "link_words": link_words,
    }
    flash(told, "bad" if bad else "ok")  # type: ignore[arg-type]  # a session holds JSON
