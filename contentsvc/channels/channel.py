"""The base class of every channel type: what a plugin author writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from contentsvc.channels.content import (
    Accepted,
    ChannelEntry,
    Effect,
    HandOff,
    Page,
    PageRequest,
    Picture,
    Receipt,
    RenderContext,
    Rendition,
)
from contentsvc.channels.default_rendering import (
    livestream_rendition,
    post_rendition,
    poster_rendition,
)
from contentsvc.channels.http import HttpClient
from contentsvc.channels.limits import Limits
from contentsvc.channels.livestream_facts import Livestreams
from contentsvc.channels.platform_rules import PlatformRule
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import Quota

__all__ = ["Channel", "ChannelSettings", "Document", "Host", "Rate", "Store"]


class ChannelSettings(BaseModel):
    """Base of a channel's settings; its JSON schema makes the web form.

    A field's English words are `Field(title=…, description=…)`, its Chinese ones stand in
    `json_schema_extra={"zh": {"title": …, "description": …, "choices": {value: label}}}`.
    A secret is a `SecretStr`, an address an `HttpUrl`, a choice a `Literal`.
    """

    # A message never shows what was typed: it may be a secret in the wrong field.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most *count* deliveries in *seconds* (whole ones), per account."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Document:
    """A record in a channel's own store."""

    key: str
    #: JSON values only.
    body: Mapping[str, Any]
    #: UTC.
    created_at: datetime
    #: UTC.
    updated_at: datetime


class Store(Protocol):
    """A channel's own records and pictures, kept by the service and seen by no other channel."""

    def put(self, key: str, body: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> Document:
        """Keep a record; where the *key* exists already the record that stands is returned.

        So the same key twice is one record, whoever calls first.
        """

    def get(self, key: str) -> Document | None:
        """Return a record."""

    def newest(self, limit: int = 50, offset: int = 0) -> list[Document]:
        """Return records, the newest first."""

    def delete(self, key: str) -> bool:
        """Drop a record; False where there was none."""

    def picture(self, key: str, name: str) -> Picture | None:
        """Return a picture that was put with a record."""


class Host(Protocol):
    """What the service lends a channel."""

    @property
    def name(self) -> str:
        """The channel's name."""

    @property
    def http(self) -> HttpClient:
        """The one way out to the network."""

    @property
    def store(self) -> Store:
        """The channel's own records."""

    @property
    def livestreams(self) -> Livestreams:
        """What the public may know of livestreams."""

    @property
    def folder(self) -> Path:
        """A folder of the channel's own below the data folder; it may not exist yet."""

    @property
    def public_url(self) -> str:
        """The service's own address, without a slash at its end."""

    @property
    def pages_url(self) -> str:
        """The address of this channel's public pages, without a slash at its end."""


class Channel(ABC):
    """One configured place to publish to; a subclass is a channel type."""

    #: Permanent; stored. Lower-case letters, digits and underscores.
    type: ClassVar[str]
    #: By language: `zh` and `en`.
    label: ClassVar[Mapping[str, str]]
    kinds: ClassVar[frozenset[EntryKind]] = frozenset(EntryKind)
    limits: ClassVar[Limits] = Limits()
    #: What the platform takes in a time; all of them hold at once.
    rates: ClassVar[tuple[Rate, ...]] = ()
    #: Whether the same key twice is one post.
    idempotent: ClassVar[bool] = False
    #: Whether `find` can tell what became of a key.
    can_find: ClassVar[bool] = False
    #: Whether the service serves `page` to the public under `pages_url`.
    has_pages: ClassVar[bool] = False

    class Settings(ChannelSettings):
        """No settings."""

    def __init__(self, settings: ChannelSettings, host: Host) -> None:
        """Keep the checked settings and what the service lends."""
        self.settings: Any = settings
        self.host = host

    @property
    def account(self) -> str:
        """What the platform counts `rates` by; the channel's own name unless a plugin knows more.

        Two channels that use one robot key should give the same account.
        """
        return self.host.name

    @property
    def platform_rule(self) -> PlatformRule | None:
        """The platform's rule of how often one audience may be written to; None without one."""
        return None

    @property
    def quota(self) -> Quota | None:
        """How often one community may be written to; None where nothing limits it.

        That of `platform_rule`, unless a plugin says otherwise; a calendar's own goes before it.
        """
        return self.platform_rule.quota if self.platform_rule else None

    # Rendering: pure. The same entry gives the same rendition.

    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Render a post; RenderError where it cannot be shown here."""
        return post_rendition(entry, context)

    def render_poster(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Render a poster with its text."""
        return poster_rendition(entry, context)

    def render_livestream_notice(
        self, entry: ChannelEntry, notice: Notice, context: RenderContext
    ) -> Rendition:
        """Render one notice of a livestream's chain."""
        return livestream_rendition(entry, notice, context)

    # Publishing: the only methods that may reach the network.

    @abstractmethod
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        """Publish once. *key* is the same at every attempt of one delivery.

        Raises:
            TemporaryError: nothing was published, and later it may work.
            RateLimitedError: nothing was published; the platform asks to wait.
            RejectedError: nothing was published, and this content never will be.
            ChannelAuthError: nothing was published; the credentials are refused.
            OutcomeUnknownError: it may have been published.

        Any other exception counts as an unknown outcome.
        """

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        """Look for what may have been published since *since* (UTC); None: it is not there.

        Only asked where `can_find` is true. The same errors as `publish`.
        """
        raise NotImplementedError(f"{self.type} cannot be asked")

    def check(self, accepted: Accepted) -> Receipt | Accepted:
        """Ask what became of an accepted post; the same errors as `publish`."""
        raise NotImplementedError(f"{self.type} never answers Accepted")

    def effects(self, receipt: Receipt) -> list[Effect]:  # noqa: ARG002 - most channels have none
        """Return the figures that the platform shows for a post."""
        return []

    def retract(self, receipt: Receipt) -> None:
        """Take a post back; RejectedError where the platform does not allow it."""
        raise NotImplementedError(f"{self.type} cannot take a post back")

    def livestream_page(self, code: str) -> str | None:  # noqa: ARG002 - most channels have none
        """Return the address of this channel's public page for a livestream; None: it has none."""
        return None

    def page(self, request: PageRequest) -> Page | None:  # noqa: ARG002 - most channels have none
        """Answer a visitor of the channel's public pages; None: there is no such page."""
        return None
