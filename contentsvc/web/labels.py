"""The labels of statuses, kinds, elements and other values, in the person's language."""

from __future__ import annotations

from flask_babel import LazyString, lazy_gettext

from contentsvc.channels import PostFormat
from contentsvc.domain.deliveries import Action, DeliveryStatus, Outcome
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.livestreams import Change
from contentsvc.domain.roles import Role
from contentsvc.domain.weeks import Weekday
from contentsvc.services.retracting import RETRACT

__all__ = ["CARD_ICONS", "ICONS", "LABELS", "label"]

_ = lazy_gettext

KINDS = {
    EntryKind.POST: _("Post"),
    EntryKind.POSTER: _("Poster"),
    EntryKind.LIVESTREAM: _("Livestream"),
}
ENTRY_STATUSES = {
    EntryStatus.DRAFT: _("Draft"),
    EntryStatus.IN_REVIEW: _("In review"),
    EntryStatus.APPROVED: _("Approved"),
    EntryStatus.CANCELLED: _("Cancelled"),
}
#: States of a card on the board, in addition to the statuses of entries.
CARD_STATES = {
    "past_draft": _("Past draft"),
    "publishing": _("Publishing"),
    "published": _("Published"),
    "attention": _("Needs attention"),
}
DELIVERY_STATUSES = {
    DeliveryStatus.PLANNED: _("Planned"),
    DeliveryStatus.SCHEDULED: _("Scheduled"),
    DeliveryStatus.RETRYING: _("Waiting to retry"),
    DeliveryStatus.CLAIMED: _("Publishing"),
    DeliveryStatus.SENDING: _("Publishing"),
    DeliveryStatus.ACCEPTED: _("Processing on the platform"),
    DeliveryStatus.HANDED_OFF: _("For a person to finish"),
    DeliveryStatus.PUBLISHED: _("Published"),
    DeliveryStatus.UNKNOWN: _("Outcome unknown"),
    DeliveryStatus.FAILED: _("Failed"),
    DeliveryStatus.MISSED: _("Missed"),
    DeliveryStatus.CANCELLED: _("Cancelled"),
}
OUTCOMES = {
    Outcome.PUBLISHED: _("Published"),
    Outcome.ACCEPTED: _("Processing on the platform"),
    Outcome.HANDED_OFF: _("For a person to finish"),
    Outcome.TEMPORARY: _("Not sent, temporary failure"),
    Outcome.RATE_LIMITED: _("The platform asks to wait"),
    Outcome.REJECTED: _("Rejected"),
    Outcome.AUTH: _("Authorisation failed"),
    Outcome.UNKNOWN: _("Outcome unknown"),
}
ACTIONS = {
    Action.PUBLISH: _("Publishing"),
    Action.FIND: _("Search on the platform"),
    Action.POLL: _("Progress check"),
    RETRACT: _("Retraction"),
}
ELEMENTS = {
    Element.CHECK_IN: _("Check-in"),
    Element.TOPIC: _("Daily topic"),
    Element.INTERACTION: _("Interaction"),
    Element.LIVESTREAM: _("Livestream"),
    Element.COLUMN: _("Column"),
    Element.MORNING_PAPER: _("Morning paper"),
    Element.QUOTE: _("Quote"),
    Element.OFFLINE_EVENT: _("Offline event"),
    Element.TASK: _("Task"),
    Element.TEASER: _("Teaser"),
    Element.REMINDER: _("Use-up reminder"),
    Element.SEEDING: _("Seeding"),
    Element.ORDER_SHARE: _("Order sharing"),
    Element.FLASH_SALE: _("Flash sale"),
    Element.GROUP_BUY: _("Group buy"),
    Element.LUCKY_DRAW: _("Lucky draw"),
}
COMMUNITY_KINDS = {
    CommunityKind.INTEREST: _("Interest community"),
    CommunityKind.FUNCTIONAL: _("Functional community"),
    CommunityKind.BENEFITS: _("Brand benefits community"),
    CommunityKind.FLASH_SALE: _("Flash-sale community"),
}
WEEKDAYS = {
    Weekday.MON: _("Mon"),
    Weekday.TUE: _("Tue"),
    Weekday.WED: _("Wed"),
    Weekday.THU: _("Thu"),
    Weekday.FRI: _("Fri"),
    Weekday.SAT: _("Sat"),
    Weekday.SUN: _("Sun"),
}
CHANGES = {
    Change.CANCELLED: _("Cancelled"),
    Change.RESTORED: _("Takes place after all"),
    Change.MOVED: _("New time"),
    Change.TITLE: _("New title"),
    Change.HOST: _("New host"),
    Change.LINK: _("New link"),
}
FILE_STATES = {
    "new": _("Not imported yet"),
    "changed": _("Changed"),
    "imported": _("Imported"),
    "broken": _("Has mistakes"),
    "template": _("Template"),
}
ROLES = {
    "web": _("Web server"),
    "dispatcher": _("Dispatcher"),
    "worker": _("Worker"),
    "publish": _("Publishing worker"),
    "follow-up": _("Follow-up worker"),
    "render": _("Rendering worker"),
}
MEMBER_ROLES = {
    Role.VIEWER: _("Viewer"),
    Role.WRITER: _("Writer"),
    Role.APPROVER: _("Approver"),
    Role.MANAGER: _("Manager"),
}
#: The platform formats of a post, and the values that are counted in each.
FORMS = {
    PostFormat.ARTICLE: _("Official Account article"),
    PostFormat.WECOM: _("WeCom Markdown"),
    PostFormat.CHAT: _("Chat text"),
    PostFormat.NOTE: _("Xiaohongshu note"),
    PostFormat.SMS: _("SMS"),
}
COUNTS = {
    "title": _("Title"),
    "characters": _("Characters"),
    "markup": _("With formatting"),
    "size": _("Bytes"),
    "bytes": _("Bytes"),
    "messages": _("Messages"),
    "hashtags": _("Hashtags"),
    "units": _("Characters"),
    "segments": _("Segments"),
}

#: The tables of labels by name, for templates: `label("kind", entry.kind)`.
LABELS: dict[str, dict[str, LazyString]] = {
    "kind": {str(key): text for key, text in KINDS.items()},
    "entry": {str(key): text for key, text in ENTRY_STATUSES.items()},
    "card": {str(key): text for key, text in ENTRY_STATUSES.items()} | CARD_STATES,
    "delivery": {str(key): text for key, text in DELIVERY_STATUSES.items()},
    "action": {str(key): text for key, text in ACTIONS.items()},
    "outcome": {str(key): text for key, text in OUTCOMES.items()},
    "element": {str(key): text for key, text in ELEMENTS.items()},
    "community": {str(key): text for key, text in COMMUNITY_KINDS.items()},
    "weekday": {str(key): text for key, text in WEEKDAYS.items()},
    "change": {str(key): text for key, text in CHANGES.items()},
    "file": FILE_STATES,
    "role": ROLES,
    "member_role": {str(key): text for key, text in MEMBER_ROLES.items()},
    "form": {str(key): text for key, text in FORMS.items()},
    "count": COUNTS,
}

#: Icons of kinds and delivery statuses.
ICONS = {
    "post": "file-text",
    "poster": "image",
    "livestream": "broadcast",
    "planned": "clock",
    "scheduled": "clock",
    "retrying": "arrow-repeat",
    "claimed": "send",
    "sending": "send",
    "accepted": "hourglass-split",
    "handed_off": "hand-index",
    "published": "check-circle-fill",
    "unknown": "question-circle",
    "failed": "exclamation-triangle-fill",
    "missed": "slash-circle",
    "cancelled": "x-circle",
}
#: Icons of card states.
CARD_ICONS = {
    "draft": "pencil",
    "past_draft": "pencil",
    "in_review": "hourglass-split",
    "approved": "clock",
    "publishing": "send",
    "published": "check-circle-fill",
    "attention": "exclamation-triangle-fill",
    "cancelled": "x-circle",
}


def label(table: str, key: object) -> str:
    """Return the translated label of *key* in `LABELS[table]`, or *key* itself if it has none."""
    return str(LABELS[table].get(str(key), key))
