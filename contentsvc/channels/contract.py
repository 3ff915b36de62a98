"""Classes of pytest tests that every channel must pass; a plugin's test subclasses one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from contentsvc.channels.answers import Accepted, HandOff, Receipt
from contentsvc.channels.channel import Channel
from contentsvc.channels.content import (
    Page,
    PageRequest,
    Rendition,
)
from contentsvc.channels.contributions import check_channel_class
from contentsvc.channels.identity import verify_identity
from contentsvc.channels.pages import Pages
from contentsvc.channels.settings import form_fields, parse_settings, upgraded_settings
from contentsvc.channels.soundness import (
    blocked,
    check_rendition,
    render_all,
    rendered_or_refused,
    secrets_of,
)
from contentsvc.channels.support import supports
from contentsvc.channels.testing import (
    FakePlatform,
    FakeResponse,
    TestHost,
    sample_entry,
    sample_picture,
)
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)

__all__ = ["ChannelContract", "HttpChannelContract", "RenderContract"]

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

#: Bodies of entries, from ordinary to hostile.
_BODIES = {
    "empty": "",
    "one letter": "好",
    "emoji": "👨‍👩‍👧‍👦 🇨🇳 ❤️‍🔥 " * 50,
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>[点](javascript:alert(1))",
    "every shape": "# 标题\n\n> 引用\n\n1. 一\n2. 二\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~~\nx",
    "long": "社群运营" * 5_000,
    "longest": "字" * 100_000,
    "too long": "字" * 100_001,
    "control characters": "\x00\x01\x1b[31m\u202e",
}


class RenderContract:
    """Tests of a channel's class and rendering; subclasses set `channel_class` and `settings`."""

    channel_class: ClassVar[type[Channel]]
    #: Settings as in a channels file, with secrets in plain text.
    settings: ClassVar[Mapping[str, Any]] = {}
    #: Examples of settings that earlier versions of the plugin stored.
    earlier_settings: ClassVar[Sequence[Mapping[str, Any]]] = ()

    @pytest.fixture
    def raw_settings(self) -> Mapping[str, Any]:
        """Return the settings for the tested channel; override this fixture to compute them."""
        return self.settings

    @pytest.fixture
    def host(self, tmp_path: Path) -> TestHost:
        """Return the test host, which gives the channel its storage and network access."""
        return TestHost(tmp_path / "channel")

    @pytest.fixture
    def channel(self, host: TestHost, raw_settings: Mapping[str, Any]) -> Channel:
        """Return the channel under test."""
        return self.channel_class(parse_settings(self.channel_class, raw_settings), host)

    def test_the_class_is_whole(self) -> None:
        """The attributes of the channel's class have valid types and values."""
        check_channel_class(self.channel_class)

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_settings_make_a_form(self, language: str) -> None:
        """Every setting has a label in both languages and a kind that a web form can show."""
        fields = form_fields(self.channel_class, language)

        names = [field.name for field in fields]
        unlabelled = [field.name for field in fields if not field.label.strip()]
        empty = [field.name for field in fields if field.kind == "choice" and not field.choices]
        assert names == list(self.channel_class.Settings.model_fields), (
            f"the form has the fields {names}; it must have one for each setting"
        )
        assert unlabelled == [], f"the settings {unlabelled} have no label in {language}"
        assert empty == [], f"the settings {empty} are choices without options"

    def test_stored_settings_are_converted_once(self, raw_settings: Mapping[str, Any]) -> None:
        """`upgrade_settings` converts earlier settings, and returns current ones unchanged."""
        for stored in (raw_settings, *self.earlier_settings):
            current = upgraded_settings(self.channel_class, stored)
            parse_settings(self.channel_class, current)
            again = upgraded_settings(self.channel_class, current)
            assert again == current, (
                f"upgrade_settings changed its own result {sorted(current)} to {sorted(again)}; "
                "it must return current settings unchanged"
            )
        assert upgraded_settings(self.channel_class, raw_settings) == dict(raw_settings), (
            "upgrade_settings changed current settings; it must return them unchanged"
        )

    def test_secrets_are_not_shown(self, channel: Channel) -> None:
        """Neither a channel nor its settings show a secret when they are converted to text."""
        shown = f"{channel!r} {channel} {channel.settings!r} {channel.settings}"

        leaked = [secret for secret in secrets_of(channel) if secret in shown]
        assert leaked == [], "repr() or str() of the channel or its settings shows a secret"

    def test_each_kind_renders_the_same_twice(self, channel: Channel, host: TestHost) -> None:
        """Rendering uses no network, and rendering an entry twice gives equal renditions."""
        with host.offline():
            first = list(render_all(channel))
            second = list(render_all(channel))

        assert first == second, (
            "rendering the same entry twice made two different renditions; do not use the time, "
            "random values or stored state while rendering"
        )
        assert first, "the channel rendered nothing; kinds must name a kind of entry"
        for rendition in first:
            check_rendition(rendition)

    def test_what_people_plan_is_within_the_limits(self, channel: Channel) -> None:
        """For a typical entry of each kind, the channel gives no warning that blocks approval."""
        for rendition in render_all(channel):
            warnings = [warning.message.text() for warning in blocked(channel, rendition)]
            assert warnings == [], (
                f"a typical entry cannot be approved on this channel, because of {warnings}; "
                "limits or a warning that blocks are too strict"
            )

    @pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES.keys())
    def test_any_body_renders_or_is_refused(
        self, channel: Channel, host: TestHost, body: str
    ) -> None:
        """The channel renders unusual texts without dangerous HTML, or raises RenderError."""
        for kind in sorted(channel.kinds):
            with host.offline():
                rendition = rendered_or_refused(channel, sample_entry(kind, body=body))
            if rendition is not None:
                check_rendition(rendition)

    def test_pictures_are_kept_or_told(self, channel: Channel) -> None:
        """A rendition has all pictures of its entry in order, or else at least one warning."""
        pictures = tuple(sample_picture(f"{number}.png") for number in range(1, 4))
        for kind in sorted(channel.kinds):
            rendition = rendered_or_refused(channel, sample_entry(kind, pictures=pictures))
            if rendition is None:
                continue
            own = [picture for picture in rendition.pictures if picture in pictures]
            told = [*rendition.warnings, *blocked(channel, rendition)]
            assert own == list(pictures) or told, (
                f"the rendition of a {kind.value} has {len(own)} of its 3 pictures and no warning; "
                "keep all pictures in order, or add a RenditionWarning"
            )


class ChannelContract(RenderContract):
    """Tests that every channel must pass, including tests of publishing."""

    def visible_posts(self, channel: Channel) -> int | None:  # noqa: ARG002 - for subclasses
        """Return the number of posts on the platform; None if a test cannot find it out."""
        return None

    def test_publishing_gives_an_answer(self, channel: Channel) -> None:
        """Publishing an entry of any kind returns a complete Receipt, Accepted or HandOff."""
        for rendition in render_all(channel):
            key = _key()
            answer = channel.publish(rendition, key=key)

            assert isinstance(answer, Receipt | Accepted | HandOff), (
                f"publish() returned {_kind(answer)}; it must return a Receipt, Accepted or HandOff"
            )
            if isinstance(answer, Receipt):
                assert answer.id, "publish() returned a Receipt without an id"
            if isinstance(answer, Accepted):
                assert supports(channel, "poll"), "publish() returned Accepted; define poll()"
                polled = channel.poll(answer, rendition, key=key)
                assert isinstance(polled, Receipt | Accepted | HandOff), (
                    f"poll() returned {_kind(polled)}; it must return a Receipt, Accepted or "
                    "HandOff"
                )
            if isinstance(answer, HandOff):
                assert {"zh", "en"} <= set(answer.instructions), (
                    "the HandOff has instructions in "
                    f"{sorted(answer.instructions)}; it needs zh and en"
                )

    def test_the_same_key_is_one_post(self, channel: Channel) -> None:
        """If the channel is idempotent, publishing twice with one key makes one post."""
        key = _key()
        rendition = next(render_all(channel))
        first = channel.publish(rendition, key=key)
        again = channel.publish(rendition, key=key) if channel.idempotent_for else first

        assert first == again, (
            f"publishing with the same key twice returned {first}, then {again}; a channel with "
            "idempotent_for must return the same receipt"
        )
        posts = self.visible_posts(channel)
        assert posts in {1, None}, f"one key made {posts} posts; it must make one"

    def test_another_key_is_another_post(self, channel: Channel) -> None:
        """Publishing the same content with two different keys makes two posts."""
        rendition = next(render_all(channel))
        answers = [channel.publish(rendition, key=_key()) for _ in range(2)]

        receipts = [answer.id for answer in answers if isinstance(answer, Receipt)]
        assert len(set(receipts)) == len(receipts), (
            f"two keys gave receipts with the same id {receipts}; each key is a post of its own"
        )
        posts = self.visible_posts(channel)
        assert posts in {2, None}, f"two keys made {posts} posts; they must make two"

    def test_find_tells_what_became_of_a_key(self, channel: Channel) -> None:
        """If the channel defines `find`, it finds a published key, and None for other keys.

        It returns the receipt of the post; Accepted, if `publish` did, or a receipt by now.
        """
        key = _key()
        rendition = next(render_all(channel))
        if not supports(channel, "find"):
            return
        before = channel.find(rendition, key=key, since=_LONG_AGO)
        answer = channel.publish(rendition, key=key)
        found = channel.find(rendition, key=key, since=_LONG_AGO)

        assert before is None, (
            f"find() returned {_kind(before)} for a key that was never published; it must "
            "return None"
        )
        if isinstance(answer, Accepted):
            assert isinstance(found, Accepted | Receipt), (
                f"find() returned {_kind(found)} for a post that the platform accepted; it must "
                "return Accepted or a Receipt"
            )
        else:
            assert found == answer, (
                f"find() returned {found} for a published key; publish() returned {answer}"
            )
        other = channel.find(rendition, key=_key(), since=_LONG_AGO)
        assert other is None, (
            f"find() returned {_kind(other)} for another key with the same content; it must look "
            "for the key, not for the text"
        )

    def test_pages_answer_visitors(self, channel: Channel) -> None:
        """A channel with public pages has a first page; for unknown paths, `page` returns None."""
        if not isinstance(channel, Pages):
            return
        first = channel.page(PageRequest(""))
        missing = channel.page(PageRequest("there/is/no/such/page"))

        assert isinstance(first, Page), (
            f"page(PageRequest('')) returned {_kind(first)}; it must return the first Page"
        )
        assert missing is None, (
            f"page() returned {_kind(missing)} for a path that does not exist; it must return None"
        )

    def test_channels_of_one_account_are_told_apart(
        self, channel: Channel, raw_settings: Mapping[str, Any], tmp_path: Path
    ) -> None:
        """Two channels with the same settings have the same account, and posts of their own.

        This holds if the channel defines `account`; without it, each channel has its own account.
        """
        second = TestHost(tmp_path / "second", name="second", seconds=5.0)
        other = self.channel_class(parse_settings(self.channel_class, raw_settings), second)
        accounts: list[object] = [channel.account, other.account]
        if self.channel_class.account is Channel.account:
            assert accounts == [channel.host.name, "second"], (
                f"the accounts are {accounts}; without an own `account`, each channel's name is one"
            )
            return
        assert all(isinstance(account, str) and account for account in accounts), (
            f"account is {accounts[0]!r}; it must be a text that is not empty"
        )
        assert accounts[0] == accounts[1], (
            f"two channels with the same settings have the accounts {accounts}; account must "
            "depend on the settings only, so that both share the platform's rate limits"
        )
        shown = [secret for secret in secrets_of(channel) if secret in str(accounts[0])]
        assert shown == [], "account contains a secret; return a digest of it"
        rendition = next(render_all(channel))
        answers = [one.publish(rendition, key=_key()) for one in (channel, other)]
        ids = [answer.id for answer in answers if isinstance(answer, Receipt)]
        assert len(set(ids)) == len(ids), (
            f"posts of two channels of one account have the same id {ids}; their keys differ, so "
            "they are two posts"
        )

    def test_the_account_can_be_identified(self, channel: Channel) -> None:
        """If the channel defines `identity`, it returns an Identity without a secret."""
        if not supports(channel, "identity"):
            return
        identity = verify_identity(channel.identity())
        shown = [secret for secret in secrets_of(channel) if secret in f"{identity}"]

        assert shown == [], "identity() returned a secret of the channel, which people would see"


class HttpChannelContract(ChannelContract):
    """Tests of a channel that calls a platform over HTTP; the fixture `platform` is a fake server.

    Override `raw_settings` so that the channel calls `platform.url`, and `refusals` if the platform
    reports errors in another way than by the HTTP status.
    """

    #: Responses that refuse a post, and the error that each must raise.
    refusals: ClassVar[Mapping[str, tuple[FakeResponse, type[PublishError]]]] = {
        "unauthorized": (FakeResponse(401), ChannelAuthError),
        "forbidden": (FakeResponse(403), ChannelAuthError),
        "bad content": (FakeResponse(422, b'{"error": "too long"}'), RejectedError),
        "too many": (FakeResponse(429, headers={"Retry-After": "7"}), RateLimitedError),
    }
    #: The platform's response to a successful post.
    success: ClassVar[FakeResponse] = FakeResponse()

    @pytest.fixture
    def host(self, tmp_path: Path) -> TestHost:
        """Return a test host for the channel; its HTTP calls time out after half a second."""
        return TestHost(tmp_path / "channel", seconds=0.5, refusals=self.channel_class.refusals)

    @pytest.fixture
    def platform(self) -> Iterator[FakePlatform]:
        """Yield a fake platform: an HTTP server on this machine."""
        with FakePlatform() as platform:
            platform.response = self.success
            yield platform

    def test_each_refusal_is_told_apart(self, channel: Channel, platform: FakePlatform) -> None:
        """For each response in `refusals`, publishing raises the error listed with it."""
        rendition = next(render_all(channel))
        for name, (answer, error) in self.refusals.items():
            platform.response = answer
            raised = _refused(channel, rendition, error, f"for the response {name!r}")
            assert type(raised) is error, (
                f"the response {name!r} raised {type(raised).__name__}, not {error.__name__}"
            )
            _check_retry_after(raised, answer)

    @pytest.mark.parametrize(
        "answer",
        [
            FakeResponse(500, b"<html>oops</html>"),
            FakeResponse(502, b"<html>gateway</html>"),
            FakeResponse(503, headers={"Retry-After": "7"}),
            FakeResponse(408),
            FakeResponse(200, b'{"half": ', truncate=True),
            FakeResponse(drop=True),
            FakeResponse(delay=1.5),
        ],
        ids=[
            *("server error", "gateway page", "unavailable", "request timeout"),
            *("truncated", "reset", "no answer in time"),
        ],
    )
    def test_a_lost_answer_is_an_unknown_outcome(
        self, channel: Channel, platform: FakePlatform, answer: FakeResponse
    ) -> None:
        """If the response is 408 or 5xx, is cut off or missing, the outcome is unknown.

        A status in the channel's `refusals` raises TemporaryError instead.
        """
        rendition = next(render_all(channel))
        platform.response = answer
        is_refusal = answer.status in channel.refusals
        expected = TemporaryError if is_refusal else OutcomeUnknownError

        raised = _refused(channel, rendition, expected, f"after {answer}")
        _check_retry_after(raised, answer)

    def test_an_unreachable_platform_is_temporary(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If the platform refuses the connection, publishing raises TemporaryError."""
        rendition = next(render_all(channel))
        platform.close()

        _refused(channel, rendition, TemporaryError, "if the platform refuses the connection")

    def test_a_redirect_is_refused(self, channel: Channel, platform: FakePlatform) -> None:
        """The channel follows no redirect: the post reaches only the address in the settings."""
        rendition = next(render_all(channel))
        platform.response = FakeResponse(302, headers={"Location": f"{platform.url}/elsewhere"})

        _refused(channel, rendition, RejectedError, "for a redirect")
        paths = [request.path for request in platform.requests]
        assert len(paths) == 1, f"the channel followed a redirect: it requested {paths}"

    def test_errors_tell_no_secret(self, channel: Channel, platform: FakePlatform) -> None:
        """If the platform's response repeats a secret, the error's message does not show it."""
        rendition = next(render_all(channel))
        echo = " ".join(secrets_of(channel))
        for status in (400, 401, 408, 429, 500, 503):
            platform.response = FakeResponse(status, echo.encode())
            raised = _refused(channel, rendition, PublishError, f"for the status {status}")
            leaked = [secret for secret in secrets_of(channel) if secret in str(raised)]
            assert leaked == [], (
                f"the error for status {status} shows a secret that the platform repeated; pass it "
                "to raise_for_status(response, secrets=[…])"
            )


def _refused(
    channel: Channel, rendition: Rendition, expected: type[PublishError], when: str
) -> PublishError:
    """Publish; return the error, which must be an *expected* one. *when* says why it must be."""
    try:
        answer = channel.publish(rendition, key=_key())
    except expected as error:
        return error
    except Exception as error:
        raise AssertionError(
            f"{when}, publish() raised {type(error).__name__} ({error}); it must raise "
            f"{expected.__name__}"
        ) from error
    raise AssertionError(
        f"{when}, publish() returned {_kind(answer)}; it must raise {expected.__name__}"
    )


def _check_retry_after(error: PublishError, response: FakeResponse) -> None:
    """Assert that *error* has the seconds of the response's header Retry-After, if it has one."""
    asked = response.headers.get("Retry-After")
    assert asked is None or error.retry_after == float(asked), (
        f"the platform asked to wait {asked} s, but retry_after is {error.retry_after}"
    )


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of the type {type(value).__name__}"


def _key() -> str:
    return f"contract-{uuid.uuid4()}"
