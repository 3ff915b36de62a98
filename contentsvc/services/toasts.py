"""Toasts (short messages to users) that wait in the database for the page that shows them.

A person's action ends with a redirect, and the next page shows its toast. Toasts wait in the
database instead of the session cookie: any response may carry an older cookie, and would delete
or repeat a toast that is stored in one. All web processes share the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from contentsvc.db.models import ToastRow

__all__ = [
    "Toast",
    "delete_expired_toasts",
    "has_toasts",
    "readdress_toasts",
    "store_toasts",
    "take_toasts",
]

#: The most toasts that wait in one box; older toasts are deleted.
_MOST_WAITING = 20
#: The most characters of a toast's message.
_LONGEST_MESSAGE = 2000
#: After this time any page shows a toast whose own page was not opened.
_OWN_PAGE_ONLY = timedelta(minutes=1)
#: How long a toast waits for a page that shows it.
_EXPIRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message to a user about a finished action; it may have an undo button or a link."""

    message: str
    is_bad: bool = False
    #: The address that the undo button posts *undo_values* to; empty for no button.
    undo: str = ""
    undo_values: Mapping[str, str] = field(default_factory=dict)
    #: The button's text; empty for "Undo".
    undo_label: str = ""
    #: The address of the link; empty for no link.
    link: str = ""
    link_text: str = ""


def store_toasts(
    session: Session, box: str, toasts: Sequence[Toast], *, address: str, now: datetime
) -> None:
    """Store *toasts* (short messages) until the page at *address* shows them.

    An empty address means any page. *box* identifies the browser session of the user.
    """
    for toast in toasts:
        short = replace(toast, message=toast.message[:_LONGEST_MESSAGE])
        session.add(ToastRow(box=box, address=address, content=asdict(short), created_at=now))
    session.flush()
    newest = (
        select(ToastRow.id)
        .where(ToastRow.box == box)
        .order_by(ToastRow.id.desc())
        .limit(_MOST_WAITING)
    )
    session.execute(
        delete(ToastRow).where(ToastRow.box == box, ToastRow.id.not_in(newest)),
        execution_options={"synchronize_session": False},
    )


def has_toasts(session: Session, box: str) -> bool:
    """Return True if a toast (a short message) waits in *box*, a user's browser session."""
    return session.scalar(select(ToastRow.id).where(ToastRow.box == box).limit(1)) is not None


def take_toasts(session: Session, box: str, *, address: str, now: datetime) -> list[Toast]:
    """Remove and return a user's toasts for the page at *address*, oldest first.

    *box* identifies the browser session of the user.

    Two simultaneous requests never get the same toast.
    """
    for_this_page = or_(
        ToastRow.address.in_(["", address]), ToastRow.created_at < now - _OWN_PAGE_ONLY
    )
    taken = session.execute(
        delete(ToastRow)
        .where(ToastRow.box == box, for_this_page, ToastRow.created_at > now - _EXPIRY)
        .returning(ToastRow.id, ToastRow.content),
        execution_options={"synchronize_session": False},
    )
    return [Toast(**content) for _, content in sorted(taken, key=lambda row: row.id)]


def readdress_toasts(session: Session, box: str, *, address: str, to: str) -> None:
    """Let the page *to* show the toasts for the page *address*, which redirects the user there."""
    session.execute(
        update(ToastRow).where(ToastRow.box == box, ToastRow.address == address).values(address=to),
        execution_options={"synchronize_session": False},
    )


def delete_expired_toasts(session: Session, now: datetime) -> None:
    """Delete the toasts that no page has shown within an hour."""
    session.execute(delete(ToastRow).where(ToastRow.created_at < now - _EXPIRY))
