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
) -> None:
    """Show *message* on the next page; *undo* is where to post *values* to take it back."""
    flash({"message": message, "undo": undo, "values": dict(values or {})}, "bad" if bad else "ok")  # type: ignore[arg-type]  # a session holds JSON
