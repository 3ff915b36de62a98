"""Tests of the contract tests: they fail for channels that would harm people."""

from __future__ import annotations

import ast
import inspect
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from contentsvc.channels import (
    Accepted,
    Channel,
    ChannelEntry,
    ChannelSettings,
    HandOff,
    Identity,
    Limits,
    Page,
    PageRequest,
    Pages,
    Parts,
    Receipt,
    RejectedError,
    RenderContext,
    Rendition,
    SecretStr,
    contract,
    raise_for_status,
    soundness,
)
from contentsvc.channels.contract import ChannelContract, HttpChannelContract
from contentsvc.channels.hosting import SettingsError
from contentsvc.channels.testing import FakePlatform, TestHost, parse_settings
from contentsvc.errors import PluginError


class Sound(Channel):
    """A channel that passes the contract."""

    type = "sound"
    label: ClassVar[Mapping[str, str]] = {"zh": "好", "en": "Sound"}

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        return Receipt(self.host.store.put(key, {"text": rendition.text}).key)


class Random(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), title=str(random.random()))


class Curious(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        self.host.http.request("GET", "https://a.example/")
        return super().render_post(entry, context)


class Careless(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), html=entry.body)


class Fragile(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), title=entry.body[0])


class Opaque(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), data={"at": entry.due_at})


class Tight(Sound):
    limits = Limits(text_characters=3)


class Forgetful(Sound):
    idempotent_for = timedelta.max

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(str(random.random()))


class Silent(Sound):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return None  # type: ignore[return-value]


class Blind(Sound):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        return None


class Shared(Sound):
    """Two channels that publish to one account."""

    account = "the shop"

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(f"{self.account}/{key}")


class ByName(Sound):
    @property
    def account(self) -> str:
        return f"account of {self.host.name}"


class Unnamed(Sound):
    account = ""


class Colliding(Shared):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt("always the same")


class Unknown(Sound):
    def identity(self) -> Identity:
        return Identity("")


class Paged(Pages, Sound):
    def page(self, request: PageRequest) -> Page | None:
        return Page(b"", "text/html") if not request.path else None


class Everywhere(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return Page(b"", "text/html")


class Nowhere(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return None


class Rude(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return super().page(PageRequest(request.path.encode("ascii").decode()))


class Numbered(Paged):
    def livestream_page(self, code: str) -> str | None:
        return 7  # type: ignore[return-value]


class Empty(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return Page("text", "text/html") if not request.path else None  # type: ignore[arg-type]


class Slow(Sound):
    """A channel whose platform publishes in three steps, and asks for the newest token."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted:
        return Accepted("step 0")

    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        step = int(accepted.token.removeprefix("step "))
        return Accepted(f"step {step + 1}") if step < 2 else Receipt(key)


class Stuck(Slow):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        return accepted


class Confirmed(Slow):
    """A channel whose posts wait for a member, who confirms in the test's `advance`."""

    confirmed = False

    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        return Receipt(key) if self.confirmed else accepted


class Mute(Slow):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        return None  # type: ignore[return-value]


class FirstOnly(Slow):
    def poll(
        self, accepted: Accepted, rendition: Rendition, *, key: str
    ) -> Receipt | Accepted | HandOff:
        if accepted.token != "step 0":
            raise RejectedError("no such job")
        return Accepted("step 1")


class Unpolled(Sound):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted:
        return Accepted("step 0")


class Half(Sound):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        return HandOff({"en": "Do it"})


class Asked(Sound):
    """A channel that finds its posts by their keys."""

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return Receipt(key) if self.host.store.get(key) else None


class ByText(Asked):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        posts = self.host.store.newest()
        return next((Receipt(p.key) for p in posts if p.body["text"] == rendition.text), None)


class Clairvoyant(Asked):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return Receipt(key)


class AskedSlow(Slow):
    """A channel that can be asked about a post that the platform accepted."""

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted:
        return Accepted(f"step {len(self.host.store.put(key, {}).body)}")

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return Accepted("step 0") if self.host.store.get(key) else None


class LosesAccepted(AskedSlow):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | Accepted | None:
        return None


class Erasing(Sound):
    """A channel that deletes posts."""

    def retract(self, receipt: Receipt) -> None:
        self.host.store.delete(receipt.id)


class Once(Erasing):
    def retract(self, receipt: Receipt) -> None:
        if not self.host.store.delete(receipt.id):
            raise RejectedError("already deleted")


class Crashing(Erasing):
    def retract(self, receipt: Receipt) -> None:
        int(receipt.id.rpartition("-")[2], 16)
        super().retract(receipt)


class Refusing(Erasing):
    """A channel that refuses to delete what it never had."""

    def retract(self, receipt: Receipt) -> None:
        if not receipt.id.startswith("contract-") or receipt.id.endswith("post"):
            raise RejectedError("no such post")
        super().retract(receipt)


class Idle(Erasing):
    def retract(self, receipt: Receipt) -> None:
        pass


class Threaded(Parts, Sound):
    """A channel that cuts a text into messages of 100 characters, and adds the pictures."""

    limits = Limits(text_characters=100, pictures=1)

    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        text = replace(rendition, pictures=())
        cuts = range(0, len(rendition.text), 100)
        return [
            *(replace(text, text=rendition.text[cut : cut + 100]) for cut in cuts),
            *(replace(text, text="", pictures=(picture,)) for picture in rendition.pictures),
        ]

    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Receipt:
        return Receipt(self.host.store.put(key, {"after": after and after.id}).key)


class Unsteady(Threaded):
    count = itertools.count()

    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        return [replace(part, title=f"{next(self.count)}") for part in super().split(rendition)]


class Oversized(Threaded):
    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        return [rendition]


class OneOversized(Threaded):
    """A channel whose parts are short enough, except one in long posts."""

    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        *first, last = super().split(rendition)
        return [*first, replace(last, text=rendition.text) if len(first) > 5 else last]


class Endless(Threaded):
    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        return [replace(rendition, text="", pictures=())] * 101


class Partless(Threaded):
    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        return []


class Clinging(Threaded):
    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Receipt:
        if part.pictures:
            assert after is not None
            return Receipt(f"{after.id}/{key}"[:400])
        return super().publish_part(part, key=key, after=after)


class OneId(Threaded):
    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Receipt:
        return after or Receipt(key)


class Twice(Threaded):
    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Receipt:
        self.host.store.put(f"{key}-again", {})
        return super().publish_part(part, key=key, after=after)


class Restless(Sound):
    @classmethod
    def upgrade_settings(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"count": len(stored)}


class Nameless(Sound):
    label: ClassVar[Mapping[str, str]] = {}


def contract_of(channel_class: type[Channel]) -> ChannelContract:
    contract = ChannelContract()
    contract.channel_class = channel_class  # type: ignore[misc]
    return contract


@pytest.fixture
def host(tmp_path: Path) -> TestHost:
    return TestHost(tmp_path)


def run(channel_class: type[Channel], host: TestHost, test: str) -> None:
    call(contract_of(channel_class), host, test)


def call(contract: ChannelContract, host: TestHost, test: str) -> None:
    """Call one test of *contract* with the fixtures that it asks for."""
    channel = contract.channel_class(parse_settings(contract.channel_class, {}), host)
    fixtures: dict[str, object] = {
        "channel": channel,
        "host": host,
        "raw_settings": {},
        "tmp_path": host.folder,
        "body": "",
    }
    method = getattr(contract, f"test_{test}")
    method(**{name: fixtures[name] for name in inspect.signature(method).parameters})


@pytest.mark.parametrize(
    ("channel_class", "test", "error"),
    [
        (Random, "each_kind_renders_the_same_twice", AssertionError),
        (Curious, "each_kind_renders_the_same_twice", AssertionError),
        (Opaque, "each_kind_renders_the_same_twice", AssertionError),
        (Fragile, "any_body_renders_or_is_refused", IndexError),
        (Tight, "what_people_plan_is_within_the_limits", AssertionError),
        (Forgetful, "the_same_key_is_one_post", AssertionError),
        (Silent, "publishing_gives_an_answer", AssertionError),
        (Blind, "find_tells_what_became_of_a_key", AssertionError),
        (ByName, "channels_of_one_account_are_told_apart", AssertionError),
        (Unnamed, "channels_of_one_account_are_told_apart", AssertionError),
        (Colliding, "channels_of_one_account_are_told_apart", AssertionError),
        (Unknown, "the_account_can_be_identified", ValueError),
        (Everywhere, "pages_answer_visitors", AssertionError),
        (Nowhere, "pages_answer_visitors", AssertionError),
        (Restless, "stored_settings_are_converted_once", SettingsError),
        (Nameless, "the_class_is_whole", PluginError),
    ],
)
def test_a_fault_is_caught(
    host: TestHost, channel_class: type[Channel], test: str, error: type[Exception]
) -> None:
    """Each contract test fails for a channel with the fault that it tests."""
    run(Sound, host, test)

    with pytest.raises(error):
        run(channel_class, host, test)


@pytest.mark.parametrize(
    ("channel_class", "test"),
    [
        (Shared, "channels_of_one_account_are_told_apart"),
        (Paged, "pages_answer_visitors"),
        (Slow, "publishing_gives_an_answer"),
        (Slow, "another_key_is_another_post"),
        (Asked, "find_tells_what_became_of_a_key"),
        (AskedSlow, "find_tells_what_became_of_a_key"),
        (Erasing, "a_post_can_be_retracted_twice"),
        (Refusing, "a_post_can_be_retracted_twice"),
        (Threaded, "each_part_is_a_message_of_its_own"),
        (Threaded, "what_people_plan_is_within_the_limits"),
        (Threaded, "parts_are_published_one_after_the_other"),
        (Threaded, "the_same_key_is_one_post"),
        (Threaded, "any_body_renders_or_is_refused"),
        (Endless, "any_body_renders_or_is_refused"),
    ],
)
def test_a_sound_channel_passes(host: TestHost, channel_class: type[Channel], test: str) -> None:
    """A channel with an account, pages, polls, searches, parts and so on passes the test of it."""
    run(channel_class, host, test)


class Counted(ChannelContract):
    """A contract that counts the posts in the channel's store."""

    def visible_posts(self, channel: Channel) -> int | None:
        return len(channel.host.store.newest(limit=1_000))


class Confirming(ChannelContract):
    """A contract whose member confirms each post."""

    channel_class = Confirmed

    def advance(self, channel: Channel) -> None:
        assert isinstance(channel, Confirmed)
        channel.confirmed = True


@pytest.mark.parametrize(
    ("pair", "test", "words"),
    [
        (
            (Threaded, Twice),
            "parts_are_published_one_after_the_other",
            r"(\d+) parts made \d+ posts",
        ),
        ((Erasing, Idle), "a_post_can_be_retracted_twice", "1 posts before retract.. and 1 after"),
    ],
)
def test_posts_are_counted(
    tmp_path: Path, pair: tuple[type[Channel], type[Channel]], test: str, words: str
) -> None:
    """If a test can count the posts, it notices a post too many or one that was not deleted."""
    contract = Counted()
    contract.channel_class, bad = pair  # type: ignore[misc]
    call(contract, TestHost(tmp_path / "good"), test)

    contract.channel_class = bad  # type: ignore[misc]
    with pytest.raises(AssertionError, match=words):
        call(contract, TestHost(tmp_path / "bad"), test)


def test_a_platform_goes_on_before_each_poll(host: TestHost) -> None:
    """A test may override `advance` for a post that waits for a person."""
    call(Confirming(), host, "publishing_gives_an_answer")

    with pytest.raises(AssertionError, match="Accepted 20 times in a row"):
        run(Confirmed, host, "publishing_gives_an_answer")


def test_markup_that_acts_is_caught(host: TestHost) -> None:
    """A channel that does not clean the HTML that people typed fails the contract."""
    contract = contract_of(Careless)
    channel = Careless(parse_settings(Careless, {}), host)
    body = "<img src=x onerror=alert(1)>"

    with pytest.raises(AssertionError):
        contract.test_any_body_renders_or_is_refused(channel, host, body)


class LoudSettings(ChannelSettings):
    """An address and a token."""

    url: str
    token: SecretStr


class Loud(Channel[LoudSettings]):
    """A channel that shows its secret and takes every response for success."""

    type = "loud"
    label: ClassVar[Mapping[str, str]] = {"zh": "大声", "en": "Loud"}

    def __repr__(self) -> str:
        return f"Loud({self.settings.token.get_secret_value()})"

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        token = self.settings.token.get_secret_value()
        response = self.host.http.request("POST", self.settings.url, allow_private=True)
        if response.status >= 400:
            raise_for_status(response)
        return Receipt(token)


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform() as platform:
        yield platform


def loud(platform: FakePlatform, host: TestHost) -> Channel:
    raw: dict[str, Any] = {"url": platform.url, "token": "hunter2hunter2"}
    return Loud(parse_settings(Loud, raw), host)


def test_a_secret_that_is_told_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel whose text contains its token fails the contract."""
    contract = contract_of(Loud)

    with pytest.raises(AssertionError):
        contract.test_secrets_are_not_shown(loud(platform, host))


def test_a_secret_in_an_error_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel whose error repeats a secret that the platform echoed fails the contract."""
    contract = HttpChannelContract()

    with pytest.raises(AssertionError):
        contract.test_errors_tell_no_secret(loud(platform, host), platform)


def test_a_redirect_taken_for_success_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel that returns a receipt for a redirect fails the contract."""
    contract = HttpChannelContract()

    with pytest.raises(AssertionError, match=r"for a redirect, publish.* must raise"):
        contract.test_a_redirect_is_refused(loud(platform, host), platform)


def test_settings_of_a_contract_are_checked() -> None:
    """A contract test without a required setting fails with the setting's name."""
    with pytest.raises(SettingsError, match="token"):
        parse_settings(Loud, {"url": "x"})


@pytest.mark.parametrize(
    "file",
    [Path(soundness.__file__), *Path(contract.__file__).parent.glob("*.py")],
    ids=lambda file: file.stem,
)
def test_every_assertion_explains_itself(file: Path) -> None:
    """An author reads a sentence when a test of the contract fails, not two bare values."""
    tree = ast.parse(file.read_text("utf-8"))
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]

    assert asserts or file.stem == "__init__"
    assert [node.lineno for node in asserts if node.msg is None] == []
    assert [
        node for node in calls if isinstance(node, ast.Attribute) and node.attr == "raises"
    ] == []


@pytest.mark.parametrize(
    ("channel_class", "test", "words"),
    [
        (Random, "each_kind_renders_the_same_twice", "made two different renditions"),
        (Opaque, "each_kind_renders_the_same_twice", "more than JSON values"),
        (Tight, "what_people_plan_is_within_the_limits", "3 are allowed here"),
        (Forgetful, "the_same_key_is_one_post", "must return the same receipt"),
        (Silent, "publishing_gives_an_answer", "publish.. returned None; it must return a Receipt"),
        (ByName, "channels_of_one_account_are_told_apart", "depend on the settings only"),
        (Everywhere, "pages_answer_visitors", "it must return None"),
        (Rude, "pages_answer_visitors", "raised UnicodeEncodeError .* it must return None"),
        (Numbered, "pages_answer_visitors", "must return an address or None"),
        (Empty, "pages_answer_visitors", "whose body is bytes"),
        (Unpolled, "publishing_gives_an_answer", "returned Accepted; define poll"),
        (Stuck, "publishing_gives_an_answer", "Accepted 20 times in a row; let the platform"),
        (Mute, "publishing_gives_an_answer", "poll.. returned None; it must return a Receipt"),
        (FirstOnly, "publishing_gives_an_answer", "Each poll gets the newest Accepted"),
        (Half, "publishing_gives_an_answer", "it needs zh and en"),
        (Blind, "find_tells_what_became_of_a_key", "find.. returned None for a published key"),
        (ByText, "find_tells_what_became_of_a_key", "look for the key, not for the text"),
        (Clairvoyant, "find_tells_what_became_of_a_key", "was never published"),
        (LosesAccepted, "find_tells_what_became_of_a_key", "must return Accepted or a Receipt"),
        (Once, "a_post_can_be_retracted_twice", "the second retract.. of a post raised Rejected"),
        (Crashing, "a_post_can_be_retracted_twice", "raised ValueError .* or raise RejectedError"),
        (Unsteady, "each_part_is_a_message_of_its_own", "made different parts"),
        (Oversized, "each_part_is_a_message_of_its_own", "part 1 of 1 exceeds limits"),
        (OneOversized, "each_part_is_a_message_of_its_own", "must make each part short enough"),
        (Endless, "each_part_is_a_message_of_its_own", "failed for a sample entry: .*101"),
        (Partless, "each_part_is_a_message_of_its_own", "failed for a sample entry"),
        (Oversized, "what_people_plan_is_within_the_limits", "100 are allowed"),
        (Clinging, "parts_are_published_one_after_the_other", "without the receipt of a part"),
        (OneId, "parts_are_published_one_after_the_other", "receipts with the same id"),
    ],
)
def test_a_failure_says_what_to_do(
    host: TestHost, channel_class: type[Channel], test: str, words: str
) -> None:
    """The sentence names what the channel did and what it must do."""
    with pytest.raises(AssertionError, match=words):
        run(channel_class, host, test)
