"""Who may use which page: a table of every endpoint and method, and the checks that follow it.

`access` checks each request against this table. An endpoint that is missing in it is refused.
`docs/roles.md` is made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import abort
from flask_login import current_user
from sqlalchemy.orm import Session

from contentsvc.db.models import Calendar
from contentsvc.domain.roles import Action, Rights
from contentsvc.services import members
from contentsvc.web.current import person, reading

__all__ = [
    "RULES",
    "Access",
    "Rule",
    "check",
    "may",
    "require",
    "require_creation",
    "rights",
    "rule_of",
]

#: Returns the id of the calendar that the values of an address belong to; None if there is none.
Place = Callable[[Session, Mapping[str, Any]], int | None]


class Access(StrEnum):
    """What a page needs that does not depend on a calendar."""

    OPEN = "open"
    SIGNED_IN = "signed in"
    #: The batch's owner, or an admin.
    OWNER = "owner"
    #: An admin, or the manager of at least one calendar.
    CREATE = "create"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a request to an endpoint needs."""

    need: Access | Action
    #: Finds the calendar in which the action is needed; None if any calendar will do.
    place: Place | None = None
    #: For an endpoint with the argument `action`: what each of its values needs.
    steps: Mapping[str, Action] = field(default_factory=dict)
    #: What a view checks besides, because it depends on the form or the entry; for the docs.
    also: str = ""

    def needed(self, values: Mapping[str, Any]) -> Access | Action:
        """Return what a request with these values in its address needs."""
        return self.steps.get(str(values.get("action", "")), self.need)


def _by_slug(database: Session, values: Mapping[str, Any]) -> int | None:
    return members.calendar_of_slug(database, values["slug"])


def _by_entry(database: Session, values: Mapping[str, Any]) -> int | None:
    return members.calendar_of_entry(database, values["entry_id"])


def _by_delivery(database: Session, values: Mapping[str, Any]) -> int | None:
    return members.calendar_of_delivery(database, values["delivery_id"])


def _by_entry_and_delivery(database: Session, values: Mapping[str, Any]) -> int | None:
    """Return the calendar of both; None if the delivery belongs to another calendar."""
    calendar_id = _by_entry(database, values)
    return calendar_id if calendar_id == _by_delivery(database, values) else None


_OPEN, _SIGNED_IN = Rule(Access.OPEN), Rule(Access.SIGNED_IN)
_ADMIN, _OWNER, _CREATE = Rule(Access.ADMIN), Rule(Access.OWNER), Rule(Access.CREATE)
#: In any calendar: posters, uploads and imports belong to none yet.
_WRITE_ANYWHERE = Rule(Action.WRITE)
_READ_SLUG, _READ_ENTRY = Rule(Action.READ, _by_slug), Rule(Action.READ, _by_entry)
_WRITE_SLUG, _WRITE_ENTRY = Rule(Action.WRITE, _by_slug), Rule(Action.WRITE, _by_entry)
_APPROVE_SLUG, _APPROVE_ENTRY = Rule(Action.APPROVE, _by_slug), Rule(Action.APPROVE, _by_entry)
_APPROVE_DELIVERY = Rule(Action.APPROVE, _by_delivery)
_MANAGE_SLUG = Rule(Action.MANAGE, _by_slug)
_IMPORT = Rule(
    Action.WRITE,
    also="writer in the file's calendar; manager to approve, overwrite, or change settings "
    "or what is approved; for a new calendar, manager of any",
)

#: What each endpoint needs, by method. HEAD is as GET, and OPTIONS as any of them.
RULES: dict[str, dict[str, Rule]] = {
    # Files and pages for everybody
    "static": {"GET": _OPEN},
    "bootstrap.static": {"GET": _OPEN},
    "site.page": {"GET": _OPEN},
    "system.favicon": {"GET": _OPEN},
    "system.health": {"GET": _OPEN},
    "metrics.metrics": {"GET": Rule(Access.OPEN, also="the metrics token, or this machine")},
    # Accounts
    "accounts.sign_in": {"GET": _OPEN, "POST": _OPEN},
    "accounts.use_link": {"GET": _OPEN, "POST": _OPEN},
    "accounts.sign_out": {"POST": _OPEN},
    "accounts.set_language": {"POST": _OPEN},
    "accounts.account": {"GET": _SIGNED_IN, "POST": _SIGNED_IN},
    "own_sessions.end": {"POST": Rule(Access.SIGNED_IN, also="only one's own session")},
    "accounts.users": {"GET": _ADMIN, "POST": _ADMIN},
    "accounts.new_link": {"POST": _ADMIN},
    "user_admin.deactivate": {"POST": _ADMIN},
    "user_admin.activate": {"POST": _ADMIN},
    "user_admin.set_admin": {"POST": _ADMIN},
    "user_admin.end_sessions": {"POST": _ADMIN},
    # Calendars and their members
    "boards.first": {"GET": _SIGNED_IN},
    "calendars.index": {
        "GET": Rule(Access.SIGNED_IN, also="only one's calendars; the folder's files for admins")
    },
    "calendars.new": {"GET": _CREATE, "POST": _CREATE},
    "calendars.edit": {"GET": _MANAGE_SLUG, "POST": _MANAGE_SLUG},
    "members.index": {"GET": _MANAGE_SLUG, "POST": _MANAGE_SLUG},
    "members.remove": {"POST": _MANAGE_SLUG},
    # The week board
    "boards.week": {"GET": _READ_SLUG},
    "boards.ask_copy": {"GET": _WRITE_SLUG},
    "boards.copy_week": {"POST": _WRITE_SLUG},
    "boards.approve_week": {"POST": _APPROVE_SLUG},
    "boards.ask_move": {"GET": _WRITE_ENTRY},
    "boards.move": {
        "POST": Rule(Action.WRITE, _by_entry, also="approver for an approved entry"),
    },
    # Entries
    "entries.new": {
        "GET": _WRITE_SLUG,
        "POST": Rule(Action.WRITE, _by_slug, also="approver to approve as well"),
    },
    "entries.edit": {
        "GET": _READ_ENTRY,
        "POST": Rule(
            Action.WRITE,
            _by_entry,
            also="approver to approve or take back as well, and for an approved entry if "
            "CONTENTSVC_REVIEW_ON_EDIT is off",
        ),
    },
    "entries.preview": {"POST": _READ_SLUG},
    "entries.poster_fields": {"GET": _SIGNED_IN},
    "entries.notices": {"GET": _SIGNED_IN},
    "entries.upload": {"POST": _WRITE_ANYWHERE},
    "revisions.index": {"GET": _READ_ENTRY},
    "revisions.show": {"GET": _READ_ENTRY},
    "steps.act": {
        "POST": Rule(
            Action.APPROVE,
            _by_entry,
            {
                "submit": Action.WRITE,
                "approve": Action.APPROVE,
                "return": Action.APPROVE,
                "cancel": Action.APPROVE,
                "take-back": Action.APPROVE,
            },
        )
    },
    "steps.duplicate": {"POST": _WRITE_ENTRY},
    "steps.delete": {
        "POST": Rule(Action.WRITE, _by_entry, also="manager unless it is an unapproved draft")
    },
    "steps.restore": {
        "POST": Rule(Action.WRITE, _by_entry, also="manager unless it was an unapproved draft")
    },
    "corrections.show": {"GET": _READ_ENTRY},
    "corrections.send": {"POST": _APPROVE_ENTRY},
    "corrections.dismiss": {"POST": _APPROVE_ENTRY},
    "corrections.retract": {"POST": Rule(Action.APPROVE, _by_entry_and_delivery)},
    # Pictures, by the hash of their content, which nobody can guess
    "previews.picture_of_rendition": {"GET": _SIGNED_IN},
    "previews.article": {"GET": _SIGNED_IN},
    "previews.uploaded": {"GET": _SIGNED_IN},
    "previews.asset": {"GET": _SIGNED_IN},
    # Calendar files
    "files.download": {"GET": _READ_SLUG},
    "files.export": {"POST": _MANAGE_SLUG},
    "files.upload": {"POST": _IMPORT},
    "files.stamp_template": {"POST": _IMPORT},
    "files.import_file": {"POST": _ADMIN},
    # Deliveries
    "deliveries.index": {"GET": Rule(Access.SIGNED_IN, also="only those of one's calendars")},
    "deliveries.show": {"GET": Rule(Action.READ, _by_delivery)},
    "deliveries.settle": {"POST": _APPROVE_DELIVERY},
    "deliveries.retract": {"POST": _APPROVE_DELIVERY},
    "deliveries.plan_again": {"POST": _APPROVE_DELIVERY},
    # Posters
    "gallery.index": {"GET": _WRITE_ANYWHERE},
    "studio.edit": {
        "GET": Rule(Action.WRITE, also="viewer in the calendar of the entry, if one is given")
    },
    "studio.render": {"POST": _WRITE_ANYWHERE},
    "studio.sketch": {"POST": _WRITE_ANYWHERE},
    "studio.download": {"POST": _WRITE_ANYWHERE},
    "studio.save": {"POST": Rule(Action.WRITE, also="writer in the chosen calendar")},
    "studio.use": {
        "POST": Rule(
            Action.WRITE,
            also="writer in the entry's calendar; approver for an approved entry if "
            "CONTENTSVC_REVIEW_ON_EDIT is off",
        )
    },
    "studio.picture": {"GET": _SIGNED_IN},
    "poster_batches.index": {"GET": Rule(Action.WRITE, also="only one's own batches")},
    "poster_batches.choose": {"GET": _WRITE_ANYWHERE},
    "poster_batches.new": {"GET": _WRITE_ANYWHERE, "POST": _WRITE_ANYWHERE},
    "poster_batches.sample": {"GET": _WRITE_ANYWHERE},
    "poster_batches.show": {"GET": _OWNER},
    "poster_batches.map_columns": {"POST": _OWNER},
    "poster_batches.start": {"POST": _OWNER},
    "poster_batches.preview": {"GET": _OWNER},
    "batch_runs.show": {"GET": _OWNER},
    "batch_runs.progress": {"GET": _OWNER},
    "batch_runs.stop_batch": {"POST": _OWNER},
    "batch_runs.go_on": {"POST": _OWNER},
    "batch_runs.retry_failed": {"POST": _OWNER},
    "batch_runs.correct_rows": {"POST": _OWNER},
    "batch_runs.delete": {"POST": _OWNER},
    "batch_runs.poster": {"GET": _OWNER},
    "batch_runs.archive": {"GET": _OWNER},
    "batch_runs.report": {"GET": _OWNER},
    "batch_runs.failed": {"GET": _OWNER},
    # Channels, plugins and the system
    "channels.index": {"GET": _SIGNED_IN},
    "channels.new": {"GET": _ADMIN, "POST": _ADMIN},
    "channels.edit": {"GET": _ADMIN, "POST": _ADMIN},
    "channels.test": {"POST": _ADMIN},
    "channels.identity": {"POST": _ADMIN},
    "channels.pause": {"POST": _ADMIN},
    "channels.resume": {"POST": _ADMIN},
    "channels.delete": {"POST": _ADMIN},
    "plugins.index": {"GET": _ADMIN},
    "system.index": {"GET": _ADMIN},
    "system.pause": {"POST": _ADMIN},
    "system.resume": {"POST": _ADMIN},
    "system.help_page": {"GET": _SIGNED_IN},
}


def rule_of(endpoint: str, method: str) -> Rule | None:
    """Return the rule for a request; None if the table has none, so that it is refused."""
    by_method = RULES.get(endpoint, {})
    if method == "OPTIONS":
        return next(iter(by_method.values()), None)
    return by_method.get("GET" if method == "HEAD" else method)


def rights() -> Rights:
    """Return what the signed-in person may do."""
    found: Rights = current_user.rights
    return found


def check(rule: Rule, values: Mapping[str, Any]) -> None:
    """Let the request pass if the signed-in person may make it; *values* are in its address.

    What belongs to a calendar in which the person has no role does not exist for the person: the
    response is the same (404) as if it did not.

    Raises:
        NotPermittedError: the person's role is too small.
    """
    needed = rule.needed(values)
    if rights().is_admin or needed is Access.SIGNED_IN:
        return
    with reading() as database:
        if isinstance(needed, Access):
            _check_access(database, needed, values)
        elif rule.place is not None:
            require(database, needed, rule.place(database, values))
        elif not rights().may_anywhere(needed):
            raise members.refusal_anywhere(database, needed)


def _check_access(database: Session, needed: Access, values: Mapping[str, Any]) -> None:
    if needed is Access.OWNER:
        if members.batch_owner(database, values["batch_id"]) != person():
            abort(404)
    elif needed is Access.CREATE:
        require_creation(database)
    else:
        raise members.refusal_anywhere(database, None)


def require_creation(database: Session) -> None:
    """Raise unless the signed-in person may create calendars.

    Raises:
        NotPermittedError: the person is neither an admin nor a manager.
    """
    if not rights().may_create_calendars:
        raise members.refusal_anywhere(database, Action.MANAGE)


def require(database: Session, action: Action, calendar_id: int | None) -> None:
    """Raise unless the signed-in person may do *action* in the calendar.

    A view calls it for what depends on its form. A calendar in which the person has no role does
    not exist for the person (404), as if *calendar_id* were None.

    Raises:
        NotPermittedError: the person's role is too small.
    """
    if calendar_id is None or not rights().may(Action.READ, calendar_id):
        abort(404)
    members.require(database, rights(), action, calendar_id)


def may(action: str, calendar: Calendar | None = None) -> bool:
    """Return True if the signed-in person may do *action* in *calendar*, or else in any calendar.

    *action* is an Action, or `create` or `admin`. Page templates show a button only if this is
    true.
    """
    own = rights()
    if action == Access.ADMIN:
        return own.is_admin
    if action == Access.CREATE:
        return own.may_create_calendars
    wanted = Action(action)
    return own.may_anywhere(wanted) if calendar is None else own.may(wanted, calendar.id)
