"""User accounts: signing in by password, or by a link that works once."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from contentsvc.db.models import SignInLink, User
from contentsvc.domain.typed_text import half_width
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services.sessions import end_sessions

__all__ = [
    "all_users",
    "check_name",
    "check_password",
    "create_user",
    "find_user",
    "get_user",
    "has_users",
    "hash_password",
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


def hash_password(password: str) -> str:
    """Return the hash of a new password, for `create_user` and `set_password`.

    This takes a tenth of a second of CPU on purpose, so call it before a write transaction begins.

    Raises:
        InputError: the password is too short or too long.
    """
    _check_length(password)
    return generate_password_hash(password)


def find_user(session: Session, name: str) -> User | None:
    """Return the user whose *name* somebody has typed, in full-width characters or not, or None."""
    typed, ordinary = name.strip().lower(), half_width(name).lower()
    found = session.scalars(select(User).where(User.name.in_({typed, ordinary})))
    users = {user.name: user for user in found}
    # Earlier versions stored names in full-width characters.
    return users.get(typed) or users.get(ordinary)


def create_user(
    session: Session, *, name: str, password_hash: str, is_admin: bool, now: datetime
) -> User:
    """Create a user, whose name is stored in lower case and ordinary characters.

    Raises:
        InputError: the name cannot be used.
        ConflictError: there is already a user of this name.
    """
    name = half_width(name).lower()
    check_name(session, name)
    user = User(
        name=name,
        password_hash=password_hash,
        is_admin=is_admin,
        language="",
        created_at=now,
    )
    session.add(user)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        # Another transaction has created the user since the check.
        raise ConflictError("user-exists", field="name", name=name) from error
    return user


def check_name(session: Session, name: str) -> None:
    """Raise InputError unless a user can be created with this name.

    Raises:
        InputError: the name has other characters than allowed.
        ConflictError: there is already a user of this name.
    """
    name = half_width(name).lower()
    if not _NAME.fullmatch(name):
        raise InputError("user-name-invalid", field="name")
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise ConflictError("user-exists", field="name", name=name)


def check_password(session: Session, name: str, password: str) -> User | None:
    """Return the active user with this name and password, or None."""
    user = find_user(session, name)
    password_hash = user.password_hash if user else _NOBODY
    is_right = check_password_hash(password_hash, password[:_LONGEST])
    return user if is_right and user is not None and user.deactivated_at is None else None


def set_password(session: Session, user: User, password_hash: str) -> None:
    """Change a user's password; end all of the user's sessions and unused sign-in links."""
    user.password_hash = password_hash
    session.flush()
    session.execute(
        delete(SignInLink).where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
    )
    end_sessions(session, user.id)


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
        .where(_same_purpose(user_id), SignInLink.used_at.is_(None))
        .values(used_at=now)
    )
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=_digest(token), user_id=user_id, expires_at=now + valid))
    session.flush()
    return token


def look_up_link(session: Session, token: str, *, now: datetime) -> SignInLink | None:
    """Return the sign-in link of *token* without using it up; None if the link is not valid.

    A link is not valid if it never existed, was used or has expired. A link for the first admin is
    not valid if there are users, and one of a deactivated user until the user is activated.
    """
    link = session.get(SignInLink, _digest(token))
    if link is None or link.used_at is not None or link.expires_at < now:
        return None
    if link.user_id is None and has_users(session):
        return None
    user = session.get(User, link.user_id) if link.user_id is not None else None
    if user is not None and user.deactivated_at is not None:
        return None
    return link


def use_link(session: Session, token: str, *, now: datetime) -> SignInLink:
    """Return the sign-in link of *token*, and mark it as used.

    Raises:
        NotFoundError: the link was used, has expired or never existed.
    """
    link = look_up_link(session, token, now=now)
    # If two requests look the link up at the same time, the condition lets only one of them pass.
    # All links for the first admin are used up together, because there is only one first admin.
    used = (
        session.scalars(
            update(SignInLink)
            .where(_same_purpose(link.user_id), SignInLink.used_at.is_(None))
            .values(used_at=now)
            .returning(SignInLink.token_hash)
        ).all()
        if link
        else ()
    )
    if link is None or link.token_hash not in used:
        raise NotFoundError("sign-in-link-spent")
    return link


def _same_purpose(user_id: int | None) -> ColumnElement[bool]:
    """Return the condition for links of this user, or for links that create the first admin."""
    return SignInLink.user_id == user_id if user_id else SignInLink.user_id.is_(None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_length(password: str) -> None:
    """Raise InputError if *password* is too short or too long for a new password."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InputError("password-length", field="password", least=_SHORTEST, most=_LONGEST)
