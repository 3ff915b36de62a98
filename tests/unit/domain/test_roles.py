"""What the roles allow."""

from __future__ import annotations

import pytest

from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.roles import (
    NEEDED,
    Action,
    Rights,
    Role,
    needed_to_delete,
    needed_to_import,
)

_HERE, _THERE = 1, 2


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (None, ()),
        (Role.VIEWER, (Action.READ,)),
        (Role.WRITER, (Action.READ, Action.WRITE)),
        (Role.APPROVER, (Action.READ, Action.WRITE, Action.APPROVE)),
        (Role.MANAGER, tuple(Action)),
    ],
)
def test_a_role_allows_what_those_before_it_allow(
    role: Role | None, actions: tuple[Action, ...]
) -> None:
    """A role counts in its calendar only."""
    rights = Rights(roles={_HERE: role} if role else {})

    assert tuple(action for action in Action if rights.may(action, _HERE)) == actions
    assert tuple(action for action in Action if rights.may_anywhere(action)) == actions
    assert [action for action in Action if rights.may(action, _THERE)] == []
    assert rights.calendar_ids == frozenset({_HERE} if role else ())
    assert rights.may_create_calendars is (role is Role.MANAGER)


def test_an_admin_may_do_everything_everywhere() -> None:
    """An admin needs no role."""
    rights = Rights(is_admin=True)

    assert all(rights.may(action, _THERE) for action in Action)
    assert rights.calendar_ids is None
    assert rights.may_create_calendars


def test_every_action_has_a_role() -> None:
    """No action is forgotten, and the roles are ordered."""
    assert set(NEEDED) == set(Action)
    assert sorted(Role, key=lambda role: role.rank) == list(Role)


@pytest.mark.parametrize(
    ("status", "has_approval", "needed"),
    [
        (EntryStatus.DRAFT, False, Action.WRITE),
        (EntryStatus.IN_REVIEW, False, Action.WRITE),
        (EntryStatus.IN_REVIEW, True, Action.MANAGE),
        (EntryStatus.APPROVED, True, Action.MANAGE),
        (EntryStatus.APPROVED, False, Action.MANAGE),
        (EntryStatus.CANCELLED, False, Action.MANAGE),
    ],
)
def test_what_goes_out_is_deleted_by_managers(
    *, status: EntryStatus, has_approval: bool, needed: Action
) -> None:
    """An entry in review whose approved version still goes out is no draft."""
    assert needed_to_delete(status, has_approval=has_approval) is needed


@pytest.mark.parametrize(
    "changed", ["approves", "overwrites", "changes_settings", "changes_approved"]
)
def test_only_managers_import_more_than_drafts(changed: str) -> None:
    """Each of these alone needs a manager; new drafts need a writer."""
    nothing = dict.fromkeys(
        ("approves", "overwrites", "changes_settings", "changes_approved"), False
    )

    assert needed_to_import(**nothing) is Action.WRITE
    assert needed_to_import(**{**nothing, changed: True}) is Action.MANAGE
