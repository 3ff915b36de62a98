"""HttpChannelContract, the tests of a channel that calls a platform over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from contentsvc.channels.answers import HandOff
from contentsvc.channels.channel import Channel
from contentsvc.channels.contract.attempts import (
    attempt,
    check_retry_after,
    first_message,
    new_key,
    refused,
    told,
)
from contentsvc.channels.contract.follow_up import FollowUpContract
from contentsvc.channels.settings import parse_settings
from contentsvc.channels.soundness import secrets_of
from contentsvc.channels.testing import Chaos, FakePlatform, FakeResponse, TestHost
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)

__all__ = ["LOST", "SECONDS", "HttpChannelContract"]

#: Seconds after which an HTTP call times out, on a busy machine, too.
SECONDS = 3.0
#: What hides from the channel that the platform accepted its post.
LOST = (
    Chaos.fail(500),
    Chaos.fail(502),
    Chaos.fail(503, retry_after=7),
    Chaos.fail(408),
    Chaos.half(),
    Chaos.drop(),
    Chaos.hang(3 * SECONDS),
)


class HttpChannelContract(FollowUpContract):
    """Tests of a channel that calls a platform over HTTP. The fixture `platform` is a fake server.

    Override `raw_settings` so that the channel calls `platform.url`, `script` if the platform has
    several addresses or remembers something, and `refusals` if it reports errors in another way
    than by the HTTP status.
    """

    #: Responses that refuse a post, and the error that each must raise.
    refusals: ClassVar[Mapping[str, tuple[FakeResponse, type[PublishError]]]] = {
        "unauthorized": (FakeResponse(401), ChannelAuthError),
        "forbidden": (FakeResponse(403), ChannelAuthError),
        "bad content": (FakeResponse(422, b'{"error": "too long"}'), RejectedError),
        "too many": (FakeResponse(429, headers={"Retry-After": "7"}), RateLimitedError),
    }
    #: The response to every request, unless `script` adds routes.
    success: ClassVar[FakeResponse] = FakeResponse()
    _served: FakePlatform | None = None

    def script(self, platform: FakePlatform) -> None:
        """Prepare the fake platform for a test. By default, it sends `success` to every request.

        Override this to add routes. One of them must publish.
        """
        platform.response = self.success

    @contextmanager
    def serve(self) -> Iterator[FakePlatform]:
        """Start a fake platform that `script` has prepared; stop it when the `with` block ends."""
        with FakePlatform() as platform:
            self.script(platform)
            self._served = platform
            yield platform

    @pytest.fixture
    def host(self, tmp_path: Path) -> TestHost:
        """Return a test host for the channel. Its HTTP calls time out after three seconds."""
        return TestHost(tmp_path / "channel", seconds=SECONDS, refusals=self.channel_class.refusals)

    @pytest.fixture
    def platform(self) -> Iterator[FakePlatform]:
        """Yield a fake platform: an HTTP server on this machine."""
        with self.serve() as platform:
            yield platform

    def visible_posts(self, channel: Channel) -> int | None:  # noqa: ARG002 - it is on the platform
        """Return the number of posts in `platform.visible`, or None if it is empty."""
        return (len(self._served.visible) or None) if self._served else None

    def test_publishing_makes_one_request(self, channel: Channel, platform: FakePlatform) -> None:
        """One `publish` sends one request to the route that publishes."""
        outcome = attempt(channel, first_message(channel))

        assert not isinstance(outcome, Exception), f"publish() {told(outcome)}"
        made = len(platform.posts)
        assert made == 1 or isinstance(outcome, HandOff), (
            f"one publish() made {made} requests to the route that publishes; it must make one. "
            "Mark this route, and no other, with publishes=True"
        )

    def test_each_refusal_is_told_apart(self, channel: Channel, platform: FakePlatform) -> None:
        """For each response in `refusals`, `publish` raises the error listed with it.

        The channel may repeat the post once, with a fresh token.
        """
        message = first_message(channel)
        for name, (answer, error) in self.refusals.items():
            platform.always(answer)
            before = len(platform.posts)
            raised = refused(attempt(channel, message), error, f"for the response {name!r}")
            assert type(raised) is error, (
                f"the response {name!r} raised {type(raised).__name__}, not {error.__name__}"
            )
            check_retry_after(raised, answer)
            made = len(platform.posts) - before
            assert made <= 2, (  # noqa: PLR2004 - the post, and again with a fresh token
                f"one publish() made {made} requests after the response {name!r}; leave "
                "repetitions to the service, but for one with a fresh token"
            )

    @pytest.mark.parametrize("chaos", LOST, ids=str)
    def test_a_lost_answer_is_an_unknown_outcome(
        self, channel: Channel, platform: FakePlatform, chaos: Chaos
    ) -> None:
        """If the response is missing, is cut off, or is 408 or 5xx, the outcome is unknown.

        For a status in the channel's `refusals`, `publish` raises TemporaryError instead. The
        channel makes one request; the service decides whether to repeat it.
        """
        platform.always(chaos)
        outcome = attempt(channel, first_message(channel))

        made = len(platform.posts)
        assert made == 1, (
            f"after {chaos}, one publish() made {made} requests to the route that publishes; each "
            "may be a post that readers see. Switch off the repetitions of the channel or its "
            "library: the service decides whether to repeat a post"
        )
        answer = chaos.change(FakeResponse())
        is_refusal = answer.status in channel.refusals
        expected = TemporaryError if is_refusal else OutcomeUnknownError
        check_retry_after(refused(outcome, expected, f"after {chaos}"), answer)

    def test_a_page_of_a_proxy_refuses_nothing(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If a proxy sends an HTML page with status 200 instead, the outcome is not a refusal.

        A channel that reads no response cannot notice it, and returns a receipt.
        """
        platform.always(Chaos.html())
        outcome = attempt(channel, first_message(channel))

        assert not isinstance(outcome, Exception) or isinstance(outcome, OutcomeUnknownError), (
            f"publish() {told(outcome)} after an HTML page with the status 200; it must raise "
            "OutcomeUnknownError, because the post may be published"
        )

    def test_a_lost_post_is_not_doubled(self, channel: Channel, platform: FakePlatform) -> None:
        """If the channel is idempotent, repeating a key after a lost answer makes no second post.

        The test runs only if the fake platform has routes, because it must remember the keys.
        """
        if not channel.idempotent_for or not platform.routes:
            return
        key, message = new_key(), first_message(channel)
        platform.then(Chaos.drop())
        attempt(channel, message, key)
        self.publish(channel, message, key=key)

        posts = self.visible_posts(channel)
        assert posts in {1, None}, (
            f"a key that was published again after a lost answer made {posts} posts; a channel "
            "with idempotent_for must pass the key to the platform"
        )

    def test_a_fault_before_the_post_is_no_unknown_outcome(
        self,
        channel: Channel,
        platform: FakePlatform,
        raw_settings: Mapping[str, Any],
        tmp_path: Path,
    ) -> None:
        """If a request before the post fails, such as one for a token, nothing was published.

        Then `publish` raises TemporaryError. After the platform has accepted the post, it does not.
        """
        message = first_message(channel)
        attempt(channel, message)
        used = dict.fromkeys(request.route for request in platform.requests if request.route)
        for number, route in enumerate(used):
            if any(request.route == route for request in platform.posts):
                continue
            host = TestHost(tmp_path / f"{number}", seconds=SECONDS, refusals=channel.refusals)
            fresh = self.channel_class(parse_settings(self.channel_class, raw_settings), host)
            before = len(platform.posts)
            platform.always(Chaos.drop(), route=route)
            outcome = attempt(fresh, message)
            platform.calm()
            _fits(outcome, posted=len(platform.posts) > before, route=route)

    def test_an_expired_token_is_refreshed_once(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If the access token has expired, the channel gets one new token and makes one post.

        The test runs only if the handlers issue and check `platform.tokens`.
        """
        message = first_message(channel)
        self.publish(channel, message, key=new_key())
        if not platform.tokens.issued:
            return
        issued, requests = platform.tokens.issued, len(platform.posts)
        shown = self.visible_posts(channel) or 0
        platform.tokens.expire()
        outcome = attempt(channel, message)

        assert not isinstance(outcome, Exception), (
            f"publish() {told(outcome)} when its access token had expired; it must get a new token "
            "and publish"
        )
        refreshed = platform.tokens.issued - issued
        assert refreshed == 1, (
            f"publish() got {refreshed} tokens after the old one had expired; it must get one"
        )
        made = len(platform.posts) - requests
        assert made <= 2, (  # noqa: PLR2004 - the refused post, and again with the new token
            f"publish() made {made} requests to the route that publishes after its token had "
            "expired; it must make at most the one that is refused, and one with the new token"
        )
        posts = (self.visible_posts(channel) or 0) - shown
        assert posts in {0, 1}, f"publish() made {posts} posts with a new token; it must make one"

    def test_an_unreachable_platform_is_temporary(
        self, channel: Channel, platform: FakePlatform
    ) -> None:
        """If the platform refuses the connection, publishing raises TemporaryError."""
        message = first_message(channel)
        platform.close()

        when = "if the platform refuses the connection"
        refused(attempt(channel, message), TemporaryError, when)

    def test_a_redirect_is_refused(self, channel: Channel, platform: FakePlatform) -> None:
        """The channel follows no redirects, so a post goes only to the address in the settings."""
        platform.always(FakeResponse(302, headers={"Location": f"{platform.url}/elsewhere"}))
        outcome = attempt(channel, first_message(channel))

        refused(outcome, RejectedError, "for a redirect")
        paths = [request.path for request in platform.requests]
        assert "/elsewhere" not in paths, f"the channel followed a redirect: it requested {paths}"

    def test_errors_tell_no_secret(self, channel: Channel, platform: FakePlatform) -> None:
        """If the platform's response repeats a secret, the error's message does not show it."""
        message = first_message(channel)
        echo = " ".join(secrets_of(channel))
        for status in (400, 401, 408, 429, 500, 503):
            platform.always(FakeResponse(status, echo.encode()))
            raised = refused(attempt(channel, message), PublishError, f"for the status {status}")
            leaked = [secret for secret in secrets_of(channel) if secret in str(raised)]
            assert leaked == [], (
                f"the error for status {status} shows a secret that the platform repeated; pass it "
                "to raise_for_status(response, secrets=[…])"
            )


def _fits(outcome: object, *, posted: bool, route: str) -> None:
    """Assert that *outcome* is right after a response of *route* was lost.

    *posted* tells whether the platform accepted the post.
    """
    if not isinstance(outcome, Exception):
        return
    if posted:
        refused(outcome, OutcomeUnknownError, f"if {route} gives no response after the post")
        return
    when = f"if {route} gives no response before the post, so that nothing was published"
    refused(outcome, TemporaryError, when)
