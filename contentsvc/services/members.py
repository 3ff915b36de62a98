"""The members of calendars: who has which role, and what a person may therefore do."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from contentsvc.db.models import Calendar, Delivery, Entry, Membership, PosterBatch, User
from contentsvc.domain.roles import NEEDED, Action, Rights, Role
from contentsvc.errors import NotFoundError, NotPermittedError
from contentsvc.messages import Message

__all__ = [
    "Member",
    "batch_owner",
    "calendar_of_delivery",
    "calendar_of_entry",
    "calendar_of_slug",
    "members_of",
    "people_to_add",
    "refusal",
    "refusal_anywhere",
    "remove_member",
    "require",
    "rights_of",
    "set_role",
]

#: The most names that a refusal lists.
_MOST_NAMED = 3


class Member(NamedTuple):
    """A person with a role in a calendar."""

    user: User
    role: Role


def rights_of(session: Session, user: User) -> Rights:
    """Return what *user* may do, in every calendar."""
    if user.is_admin:
        return Rights(is_admin=True)
    query = select(Membership.calendar_id, Membership.role).where(Membership.user_id == user.id)
    return Rights(roles=dict(session.execute(query).all()))


def members_of(session: Session, calendar: Calendar) -> list[Member]:
    """Return the members of *calendar*, those with the largest role first."""
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.calendar_id == calendar.id)
        .order_by(User.name)
    )
    members = [Member(user, role) for user, role in session.execute(query)]
    return sorted(members, key=lambda member: -member.role.rank)


def people_to_add(session: Session, calendar: Calendar) -> list[User]:
    """Return the active users that are neither admins nor members of *calendar*, by name."""
    is_member = exists().where(Membership.user_id == User.id, Membership.calendar_id == calendar.id)
    query = select(User).where(~is_member, User.deactivated_at.is_(None), ~User.is_admin)
    return list(session.scalars(query.order_by(User.name)))


def set_role(session: Session, user_id: int, calendar: Calendar, role: Role) -> None:
    """Make the user a member of *calendar* with *role*, or change the member's role to it."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    values = {"user_id": user_id, "calendar_id": calendar.id, "role": role}
    session.execute(
        insert(Membership)
        .values(**values)
        .on_conflict_do_update(
            index_elements=[Membership.user_id, Membership.calendar_id], set_={"role": role}
        )
    )


def remove_member(session: Session, user: User, calendar: Calendar) -> None:
    """Take every role in *calendar* from *user*.

    Raises:
        NotFoundError: the user is not a member.
    """
    found = session.execute(
        delete(Membership)
        .where(Membership.user_id == user.id, Membership.calendar_id == calendar.id)
        .returning(Membership.user_id)
    )
    if found.first() is None:
        raise NotFoundError("member-unknown", name=user.name)


def require(session: Session, rights: Rights, action: Action, calendar_id: int) -> None:
    """Raise NotPermittedError unless somebody with *rights* may do *action* in the calendar."""
    if not rights.may(action, calendar_id):
        raise refusal(session, rights, action, calendar_id)


def refusal(
    session: Session, rights: Rights, action: Action, calendar_id: int
) -> NotPermittedError:
    """Return the error that names the role for *action*, and who can give it in the calendar."""
    role = rights.roles.get(calendar_id)
    return NotPermittedError(
        "role-needed",
        needed=Message(f"role-{NEEDED[action]}"),
        present=Message(f"role-{role}" if role else "role-none"),
        names=_givers(session, calendar_id),
    )


def refusal_anywhere(session: Session, action: Action | None) -> NotPermittedError:
    """Return the error for what needs the role for *action* in any calendar, or an admin if None.

    It names admins, who can give every role.
    """
    names = _givers(session, None)
    if action is None:
        return NotPermittedError("admin-needed", names=names)
    return NotPermittedError(
        "role-needed-anywhere", needed=Message(f"role-{NEEDED[action]}"), names=names
    )


def _givers(session: Session, calendar_id: int | None) -> list[str]:
    """Return some names of those who can give a role in the calendar: its managers, else admins."""
    is_manager = exists().where(
        Membership.user_id == User.id,
        Membership.calendar_id == calendar_id,
        Membership.role == Role.MANAGER,
    )
    for condition in (is_manager, User.is_admin):
        query = select(User.name).where(condition, User.deactivated_at.is_(None))
        names = session.scalars(query.order_by(User.name).limit(_MOST_NAMED)).all()
        if names:
            return list(names)
    return []


def calendar_of_slug(session: Session, slug: str) -> int | None:
    """Return the id of the calendar with this short name, or None."""
    return session.scalar(select(Calendar.id).where(Calendar.slug == slug))


def calendar_of_entry(session: Session, entry_id: int) -> int | None:
    """Return the id of the calendar of an entry, which may be deleted; None if there is none."""
    return session.scalar(select(Entry.calendar_id).where(Entry.id == entry_id))


def calendar_of_delivery(session: Session, delivery_id: int) -> int | None:
    """Return the id of the calendar of a delivery; None if there is no such delivery."""
    query = select(Entry.calendar_id).join(Delivery, Delivery.entry_id == Entry.id)
    return session.scalar(query.where(Delivery.id == delivery_id))


def batch_owner(session: Session, batch_id: int) -> str | None:
    """Return the name of the owner of a poster batch; None if there is no such batch."""
    return session.scalar(select(PosterBatch.owner).where(PosterBatch.id == batch_id))
