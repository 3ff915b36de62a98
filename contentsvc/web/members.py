"""The page on which managers give people roles in a calendar."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.models import User
from contentsvc.domain.roles import Role
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services import accounts, calendar_settings, members, user_admin
from contentsvc.web.current import reading, runtime
from contentsvc.web.form_errors import error_status, errors_by_field
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("members", __name__, url_prefix="/calendars/<slug>/members")


@blueprint.route("/", methods=["GET", "POST"])
def index(slug: str) -> Response | str | tuple[str, int]:
    """Render the members of a calendar, or give the posted person the posted role."""
    if request.method == "GET":
        return _page(slug, {})
    try:
        role = _role(request.form.get("role", ""))
        with runtime().database.write() as database:
            calendar = calendar_settings.get_calendar(database, slug)
            user = user_admin.require_user(database, request.form.get("name", ""))
            members.set_role(database, user.id, calendar, role)
    except InputError as error:
        return _page(slug, errors_by_field(error, "name")), error_status(error)
    show_toast(gettext("The role of %(name)s is stored.", name=user.name))
    return redirect(url_for(".index", slug=slug), code=303)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise InputError("not-a-choice", field="role") from error


def _page(slug: str, errors: dict[str, str]) -> str:
    with reading() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        return render_template(
            "calendars/members.html",
            calendar=calendar,
            members=members.members_of(database, calendar),
            people=members.people_to_add(database, calendar),
            errors=errors,
            form=request.form,
        )


@blueprint.post("/<int:user_id>/remove")
def remove(slug: str, user_id: int) -> Response:
    """Take every role in the calendar from a person, and redirect to the members page."""
    with runtime().database.write() as database:
        calendar = calendar_settings.get_calendar(database, slug)
        user = _user(database, user_id)
        members.remove_member(database, user, calendar)
    show_toast(gettext("%(name)s is no longer a member.", name=user.name))
    # Somebody who leaves can no longer see the page.
    is_self = user.id == current_user.id and not current_user.is_admin
    address = url_for("calendars.index") if is_self else url_for(".index", slug=slug)
    return redirect(address, code=303)


def _user(database: Session, user_id: int) -> User:
    user = accounts.get_user(database, user_id)
    if user is None:
        raise NotFoundError("no-user", number=user_id)
    return user
