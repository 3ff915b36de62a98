"""Roles in a calendar, what each of them allows, and what a person may therefore do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from contentsvc.domain.entries import EntryStatus

__all__ = ["NEEDED", "Action", "Rights", "Role", "needed_to_delete", "needed_to_import"]


class Role(StrEnum):
    """What a person is in a calendar; each role includes those before it."""

    VIEWER = "viewer"
    WRITER = "writer"
    APPROVER = "approver"
    MANAGER = "manager"

    @property
    def rank(self) -> int:
        """Return the place of the role in the order, from 0 for a viewer."""
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Return True if this role allows everything that *other* allows."""
        return self.rank >= other.rank


class Action(StrEnum):
    """A kind of action on a calendar and what belongs to it."""

    #: See the board, entries, previews, deliveries and downloads.
    READ = "read"
    #: Create and change drafts, and submit them for review.
    WRITE = "write"
    #: Decide what is published: approve, take back, correct, retract, send again.
    APPROVE = "approve"
    #: Change the calendar's settings and members; delete and overwrite what is approved.
    MANAGE = "manage"


#: The smallest role that allows each action.
NEEDED: Mapping[Action, Role] = MappingProxyType(
    {
        Action.READ: Role.VIEWER,
        Action.WRITE: Role.WRITER,
        Action.APPROVE: Role.APPROVER,
        Action.MANAGE: Role.MANAGER,
    }
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do: everything as an admin, else what the roles in calendars allow."""

    is_admin: bool = False
    #: Roles by calendar id.
    roles: Mapping[int, Role] = field(default_factory=dict)

    def may(self, action: Action, calendar_id: int) -> bool:
        """Return True if the person may do *action* in the calendar."""
        if self.is_admin:
            return True
        role = self.roles.get(calendar_id)
        return role is not None and role.includes(NEEDED[action])

    def may_anywhere(self, action: Action) -> bool:
        """Return True if there is a calendar in which the person may do *action*."""
        return self.is_admin or any(role.includes(NEEDED[action]) for role in self.roles.values())

    @property
    def may_create_calendars(self) -> bool:
        """Return True for admins, and for people who manage a calendar already."""
        return self.may_anywhere(Action.MANAGE)

    @property
    def calendar_ids(self) -> frozenset[int] | None:
        """Return the ids of the calendars that the person may see; None means all of them."""
        return None if self.is_admin else frozenset(self.roles)


def needed_to_delete(status: EntryStatus, *, has_approval: bool) -> Action:
    """Return what a person must be allowed to do to delete or restore an entry.

    *has_approval* is True if an approved revision goes out, or went out before the deletion.
    """
    is_draft = status in {EntryStatus.DRAFT, EntryStatus.IN_REVIEW} and not has_approval
    return Action.WRITE if is_draft else Action.MANAGE


def needed_to_import(
    *, approves: bool, overwrites: bool, changes_settings: bool, changes_approved: bool
) -> Action:
    """Return what a person must be allowed to do to import a file into an existing calendar.

    *changes_approved* is True if approved entries change and the change goes out without a review.
    """
    if approves or overwrites or changes_settings or changes_approved:
        return Action.MANAGE
    return Action.WRITE
