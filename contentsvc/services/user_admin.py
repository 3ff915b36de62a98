"""Activate and deactivate users, and make them admins; one active admin always remains."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from contentsvc.db.models import SignInLink, User
from contentsvc.errors import ConflictError, NotFoundError
from contentsvc.services.accounts import find_user
from contentsvc.services.sessions import end_sessions

__all__ = ["activate", "deactivate", "require_user", "set_admin"]


def require_user(session: Session, name: str) -> User:
    """Return the user whose *name* somebody has typed.

    Raises:
        NotFoundError: there is no such user.
    """
    user = find_user(session, name)
    if user is None:
        raise NotFoundError("user-unknown", name=name)
    return user


def deactivate(session: Session, user: User, *, now: datetime) -> None:
    """Keep *user* from signing in, and end the user's sessions and links; the content stays.

    Raises:
        ConflictError: the user is the last active admin.
    """
    if user.deactivated_at is None:
        _change_if_an_admin_remains(session, user, deactivated_at=now)
    end_sessions(session, user.id)
    session.execute(
        update(SignInLink)
        .where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
        .values(used_at=now)
    )


def activate(session: Session, user: User) -> None:
    """Let *user* sign in again, with the same password and roles."""
    user.deactivated_at = None
    session.flush()


def set_admin(session: Session, user: User, *, is_admin: bool) -> None:
    """Make *user* an admin, or take that away.

    Raises:
        ConflictError: the user is the last active admin.
    """
    if not is_admin:
        _change_if_an_admin_remains(session, user, is_admin=False)
        return
    user.is_admin = True
    session.flush()


def _change_if_an_admin_remains(session: Session, user: User, **values: Any) -> None:
    """Change *user* in a statement that does nothing if no other user is an active admin.

    On PostgreSQL the statement locks all active admins. The second of two simultaneous changes
    waits for the first and then counts again. SQLite has only one writer.
    """
    admins = (
        select(User.id)
        .where(User.is_admin, User.deactivated_at.is_(None))
        .order_by(User.id)
        .with_for_update()
        .subquery()
    )
    others = select(func.count()).select_from(admins).where(admins.c.id != user.id)
    session.execute(
        update(User)
        .where(User.id == user.id, others.scalar_subquery() > 0)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(user)
    if any(getattr(user, name) != value for name, value in values.items()):
        raise ConflictError("last-admin", name=user.name)
