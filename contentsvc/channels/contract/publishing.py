"""ChannelContract, the tests of publishing, polling, finding and retracting posts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from contentsvc.channels.answers import Accepted, Receipt
from contentsvc.channels.channel import Channel
from contentsvc.channels.content import Page, PageRequest, Rendition
from contentsvc.channels.contract.attempts import (
    LONG_AGO,
    Answer,
    first_message,
    kind_of,
    new_key,
    raised_by,
    told,
    usable,
)
from contentsvc.channels.contract.rendering import RenderContract
from contentsvc.channels.identity import verify_identity
from contentsvc.channels.pages import Pages
from contentsvc.channels.parts import Parts, publish_part, split_rendition
from contentsvc.channels.settings import parse_settings
from contentsvc.channels.soundness import render_all, render_long, secrets_of
from contentsvc.channels.support import supports
from contentsvc.channels.testing import TestHost
from contentsvc.errors import RejectedError

__all__ = ["ChannelContract"]

#: Most polls until a test's platform must have published an accepted post.
_MOST_POLLS = 20


class ChannelContract(RenderContract):
    """Tests that every channel must pass, including tests of publishing."""

    def visible_posts(self, channel: Channel) -> int | None:  # noqa: ARG002 - for subclasses
        """Return the number of posts on the platform, or None if a test cannot determine it.

        Each part of a post counts.
        """
        return None

    def advance(self, channel: Channel) -> None:
        """Let the test's platform process the posts that it accepted. Called before each poll.

        Override this if somebody or something must act, such as a member who confirms the post.
        """

    def publish(
        self, channel: Channel, message: Rendition, *, key: str, after: Receipt | None = None
    ) -> Answer:
        """Publish *message*, poll while the answer is Accepted, and return the last answer.

        Each poll gets the most recent Accepted.
        """
        outcome = raised_by(lambda: publish_part(channel, message, key=key, after=after))
        bare = isinstance(channel, Parts) and after is None
        given = ", without the receipt of a part before" if bare else ""
        assert not isinstance(outcome, Exception), (
            f"publish() {told(outcome)} for a sample entry{given}; it must publish it"
        )
        answer = usable(outcome, "publish")
        for _ in range(_MOST_POLLS):
            if not isinstance(answer, Accepted):
                return answer
            assert supports(channel, "poll"), "publish() returned Accepted; define poll()"
            self.advance(channel)
            outcome = raised_by(partial(channel.poll, answer, message, key=key))
            assert not isinstance(outcome, Exception), (
                f"poll() {told(outcome)} for a post that the platform publishes; it must return "
                "Accepted until then. Each poll gets the newest Accepted"
            )
            answer = usable(outcome, "poll")
        raise AssertionError(
            f"poll() returned Accepted {_MOST_POLLS} times in a row; let the platform of the test "
            "publish the post, in its handlers or in advance()"
        )

    def test_publishing_gives_an_answer(self, channel: Channel) -> None:
        """Publishing an entry of any kind ends with a valid answer.

        A post that is first Accepted is polled. `poll` gets the most recent Accepted, and returns a
        Receipt, Accepted or HandOff.
        """
        for rendition in render_all(channel):
            message = (split_rendition(channel, rendition) or (rendition,))[0]
            self.publish(channel, message, key=new_key())

    def test_the_same_key_is_one_post(self, channel: Channel) -> None:
        """If the channel is idempotent, publishing twice with one key makes one post."""
        key = new_key()
        message = first_message(channel)
        first = publish_part(channel, message, key=key, after=None)
        again = first
        if channel.idempotent_for:
            again = publish_part(channel, message, key=key, after=None)

        assert first == again, (
            f"publishing with the same key twice returned {first}, then {again}; a channel with "
            "idempotent_for must return the same receipt"
        )
        posts = self.visible_posts(channel)
        assert posts in {1, None}, f"one key made {posts} posts; it must make one"

    def test_another_key_is_another_post(self, channel: Channel) -> None:
        """Publishing the same content with two different keys makes two posts."""
        message = first_message(channel)
        answers = [self.publish(channel, message, key=new_key()) for _ in range(2)]

        receipts = [answer.id for answer in answers if isinstance(answer, Receipt)]
        assert len(set(receipts)) == len(receipts), (
            f"two keys gave receipts with the same id {receipts}; each key is a post of its own"
        )
        posts = self.visible_posts(channel)
        assert posts in {2, None}, f"two keys made {posts} posts; they must make two"

    def test_parts_are_published_one_after_the_other(self, channel: Channel) -> None:
        """Each part makes its own post, and gets the receipt of the part before it or None.

        The first part gets None; so does a part if a person confirmed the part before.
        """
        if not isinstance(channel, Parts):
            return
        rendition = max(
            (*render_all(channel), *render_long(channel)), key=lambda one: len(channel.split(one))
        )
        parts = split_rendition(channel, rendition)
        after: Receipt | None = None
        receipts: list[str] = []
        for part in parts:
            answer = self.publish(channel, part, key=new_key(), after=after)
            after = answer if isinstance(answer, Receipt) else None
            receipts += [after.id] if after else []

        assert len(set(receipts)) == len(receipts), (
            f"the parts gave receipts with the same id: {receipts}; each part has a key of its own "
            "and is a post of its own"
        )
        posts = self.visible_posts(channel)
        assert posts in {len(parts), None}, f"{len(parts)} parts made {posts} posts"
        # A person may have confirmed the part before without a receipt.
        self.publish(channel, parts[-1], key=new_key())

    def test_find_tells_what_became_of_a_key(self, channel: Channel) -> None:
        """If the channel defines `find`, it returns a published post by its key, and else None.

        For a published key it returns the receipt. If `publish` returned Accepted, it returns
        Accepted or a receipt.
        """
        if not supports(channel, "find"):
            return
        key = new_key()
        message = first_message(channel)
        before = channel.find(message, key=key, since=LONG_AGO)
        answer = publish_part(channel, message, key=key, after=None)
        found = channel.find(message, key=key, since=LONG_AGO)
        other = channel.find(message, key=new_key(), since=LONG_AGO)

        assert before is None, (
            f"find() returned {kind_of(before)} for a key that was never published; it must "
            "return None"
        )
        self._is_that_post(found, answer)
        assert other is None, (
            f"find() returned {kind_of(other)} for another key with the same content; it must look "
            "for the key, not for the text"
        )

    def _is_that_post(self, found: object, answer: Answer) -> None:
        """Assert that *found* identifies the same post as *answer*, which `publish` returned."""
        if isinstance(answer, Accepted):
            assert isinstance(found, Accepted | Receipt), (
                f"find() returned {kind_of(found)} for a post that the platform accepted; it must "
                "return Accepted or a Receipt"
            )
        if isinstance(answer, Receipt):
            same = isinstance(found, Receipt) and found.id == answer.id
            assert same, f"find() returned {found} for a published key; publish() returned {answer}"

    def test_a_post_can_be_retracted_twice(self, channel: Channel) -> None:
        """If the channel defines `retract`, it deletes a post, and calling it again does nothing.

        For a post that never existed, it may also raise RejectedError.
        """
        if not supports(channel, "retract"):
            return
        published = self.publish(channel, first_message(channel), key=new_key())
        before = self.visible_posts(channel)
        if isinstance(published, Receipt):
            for time in ("first", "second"):
                outcome = raised_by(lambda: channel.retract(published))
                assert outcome is None, (
                    f"the {time} retract() of a post {told(outcome)}; it must delete the post, and "
                    "do nothing if it no longer exists"
                )
            after = self.visible_posts(channel) or 0
            assert before is None or after == before - 1, (
                f"there were {before} posts before retract() and {after} after it; it must delete "
                "the post of the receipt"
            )
        unknown = raised_by(lambda: channel.retract(Receipt("contract-no-such-post")))
        assert unknown is None or isinstance(unknown, RejectedError), (
            f"retract() {told(unknown)} for a receipt that the platform does not know; it must do "
            "nothing or raise RejectedError"
        )

    def test_pages_answer_visitors(self, channel: Channel) -> None:
        """A channel with public pages has a first page, and `page` returns None for unknown paths.

        This holds before and after a post is published.
        """
        if not isinstance(channel, Pages):
            return
        for message in (None, first_message(channel)):
            if message is not None:
                self.publish(channel, message, key=new_key())
            first = channel.page(PageRequest(""))
            assert isinstance(first, Page) and isinstance(first.body, bytes), (  # noqa: PT018 - one fault
                f"page(PageRequest('')) returned {kind_of(first)}; it must return the first Page, "
                "whose body is bytes"
            )
        self._unknown_pages(channel)

    def _unknown_pages(self, channel: Pages) -> None:
        """Assert that unknown pages and livestreams are not found."""
        for path in ("there/is/no/such/page", "../../etc/passwd", "早安", "%00", "x" * 5_000):
            page = raised_by(partial(channel.page, PageRequest(path)))
            assert page is None, (
                f"page() {told(page)} for a path that does not exist, {path[:40]!r}; it must "
                "return None"
            )
        link = raised_by(lambda: channel.livestream_page("no-such-livestream"))
        assert link is None or isinstance(link, str), (
            f"livestream_page() {told(link)}; it must return an address or None"
        )

    def test_channels_of_one_account_are_told_apart(
        self, channel: Channel, raw_settings: Mapping[str, Any], tmp_path: Path
    ) -> None:
        """Two channels with the same settings have the same account but separate posts.

        This holds if the channel defines `account`; without it, each channel has its own account.
        """
        second = TestHost(tmp_path / "second", name="second", refusals=channel.refusals)
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
        message = first_message(channel)
        # The first channel publishes again after the second: a token of one must not end the other.
        answers = [self.publish(one, message, key=new_key()) for one in (channel, other, channel)]
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
