"""Users are activated, deactivated and made admins, also by two people at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.db.models import Membership, User
from contentsvc.db.session import Database
from contentsvc.domain.roles import Role
from contentsvc.errors import ConflictError, NotFoundError
from contentsvc.services import accounts, members, sessions, user_admin
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, make_calendar, make_channel, make_runtime

PASSWORD = "a good long password"
ROUNDS = 5


def _add(database: Database, name: str, *, is_admin: bool = False) -> User:
    with database.write() as session:
        return accounts.create_user(
            session,
            name=name,
            password_hash=accounts.hash_password(PASSWORD),
            is_admin=is_admin,
            now=NOW,
        )


def _admins(database: Database) -> list[str]:
    with database.read() as session:
        query = select(User.name).where(User.is_admin, User.deactivated_at.is_(None))
        return list(session.scalars(query.order_by(User.name)))


@pytest.mark.parametrize("step", ["demote", "deactivate"])
def test_two_admins_who_remove_each_other_leave_one(database: Database, step: str) -> None:
    """Whichever is first wins; the other is refused, as the last admin, in every round."""
    users = [_add(database, name, is_admin=True) for name in ("mei", "wang")]

    for _ in range(ROUNDS):
        with database.write() as session:
            for user in users:
                row = session.get_one(User, user.id)
                row.is_admin, row.deactivated_at = True, None
        both = threading.Barrier(2)

        def remove(user: User, both: threading.Barrier = both) -> bool:
            both.wait()
            try:
                with database.write() as session:
                    row = session.get_one(User, user.id)
                    if step == "demote":
                        user_admin.set_admin(session, row, is_admin=False)
                    else:
                        user_admin.deactivate(session, row, now=NOW)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(remove, users))

        assert sorted(done) == [False, True]
        assert len(_admins(database)) == 1


def test_a_demoted_admin_cannot_remove_the_last_one(database: Database) -> None:
    """The same user may be demoted twice; a deactivated admin does not count as one."""
    mei, wang = (_add(database, name, is_admin=True) for name in ("mei", "wang"))
    with database.write() as session:
        user_admin.deactivate(session, session.get_one(User, wang.id), now=NOW)
    for _ in range(2):
        with database.write() as session, pytest.raises(ConflictError, match="last active admin"):
            user_admin.set_admin(session, session.get_one(User, mei.id), is_admin=False)

    with database.write() as session:
        user_admin.activate(session, session.get_one(User, wang.id))
        user_admin.set_admin(session, session.get_one(User, mei.id), is_admin=False)
        user_admin.set_admin(session, session.get_one(User, mei.id), is_admin=False)

    assert _admins(database) == ["wang"]


def test_deactivation_keeps_the_roles(database: Database, tmp_path: Path) -> None:
    """A user who is activated again has the same roles and password."""
    _add(database, "mei", is_admin=True)
    runtime = make_runtime(database, tmp_path)
    make_channel(runtime)
    calendar, wang = make_calendar(runtime), _add(database, "wang")
    with database.write() as session:
        members.set_role(session, wang.id, calendar, Role.WRITER)
        members.set_role(session, wang.id, calendar, Role.APPROVER)
        user_admin.deactivate(session, session.get_one(User, wang.id), now=NOW)
        assert accounts.check_password(session, "wang", PASSWORD) is None
        user_admin.activate(session, session.get_one(User, wang.id))

    with database.read() as session:
        user = accounts.check_password(session, "wang", PASSWORD)
        assert user is not None
        assert members.rights_of(session, user).roles == {calendar.id: Role.APPROVER}


def _runtime(database: Database, tmp_path: Path) -> Runtime:
    runtime = make_runtime(database, tmp_path)
    make_channel(runtime)
    return runtime


def test_two_managers_who_add_the_same_person_make_one_member(
    database: Database, tmp_path: Path
) -> None:
    """Simultaneous changes of one membership end with one row, and with none of them refused."""
    calendar = make_calendar(_runtime(database, tmp_path))
    wang, both = _add(database, "wang"), threading.Barrier(2)

    def add(role: Role) -> None:
        both.wait()
        with database.write() as session:
            members.set_role(session, wang.id, calendar, role)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, (Role.VIEWER, Role.WRITER)))

    with database.read() as session:
        (row,) = session.scalars(select(Membership))
    assert row.role in {Role.VIEWER, Role.WRITER}


def test_a_password_change_beats_a_simultaneous_sign_in(database: Database) -> None:
    """Whatever the order, no session with the old password is left after the change."""
    user = _add(database, "wang")
    for number in range(ROUNDS):
        with database.read() as session:
            seen = session.get_one(User, user.id)
        both = threading.Barrier(2)

        def sign_in(seen: User = seen, both: threading.Barrier = both) -> None:
            both.wait()
            with database.write() as session:
                sessions.start_session(session, seen, browser="", now=NOW)

        def change(both: threading.Barrier = both, number: int = number) -> None:
            both.wait()
            with database.write() as session:
                row = session.get_one(User, user.id)
                accounts.set_password(session, row, f"another password {number}")

        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(sign_in), pool.submit(change)]:
                each.result()

        with database.read() as session:
            assert sessions.sessions_of(session, user.id, now=NOW) == []


def test_a_member_is_removed_once(database: Database, tmp_path: Path) -> None:
    """Removing somebody who is no member is refused and names the person."""
    calendar, wang = make_calendar(_runtime(database, tmp_path)), _add(database, "wang")
    with database.write() as session:
        members.set_role(session, wang.id, calendar, Role.VIEWER)
        assert [member.user.name for member in members.members_of(session, calendar)] == ["wang"]
        assert members.people_to_add(session, calendar) == []
        members.remove_member(session, wang, calendar)

    with database.write() as session, pytest.raises(NotFoundError, match="wang has no role"):
        members.remove_member(session, wang, calendar)
