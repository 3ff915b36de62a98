"""Public pages of livestreams, and the links of their notices."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select, update

from contentsvc.channels import PublicLivestream, Receipt
from contentsvc.db.mapping import content_of
from contentsvc.db.models import ChannelRow, Delivery, Entry, LivestreamPage
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus, Livestream, PosterSpec
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import InputError
from contentsvc.services import entries, planning, retracting
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.channel_setup.public_pages import public_page
from contentsvc.services.deliveries import Resolution, resolve_delivery
from contentsvc.services.public_livestreams import PublicLivestreams
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.services.runtime import Runtime
from tests.factories import (
    NOW,
    SHANGHAI,
    USEFULNESS,
    WEEK,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
    make_runtime,
)

S = DeliveryStatus
LIVE: Mapping[str, Any] = {
    "key": "thu-live",
    "kind": EntryKind.LIVESTREAM,
    "day": Weekday.THU,
    "title": "冬季护肤直播课",
    "livestream": Livestream(
        host="林晓 医生", url="https://live.example/1", replay_url="https://live.example/1/r"
    ),
    "poster": PosterSpec("live-notice", {"title1": "冬季护肤"}),
}


@pytest.fixture
def public(database: Database, tmp_path: Path) -> Runtime:
    """Return a runtime with a public address and the channel `site`."""
    runtime = make_runtime(database, tmp_path, PUBLIC_URL="https://content.example")
    make_channel(runtime)
    return runtime


def known(runtime: Runtime, entry: Entry) -> PublicLivestream | None:
    with runtime.database.read() as session:
        channel = session.scalars(select(ChannelRow)).first()
    assert channel is not None
    pages = PublicLivestreams(runtime.database, runtime.storage, channel.id, runtime.clock)
    return pages.find(entry.code)


def change(runtime: Runtime, entry: Entry, *, approved: bool = True, **said: Any) -> None:
    with runtime.database.write() as session:
        row = session.get_one(Entry, entry.id)
        content = replace(content_of(row), **said)
        row = entries.change_entry(
            session, row.id, row.rev, content, by="mei", now=NOW, usefulness=USEFULNESS
        )
        if approved and row.status is not EntryStatus.APPROVED:
            planning.approve(session, row, by="lan", now=NOW, usefulness=USEFULNESS)


def test_a_draft_has_no_page(public: Runtime) -> None:
    """A livestream has a page from its first approval on, without unapproved changes."""
    entry = make_entry(public, make_calendar(public), approved=False, **LIVE)
    assert known(public, entry) is None

    with public.database.write() as session:
        row = session.get_one(Entry, entry.id)
        planning.approve(session, row, by="lan", now=NOW, usefulness=USEFULNESS)
    change(public, entry, approved=False, title="还没通过的题目")

    live = known(public, entry)
    assert live is not None
    assert (live.title, live.sequence, live.zone) == ("冬季护肤直播课", 0, SHANGHAI)


def test_the_sequence_counts_changed_facts(public: Runtime) -> None:
    """A changed time, title or status counts up the sequence; a changed text or poster does not."""
    entry = make_entry(public, make_calendar(public), **LIVE)
    change(public, entry, body="别的正文")
    first = known(public, entry)
    change(public, entry, title="新题目")
    second = known(public, entry)
    change(public, entry, slot=None, time=time(21))
    third = known(public, entry)
    with public.database.write() as session:
        row = session.get_one(Entry, entry.id)
        entries.cancel_entry(session, row.id, row.rev, by="mei", now=NOW, usefulness=USEFULNESS)
    last = known(public, entry)

    found = [live for live in (first, second, third, last) if live is not None]
    assert [live.sequence for live in found] == [0, 1, 2, 3]
    assert [live.is_cancelled for live in found] == [False, False, False, True]
    assert {live.code for live in found} == {entry.code}


def test_a_move_over_weeks_keeps_the_code(public: Runtime) -> None:
    """After a move to another week the same address shows the new time and the old one."""
    entry = make_entry(public, make_calendar(public), **LIVE)
    with public.database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.notice == "-24h").values(status=S.PUBLISHED)
        )
    with public.database.write() as session:
        row = session.get_one(Entry, entry.id)
        entries.move_entry(
            session,
            row.id,
            row.rev,
            week=WEEK.plus(1),
            day=Weekday.MON,
            slot="晚间",
            time=None,
            by="mei",
            now=NOW,
            usefulness=USEFULNESS,
        )

    live = known(public, entry)

    assert live is not None
    assert live.starts_at - entry.starts_at == timedelta(days=4)
    assert live.moved_from == entry.starts_at


def test_notices_and_their_qr_lead_to_the_page(public: Runtime) -> None:
    """Notices and their QR codes link to the page, then the livestream, then the replay."""
    calendar = make_calendar(public)
    entry = make_entry(public, calendar, **LIVE)
    page = f"https://content.example/site/live/{entry.code}"

    previews = Renderer(public).preview(calendar, WEEK, content_of(entry), code=entry.code)

    links = []
    for preview in previews:
        assert preview.rendition is not None
        (poster,) = preview.rendition.pictures
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(poster.content)))
        assert code.text in preview.rendition.text
        links.append(code.text)
    assert links == [page] * 3 + ["https://live.example/1", "https://live.example/1/r"]


def test_without_an_address_readers_reach_there_is_no_page(runtime: Runtime) -> None:
    """Without a public address of the service, notices do not link to the page."""
    make_channel(runtime)
    calendar = make_calendar(runtime)

    previews = Renderer(runtime).preview(calendar, WEEK, make_content(**LIVE))

    assert previews[0].rendition is not None
    assert "https://live.example/1" in previews[0].rendition.text


def test_the_page_shows_the_poster_of_the_present_facts(public: Runtime) -> None:
    """The page shows no poster with outdated facts, and the new poster once it is painted."""
    entry = make_entry(public, make_calendar(public), **LIVE)
    renderer = Renderer(public)

    def poster() -> int | None:
        with public.database.read() as session:
            path = f"live/{entry.code}/poster"
            page = public_page(public, session, path, language="zh")
        return None if page is None else len(page.body)

    def render() -> None:
        with public.database.read() as session:
            rows = list(session.scalars(select(Delivery.id).where(Delivery.status == S.PLANNED)))
        renderer.render_planned(rows)

    assert poster() is None
    render()
    first = poster()
    change(public, entry, slot=None, time=time(21, 30))
    between = poster()
    render()

    assert first is not None
    assert between is None
    assert poster() not in {None, first}


def test_a_delivery_stores_its_facts(public: Runtime) -> None:
    """A delivery stores the facts and the link of its rendition."""
    entry = make_entry(public, make_calendar(public), **LIVE)
    with public.database.read() as session:
        first = session.scalars(select(Delivery).where(Delivery.notice == "-24h")).one()

    Renderer(public).render_planned([first.id])

    with public.database.read() as session:
        facts = session.get_one(Delivery, first.id).facts
    assert facts is not None
    assert facts["starts_at"] == entry.starts_at.isoformat()
    assert facts["link"] == f"https://content.example/site/live/{entry.code}"


def test_a_delivery_in_doubt_is_not_sent_again_with_outdated_facts(public: Runtime) -> None:
    """Sending a delivery in doubt again with outdated facts is refused."""
    entry = make_entry(public, make_calendar(public), **LIVE)
    with public.database.read() as session:
        first = session.scalars(select(Delivery).where(Delivery.notice == "-24h")).one()
    Renderer(public).render_planned([first.id])
    with public.database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.id == first.id).values(status=S.UNKNOWN, in_doubt=True)
        )
    change(public, entry, slot=None, time=time(21))

    with public.database.write() as session, pytest.raises(InputError, match="changed since"):
        resolve_delivery(
            session, first.id, Resolution.SEND_AGAIN, by="mei", now=NOW, usefulness=USEFULNESS
        )


def test_a_notice_is_taken_back(public: Runtime) -> None:
    """A notice is taken back once, if its channel can do that."""
    make_channel(public, "other", "scripted")
    entry = make_entry(public, make_calendar(public, "site", "other"), **LIVE)
    with public.database.read() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.notice == "-24h")))
    Renderer(public).render_planned([row.id for row in rows])
    site, other = rows
    with public.database.read() as session:
        channel = open_channel(public, session.get_one(ChannelRow, site.channel_id))
        rendition = Renderer(public).load(
            session, session.get_one(Delivery, site.id).rendition_hash or ""
        )
    receipt = channel.publish(rendition, key=site.key)
    assert isinstance(receipt, Receipt)
    with public.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_([site.id, other.id]))
            .values(status=S.PUBLISHED, published_at=NOW, receipt={"id": receipt.id, "url": None})
        )
    assert len(channel.host.store.newest()) == 1
    _block_retraction(public, site.id)

    take_back(public, site.id, by="mei")

    assert channel.host.store.newest() == []
    with public.database.read() as session:
        again = session.get_one(Delivery, site.id)
        assert again.retracted_at == NOW
        assert not can_take_back(public, again)
        assert session.get(LivestreamPage, entry.id) is not None
    for delivery in (site, other):
        with pytest.raises(InputError, match="cannot retract this post"):
            take_back(public, delivery.id, by="mei")


def _block_retraction(runtime: Runtime, delivery_id: int) -> None:
    """Let the plugin block when a person retracts; check that the person is told."""
    go_on = threading.Event()
    kind = runtime.registry.channel_type("site")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(retracting, "_SECONDS", 0.02)
        patched.setattr(kind, "retract", lambda *_: go_on.wait(60))
        with pytest.raises(InputError, match="did not respond within"):
            take_back(runtime, delivery_id, by="mei")
    go_on.set()


def test_a_blocking_warning_fails_the_delivery(public: Runtime) -> None:
    """A title that its poster cannot show fails the delivery, however the entry was approved."""
    spec = PosterSpec("live-notice", {"title1": "很长的标题" * 12})
    make_entry(public, make_calendar(public), **{**LIVE, "poster": spec})
    with public.database.read() as session:
        ids = list(session.scalars(select(Delivery.id)))

    assert Renderer(public).render_planned(ids) == 0

    with public.database.read() as session:
        rows = list(session.scalars(select(Delivery)))
    assert {row.status for row in rows} == {S.FAILED}
    assert "smallest size" in str(rows[0].error)
