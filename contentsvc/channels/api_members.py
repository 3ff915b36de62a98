"""The members of a channel class: which processes call each one, when, and what tests it.

`python -m tests.guide_tables` makes a table in docs/plugins.md from this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from contentsvc.channels.channel import Channel
from contentsvc.channels.pages import Pages
from contentsvc.channels.parts import Parts

__all__ = ["API_MEMBERS", "ApiMember", "Caller"]


class Caller(StrEnum):
    """A process of the service that calls plugins."""

    RENDER = "render worker"
    PUBLISH = "publishing worker"
    FOLLOW_UP = "follow-up worker"
    WEB = "web server"
    DISPATCHER = "dispatcher"
    COMMAND = "command line"


@dataclass(frozen=True, slots=True)
class ApiMember:
    """A public method or attribute of a channel class, and how the service uses it."""

    name: str
    called_by: tuple[Caller, ...]
    #: When it is called or read.
    when: str
    #: The files that call or read it, relative to the package `contentsvc`.
    called_in: tuple[str, ...]
    #: Tests of `contentsvc.channels.contract`; empty if no contract test is about it.
    tested_by: tuple[str, ...] = ()


_EVERY = tuple(Caller)
#: The processes that open channels; `contentsvc channels test` and `deliveries retract` do so too.
_OPENERS = (Caller.RENDER, Caller.PUBLISH, Caller.FOLLOW_UP, Caller.WEB, Caller.COMMAND)
_WORKERS = (Caller.PUBLISH, Caller.FOLLOW_UP)
_RENDERERS = (Caller.RENDER, Caller.WEB)

_CLASS = ("test_the_class_is_whole",)
_RENDERED = (
    "test_each_kind_renders_the_same_twice",
    "test_any_body_renders_or_is_refused",
    "test_pictures_are_kept_or_told",
)
_PUBLISHED = (
    "test_publishing_gives_an_answer",
    "test_the_same_key_is_one_post",
    "test_another_key_is_another_post",
    "test_each_refusal_is_told_apart",
    "test_a_lost_answer_is_an_unknown_outcome",
)

_CHANNEL = (
    ApiMember(
        "type",
        _EVERY,
        "at load; for each channel and delivery of the type",
        ("channels/contributions.py", "services/delivery/reconciling.py"),
        _CLASS,
    ),
    ApiMember(
        "label",
        (Caller.WEB,),
        "on the pages of channels and plugins",
        ("web/templates/channels/index.html", "web/templates/plugins/index.html"),
        _CLASS,
    ),
    ApiMember(
        "kinds",
        _RENDERERS,
        "before an entry is rendered; on the page of channels; for the correction of a livestream",
        ("services/rendering/renderer.py", "services/corrections/proposing.py"),
        _CLASS,
    ),
    ApiMember(
        "Settings",
        _EVERY,
        "at load; when a channel is opened; for the form on its page",
        ("channels/settings.py", "channels/contributions.py"),
        ("test_the_settings_make_a_form", "test_secrets_are_not_shown"),
    ),
    ApiMember(
        "upgrade_settings",
        _EVERY,
        "when a channel is opened; when its page is shown; when the dispatcher starts",
        ("channels/settings.py",),
        ("test_stored_settings_are_converted_once",),
    ),
    ApiMember(
        "account",
        _WORKERS,
        "when a worker opens the channel, at most once in a while; the result is cached",
        ("services/channel_setup/channels.py",),
        ("test_channels_of_one_account_are_told_apart",),
    ),
    ApiMember(
        "limits",
        _RENDERERS,
        "after an entry is rendered, for each part of it",
        ("services/channel_setup/channels.py",),
        ("test_what_people_plan_is_within_the_limits",),
    ),
    ApiMember(
        "rates",
        (Caller.PUBLISH,),
        "before each call of `publish` or `publish_part`",
        ("services/delivery/backlog.py",),
        _CLASS,
    ),
    ApiMember(
        "platform_rule",
        (*_WORKERS, Caller.WEB),
        "before an entry is published; in previews; on the channel's page",
        ("services/posting_limits.py",),
    ),
    ApiMember(
        "quota",
        (*_WORKERS, Caller.WEB),
        "before an entry is published; in previews; on the channel's page",
        ("services/posting_limits.py",),
    ),
    ApiMember(
        "render_post",
        (*_RENDERERS, Caller.COMMAND),
        "when an entry was approved; in previews; for a test message",
        ("channels/rendering.py",),
        _RENDERED,
    ),
    ApiMember(
        "render_poster",
        _RENDERERS,
        "when an entry was approved; in previews",
        ("channels/rendering.py",),
        _RENDERED,
    ),
    ApiMember(
        "render_livestream_notice",
        _RENDERERS,
        "when a livestream was approved, for each notice; in previews",
        ("channels/rendering.py",),
        _RENDERED,
    ),
    ApiMember(
        "finish",
        (*_RENDERERS, Caller.COMMAND),
        "after each of the three methods above",
        ("channels/rendering.py",),
        _RENDERED,
    ),
    ApiMember(
        "publish",
        (Caller.PUBLISH, Caller.WEB, Caller.COMMAND),
        "at the due time, and at each retry; for a test message",
        ("channels/parts.py", "services/channel_setup/channels.py"),
        _PUBLISHED,
    ),
    ApiMember(
        "idempotent_for",
        (*_WORKERS, Caller.DISPATCHER),
        "before and after each attempt; while an outcome is unknown",
        ("services/delivery/tasks.py", "services/delivery/reconciling.py"),
        (
            "test_the_class_is_whole",
            "test_the_same_key_is_one_post",
            "test_a_lost_post_is_not_doubled",
        ),
    ),
    ApiMember(
        "find",
        (Caller.FOLLOW_UP,),
        "after an unknown outcome; the dispatcher looks whether the class defines it",
        ("services/delivery/tasks.py", "services/delivery/reconciling.py"),
        (
            "test_find_tells_what_became_of_a_key",
            "test_a_lost_post_is_found",
            "test_a_search_without_an_answer_finds_nothing_out",
        ),
    ),
    ApiMember(
        "poll",
        (Caller.FOLLOW_UP,),
        "after `Accepted`, each time that `poll_after` is over",
        ("services/delivery/tasks.py",),
        (
            "test_publishing_gives_an_answer",
            "test_a_poll_without_an_answer_decides_nothing",
            "test_each_refusal_of_a_poll_is_told_apart",
        ),
    ),
    ApiMember(
        "poll_for",
        _WORKERS,
        "at the first `Accepted` of a delivery",
        ("services/delivery/tasks.py",),
        _CLASS,
    ),
    ApiMember(
        "refusals",
        _OPENERS,
        "when a channel is opened, for the responses of `self.host.http`",
        ("services/channel_setup/channels.py",),
        ("test_the_class_is_whole", "test_a_lost_answer_is_an_unknown_outcome"),
    ),
    ApiMember(
        "retract",
        (Caller.WEB, Caller.COMMAND),
        "when a person retracts a published post",
        ("services/retracting.py",),
        ("test_a_post_can_be_retracted_twice",),
    ),
    ApiMember(
        "identity",
        (Caller.WEB,),
        "when a person asks on the channel's page",
        ("services/channel_setup/identities.py",),
        ("test_the_account_can_be_identified",),
    ),
)

_PAGES = (
    ApiMember(
        "page",
        (Caller.WEB,),
        "when a visitor requests a page of the channel",
        ("services/channel_setup/public_pages.py",),
        ("test_pages_answer_visitors",),
    ),
    ApiMember(
        "livestream_page",
        _RENDERERS,
        "when a notice or its preview is rendered; for the page of a livestream's entry",
        ("services/booking.py",),
        ("test_pages_answer_visitors",),
    ),
)

_PARTS = (
    ApiMember(
        "split",
        _RENDERERS,
        "after `finish`, except for a test message",
        ("channels/parts.py",),
        ("test_each_part_is_a_message_of_its_own",),
    ),
    ApiMember(
        "publish_part",
        (Caller.PUBLISH, Caller.WEB, Caller.COMMAND),
        "as `publish`, once for each part",
        ("channels/parts.py",),
        (*_PUBLISHED, "test_parts_are_published_one_after_the_other"),
    ),
)

#: The public members of each class from which a channel inherits, in the order of the guide.
API_MEMBERS: Mapping[type, tuple[ApiMember, ...]] = MappingProxyType(
    {Channel: _CHANNEL, Pages: _PAGES, Parts: _PARTS}
)
