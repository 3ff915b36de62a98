"""`contentsvc users`: add and list users, give them roles, and end their sessions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from contentsvc.cli.runtime import open_runtime
from contentsvc.db.models import User
from contentsvc.domain.roles import Role
from contentsvc.services import accounts, members, sessions, user_admin
from contentsvc.services.calendar_settings import all_calendars, get_calendar
from contentsvc.services.runtime import Runtime

__all__ = ["users"]

#: The role that takes every role away.
_NO_ROLE = "none"


@click.group()
def users() -> None:
    """Add and list users, print sign-in links, give roles, and end sessions."""


@users.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Let the user manage users, channels and plugins.")
def add(name: str, *, admin: bool) -> None:
    """Add the user NAME; the password is prompted for, or read from standard input."""
    password_hash = accounts.hash_password(_password())
    with open_runtime() as runtime, runtime.database.write() as session:
        user = accounts.create_user(
            session, name=name, password_hash=password_hash, is_admin=admin, now=runtime.clock()
        )
    click.echo(f"added {user.name}")


@users.command("list")
def list_users() -> None:
    """List every user: name, whether an admin or deactivated, and the roles in calendars."""
    with open_runtime() as runtime, runtime.database.read() as session:
        calendars = all_calendars(session)
        roles: dict[int, list[str]] = {}
        for calendar in calendars:
            for user, role in members.members_of(session, calendar):
                roles.setdefault(user.id, []).append(f"{calendar.slug}:{role}")
        for user in accounts.all_users(session):
            marks = ["admin"] if user.is_admin else []
            marks += ["deactivated"] if user.deactivated_at else []
            click.echo("\t".join([user.name, ",".join(marks), *roles.get(user.id, [])]))


@users.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a link that signs the user NAME in once, within a day."""
    with _user(name) as (runtime, session, user):
        token = accounts.make_link(session, user_id=user.id, now=runtime.clock())
        click.echo(f"{runtime.config.public_url}/sign-in/{token}")


@users.command("deactivate")
@click.argument("name")
def deactivate(name: str) -> None:
    """Keep the user NAME from signing in, and end the user's sessions; the content stays."""
    with _user(name) as (runtime, session, user):
        user_admin.deactivate(session, user, now=runtime.clock())
        click.echo(f"deactivated {user.name}")


@users.command("activate")
@click.argument("name")
def activate(name: str) -> None:
    """Let the user NAME sign in again, with the same password and roles."""
    with _user(name) as (_, session, user):
        user_admin.activate(session, user)
        click.echo(f"activated {user.name}")


@users.command("role")
@click.argument("name")
@click.argument("calendar")
@click.argument("role", type=click.Choice([*(role.value for role in Role), _NO_ROLE]))
def give_role(name: str, calendar: str, role: str) -> None:
    """Give the user NAME a ROLE in a CALENDAR; `none` takes the role away."""
    with _user(name) as (_, session, user):
        found = get_calendar(session, calendar)
        if role == _NO_ROLE:
            members.remove_member(session, user, found)
        else:
            members.set_role(session, user.id, found, Role(role))
        click.echo(f"{user.name} in {found.slug}: {role}")


@users.command("admin")
@click.argument("name")
@click.argument("answer", type=click.Choice(["yes", "no"]))
def set_admin(name: str, answer: str) -> None:
    """Make the user NAME an admin, or with `no` take that away; one admin always remains."""
    with _user(name) as (_, session, user):
        user_admin.set_admin(session, user, is_admin=answer == "yes")
        click.echo(f"{user.name} is {'an admin' if user.is_admin else 'no admin'}")


@users.command("end-sessions")
@click.argument("name")
def end_sessions(name: str) -> None:
    """Sign the user NAME out in every browser."""
    with _user(name) as (_, session, user):
        sessions.end_sessions(session, user.id)
        click.echo(f"signed {user.name} out everywhere")


@contextmanager
def _user(name: str) -> Iterator[tuple[Runtime, Session, User]]:
    """Provide the runtime, a transaction and the user *name*; commit at the end."""
    with open_runtime() as runtime, runtime.database.write() as session:
        yield runtime, session, user_admin.require_user(session, name)


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
