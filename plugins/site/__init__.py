"""A plugin that publishes posts on public pages of this service, with feeds. No account needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contentsvc.channels import (
    Channel,
    ChannelEntry,
    ChannelSettings,
    Document,
    Field,
    Page,
    PageRequest,
    Pages,
    Picture,
    Receipt,
    RenderContext,
    RenderError,
    Rendition,
    format_moment,
    hookimpl,
)

from .feeds import SiteInfo, atom, json_feed
from .ics import calendar_of
from .live import LivePage
from .phrases import PHRASES, language_of
from .posts import Post, post_id, post_record, summary_of

__version__ = "1.0"
api_version = 1

_ON_A_PAGE = 20
_IN_A_FEED = 30
#: Most livestreams in the calendar file.
_IN_THE_CALENDAR = 200
#: Page numbers that exist; larger ones are not looked up.
_PAGE = re.compile(r"[1-9]\d{0,5}")
_LIVE = re.compile(r"live/([0-9a-f]{8,16})(?:/(livestream\.ics|poster))?")
_POST = re.compile(r"posts/([0-9a-f]{16})(?:/([^/]+))?")
#: Most bytes of a card (link preview picture); chats do not wait for larger pictures.
_MOST_CARD_BYTES = 300_000
_CALENDAR = "text/calendar; charset=utf-8"
_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})


class SiteSettings(ChannelSettings):
    """The site's title, description, language and author."""

    title: str = Field(
        default="社群周历",
        min_length=1,
        max_length=100,
        title="Title",
        description="Stands above every page and in feed readers.",
        json_schema_extra={
            "zh": {"title": "站点标题", "description": "显示在每个页面顶部和阅读器里。"}
        },
    )
    description: str = Field(
        default="",
        max_length=300,
        title="Description",
        description="One sentence below the title.",
        json_schema_extra={"zh": {"title": "站点简介", "description": "标题下面的一句话。"}},
    )
    language: Literal["zh-CN", "en"] = Field(
        default="zh-CN",
        title="Language",
        description="The language of the pages' own texts.",
        json_schema_extra={
            "zh": {
                "title": "语言",
                "description": "页面文字的语言。",
                "choices": {"zh-CN": "简体中文", "en": "English"},
            },
            "choices": {"zh-CN": "简体中文", "en": "English"},
        },
    )
    author: str = Field(
        default="",
        max_length=100,
        title="Author",
        description="Named in feeds; empty for the title.",
        json_schema_extra={
            "zh": {"title": "作者", "description": "在订阅源里署名；留空则用站点标题。"}
        },
    )


class Site(Pages, Channel[SiteSettings]):
    """A channel that shows each post on a public page of this service and in its feeds."""

    type = "site"
    label: ClassVar[Mapping[str, str]] = {"zh": "公开页面", "en": "Public site"}
    idempotent_for = timedelta.max

    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Return the post as a rendition. A post without pictures gets one for link previews."""
        post = super().render_post(entry, context)
        card = None if post.pictures else self._card(post, entry, context)
        if card is None:
            return post
        return replace(post, pictures=(card,), data={**post.data, "card": card.name})

    def _card(self, post: Rendition, entry: ChannelEntry, context: RenderContext) -> Picture | None:
        """Return a picture for link previews of the post in chats, or None if it cannot be made."""
        fields = {
            "title": post.title,
            "summary": summary_of(post.text.removeprefix(post.title)),
            "site": self.settings.title,
            "date": format_moment(context.local(entry.due_at), context.language),
        }
        try:
            return context.card("link-card", fields, max_bytes=_MOST_CARD_BYTES)
        except RenderError:
            # The post is complete without a card.
            return None

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Store the post, which makes it public. A repeated *key* makes no second post."""
        return self._receipt(
            self.host.store.put(post_id(key), post_record(rendition, key), rendition.pictures)
        )

    def find(
        self,
        rendition: Rendition,  # noqa: ARG002 - the key alone names the post
        *,
        key: str,
        since: datetime,  # noqa: ARG002 - a key is used once, whenever that was
    ) -> Receipt | None:
        """Return the receipt of the post published with *key*, or None if there is no such post."""
        document = self.host.store.get(post_id(key))
        return None if document is None else self._receipt(document)

    def retract(self, receipt: Receipt) -> None:
        """Delete a post from the site and its feeds. Do nothing if it does not exist."""
        self.host.store.delete(receipt.id)

    def _receipt(self, document: Document) -> Receipt:
        url = f"{self.host.pages_url}/posts/{document.key}"
        return Receipt(document.key, url, document.created_at)

    def page(self, request: PageRequest) -> Page | None:
        """Return the requested page, picture, style sheet, feed or calendar file, or None."""
        fixed: dict[str, Callable[[], Page | None]] = {
            "": lambda: self._index(request.query.get("page", "1")),
            "style.css": lambda: Page(_style(), "text/css; charset=utf-8"),
            "feed.atom": lambda: self._feed(atom, "application/atom+xml"),
            "feed.json": lambda: self._feed(json_feed, "application/feed+json"),
            "livestreams.ics": self._calendar,
        }
        if request.path in fixed:
            return fixed[request.path]()
        if live := _LIVE.fullmatch(request.path):
            return self._live(live[1], live[2] or "", request.at)
        found = _POST.fullmatch(request.path)
        if found is None:
            return None
        return self._picture(found[1], found[2]) if found[2] else self._post(found[1])

    def livestream_page(self, code: str) -> str:
        """Return the address of the page about the livestream *code*."""
        return f"{self.host.pages_url}/live/{code}"

    def _live(self, code: str, part: str, now: datetime) -> Page | None:
        """Return the page, calendar file or poster of the livestream *code*, or None if missing.

        *part* names the file; it is empty for the page. *now* is in UTC.
        """
        live = self.host.livestreams.find(code)
        if live is None:
            return None
        if part == "livestream.ics":
            method = "CANCEL" if live.is_cancelled else "PUBLISH"
            body = calendar_of(self._info(), [live], method=method)
            return Page(body, _CALENDAR, modified_at=live.changed_at)
        poster = self.host.livestreams.poster(code)
        if poster is not None and poster.media_type not in _PICTURES:
            poster = None
        if part:
            return Page(poster.content, poster.media_type) if poster else None
        page = LivePage.of(self._info(), live, now, poster)
        # The page depends on the time of the request, so it has no time of its last change.
        return Page(self._rendered("live.html", page=page), "text/html; charset=utf-8")

    def _calendar(self) -> Page:
        livestreams = self.host.livestreams.announced(_IN_THE_CALENDAR)
        changed = [live.changed_at for live in livestreams if live.changed_at]
        body = calendar_of(self._info(), livestreams)
        return Page(body, _CALENDAR, modified_at=max(changed, default=None))

    def _feed(self, write: Callable[[SiteInfo, list[Post]], bytes], media_type: str) -> Page:
        posts = self._posts(_IN_A_FEED)
        return _page(write(self._info(), posts), media_type, posts)

    def _index(self, page: str) -> Page | None:
        if not _PAGE.fullmatch(page):
            return None
        number = int(page)
        posts = self._posts(_ON_A_PAGE + 1, (number - 1) * _ON_A_PAGE)
        if number > 1 and not posts:
            return None
        older = number + 1 if len(posts) > _ON_A_PAGE else 0
        return self._html(
            "index.html",
            posts[:_ON_A_PAGE],
            newer=number - 1,
            older=older,
        )

    def _post(self, key: str) -> Page | None:
        document = self.host.store.get(key)
        if document is None:
            return None
        post = Post.of(document, self.host.pages_url)
        return self._html("post.html", [post])

    def _picture(self, key: str, name: str) -> Page | None:
        document, picture = self.host.store.get(key), self.host.store.picture(key, name)
        if document is None or picture is None or picture.media_type not in _PICTURES:
            return None
        return Page(picture.content, picture.media_type, modified_at=document.created_at)

    def _posts(self, limit: int, offset: int = 0) -> list[Post]:
        documents = self.host.store.newest(limit, offset)
        return [Post.of(document, self.host.pages_url) for document in documents]

    def _info(self) -> SiteInfo:
        settings = self.settings
        return SiteInfo(
            title=settings.title,
            description=settings.description,
            language=settings.language,
            author=settings.author or settings.title,
            url=self.host.pages_url,
            root=urlsplit(self.host.pages_url).path,
        )

    def _html(self, template: str, posts: list[Post], **values: int) -> Page:
        html = self._rendered(template, posts=posts, **values)
        return _page(html, "text/html; charset=utf-8", posts)

    def _rendered(self, template: str, **values: object) -> bytes:
        words = PHRASES.texts[language_of(self.settings.language)]
        text = _templates().get_template(template)
        return text.render(site=self._info(), words=words, **values).encode()


def _page(body: bytes, media_type: str, posts: list[Post]) -> Page:
    newest = max((post.published_at for post in posts), default=None)
    return Page(body, media_type, modified_at=newest)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> bytes:
    return (Path(__file__).parent / "templates" / "style.css").read_bytes()


@hookimpl
def register_poster_templates() -> list[Path]:
    """Return the folder with the poster template for pictures in link previews."""
    return [Path(__file__).parent / "posters"]


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the plugin's only channel type, Site."""
    return [Site]
