"""Tools for testing a channel plugin: in-memory storage and a fake platform on this machine."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from PIL import Image

from contentsvc.channels.channel import Channel, Document
from contentsvc.channels.content import ChannelEntry, Picture, RenderContext, Rendition
from contentsvc.channels.fake_platform import FakePlatform, FakeTokens, ReceivedRequest
from contentsvc.channels.fake_responses import Chaos, FakeResponse
from contentsvc.channels.finished import FinishedDelivery
from contentsvc.channels.http import HttpClient
from contentsvc.channels.livestream_facts import PublicLivestream
from contentsvc.channels.registry import load_plugin
from contentsvc.channels.rendering import render_entry
from contentsvc.channels.settings import parse_settings
from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.domain.notices import DEFAULT_CHAIN, Notice

__all__ = [
    "Chaos",
    "FakePlatform",
    "FakeResponse",
    "FakeTokens",
    "MemoryLivestreams",
    "MemoryStore",
    "ReceivedRequest",
    "TestHost",
    "load_plugin",
    "parse_settings",
    "render",
    "sample_context",
    "sample_entry",
    "sample_finished_delivery",
    "sample_picture",
]

_STARTS = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class MemoryStore:
    """In-memory storage that behaves like the service's storage for a channel's documents."""

    def __init__(self) -> None:
        """Create an empty store. Its clock advances by one second with each stored document."""
        self._now = _STARTS
        self._documents: dict[str, Document] = {}
        self._pictures: dict[tuple[str, str], Picture] = {}

    def put(self, key: str, body: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> Document:
        """Store a document and return it. If *key* exists, return the stored document unchanged."""
        if key not in self._documents:
            self._now += timedelta(seconds=1)
            self._documents[key] = Document(key, dict(body), self._now, self._now)
            self._pictures.update({(key, picture.name): picture for picture in pictures})
        return self._documents[key]

    def get(self, key: str) -> Document | None:
        """Return the document stored under *key*, or None if there is none."""
        return self._documents.get(key)

    def newest(self, limit: int = 50, offset: int = 0) -> list[Document]:
        """Return at most *limit* documents, newest first, after skipping the *offset* newest."""
        return list(reversed(self._documents.values()))[offset : offset + limit]

    def delete(self, key: str) -> bool:
        """Delete the document *key* and its pictures. Return False if it did not exist."""
        return self._documents.pop(key, None) is not None

    def picture(self, key: str, name: str) -> Picture | None:
        """Return the picture *name* of the document *key*, or None if it does not exist."""
        return self._pictures.get((key, name)) if key in self._documents else None


class MemoryLivestreams:
    """In-memory livestreams for testing a channel. Each counts as announced on the channel."""

    def __init__(self) -> None:
        """Create a collection without livestreams."""
        self._known: dict[str, PublicLivestream] = {}
        self._posters: dict[str, Picture] = {}

    def put(self, livestream: PublicLivestream, poster: Picture | None = None) -> None:
        """Add a livestream, or replace the livestream with the same code."""
        self._known[livestream.code] = livestream
        if poster is not None:
            self._posters[livestream.code] = poster

    def find(self, code: str) -> PublicLivestream | None:
        """Return the livestream *code*, or None if there is none."""
        return self._known.get(code)

    def announced(self, limit: int = 200) -> list[PublicLivestream]:
        """Return at most *limit* livestreams, latest start first."""
        ordered = sorted(self._known.values(), key=lambda live: live.starts_at, reverse=True)
        return ordered[:limit]

    def poster(self, code: str) -> Picture | None:
        """Return the poster of the livestream *code*, or None if it has none."""
        return self._posters.get(code)


class _NoNetwork(HttpClient):
    def request(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("rendering reached for the network; only publishing may")


class TestHost:
    """A Host for testing a channel, with an HTTP client, in-memory storage and addresses."""

    #: Prevents pytest from collecting the class as a test.
    __test__ = False

    public_url = "https://content.example"

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "test",
        seconds: float = 5.0,
        refusals: frozenset[int] = frozenset(),
    ) -> None:
        """Create a host with *folder* and an empty store. Its HTTP calls time out after *seconds*.

        *refusals* are those of the channel's class.
        """
        self.name = name
        self.folder = folder
        self.store = MemoryStore()
        self.livestreams = MemoryLivestreams()
        self.http = HttpClient(seconds, refusals=refusals)

    @property
    def pages_url(self) -> str:
        """The address of this channel's public pages, without a trailing slash."""
        return f"{self.public_url}/{self.name}"

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Make every network call raise AssertionError inside the `with` block."""
        client, self.http = self.http, _NoNetwork()
        try:
            yield
        finally:
            self.http = client


def sample_picture(name: str = "1.png", width: int = 30, height: int = 40) -> Picture:
    """Return a PNG picture of the given size in pixels, filled with one colour."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), "#d8e8e0").save(content, "PNG")
    return Picture(name, "image/png", width, height, content.getvalue(), alt="示例图片")


def sample_entry(kind: EntryKind = EntryKind.POST, **changes: Any) -> ChannelEntry:
    """Return a typical entry of *kind*. Each keyword in *changes* replaces an attribute."""
    live = kind is EntryKind.LIVESTREAM
    entry = ChannelEntry(
        kind=kind,
        title="宝宝冬季护肤医生直播课" if live else "早安签到",
        body="今天**签到**的妈妈可以领取：\n\n- 试用装一份\n- 护肤手册\n\n[报名](https://shop.example/join)",
        due_at=_STARTS,
        starts_at=_STARTS,
        ref="baby-benefits/2026-W48/thu-live" if live else "baby-benefits/2026-W48/mon-check-in",
        element="livestream" if live else "check-in",
        livestream=Livestream(
            host="林晓 医生",
            url="https://live.example/42",
            points=("湿疹怎么分型", "面霜怎么选"),
            replay_url="https://live.example/42/replay",
        )
        if live
        else None,
        has_poster=kind is EntryKind.POSTER,
    )
    return replace(entry, **changes)


def sample_finished_delivery(folder: Path, **changes: Any) -> FinishedDelivery:
    """Return a sample of a published delivery. Each keyword in *changes* replaces an attribute.

    *folder* is the folder in which the plugin may write.
    """
    delivery = FinishedDelivery(
        id=1,
        key="0b8e6b6c-6f0e-4a52-a5a7-2b9f6d3f7c11",
        status="published",
        channel="there",
        channel_type="sample",
        calendar="baby-benefits",
        zone=ZoneInfo("Asia/Shanghai"),
        ref="baby-benefits/2026-W48/mon-check-in",
        kind=EntryKind.POST,
        title="早安签到",
        notice="",
        due_at=_STARTS,
        finished_at=_STARTS + timedelta(seconds=1),
        url="https://there.example/1",
        message="",
        folder=folder,
    )
    return replace(delivery, **changes)


def sample_context(**changes: Any) -> RenderContext:
    """Return a render context in Chinese and Shanghai time. Its pictures are one-colour PNGs."""

    def make_poster(size: str, most_bytes: int | None, media_type: str) -> Picture:  # noqa: ARG001
        width, height = (int(side) * 10 for side in size.split("x"))
        return sample_picture("poster.png", width, height)

    def make_card(*_asked: object) -> Picture:
        return sample_picture("card.png", 1200, 630)

    context = RenderContext(
        channel="test",
        zone=ZoneInfo("Asia/Shanghai"),
        language="zh",
        public_url=TestHost.public_url,
        make_poster=make_poster,
        make_card=make_card,
    )
    return replace(context, **changes)


def render(
    channel: Channel,
    entry: ChannelEntry,
    context: RenderContext | None = None,
    *,
    notice: Notice | None = None,
) -> Rendition:
    """Render *entry* with *channel*, as the service does, and return the finished rendition.

    *context* defaults to `sample_context()`, and *notice* to the first notice of a livestream.
    """
    if notice is None and entry.kind is EntryKind.LIVESTREAM:
        notice = DEFAULT_CHAIN[0]
    return render_entry(channel, entry, notice, context or sample_context())
