"""User accounts: signing in by password, or by a link that works once."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from contentsvc.db.models import SignInLink, User
from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import ConflictError, InputError, NotFoundError

__all__ = [
    "all_users",
    "check_length",
    "check_password",
    "create_user",
    "get_user",
    "has_users",
    "look_up_link",
    "make_link",
    "set_language",
    "set_password",
    "use_link",
]

#: A user's name: up to 64 letters of any script, digits, and `._-`.
_NAME = re.compile(r"[\w][\w.\-]{0,63}")
#: The fewest and the most characters of a password.
_SHORTEST = 8
_LONGEST = 256
#: The hash of a random password, compared with the password if there is no such user, so that the
#: response to an unknown name takes the same time. Computing it takes longer than most imports.
_NOBODY = (
    "scrypt:32768:8:1$CTOzNMMFAeqyYo7F$adf7122012b77ef40dc827a7073ecde763067230c654d5454f573641"
    "001b89f99a038ea1bca1f109f1f46dc729dd9133972910c09ccab655f1d0f141ddc13320"
)


def has_users(session: Session) -> bool:
    """Return True if there is at least one user."""
    return session.scalar(select(User.id).limit(1)) is not None


def all_users(session: Session) -> list[User]:
    """Return every user in order of name."""
    return list(session.scalars(select(User).order_by(User.name)))


def get_user(session: Session, user_id: int) -> User | None:
    """Return the user with this id, or None."""
    return session.get(User, user_id)


def create_user(
    session: Session, *, name: str, password: str, is_admin: bool, now: datetime
) -> User:
    """Create a user, whose name is stored in lower case.

    Raises:
        InputError: the name or password cannot be used; `field` says which.
        FieldsError: neither can be used.
        ConflictError: there is already a user of this name.
    """
    name = name.strip().lower()
    checks = InputChecks()
    with checks.collect():
        _check_name(session, name)
    with checks.collect():
        check_length(password)
    checks.raise_errors()
    user = User(
        name=name,
        password_hash=generate_password_hash(password),
        is_admin=is_admin,
        language="",
        session_token=secrets.token_urlsafe(24),
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def _check_name(session: Session, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError("user-name-invalid", field="name")
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise ConflictError("user-exists", field="name", name=name)


def check_password(session: Session, name: str, password: str) -> User | None:
    """Return the user with this name and password, or None."""
    user = session.scalar(select(User).where(User.name == name.strip().lower()))
    password_hash = user.password_hash if user else _NOBODY
    is_right = check_password_hash(password_hash, password[:_LONGEST])
    return user if is_right else None


def set_password(session: Session, user: User, password: str) -> None:
    """Change a user's password and end all of the user's sessions.

    Raises:
        InputError: the password is too short or too long.
    """
    check_length(password)
    user.password_hash = generate_password_hash(password)
    user.session_token = secrets.token_urlsafe(24)
    session.flush()


def set_language(session: Session, user: User, language: str) -> None:
    """Store the language that a user has chosen: `zh` or `en`."""
    user.language = language
    session.flush()


def make_link(
    session: Session,
    *,
    user_id: int | None = None,
    now: datetime,
    valid: timedelta = timedelta(hours=24),
) -> str:
    """Create a link for signing in once within the time *valid*; return the link's token.

    Without *user_id* the link creates the first admin. Earlier links for the same purpose stop
    working.
    """
    session.execute(
        update(SignInLink)
        .where(SignInLink.user_id == user_id if user_id else SignInLink.user_id.is_(None))
        .where(SignInLink.used_at.is_(None))
        .values(used_at=now)
    )
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=_digest(token), user_id=user_id, expires_at=now + valid))
    session.flush()
    return token


def look_up_link(session: Session, token: str, *, now: datetime) -> SignInLink | None:
    """Return the sign-in link of *token* without using it up; None if the link is not valid.

    A link is not valid if it never existed, was used or has expired. A link for the first admin is
    not valid if there are users.
    """
    link = session.get(SignInLink, _digest(token))
    if link is None or link.used_at is not None or link.expires_at < now:
        return None
    if link.user_id is None and has_users(session):
        return None
    return link


def use_link(session: Session, token: str, *, now: datetime) -> SignInLink:
    """Return the sign-in link of *token*, and mark it as used.

    Raises:
        NotFoundError: the link was used, has expired or never existed.
    """
    link = look_up_link(session, token, now=now)
    if link is None:
        raise NotFoundError("sign-in-link-spent")
    link.used_at = now
    session.flush()
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_length(password: str) -> None:
    """Raise InputError if *password* is too short or too long for a new password."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InputError("password-length", field="password", least=_SHORTEST, most=_LONGEST)
