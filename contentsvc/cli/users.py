"""`contentsvc users`: add users and print sign-in links."""

from __future__ import annotations

import sys

import click

from contentsvc.cli.runtime import open_runtime
from contentsvc.errors import NotFoundError
from contentsvc.services import accounts

__all__ = ["users"]


@click.group()
def users() -> None:
    """Add users and print sign-in links."""


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


@users.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a link that signs the user NAME in once, within a day."""
    with open_runtime() as runtime, runtime.database.write() as session:
        user = accounts.find_user(session, name)
        if user is None:
            raise NotFoundError("command-user-unknown", name=name)
        token = accounts.make_link(session, user_id=user.id, now=runtime.clock())
        click.echo(f"{runtime.config.public_url}/sign-in/{token}")


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
