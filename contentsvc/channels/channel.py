"""Channel, the base class for every platform's plugin, and the services that a channel gets."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar

from contentsvc.channels.answers import Accepted, HandOff, Receipt
from contentsvc.channels.content import (
    ChannelEntry,
    Picture,
    RenderContext,
    Rendition,
)
from contentsvc.channels.default_rendering import (
    livestream_rendition,
    post_rendition,
    poster_rendition,
)
from contentsvc.channels.http import HttpClient
from contentsvc.channels.identity import Identity
from contentsvc.channels.limits import Limits
from contentsvc.channels.livestream_facts import Livestreams
from contentsvc.channels.platform_rules import PlatformRule
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import Quota
from contentsvc.errors import PluginError

__all__ = ["Channel", "ChannelSettings", "Document", "Host", "Rate", "SettingsT", "Store"]


class ChannelSettings(BaseModel):
    """Base class of a channel's settings. The website shows an input for each field.

    Give a field its English label and help as `Field(title=…, description=…)`, and the Chinese
    ones as `json_schema_extra={"zh": {"title": …, "description": …, "choices": {value: label}}}`.
    A secret is a `SecretStr`, an address an `HttpUrl`, a choice a `Literal`.
    """

    # An error message must not show the input: it may be a secret in the wrong field.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


#: The class of a channel type's settings.
SettingsT = TypeVar(  # noqa: PLC0105 - the name in the plugin API
    "SettingsT", bound=ChannelSettings, default=ChannelSettings, covariant=True
)
#: In the class Channel, `type` is the name of the channel type.
_SettingsClass = type[ChannelSettings]


@dataclass(frozen=True, slots=True)
class Rate:
    """A platform's rate limit: at most *count* calls in *seconds* seconds from one account."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Document:
    """A document that a channel has put into its Store: JSON values, stored under a key."""

    key: str
    #: JSON values only.
    body: Mapping[str, Any]
    #: UTC.
    created_at: datetime
    #: UTC.
    updated_at: datetime


class Store(Protocol):
    """One channel's storage for JSON documents and pictures. Other channels cannot read it."""

    def put(self, key: str, body: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> Document:
        """Store a document and return it. If *key* exists, return the stored document unchanged.

        The first of two concurrent calls with the same key wins.
        """

    def get(self, key: str) -> Document | None:
        """Return the document stored under *key*, or None if there is none."""

    def newest(self, limit: int = 50, offset: int = 0) -> list[Document]:
        """Return at most *limit* documents, newest first, after skipping the *offset* newest."""

    def delete(self, key: str) -> bool:
        """Delete the document *key* and its pictures. Return False if it did not exist."""

    def picture(self, key: str, name: str) -> Picture | None:
        """Return the picture *name* of the document *key*, or None if it does not exist."""


class Host(Protocol):
    """The services that a channel gets: an HTTP client, storage, livestream data, and addresses."""

    @property
    def name(self) -> str:
        """The channel's name."""

    @property
    def http(self) -> HttpClient:
        """The HTTP client, through which the channel must make all its network calls."""

    @property
    def store(self) -> Store:
        """The storage of the channel's own documents."""

    @property
    def livestreams(self) -> Livestreams:
        """Read access to approved livestreams (title, start and so on), for public pages."""

    @property
    def folder(self) -> Path:
        """The channel's own folder, inside the service's data folder; it may not exist yet."""

    @property
    def public_url(self) -> str:
        """The service's public address, without a trailing slash."""

    @property
    def pages_url(self) -> str:
        """The address of this channel's public pages, without a trailing slash."""


class Channel(ABC, Generic[SettingsT]):
    """One configured destination for posts, such as a chat group. Subclasses are channel types.

    `class Robot(Channel[RobotSettings])` has settings of the class RobotSettings, and
    `class Robot(Channel)` has none.
    """

    #: The name of the channel type: lower-case letters, digits and underscores. The database
    #: stores it, so it must never change.
    type: ClassVar[str]
    #: The label in each language: `zh` and `en`.
    label: ClassVar[Mapping[str, str]]
    kinds: ClassVar[frozenset[EntryKind]] = frozenset(EntryKind)
    #: The platform's rate limits; all of them apply.
    rates: ClassVar[tuple[Rate, ...]] = ()
    #: How long the platform remembers a key, counted from the first attempt: publishing the key
    #: again in this time makes no second post. `timedelta.max` means for ever; None means that the
    #: platform has no such keys.
    idempotent_for: ClassVar[timedelta | None] = None
    #: How long `poll` is called after the platform accepted a post. Then a person decides.
    poll_for: ClassVar[timedelta] = timedelta(days=1)
    #: Of the HTTP statuses 408 and 500 to 599, those by which the platform promises that it has
    #: published nothing, according to its documentation.
    refusals: ClassVar[frozenset[int]] = frozenset()

    #: The class of the settings, which `Channel[…]` names.
    Settings: ClassVar[_SettingsClass] = ChannelSettings

    def __init__(self, settings: SettingsT, host: Host) -> None:
        """Create a channel from validated settings. *host* gives it network access and storage."""
        self.settings = settings
        self.host = host

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Set the class of the settings from the type parameter.

        Raises:
            PluginError: the parameter is not a subclass of ChannelSettings, or the class defines
                `Settings` itself.
        """
        super().__init_subclass__(**arguments)
        if "Settings" in vars(cls):
            raise PluginError("channel-settings-nested", name=cls.__name__)
        for base in vars(cls).get("__orig_bases__", ()):
            if inspect.isclass(get_origin(base)) and issubclass(get_origin(base), Channel):
                _take_settings(cls, get_args(base))

    @classmethod
    def upgrade_settings(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return settings of an earlier version of the plugin as this version stores them.

        Override this if a setting has another name or meaning now. The service calls it each time
        it opens a channel, so it must be quick, and it must return current settings unchanged. A
        secret may be a reference such as `{"$env": NAME}`. If this raises, or if the result is
        not valid, the channel pauses.
        """
        return stored

    @property
    def account(self) -> str:
        """The account on the platform. Channels with the same account share the limits in `rates`.

        By default it is the channel's name. Two channels that use the same robot key should return
        the same account. It is stored and shown, so it must not be a secret: return a digest of a
        key.
        """
        return self.host.name

    @property
    def limits(self) -> Limits:
        """The platform's limits on a post, which may depend on the settings. None by default."""
        return Limits()

    @property
    def platform_rule(self) -> PlatformRule | None:
        """The platform's limit on how often an audience gets posts. None means no limit."""
        return None

    @property
    def quota(self) -> Quota | None:
        """The most posts that one community gets per day and month. None means no limit.

        By default it is the quota of `platform_rule`. A quota in the calendar takes precedence.
        """
        return self.platform_rule.quota if self.platform_rule else None

    # Rendering is pure: the same entry always makes the same rendition.

    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Return the content to publish for a post. Raise RenderError if that is impossible."""
        return post_rendition(entry, context)

    def render_poster(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Return the content to publish for a poster entry: a picture with its text."""
        return poster_rendition(entry, context)

    def render_livestream_notice(
        self, entry: ChannelEntry, notice: Notice, context: RenderContext
    ) -> Rendition:
        """Return the content to publish for a livestream's notice, such as "starts tomorrow"."""
        return livestream_rendition(entry, notice, context)

    def finish(self, rendition: Rendition, context: RenderContext) -> Rendition:  # noqa: ARG002 - most channels change nothing
        """Return *rendition* in its final form, whatever the kind of its entry.

        Override this to change the renditions of all kinds alike. The service calls it after each
        of the `render_…` methods.
        """
        return rendition

    # Publishing: the only methods that may reach the network.

    @abstractmethod
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        """Publish the finished post *rendition*. Each retry of the same post has the same *key*.

        Return a Receipt if the post is published, Accepted if the platform publishes it later, or a
        HandOff if a person must publish it.

        Raises:
            TemporaryError: nothing was published; a retry may succeed.
            RateLimitedError: nothing was published; the platform asks to wait.
            RejectedError: nothing was published; the platform will never accept this content.
            ChannelAuthError: nothing was published; the platform refuses the credentials.
            OutcomeUnknownError: the post may have been published.

        Any other exception counts as an unknown outcome.
        """

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        """Find the post that was published with *key*. Return None if the platform has none.

        Override this if the platform can be asked. The service calls it if it does not know whether
        an attempt published the post. The post was published after *since* (UTC). Return Accepted
        if the platform has the post but has not published it yet. Raise the same errors as
        `publish`; they say that the search failed, not that the post is missing.
        """
        raise NotImplementedError(f"{self.type} cannot be asked")

    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        """Ask the platform whether it has published a post that it accepted, and return its answer.

        Override this if `publish` or `find` may return Accepted. *accepted* is the most recent one.
        Return Accepted again while the post is not published; its `token` and `poll_after` replace
        the earlier ones. Return a HandOff if a person must finish the post.

        Raises:
            RejectedError: the platform will not publish the post; the delivery fails.
            ChannelAuthError: the platform refuses the credentials; polling resumes after a person
                has reconnected the channel.
            PublishError: for any other error; the service polls again later.
        """
        raise NotImplementedError(f"{self.type} never returns Accepted")

    def identity(self) -> Identity:
        """Return the platform's data about the account: its name, picture and id.

        Override this if the platform can tell; people then see on the channel's page to whom the
        credentials belong. Raise the same errors as `publish`.
        """
        raise NotImplementedError(f"{self.type} cannot tell its account")

    def retract(self, receipt: Receipt) -> None:
        """Delete a published post from the platform. Do nothing if it no longer exists.

        Override this if the platform can delete posts; people can then retract each post. Raise
        RejectedError if the platform refuses, or the other errors of `publish`.
        """
        raise NotImplementedError(f"{self.type} cannot take a post back")


def _take_settings(channel_class: type[Channel], parameters: tuple[Any, ...]) -> None:
    """Set the settings class of *channel_class* from its type *parameters*.

    A type variable, as in a base class for several channel types, is left for the subclasses.
    """
    for parameter in parameters:
        if inspect.isclass(parameter) and issubclass(parameter, ChannelSettings):
            channel_class.Settings = parameter
            return
    if not any(hasattr(parameter, "__bound__") for parameter in parameters):
        name = channel_class.__name__
        raise PluginError("channel-settings-no-class", name=name, value=str(parameters[0])[:100])
