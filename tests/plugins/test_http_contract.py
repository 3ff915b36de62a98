"""Tests of the contract of channels that call a platform over HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from contentsvc.channels import (
    Accepted,
    Channel,
    ChannelAuthError,
    ChannelSettings,
    HandOff,
    Limits,
    OutcomeUnknownError,
    Parts,
    PublishError,
    Receipt,
    RejectedError,
    RenderContext,
    Rendition,
    RenditionWarning,
    Response,
    SecretStr,
    TemporaryError,
    WarningLevel,
    raise_for_status,
)
from contentsvc.channels.contract import HttpChannelContract
from contentsvc.channels.contract.http import LOST, SECONDS
from contentsvc.channels.testing import (
    Chaos,
    FakePlatform,
    FakeResponse,
    FakeTokens,
    ReceivedRequest,
    TestHost,
    parse_settings,
)

UNAUTHORIZED = 401


class BoardSettings(ChannelSettings):
    """The address of a board and the secret with which it gives tokens."""

    url: str
    secret: SecretStr


class Board(Channel[BoardSettings]):
    """A channel whose platform has tokens, remembers keys, and can be asked."""

    type = "board"
    label: ClassVar[Mapping[str, str]] = {"zh": "公告板", "en": "Board"}
    idempotent_for = timedelta.max
    token = ""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        made = self.authorized("POST", "/posts", key=key, text=rendition.text).json()
        return Receipt(made["id"])

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        found = self.authorized("GET", f"/posts?key={key}").json()
        return Receipt(found["id"]) if found["id"] else None

    def retract(self, receipt: Receipt) -> None:
        self.authorized("DELETE", f"/posts/{receipt.id}")

    def authorized(self, method: str, path: str, **body: str) -> Response:
        """Make a call with the access token, and again with a fresh one if it has expired."""
        response = self.call(method, path, **body)
        if response.status == UNAUTHORIZED:
            self.token = ""
            response = self.call(method, path, **body)
        return raise_for_status(response, secrets=[self.settings.secret.get_secret_value()])

    def call(self, method: str, path: str, **body: str) -> Response:
        self.token = self.token or self.fresh_token()
        return self.send(method, path, self.token, **body)

    def fresh_token(self) -> str:
        try:
            response = raise_for_status(
                self.send("POST", "/token", self.settings.secret.get_secret_value())
            )
            return str(response.json()["token"])
        except OutcomeUnknownError as error:
            raise TemporaryError(error.message) from error

    def send(self, method: str, path: str, token: str, **body: str) -> Response:
        return self.host.http.request(
            method,
            f"{self.settings.url}{path}",
            json=body or None,
            headers={"Authorization": f"Bearer {token}"},
            allow_private=True,
        )


class Desk(Board):
    """A channel whose platform accepts a post and publishes it at the second poll."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        made = self.authorized("POST", "/posts", key=key, text=rendition.text).json()
        return Accepted(made["id"])

    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        job = self.authorized("GET", f"/jobs/{accepted.token}").json()
        return Receipt(job["id"]) if job["done"] else accepted


class Thread(Parts, Board):
    """A channel that publishes a long text as replies to its beginning."""

    limits = Limits(text_characters=500, pictures=0)

    def finish(self, rendition: Rendition, context: RenderContext) -> Rendition:
        message = {"zh": "图片不会发布", "en": "pictures are left out"}
        warning = RenditionWarning(WarningLevel.WARN, "pictures", message)
        return replace(rendition, pictures=(), warnings=(*rendition.warnings, warning))

    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        cuts = range(0, len(rendition.text), 500)
        return [replace(rendition, text=rendition.text[cut : cut + 500]) for cut in cuts]

    def publish_part(
        self, part: Rendition, *, key: str, after: Receipt | None
    ) -> Receipt | Accepted | HandOff:
        above = after.id if after else ""
        made = self.authorized("POST", "/posts", key=key, text=part.text, above=above).json()
        return Receipt(made["id"])


class BoardContract(HttpChannelContract):
    """The contract of a channel with the platform that it needs."""

    channel_class: ClassVar[type[Channel]] = Board

    @pytest.fixture
    def raw_settings(self, platform: FakePlatform) -> Mapping[str, Any]:
        return settings_for(platform)

    def script(self, platform: FakePlatform) -> None:
        """Give the platform tokens, posts that are made, found and deleted, and jobs."""
        platform.state |= {"keys": {}, "asked": set()}

        @platform.route("POST", "/token")
        def token(request: ReceivedRequest) -> dict[str, str]:
            return {"token": platform.tokens.current or platform.tokens.issue()}

        @platform.route("POST", "/token/new")
        def new_token(request: ReceivedRequest) -> dict[str, str]:
            platform.tokens.issue()
            platform.tokens.expire()
            return {}

        @platform.route("POST", "/posts", publishes=True)
        def post(request: ReceivedRequest) -> FakeResponse:
            if not is_authorized(platform, request):
                return FakeResponse(401)
            body = request.json()
            made = platform.state["keys"].get(body.get("key")) or platform.new_id()
            if "key" in body:
                platform.state["keys"][body["key"]] = made
            platform.visible[made] = body["text"]
            return FakeResponse.json({"id": made}, 201)

        @platform.route("GET", "/posts")
        def find(request: ReceivedRequest) -> FakeResponse:
            if not is_authorized(platform, request):
                return FakeResponse(401)
            return FakeResponse.json({"id": platform.state["keys"].get(request.query["key"])})

        @platform.route("GET", "/jobs/{id}")
        def job(request: ReceivedRequest) -> dict[str, Any]:
            made = request.params["id"]
            done = made in platform.state["asked"]
            platform.state["asked"].add(made)
            return {"id": made, "done": done}

        @platform.route("DELETE", "/posts/{id}")
        def delete(request: ReceivedRequest) -> dict[str, str]:
            platform.visible.pop(request.params["id"], None)
            return {}


def is_authorized(platform: FakePlatform, request: ReceivedRequest) -> bool:
    return platform.tokens.is_valid(request.headers["authorization"].removeprefix("Bearer "))


def settings_for(platform: FakePlatform) -> dict[str, Any]:
    return {"url": platform.url, "secret": "hunter2hunter2"}


class SharedBoard(Board):
    """A channel whose account other channels use as well."""

    account = "the board"


class NewestContract(BoardContract):
    """The contract with a platform on which a new token ends the one before."""

    channel_class: ClassVar[type[Channel]] = SharedBoard

    def script(self, platform: FakePlatform) -> None:
        super().script(platform)
        platform.tokens = FakeTokens(newest_only=True)
        platform.route("POST", "/token")(lambda _: {"token": platform.tokens.issue()})


class TestSharedBoard(NewestContract):
    """Two channels of one account, which end each other's tokens, pass the whole contract."""


class TestBoard(BoardContract):
    """A channel with tokens, keys, searches and deletions passes the whole contract."""


class TestThread(BoardContract):
    """A channel whose posts have several parts passes the whole contract."""

    channel_class = Thread


class TestDesk(BoardContract):
    """A channel whose platform takes its time passes the whole contract."""

    channel_class = Desk
    poll_refusals: ClassVar[Mapping[str, tuple[FakeResponse, type[PublishError]]]] = {
        "refused by a moderator": (FakeResponse(422, b"not for this board"), RejectedError),
        "forbidden": (FakeResponse(403), ChannelAuthError),
    }


class Repeating(Board):
    """A channel, or its library, that sends a post again after a lost answer."""

    def send(self, method: str, path: str, token: str, **body: str) -> Response:
        for _ in range(2):
            try:
                response = super().send(method, path, token, **body)
            except OutcomeUnknownError:
                continue
            if response.status < 500 and response.status != 408:
                return response
        return super().send(method, path, token, **body)


class Double(Board):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        super().publish(rendition, key=key)
        return super().publish(rendition, key=key)


class Elsewhere(Board):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        return Receipt(self.authorized("GET", f"/jobs/{key}").json()["id"])


class Stale(Board):
    def authorized(self, method: str, path: str, **body: str) -> Response:
        return raise_for_status(self.call(method, path, **body))


class SharedStale(Stale):
    account = "the board"


class Greedy(Board):
    def fresh_token(self) -> str:
        self.send("POST", "/token/new", "none")
        return super().fresh_token()


class Hammering(Board):
    def authorized(self, method: str, path: str, **body: str) -> Response:
        for _ in range(3):
            if self.call(method, path, **body).status == UNAUTHORIZED:
                self.token = ""
        return super().authorized(method, path, **body)


class Vague(Board):
    """A channel that takes a lost token for a post of unknown outcome."""

    def fresh_token(self) -> str:
        response = self.send("POST", "/token", self.settings.secret.get_secret_value())
        return str(raise_for_status(response).json()["token"])


class Curious(Board):
    """A channel that says nothing was published if a request after the post fails."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        receipt = super().publish(rendition, key=key)
        try:
            self.authorized("GET", f"/posts?key={key}")
        except OutcomeUnknownError as error:
            raise TemporaryError(error.message) from error
        return receipt


class Keyless(Board):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        return Receipt(self.authorized("POST", "/posts", text=rendition.text).json()["id"])


class Impatient(Board):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        try:
            return super().find(rendition, key=key, since=since)
        except PublishError:
            return None


class Remembering(Board):
    """A channel that finds only what it saw published itself."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        receipt = super().publish(rendition, key=key)
        self.host.store.put(key, {})
        return receipt

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return Receipt(key) if self.host.store.get(key) else None


class Believing(Board):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return Receipt(key)


class Careless(Board):
    """A channel that takes what is not JSON for a refusal."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        response = self.authorized("POST", "/posts", key=key, text=rendition.text)
        if not response.text.startswith("{"):
            raise RejectedError(response.text)
        return Receipt(response.json()["id"])


class GivingUp(Desk):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        try:
            return super().poll(accepted, rendition, key=key)
        except OutcomeUnknownError as error:
            raise RejectedError(error.message) from error


class Hoping(Desk):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        try:
            return super().poll(accepted, rendition, key=key)
        except PublishError:
            return accepted


class Wordless(Desk):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        try:
            return super().poll(accepted, rendition, key=key)
        except RejectedError as error:
            raise RejectedError("") from error


def run(channel_class: type[Channel], test: str, folder: Path, *arguments: object) -> None:
    """Run one test of the contract for a channel, on a platform of its own."""
    contract = BoardContract()
    contract.channel_class = channel_class  # type: ignore[misc]
    if issubclass(channel_class, Desk):
        contract.poll_refusals = TestDesk.poll_refusals  # type: ignore[misc]
    with contract.serve() as platform:
        call(contract, test, platform, folder, arguments)


def call(
    contract: HttpChannelContract,
    test: str,
    platform: FakePlatform,
    folder: Path,
    arguments: tuple[object, ...] = (),
) -> None:
    """Call one test of *contract* with the fixtures that it asks for, then *arguments*."""
    raw = settings_for(platform)
    host = TestHost(folder, seconds=SECONDS)
    fixtures: dict[str, object] = {
        "channel": contract.channel_class(parse_settings(contract.channel_class, raw), host),
        "platform": platform,
        "raw_settings": raw,
        "tmp_path": folder,
    }
    method = getattr(contract, f"test_{test}")
    names = [name for name in inspect.signature(method).parameters if name in fixtures]
    method(*(fixtures[name] for name in names), *arguments)


@pytest.mark.parametrize(
    ("channel_class", "test", "sentence"),
    [
        (Double, "publishing_makes_one_request", "made 2 requests to the route that publishes"),
        (Elsewhere, "publishing_makes_one_request", "made 0 requests .*with publishes=True"),
        (Stale, "an_expired_token_is_refreshed_once", "must get a new token and publish"),
        (Greedy, "an_expired_token_is_refreshed_once", "got 2 tokens after"),
        (Double, "an_expired_token_is_refreshed_once", "made 3 requests .* token had expired"),
        (Hammering, "each_refusal_is_told_apart", "made 5 requests after .*'unauthorized'"),
        (
            Vague,
            "a_fault_before_the_post_is_no_unknown_outcome",
            "if POST /token gives .* nothing was published, .* must raise TemporaryError",
        ),
        (
            Curious,
            "a_fault_before_the_post_is_no_unknown_outcome",
            "if GET /posts gives .* after the post, .* must raise OutcomeUnknownError",
        ),
        (Keyless, "a_lost_post_is_not_doubled", "made 2 posts; .* must pass the key"),
        (
            Impatient,
            "a_search_without_an_answer_finds_nothing_out",
            "None would publish the post again.* find.. returned None; it must raise PublishError",
        ),
        (Remembering, "a_lost_post_is_found", "find.. returned None; it must return a Receipt"),
        (Believing, "a_lost_post_is_found", "before it accepted .* it must return None"),
        (Careless, "a_page_of_a_proxy_refuses_nothing", "raised RejectedError .* HTML page"),
        (GivingUp, "a_poll_without_an_answer_decides_nothing", "says nothing about the post"),
        (Hoping, "a_poll_without_an_answer_decides_nothing", "poll.. returned .* must raise"),
        (Wordless, "each_refusal_of_a_poll_is_told_apart", "pass the platform's words"),
        (Hoping, "each_refusal_of_a_poll_is_told_apart", "must raise RejectedError"),
    ],
)
def test_a_fault_is_explained(
    tmp_path: Path, channel_class: type[Board], test: str, sentence: str
) -> None:
    """Each test of the contract fails for a channel with the fault, and says what to do."""
    good = Desk if issubclass(channel_class, Desk) else Board
    run(good, test, tmp_path / "good")

    with pytest.raises(AssertionError, match=sentence):
        run(channel_class, test, tmp_path / "bad")


@pytest.mark.parametrize("chaos", LOST, ids=str)
def test_a_library_that_repeats_a_post_is_caught(tmp_path: Path, chaos: Chaos) -> None:
    """A library that sends a post again by itself is noticed by the number of its requests."""
    test = "a_lost_answer_is_an_unknown_outcome"
    run(Board, test, tmp_path / "good", chaos)

    with pytest.raises(AssertionError, match=r"made 3 requests .* Switch off the repetitions"):
        run(Repeating, test, tmp_path / "bad", chaos)


def test_a_contract_with_poll_refusals_needs_polls(tmp_path: Path) -> None:
    """Responses to polls, for a channel that never returns Accepted, are a mistake of the test."""
    contract = BoardContract()
    contract.poll_refusals = TestDesk.poll_refusals  # type: ignore[misc]

    with contract.serve() as platform, pytest.raises(AssertionError, match="not Accepted"):
        call(contract, "each_refusal_of_a_poll_is_told_apart", platform, tmp_path)


def test_channels_that_end_each_others_tokens_are_caught(tmp_path: Path) -> None:
    """Of two channels of one account, each must bear that the other gets a token."""
    contract = NewestContract()
    contract.channel_class = SharedStale  # type: ignore[misc]

    with contract.serve() as platform, pytest.raises(AssertionError, match="raised ChannelAuth"):
        call(contract, "channels_of_one_account_are_told_apart", platform, tmp_path)
