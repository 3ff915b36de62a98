"""Renditions: made ahead by the real plugins, stored by hash, and sent as previewed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from contentsvc.channels import WarningLevel
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery, Entry, RenditionRow
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, Livestream, PictureRef, PosterSpec, Version
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services.entries import change_entry
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from contentsvc.services.uploads import UploadedPicture, store_uploads
from tests.factories import (
    NOW,
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
    "kind": EntryKind.LIVESTREAM,
    "day": Weekday.THU,
    "key": "thu-live",
    "title": "宝宝冬季护肤医生直播课",
    "livestream": Livestream(
        host="林晓 医生", url="https://live.example.com/1", points=("先看懂 3 个信号",)
    ),
    "poster": PosterSpec("live-notice", {"title1": "宝宝冬季护肤", "title2": "医生直播课"}),
}


@pytest.fixture
def site(runtime: Runtime) -> Runtime:
    """Return a runtime with the channel `site`."""
    make_channel(runtime)
    return runtime


def one_delivery(runtime: Runtime, entry: Entry) -> Delivery:
    """Return an entry's only delivery."""
    with runtime.database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.entry_id == entry.id)).one()


def picture(width: int = 40, height: int = 30) -> bytes:
    """Return a small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#FF5F57").save(out, "PNG")
    return out.getvalue()


def test_what_is_previewed_is_what_goes_out(site: Runtime) -> None:
    """A delivery has the same rendition as the preview."""
    calendar = make_calendar(site)
    entry = make_entry(site, calendar)
    renderer = Renderer(site)
    (preview,) = renderer.preview(calendar, WEEK, content_of(entry))

    renderer.render_planned([one_delivery(site, entry).id])

    delivery = one_delivery(site, entry)
    assert delivery.status is S.SCHEDULED
    assert delivery.rendition_hash == preview.rendition_hash
    assert preview.rendition is not None
    assert "湿疹反复" in preview.rendition.text
    assert "<strong>" in preview.rendition.html


def test_a_kept_rendition_comes_back_whole(site: Runtime) -> None:
    """A stored rendition is loaded with its text, data and pictures unchanged."""
    calendar = make_calendar(site)
    renderer = Renderer(site)
    previews = renderer.preview(calendar, WEEK, make_content(**LIVE))
    for preview in previews:
        with site.database.read() as session:
            assert preview.rendition_hash is not None

            assert renderer.load(session, preview.rendition_hash) == preview.rendition


def test_each_notice_has_its_own_words_and_poster(site: Runtime) -> None:
    """Every notice has its own text, and the QR code of its poster leads to the livestream."""
    previews = Renderer(site).preview(make_calendar(site), WEEK, make_content(**LIVE))

    assert [preview.state for preview in previews] == ["tomorrow", "soon", "soon", "now", "replay"]
    texts = [preview.rendition.text for preview in previews if preview.rendition]
    assert len(set(texts)) == 5
    poster = previews[0].rendition.pictures[0] if previews[0].rendition else None
    assert poster is not None
    image = Image.open(io.BytesIO(poster.content))
    assert (image.format, image.size) == ("PNG", (1080, 1920))
    assert zxingcpp.read_barcodes(image)[0].text == "https://live.example.com/1"


def test_the_same_rendition_is_kept_once(site: Runtime) -> None:
    """Rendering the same content again stores no second rendition."""
    calendar = make_calendar(site)
    for _ in range(2):
        Renderer(site).preview(calendar, WEEK, make_content())

    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(RenditionRow)) == 1


def test_a_version_changes_one_channel_alone(site: Runtime) -> None:
    """A version for one channel does not change the text on another."""
    make_channel(site, "other", "scripted")
    content = make_content(versions={"other": Version(body="给群里的话")})

    previews = Renderer(site).preview(make_calendar(site, "site", "other"), WEEK, content)

    texts = {preview.channel: preview.rendition.text for preview in previews if preview.rendition}
    assert "给群里的话" in texts["other"]
    assert "湿疹" not in texts["other"]
    assert "湿疹" in texts["site"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": EntryKind.POSTER, "poster": PosterSpec("no-such")}, "poster.template"),
        ({"kind": EntryKind.POSTER, "poster": PosterSpec("flash-sale")}, "poster.product"),
        ({"pictures": (PictureRef("pictures/none.png"),)}, "pictures"),
        ({"pictures": (PictureRef("../../etc/passwd"),)}, "pictures"),
        ({"pictures": (PictureRef("sha256:" + "0" * 64),)}, "pictures"),
    ],
)
def test_what_cannot_be_rendered_is_told_beside_its_field(
    site: Runtime, said: dict[str, Any], field: str
) -> None:
    """A preview that cannot be rendered has a blocking warning beside the field."""
    (preview,) = Renderer(site).preview(make_calendar(site), WEEK, make_content(**said))

    assert preview.rendition is None
    assert [(item.level, item.field) for item in preview.warnings] == [(WarningLevel.BLOCK, field)]


def test_a_cut_required_field_blocks(site: Runtime) -> None:
    """A required field whose text was cut blocks; the warning names the lost text."""
    spec = PosterSpec("live-notice", {"title1": "宝宝冬季护肤" * 20, "title2": "医生直播课"})
    content = make_content(**{**LIVE, "poster": spec})

    preview = Renderer(site).preview(make_calendar(site), WEEK, content)[0]

    assert (WarningLevel.BLOCK, "poster.title1") in {
        (item.level, item.field) for item in preview.warnings
    }


def test_a_delivery_that_cannot_be_rendered_fails_with_the_reason(site: Runtime) -> None:
    """A delivery that cannot be rendered fails with the reason."""
    entry = make_entry(site, make_calendar(site), kind=EntryKind.POSTER, poster=PosterSpec("none"))
    delivery = one_delivery(site, entry)

    assert Renderer(site).render_planned([delivery.id]) == 0

    assert one_delivery(site, entry).status is S.FAILED
    assert "'none'" in str(one_delivery(site, entry).error)


def test_a_delivery_whose_plugin_is_gone_waits(site: Runtime) -> None:
    """A delivery whose plugin is missing stays planned, with the reason."""
    make_channel(site, "gone", "not_installed")
    entry = make_entry(site, make_calendar(site, "gone"))

    Renderer(site).render_planned([one_delivery(site, entry).id])

    delivery = one_delivery(site, entry)
    assert delivery.status is S.PLANNED
    assert "not_installed" in str(delivery.error)


def test_an_edit_while_rendering_is_rendered_anew(
    site: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an entry is edited while it is rendered, the old rendition is not scheduled."""
    entry = make_entry(site, make_calendar(site))
    renderer = Renderer(site)
    render = renderer._render

    def edited_meanwhile(*given):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN202
        rendition = render(*given)
        with site.database.write() as session:
            change_entry(
                session,
                entry.id,
                entry.rev,
                make_content(title="改过的标题"),
                by="lan",
                now=NOW,
                usefulness=USEFULNESS,
                review_on_edit=False,
            )
        return rendition

    monkeypatch.setattr(renderer, "_render", edited_meanwhile)
    assert renderer.render_planned([one_delivery(site, entry).id]) == 0
    assert one_delivery(site, entry).status is S.PLANNED

    Renderer(site).render_planned([one_delivery(site, entry).id])

    with site.database.read() as session:
        digest = one_delivery(site, entry).rendition_hash
        assert renderer.load(session, digest or "").title == "改过的标题"


def test_an_upload_is_cleaned_and_shown(site: Runtime) -> None:
    """An upload is stored once, cleaned, with its size."""
    files = [UploadedPicture("a.png", picture()), UploadedPicture("b.png", picture())]
    first, again = store_uploads(site.database, site.storage, files, now=NOW)
    content = make_content(pictures=(PictureRef(first, alt="奶瓶"),))

    (preview,) = Renderer(site).preview(make_calendar(site), WEEK, content)

    assert again == first
    assert preview.rendition is not None
    shown = preview.rendition.pictures[0]
    assert (shown.width, shown.height, shown.alt) == (40, 30, "奶瓶")


@pytest.mark.parametrize("content", [b"", b"not a picture", picture()[:60]])
def test_what_is_no_picture_is_not_kept(site: Runtime, content: bytes) -> None:
    """A file that is not a picture is refused and not stored."""
    with pytest.raises(InputError):
        store_uploads(site.database, site.storage, [UploadedPicture("a.png", content)], now=NOW)

    assert not site.storage.folder.exists()


def test_a_picture_of_the_teams_own_assets_comes_first(database: Database, tmp_path: Path) -> None:
    """CONTENTSVC_ASSETS_DIR is searched before the shipped assets."""
    own = tmp_path / "assets"
    (own / "pictures").mkdir(parents=True)
    (own / "pictures" / "milk.png").write_bytes(picture(64, 64))
    runtime = make_runtime(database, tmp_path, ASSETS_DIR=str(own))
    make_channel(runtime)
    content = make_content(pictures=(PictureRef("pictures/milk.png"),))

    (preview,) = Renderer(runtime).preview(make_calendar(runtime), WEEK, content)

    assert preview.rendition is not None
    assert preview.rendition.pictures[0].width == 64


def test_a_damaged_file_is_not_sent(site: Runtime) -> None:
    """A stored picture that does not match its hash is refused."""
    calendar = make_calendar(site)
    renderer = Renderer(site)
    preview = renderer.preview(calendar, WEEK, make_content(**LIVE))[0]
    for path in site.storage.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")

    with site.database.read() as session, pytest.raises(NotFoundError, match="damaged"):
        renderer.load(session, preview.rendition_hash or "")
