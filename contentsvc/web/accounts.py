"""The pages for signing in and out, passwords, the language and the users."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.models import User
from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import ConflictError, InputError, NotFoundError, NotPermittedError
from contentsvc.services import accounts, sessions
from contentsvc.services.members import rights_of
from contentsvc.web.access import LANGUAGES, SignedIn, local_address
from contentsvc.web.browser_names import browser_name
from contentsvc.web.current import now, person, reading, runtime, writing
from contentsvc.web.form_errors import errors_by_field
from contentsvc.web.throttling import may_try_password, note_wrong_password
from contentsvc.web.toasts import open_toast_box, show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("accounts", __name__)

_LINK_VALID = timedelta(hours=24)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Render the sign-in form, or sign in the user with the posted name and password."""
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(local_address(request.args.get("next")))
        with reading() as database:
            first = not accounts.has_users(database)
        return render_template("accounts/sign_in.html", first=first)
    name = request.form.get("name", "").strip().lower()[:64]
    if not may_try_password(name):
        message = gettext("Too many tries. Wait a quarter of an hour, or ask an admin for a link.")
        return _sign_in_again(name, message, 429)
    with reading() as database:
        user = accounts.check_password(database, name, request.form.get("password", ""))
    if user is None:
        note_wrong_password(name)
        return _sign_in_again(name, gettext("Wrong name or password."), 422)
    _welcome(user)
    return redirect(local_address(request.form.get("next")))


def _sign_in_again(name: str, message: str, status: int) -> tuple[str, int]:
    return render_template("accounts/sign_in.html", first=False, name=name, error=message), status


def _welcome(user: User) -> None:
    """Begin a session of *user* in this browser, in place of the one before.

    Raises:
        NotPermittedError: the user was deactivated or got a new password meanwhile.
    """
    with runtime().database.write() as database:
        sessions.end_token(database, session.get("_user_id", ""))
        token = sessions.start_session(
            database, user, browser=browser_name(request.headers.get("User-Agent", "")), now=now()
        )
        found = sessions.find_session(database, token, now=now()) if token else None
        rights = rights_of(database, user)
    if token is None or found is None:
        raise NotPermittedError("sign-in-outdated")
    language = session.get("language") or user.language
    session.clear()
    if language:
        session["language"] = language
    session.permanent = True
    login_user(SignedIn(found, rights, token))
    # Set now what later requests would add to the session. They then send no cookie, which could
    # overwrite a newer one.
    open_toast_box()
    generate_csrf()


@blueprint.route("/sign-in/<token>", methods=["GET", "POST"])
def use_link(token: str) -> Response | str | tuple[str, int]:
    """Render the password form of a one-time link, or store the password and sign in the user."""
    with reading() as database:
        link = accounts.look_up_link(database, token, now=now())
        user = accounts.get_user(database, link.user_id) if link and link.user_id else None
    if link is None:
        return render_template("accounts/link_used.html"), 404
    if request.method == "GET":
        return render_template("accounts/link.html", user=user, form={}, errors={})
    try:
        password_hash = _posted_password_hash(user)
        with writing() as database:
            accounts.use_link(database, token, now=now())
            user = _with_password(database, user, password_hash)
    except NotFoundError:
        return render_template("accounts/link_used.html"), 404
    except InputError as error:
        errors = errors_by_field(error, "name")
        return render_template(
            "accounts/link.html", user=user, form=request.form, errors=errors
        ), 422
    _welcome(user)
    show_toast(gettext("Welcome, %(name)s.", name=user.name))
    return redirect("/")


def _posted_password_hash(user: User | None) -> str:
    """Check the posted form of a sign-in link; return the hash of the posted password.

    Raises:
        InputError: the password, its repetition or, without *user*, the new name cannot be used.
        FieldsError: several of these.
    """
    checks, password_hash = InputChecks(), ""
    with checks.collect():
        if user is None:
            with reading() as database:
                accounts.check_name(database, request.form.get("name", ""))
    with checks.collect():
        password_hash = accounts.hash_password(request.form.get("password", ""))
    with checks.collect():
        _check_repeated()
    checks.raise_errors()
    return password_hash


def _with_password(database: Session, user: User | None, password_hash: str) -> User:
    """Give *user* a new password, or create the first user with the posted name."""
    if user is None:
        name = request.form.get("name", "")
        return accounts.create_user(
            database, name=name, password_hash=password_hash, is_admin=True, now=now()
        )
    known = _existing_user(database, user.id)
    accounts.set_password(database, known, password_hash)
    return known


def _existing_user(database: Session, user_id: int) -> User:
    user = accounts.get_user(database, user_id)
    if user is None:
        raise NotFoundError("no-user", number=user_id)
    return user


def _check_repeated() -> None:
    if request.form.get("password") != request.form.get("repeated"):
        raise InputError("passwords-differ", field="repeated")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session, so that its cookie is worth nothing any more, and redirect to sign-in.

    Only the language stays in the browser.
    """
    if current_user.is_authenticated:
        with runtime().database.write() as database:
            sessions.end_token(database, current_user.get_id())
    logout_user()
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    return redirect(url_for("accounts.sign_in"))


@blueprint.post("/language")
def set_language() -> Response:
    """Store the posted language for the session and the user; redirect to the posted address."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        session["language"] = language
        session.permanent = True
        if current_user.is_authenticated:
            with writing() as database:
                accounts.set_language(database, _existing_user(database, current_user.id), language)
    return redirect(local_address(request.form.get("next")))


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> Response | str | tuple[str, int]:
    """Render the sessions and the form for a new password, or store it and end other sessions."""
    if request.method == "GET":
        return _account_page({})
    try:
        user = _change_password()
    except InputError as error:
        errors = errors_by_field(error, "password")
        return _account_page(errors), 422
    _welcome(user)
    show_toast(gettext("The password is changed. Sessions on other devices have ended."))
    return redirect(url_for("accounts.account"))


def _account_page(errors: dict[str, str]) -> str:
    with reading() as database:
        own = sessions.sessions_of(database, current_user.id, now=now())
    return render_template(
        "accounts/account.html", errors=errors, sessions=own, zone=runtime().config.timezone
    )


def _change_password() -> User:
    """Store the posted new password of the signed-in user; return the user.

    Raises:
        InputError: the present password is wrong, or the new one cannot be used.
        FieldsError: both.
    """
    checks, password_hash = InputChecks(), ""
    if not may_try_password(person()):
        raise InputError("passwords-too-many", field="current")
    with reading() as database:
        user = accounts.check_password(database, person(), request.form.get("current", ""))
    if user is None:
        note_wrong_password(person())
    with checks.collect("current"):
        if user is None:
            raise InputError("present-password-wrong")
    with checks.collect():
        password_hash = accounts.hash_password(request.form.get("password", ""))
    with checks.collect():
        _check_repeated()
    checks.raise_errors()
    assert user is not None
    with writing() as database:
        known = _existing_user(database, user.id)
        if known.password_hash != user.password_hash:
            # Somebody has changed it since it was checked.
            raise InputError("present-password-wrong", field="current")
        accounts.set_password(database, known, password_hash)
    return known


@blueprint.route("/users", methods=["GET", "POST"])
def users() -> Response | str | tuple[str, int]:
    """Render the list of users; on POST, add a user and show a link to choose their password."""
    if request.method == "GET":
        return _users_page()
    # Nobody knows this password; the link lets the user choose one.
    password_hash = accounts.hash_password(secrets.token_urlsafe(32))
    try:
        with writing() as database:
            user = accounts.create_user(
                database,
                name=request.form.get("name", ""),
                password_hash=password_hash,
                is_admin=bool(request.form.get("is_admin")),
                now=now(),
            )
            token = accounts.make_link(database, user_id=user.id, now=now(), valid=_LINK_VALID)
    except (InputError, ConflictError) as error:
        return _users_page(errors=errors_by_field(error, "name")), 422
    return _users_page(link=_address(token), name=user.name)


@blueprint.post("/users/<int:user_id>/link")
def new_link(user_id: int) -> str:
    """Create a link to choose the user's new password; render the list of users with the link."""
    with writing() as database:
        user = _existing_user(database, user_id)
        token = accounts.make_link(database, user_id=user.id, now=now(), valid=_LINK_VALID)
    return _users_page(link=_address(token), name=user.name)


def _address(token: str) -> str:
    return f"{runtime().config.public_url}{url_for('accounts.use_link', token=token)}"


def _users_page(link: str = "", name: str = "", errors: dict[str, str] | None = None) -> str:
    with reading() as database:
        people = accounts.all_users(database)
    return render_template(
        "accounts/users.html",
        people=people,
        link=link,
        name=name,
        errors=errors or {},
        form=request.form,
        zone=runtime().config.timezone,
    )
