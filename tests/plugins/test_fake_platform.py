"""Tests of FakePlatform, which plays a platform in the tests of channels."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentsvc.channels import OutcomeUnknownError, Response, TemporaryError
from contentsvc.channels.testing import (
    Chaos,
    FakePlatform,
    FakeResponse,
    FakeTokens,
    ReceivedRequest,
    TestHost,
)


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform() as platform:
        yield platform


@pytest.fixture
def board() -> Iterator[FakePlatform]:
    """Yield a platform with a token endpoint, and with posts that can be made and read."""
    with FakePlatform() as platform:

        @platform.route("GET", "/token")
        def token(request: ReceivedRequest) -> dict[str, str]:
            return {"token": platform.tokens.issue()}

        @platform.route("POST", "/posts", publishes=True)
        def post(request: ReceivedRequest) -> dict[str, str]:
            made = platform.new_id("post-")
            platform.visible[made] = request.json()
            return {"id": made}

        @platform.route("GET", "/posts/{id}")
        def read(request: ReceivedRequest) -> FakeResponse:
            found = platform.visible.get(request.params["id"])
            return FakeResponse.json(found, 200 if found else 404)

        yield platform


def call(
    platform: FakePlatform, method: str, path: str, *, seconds: float = 5.0, **body: str
) -> Response:
    host = TestHost(Path("unused"), seconds=seconds)
    return host.http.request(method, f"{platform.url}{path}", json=body or None, allow_private=True)


def test_responses_come_in_order(platform: FakePlatform) -> None:
    """The platform sends the queued responses first, then the default response."""
    platform.response = FakeResponse(204, b"")
    platform.then(FakeResponse(500), FakeResponse(429))

    statuses = [call(platform, "GET", "").status for _ in range(3)]

    assert statuses == [500, 429, 204]


def test_a_queue_can_be_repeated(platform: FakePlatform) -> None:
    """`times` repeats the answers, for a platform that fails the next n requests."""
    platform.then(Chaos.fail(503), times=2)

    statuses = [call(platform, "GET", "").status for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_handlers_share_the_state_of_the_platform(board: FakePlatform) -> None:
    """A post that one handler made, under an id of the platform, is found by another."""
    made = call(board, "POST", "/posts", text="早安").json()["id"]

    assert call(board, "GET", f"/posts/{made}").json() == {"text": "早安"}
    assert call(board, "GET", "/posts/other").status == 404
    assert board.new_id("post-") != made


def test_posts_are_told_apart_from_other_requests(board: FakePlatform) -> None:
    """Only requests to a route that publishes count as posts, and get chaos by default."""
    board.then(Chaos.fail(502))

    statuses = [
        call(board, "GET", "/token").status,
        call(board, "POST", "/posts", text="a").status,
        call(board, "POST", "/posts", text="b").status,
    ]

    assert statuses == [200, 502, 200]
    assert [request.route for request in board.requests] == [
        *("GET /token", "POST /posts", "POST /posts")
    ]
    assert [json.loads(request.body)["text"] for request in board.posts] == ["a", "b"]


def test_a_request_can_say_whether_it_publishes(platform: FakePlatform) -> None:
    """One address may serve several actions; a function then tells which one publishes."""

    @platform.route("POST", "/", publishes=lambda request: request.query["Action"] == "Send")
    def act(request: ReceivedRequest) -> dict[str, str]:
        return {}

    call(platform, "POST", "/?Action=Upload")
    call(platform, "POST", "/?Action=Send")

    assert [request.path for request in platform.posts] == ["/?Action=Send"]


def test_chaos_can_hit_one_route(board: FakePlatform) -> None:
    """Chaos for a named route leaves the others alone; `calm` ends it."""
    board.always(Chaos.fail(500), route="GET /token")

    broken = call(board, "GET", "/token").status, call(board, "POST", "/posts", text="a").status
    board.calm()

    assert broken == (500, 200)
    assert call(board, "GET", "/token").status == 200
    with pytest.raises(ValueError, match="no route 'GET /tokn'; it has"):
        board.then(Chaos.drop(), route="GET /tokn")


def test_chaos_for_posts_needs_a_route_that_publishes(platform: FakePlatform) -> None:
    """If no route publishes, chaos for posts would never happen, so it is an error."""
    platform.route("POST", "/posts")(lambda _: {})

    with pytest.raises(ValueError, match="mark one with publishes=True"):
        platform.always(Chaos.drop())


@pytest.mark.parametrize("chaos", [Chaos.drop(), Chaos.hang(20), Chaos.half()], ids=str)
def test_a_lost_response_leaves_the_post(board: FakePlatform, chaos: Chaos) -> None:
    """The platform accepts the post although the client gets no response."""
    board.then(chaos)

    with pytest.raises(OutcomeUnknownError):
        call(board, "POST", "/posts", text="a", seconds=0.5)

    assert list(board.visible.values()) == [{"text": "a"}]


@pytest.mark.parametrize(
    ("chaos", "status", "body", "wait"),
    [
        (Chaos.fail(502), 502, "<html>", None),
        (Chaos.fail(503, retry_after=7), 503, "<html>", "7"),
        (Chaos.html(), 200, "<html>", None),
    ],
    ids=str,
)
def test_a_gateway_hides_what_the_platform_did(
    board: FakePlatform, chaos: Chaos, status: int, body: str, wait: str | None
) -> None:
    """A page takes the place of the response, and the post is made all the same."""
    board.then(chaos)

    response = call(board, "POST", "/posts", text="a")

    assert response.status == status
    assert response.text.startswith(body)
    assert response.headers.get("retry-after") == wait
    assert len(board.visible) == 1


@pytest.mark.parametrize(
    ("chaos", "wait"),
    [
        (Chaos.too_many(), None),
        (Chaos.too_many(2.5), "2.5"),
        (Chaos.fail(503, accepts=False), None),
        (Chaos.html(accepts=False), None),
    ],
    ids=str,
)
def test_what_is_not_accepted_makes_no_post(
    board: FakePlatform, chaos: Chaos, wait: str | None
) -> None:
    """Without acceptance, the handler does not run."""
    board.then(chaos)

    response = call(board, "POST", "/posts", text="a")

    assert response.headers.get("retry-after") == wait
    assert (board.visible, len(board.posts)) == ({}, 1)


def test_a_part_of_a_segment_can_be_a_parameter(platform: FakePlatform) -> None:
    """A parameter may be a part of a segment, as in Telegram's addresses, and is decoded."""

    @platform.route("POST", "/bot{token}/send.{format}")
    def send(request: ReceivedRequest) -> dict[str, str]:
        return dict(request.params)

    response = call(platform, "POST", "/bot12%3Aab/send.json")

    assert response.json() == {"token": "12:ab", "format": "json"}
    assert call(platform, "POST", "/bot1/2/send.json").status == 404
    assert call(platform, "POST", "/bot1/sendXjson").status == 404


def test_a_route_can_be_replaced(board: FakePlatform) -> None:
    """A later handler of the same route replaces the earlier one."""

    @board.route("GET", "/token")
    def broken(request: ReceivedRequest) -> FakeResponse:
        return FakeResponse(401)

    assert call(board, "GET", "/token").status == 401
    assert board.routes == ["GET /token", "POST /posts", "GET /posts/{id}"]


def test_an_unknown_address_is_named(board: FakePlatform) -> None:
    """With routes, a request that matches none gets 404 with its method and path."""
    response = call(board, "DELETE", "/posts/1")

    assert response.status == 404
    assert "no route for DELETE /posts/1" in response.text
    assert board.requests[0].route == ""


@pytest.mark.parametrize(
    ("value", "error"), [("ok", "returned a value of the type str"), (None, "type NoneType")]
)
def test_a_handler_that_returns_something_else_fails_the_test(value: object, error: str) -> None:
    """Leaving the `with` block raises the handler's fault; the client has got the status 500."""
    platform = FakePlatform()
    platform.route("GET", "/")(lambda _: value)  # type: ignore[arg-type,return-value]

    with pytest.raises(TypeError, match=error), platform:
        status = call(platform, "GET", "/").status

    assert status == 500


def test_a_failing_test_shows_the_fault_of_a_handler() -> None:
    """If the test itself fails, its error has a note about the handler."""
    platform = FakePlatform()
    platform.route("GET", "/")(lambda request: request.json())

    with pytest.raises(AssertionError) as caught, platform:
        assert call(platform, "GET", "/").status == 200

    assert "a handler of the fake platform had raised JSONDecodeError" in caught.value.__notes__[0]


def test_tokens_expire() -> None:
    """A token is valid until tokens expire; a new one may end those before."""
    tokens, newest = FakeTokens(), FakeTokens(newest_only=True)
    pair = [(one.issue(), one.issue()) for one in (tokens, newest)]

    assert [tokens.is_valid(token) for token in pair[0]] == [True, True]
    assert [newest.is_valid(token) for token in pair[1]] == [False, True]
    assert (tokens.current, tokens.issued) == (pair[0][1], 2)

    tokens.expire()

    assert (tokens.current, tokens.is_valid(pair[0][1])) == (None, False)
    assert not tokens.is_valid(None)
    assert tokens.issue() not in pair[0]


def test_a_closed_platform_refuses_connections(platform: FakePlatform) -> None:
    """After `close` nothing listens any more."""
    platform.close()

    with pytest.raises(TemporaryError):
        call(platform, "GET", "")


#: The plugin that the example of docs/plugins.md tests.
ACME = """
from typing import ClassVar

from contentsvc.channels import (
    Channel, ChannelAuthError, ChannelSettings, OutcomeUnknownError, RateLimitedError, Receipt,
    SecretStr, TemporaryError, hookimpl, raise_for_status,
)

api_version = 1
ERRORS = {93000: ChannelAuthError, 40001: ChannelAuthError, 45009: RateLimitedError}


class AcmeSettings(ChannelSettings):
    url: str
    chat: str
    secret: SecretStr


class Acme(Channel[AcmeSettings]):
    type = "acme"
    label: ClassVar = {"zh": "Acme", "en": "Acme"}
    token = ""

    def publish(self, rendition, *, key):
        self.token = self.token or self.fresh()
        answer = self.send(rendition)
        if answer["errcode"] == 42001:
            self.token = self.fresh()
            answer = self.send(rendition)
        return Receipt(self.checked(answer)["id"])

    def send(self, rendition):
        path = f"/chats/{self.settings.chat}/messages?token={self.token}"
        return self.call("POST", path, {"text": rendition.text})

    def fresh(self):
        secret = self.settings.secret.get_secret_value()
        try:
            return self.checked(self.call("GET", f"/token?secret={secret}"))["token"]
        except OutcomeUnknownError as error:
            raise TemporaryError(error.message) from error

    def call(self, method, path, body=None):
        url = f"{self.settings.url}{path}"
        response = self.host.http.request(method, url, json=body, allow_private=True)
        secrets = [self.settings.secret.get_secret_value()]
        return raise_for_status(response, secrets=secrets).json()

    def checked(self, answer):
        if answer["errcode"]:
            raise ERRORS[answer["errcode"]](f"error {answer['errcode']}")
        return answer


@hookimpl
def register_channels():
    return [Acme]
"""


def run_example(folder: Path, plugin: str) -> subprocess.CompletedProcess[str]:
    """Run the guide's example of a test beside *plugin*, as its author would."""
    guide = Path(__file__).parents[2] / "docs" / "plugins.md"
    examples = re.findall(r"```python\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    (example,) = (one for one in examples if "class TestAcme" in one)
    (folder / "acme.py").write_text(plugin, "utf-8")
    (folder / "test_acme.py").write_text(example, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_example_of_the_guide_passes(tmp_path: Path) -> None:
    """The test in docs/plugins.md passes for a channel that follows the rules."""
    done = run_example(tmp_path, ACME)

    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def test_the_example_of_the_guide_finds_a_repeated_post(tmp_path: Path) -> None:
    """The same test fails for a channel that repeats a post, with the sentence about it."""
    request = "self.host.http.request(method, url, json=body, allow_private=True)"
    assert request in ACME
    done = run_example(tmp_path, ACME.replace(f"= {request}", f"= [{request}, {request}][1]"))

    assert done.returncode == 1
    assert "one publish() made 2 requests to the route that publishes" in done.stdout
