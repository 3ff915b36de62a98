"""Sessions: the browsers in which people are signed in, as rows of the database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from contentsvc.db.models import SessionRow, User
from contentsvc.errors import NotFoundError

__all__ = [
    "LIFETIME",
    "SignedInUser",
    "delete_expired_sessions",
    "end_session",
    "end_sessions",
    "end_token",
    "find_session",
    "is_unrecorded",
    "sessions_of",
    "start_session",
    "touch_session",
]

#: A session ends when no request has used it for so long.
LIFETIME = timedelta(days=14)
#: A request is recorded if the last one was recorded at least so long ago.
_RECORD_EVERY = timedelta(hours=1)
_LONGEST_BROWSER = 64


class SignedInUser(NamedTuple):
    """A session that has not ended, and its user."""

    session: SessionRow
    user: User


def start_session(session: Session, user: User, *, browser: str, now: datetime) -> str | None:
    """Sign *user* in on *browser*; return the token for the cookie, which is not stored.

    Return None if the password was changed or the user deactivated since *user* was loaded.
    """
    token = secrets.token_urlsafe(32)
    is_current = exists().where(
        User.id == user.id,
        User.password_hash == user.password_hash,
        User.deactivated_at.is_(None),
    )
    # A lock keeps a change of the password from ending sessions before this one begins.
    session.execute(select(User.id).where(User.id == user.id).with_for_update())
    values = {
        "token_hash": _digest(token),
        "user_id": user.id,
        "browser": browser[:_LONGEST_BROWSER],
        "created_at": now,
        "seen_at": now,
    }
    columns = [literal(value, SessionRow.__table__.c[name].type) for name, value in values.items()]
    made = session.execute(
        insert(SessionRow)
        .from_select(list(values), select(*columns).where(is_current))
        .returning(SessionRow.id)
    )
    return token if made.first() is not None else None


def find_session(session: Session, token: str, *, now: datetime) -> SignedInUser | None:
    """Return the session of *token* and its user; None if it has ended or the user may not in."""
    query = (
        select(SessionRow, User)
        .join(User, User.id == SessionRow.user_id)
        .where(
            SessionRow.token_hash == _digest(token),
            SessionRow.seen_at > now - LIFETIME,
            User.deactivated_at.is_(None),
        )
    )
    row = session.execute(query).first()
    return SignedInUser(*row) if row else None


def is_unrecorded(row: SessionRow, now: datetime) -> bool:
    """Return True if the request at *now* is to be recorded in *row*: once an hour."""
    return now - row.seen_at >= _RECORD_EVERY


def touch_session(session: Session, session_id: int, *, now: datetime) -> None:
    """Record that the session is used at *now*."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.seen_at < now)
        .values(seen_at=now)
    )


def sessions_of(session: Session, user_id: int, *, now: datetime) -> list[SessionRow]:
    """Return the sessions of a user that have not ended, the latest used first."""
    query = select(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.seen_at > now - LIFETIME
    )
    return list(session.scalars(query.order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())))


def end_token(session: Session, token: str) -> None:
    """End the session of *token*, if there is one."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == _digest(token)))


def end_session(session: Session, user_id: int, session_id: int) -> None:
    """End a session of the user.

    Raises:
        NotFoundError: the user has no such session; it may have ended.
    """
    ended = session.execute(
        delete(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        .returning(SessionRow.id)
    )
    if ended.first() is None:
        raise NotFoundError("session-unknown")


def end_sessions(session: Session, user_id: int) -> None:
    """End all sessions of a user."""
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


def delete_expired_sessions(session: Session, now: datetime) -> None:
    """Delete the sessions that have ended because nobody used them."""
    session.execute(delete(SessionRow).where(SessionRow.seen_at <= now - LIFETIME))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
