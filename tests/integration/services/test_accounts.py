"""Accounts: passwords, links that work once, and the system's status."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services import accounts as service
from contentsvc.services.operations.health import (
    dispatcher_is_silent,
    record_heartbeat,
    system_status,
)
from contentsvc.services.sessions import find_session, start_session
from tests.factories import NOW
from tests.integration.services.delivery.engine_world import Engine

PASSWORD = "a good long password"
_HASH = service.hash_password(PASSWORD)


def test_the_first_link_makes_the_first_admin_once(database: Database) -> None:
    """The first link creates the first admin once; looking it up does not use it up."""
    with database.write() as session:
        token = service.make_link(session, now=NOW)
    with database.write() as session:
        assert service.look_up_link(session, token, now=NOW) is not None
        assert service.look_up_link(session, token, now=NOW) is not None
        service.use_link(session, token, now=NOW)

    with database.write() as session, pytest.raises(NotFoundError, match="used already"):
        service.use_link(session, token, now=NOW)


def test_a_new_password_ends_unused_links(database: Database) -> None:
    """Somebody who has seen a link cannot use it after the user has chosen a new password."""
    with database.write() as session:
        user = service.create_user(
            session, name="mei", password_hash=_HASH, is_admin=False, now=NOW
        )
        token = service.make_link(session, user_id=user.id, now=NOW)
        service.set_password(session, user, service.hash_password("another long password"))

        assert service.look_up_link(session, token, now=NOW) is None


def test_a_link_used_by_six_at_once_makes_one_admin(database: Database) -> None:
    """Only one of several requests at the same instant can use a link."""
    with database.write() as session:
        token = service.make_link(session, now=NOW)
    barrier = threading.Barrier(6)

    def use(number: int) -> bool:
        barrier.wait()
        try:
            with database.write() as session:
                service.use_link(session, token, now=NOW)
                service.create_user(
                    session, name=f"mei{number}", password_hash=_HASH, is_admin=True, now=NOW
                )
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        used = list(pool.map(use, range(6)))

    assert used.count(True) == 1
    with database.read() as session:
        assert len(service.all_users(session)) == 1


def test_a_name_taken_at_the_same_instant_is_a_conflict(database: Database) -> None:
    """Of several people who take a name at once, one gets it and the others are told."""
    barrier = threading.Barrier(4)

    def create(_number: int) -> bool:
        barrier.wait()
        try:
            with database.write() as session:
                service.create_user(
                    session, name="mei", password_hash=_HASH, is_admin=False, now=NOW
                )
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        created = list(pool.map(create, range(4)))

    assert created.count(True) == 1


def test_a_new_link_ends_the_one_before(database: Database) -> None:
    """Only the newest link works."""
    with database.write() as session:
        first = service.make_link(session, now=NOW)
        second = service.make_link(session, now=NOW)

        assert service.look_up_link(session, first, now=NOW) is None
        assert service.look_up_link(session, second, now=NOW) is not None


@pytest.mark.parametrize("token", ["", "guess", "x" * 10_000])
def test_a_guessed_link_does_not_work(database: Database, token: str) -> None:
    """A guessed or expired link does not work, nor the first admin's once there is a user."""
    with database.write() as session:
        good = service.make_link(session, now=NOW, valid=timedelta(hours=1))
        assert service.look_up_link(session, token, now=NOW) is None
        assert service.look_up_link(session, good, now=NOW + timedelta(hours=2)) is None
        service.create_user(
            session,
            name="mei",
            password_hash=_HASH,
            is_admin=True,
            now=NOW,
        )

        assert service.look_up_link(session, good, now=NOW) is None


def test_passwords_are_checked_and_changed(database: Database) -> None:
    """A changed password ends open sessions, and the case of the name does not matter."""
    with database.write() as session:
        user = service.create_user(
            session, name="Mei", password_hash=_HASH, is_admin=False, now=NOW
        )
        token = start_session(session, user, browser="", now=NOW)
        assert token is not None
        assert find_session(session, token, now=NOW) is not None
        assert service.check_password(session, "MEI ", PASSWORD) is user
        assert service.check_password(session, "mei", "wrong password") is None
        assert service.check_password(session, "nobody", PASSWORD) is None
        service.set_password(session, user, service.hash_password("another long password"))

        assert find_session(session, token, now=NOW) is None
        assert PASSWORD not in user.password_hash
        assert service.check_password(session, "mei", PASSWORD) is None


def test_an_unknown_name_costs_as_much_as_a_wrong_password(database: Database) -> None:
    """The hash that stands for nobody's password has the parameters of new hashes."""
    with database.write() as session:
        user = service.create_user(
            session,
            name="mei",
            password_hash=_HASH,
            is_admin=False,
            now=NOW,
        )

    assert service._NOBODY.split("$")[0] == user.password_hash.split("$")[0]


@pytest.mark.parametrize("name", ["", "a b", "-a", "x" * 65, "a/b"])
def test_a_refused_name_names_the_field(database: Database, name: str) -> None:
    """The error about a name that cannot be used has the form's field."""
    with database.write() as session, pytest.raises(InputError) as caught:
        service.create_user(session, name=name, password_hash=_HASH, is_admin=False, now=NOW)

    assert caught.value.field == "name"


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_refused_password_names_the_field(password: str) -> None:
    """The error about a password that cannot be used has the form's field."""
    with pytest.raises(InputError) as caught:
        service.hash_password(password)

    assert caught.value.field == "password"


def test_a_name_is_taken_once(database: Database) -> None:
    """A name can be used once, whatever its case."""
    with database.write() as session:
        service.create_user(
            session,
            name="mei",
            password_hash=_HASH,
            is_admin=False,
            now=NOW,
        )
        with pytest.raises(ConflictError):
            service.create_user(
                session,
                name="MEI",
                password_hash=_HASH,
                is_admin=False,
                now=NOW,
            )


def test_a_silent_dispatcher_is_noticed(database: Database) -> None:
    """A dispatcher without a heartbeat for half a minute counts as silent."""
    with database.write() as session:
        assert dispatcher_is_silent(session, NOW)
        record_heartbeat(session, role="dispatcher", name="host:1", started_at=NOW, now=NOW)
        session.flush()

        assert not dispatcher_is_silent(session, NOW + timedelta(seconds=29))
        assert dispatcher_is_silent(session, NOW + timedelta(seconds=31))


def test_the_system_status_counts_and_names(engine: Engine) -> None:
    """The status has the oldest delivery that is due but not published."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.queue.is_down = True
    due_at = engine.clock.at
    engine.turn()
    now = engine.clock.turn(minutes=1)

    with engine.runtime.database.read() as session:
        status = system_status(engine.runtime, session, now)

    assert status.oldest_due_at == due_at
    assert status.counts == {DeliveryStatus.SCHEDULED: 1}
    assert [beat.role for beat in status.heartbeats] == ["dispatcher"]
    assert not status.queue.reachable
    assert status.missing == ["dispatcher", "publish", "follow-up", "render"]
