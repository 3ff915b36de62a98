"""Strategies that draw calendar plans and entries for property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contentsvc.domain.calendars import CalendarHead, CalendarPlan, Community
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import parse_zone
from contentsvc.domain.weeks import IsoWeek, Weekday

__all__ = ["bodies", "characters", "entries", "plans", "shown"]

counts = st.none() | st.integers(0, 10_000)
quotas = st.builds(Quota, day=counts, month=counts)
spans = (
    st.tuples(st.times(), st.times())
    .map(lambda pair: [wall.replace(microsecond=0) for wall in pair])
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: QuietHours(*pair))
)
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True)
# Any character that a text may have: no control characters but tab and line ends, no half pairs.
characters = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("签到：\"'#-?&*!|> ")
lines = st.text(characters, min_size=1, max_size=12).filter(lambda text: text.strip() != "")
words = lines | st.sampled_from(["on", "null", "~", "1.0", "20:00", "- x", "a: b", "#x", "", " a "])
shown = words.filter(lambda text: text.strip() != "")
bodies = st.text(characters | st.sampled_from("\n\n\t\r"), max_size=60) | st.sampled_from(
    [
        "行尾两空格  \n下一行\n",
        "\n开头",
        "  缩进\n",
        "尾\n\n\n",
        "# 题\n\n- 一\n  - 二\n",
        "\n",
        " ",
        "a\r\nb",
    ]
)
times = st.times().map(lambda wall: wall.replace(microsecond=0))
addresses = st.sampled_from(["", "https://live.example.com/1?a=b#c", "http://例子.cn/直播"])
offsets = st.integers(-9999, 9999).map(lambda minutes: Notice.parse(f"{minutes:+d}m"))
versions = st.builds(Version, title=st.none() | shown, body=st.none() | bodies).filter(
    lambda version: version != Version()
)
posters = st.builds(
    PosterSpec,
    template=slugs,
    fields=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
        words | bodies | st.lists(shown, max_size=3).map(tuple),
        max_size=3,
    ),
)
pictures = st.builds(
    PictureRef,
    source=st.sampled_from(["a.png", "pictures/宝宝 1.jpg", "sha256:" + "0a" * 32, "on"]),
    alt=st.just("") | shown,
)
livestreams = st.builds(
    Livestream,
    host=st.just("") | shown,
    url=addresses,
    minutes=st.integers(1, 1440),
    points=st.lists(shown, max_size=3).map(tuple),
    replay_url=addresses,
    booking_url=addresses,
)
notice_versions = st.builds(
    NoticeVersion,
    title=st.none() | shown,
    body=st.none() | bodies,
    poster=posters.map(lambda poster: poster.fields),
)


@st.composite
def entries(draw: st.DrawFn, key: str, slots: list[str], channels: list[str]) -> EntryContent:
    """Draw an entry that fits its calendar."""
    kind = draw(st.sampled_from(EntryKind))
    slot = draw(st.sampled_from(slots)) if slots and bool(draw(st.booleans())) else None
    own = draw(st.none() | st.lists(slugs, unique=True, max_size=3).map(tuple))
    places = channels if own is None else list(own)
    chosen = draw(st.lists(st.sampled_from(places), unique=True)) if places else []
    live = kind is EntryKind.LIVESTREAM
    none: SearchStrategy[None] = st.none()
    chain = tuple(sorted(draw(st.sets(offsets, max_size=5)))) if live else ()
    poster = draw(posters if kind is EntryKind.POSTER else none | posters)
    own_words = {str(one): draw(notice_versions) for one in chain if draw(st.booleans())}
    if poster is None:
        own_words = {at: replace(version, poster={}) for at, version in own_words.items()}
    return EntryContent(
        key=key,
        day=draw(st.sampled_from(Weekday)),
        kind=kind,
        title=draw(shown),
        slot=slot,
        time=None if slot is not None else draw(times),
        element=draw(none | st.sampled_from(Element)),
        body=draw(bodies),
        versions={name: draw(versions) for name in chosen},
        channels=own,
        livestream=draw(livestreams) if live else None,
        notices=chain,
        notice_versions={
            at: version for at, version in own_words.items() if version != NoticeVersion()
        },
        poster=poster if kind is not EntryKind.POST else None,
        pictures=tuple(draw(st.lists(pictures, max_size=3))),
        status=draw(st.sampled_from(EntryStatus)),
    )


@st.composite
def plans(draw: st.DrawFn) -> CalendarPlan:
    """Draw any plan that a calendar file can contain."""
    slots = draw(st.dictionaries(shown, times, max_size=3))
    channels = draw(st.lists(slugs, unique=True, max_size=3))
    keys = draw(st.lists(slugs, unique=True, max_size=3))
    head = CalendarHead(
        slug=draw(slugs),
        name=draw(shown),
        zone=parse_zone(draw(st.sampled_from(["Asia/Shanghai", "UTC", "Europe/Berlin"]))),
        community=Community(
            draw(st.sampled_from(CommunityKind)),
            draw(st.integers(1, 2)),
            tuple(draw(st.lists(shown, unique=True, max_size=3))),
            draw(st.none() | slugs),
        ),
        slots=slots,
        channels=tuple(channels),
        quiet=draw(st.none() | spans),
        quotas=draw(st.dictionaries(slugs, quotas, max_size=2)),
    )
    return CalendarPlan(
        head=head,
        week=draw(st.none() | st.builds(IsoWeek, st.integers(2000, 2100), st.integers(1, 52))),
        entries=tuple(draw(entries(key, list(slots), channels)) for key in keys),
    )
