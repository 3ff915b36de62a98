"""A community's brand: its posters use it, and are rendered again when it changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.db.session import Database
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind, PosterSpec
from contentsvc.errors import InputError, RenderError
from contentsvc.posters import Poster, render
from contentsvc.services.calendar_files.exporting import export_calendar, export_text
from contentsvc.services.calendar_settings import put_calendar
from contentsvc.services.planning import approve
from contentsvc.services.rendering.branding import check_brand, list_brands
from contentsvc.services.rendering.painting import Painter, PosterRequest
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from tests.factories import (
    NOW,
    USEFULNESS,
    WEEK,
    change_calendar,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
    make_runtime,
)

POSTER: Mapping[str, Any] = {
    "kind": EntryKind.POSTER,
    "poster": PosterSpec("quote", {"text": "慢慢来"}),
}


@pytest.fixture
def calendar(runtime: Runtime) -> Calendar:
    """Return a calendar that is published to the channel `site`."""
    make_channel(runtime)
    return make_calendar(runtime)


def brand(runtime: Runtime, name: str | None, answer: Answer | None = None) -> Calendar:
    """Set the calendar's brand as an import does, and return the calendar."""
    with runtime.database.write() as session:
        head = export_calendar(session, "baby-benefits", WEEK).head
        branded = replace(head, community=replace(head.community, brand=name))
        return put_calendar(session, branded, now=NOW, usefulness=USEFULNESS, answer=answer)


def poster(runtime: Runtime, calendar: Calendar, content: EntryContent) -> bytes:
    """Return the poster that the site would show."""
    (preview,) = Renderer(runtime).preview(calendar, WEEK, content)
    assert preview.error is None
    assert preview.rendition is not None
    return preview.rendition.pictures[0].content


def test_a_calendar_s_posters_are_in_its_brand(runtime: Runtime, calendar: Calendar) -> None:
    """The same entry makes a different poster in each brand."""
    content = make_content(**POSTER)

    made = {poster(runtime, brand(runtime, name), content) for name in (None, "qinghe", "yuguang")}

    assert len(made) == 3


@pytest.mark.parametrize(
    ("kit", "stands"), [("", "暖芽群"), ("footer: 仅供参考\n", "暖芽群"), ("name: 蓝\n", "蓝")]
)
def test_the_community_s_name_stands_until_a_brand_has_one(
    kit: str, stands: str, database: Database, tmp_path: Path
) -> None:
    """A kit without a name, the default one or another, shows the name of the community."""
    (tmp_path / "assets/brands").mkdir(parents=True)
    for file in ("brand.yaml", "brands/lan.yaml"):
        (tmp_path / "assets" / file).write_text(kit, encoding="utf-8")
    painter = Painter(make_runtime(database, tmp_path, ASSETS_DIR=str(tmp_path / "assets")))

    for name in (None, "lan"):
        request = replace(quote(painter, name), community="暖芽群")
        named = painter.brand(name).model_copy(update={"name": stands})
        right = render(
            request.template,
            request.fields,
            brand=named,
            pictures=painter.picture_bytes,
            fonts=painter.fonts(named),
            size="1x1",
        )
        assert painter.paint(request).image.tobytes() == right.image.tobytes()


def test_posters_in_the_default_brand_name_their_community(
    runtime: Runtime, calendar: Calendar
) -> None:
    """Posters say the calendar's name, and the shipped kit has no other brand's."""
    content = make_content(**POSTER)

    before = poster(runtime, calendar, content)
    renamed = change_calendar(runtime, calendar, name="改名的群")

    assert Painter(runtime).brand().name == ""
    assert poster(runtime, renamed, content) != before


def test_a_channel_s_card_is_in_the_brand_too(runtime: Runtime, calendar: Calendar) -> None:
    """A card that a channel renders uses the community's brand."""
    content = make_content()

    assert poster(runtime, calendar, content) != poster(runtime, brand(runtime, "qinghe"), content)


def test_the_brand_is_exported(runtime: Runtime, calendar: Calendar) -> None:
    """An exported calendar file contains the brand."""
    brand(runtime, "qinghe")

    with runtime.database.read() as session:
        assert "\nbrand: qinghe\n" in export_text(session, "baby-benefits", WEEK)


def test_posters_are_made_anew_once_the_new_brand_is_approved(
    runtime: Runtime, calendar: Calendar
) -> None:
    """A poster that stays approved keeps its brand; one that is approved again is made again."""
    entry = make_entry(runtime, calendar, **POSTER)
    with runtime.database.read() as session:
        (delivery,) = session.scalars(select(Delivery))
    assert Renderer(runtime).render_planned([delivery.id]) == 1

    brand(runtime, "yuguang", Answer(Decision.KEEP))
    with runtime.database.read() as session:
        (kept,) = session.scalars(select(Delivery))
    brand(runtime, "qinghe", Answer(Decision.REVIEW))
    with runtime.database.write() as session:
        row = session.get_one(Entry, entry.id)
        approve(session, row, by="lan", now=NOW, usefulness=USEFULNESS)
    assert Renderer(runtime).render_planned([delivery.id]) == 1

    with runtime.database.read() as session:
        (after,) = session.scalars(select(Delivery))
    assert (kept.status, kept.rendition_hash is None) == (DeliveryStatus.SCHEDULED, False)
    assert after.rendition_hash not in {None, kept.rendition_hash}


def test_a_missing_brand_is_an_error(runtime: Runtime, calendar: Calendar) -> None:
    """The preview of a missing brand lists the brands, and renders no poster."""
    entry = make_entry(runtime, brand(runtime, "gone"), approved=False, **POSTER)

    (preview,) = Renderer(runtime).preview(entry.calendar, WEEK, content_of(entry))

    assert str(preview.error) == "there is no brand 'gone'; there are: qinghe, yuguang"


def test_the_team_s_brands_stand_beside_the_shipped(database: Database, tmp_path: Path) -> None:
    """A brand is listed by its display name, and a broken brand by its file's name."""
    own = tmp_path / "assets/brands"
    own.mkdir(parents=True)
    (own / "lan.yaml").write_text("name: 蓝\n", encoding="utf-8")
    (own / "odd.yaml").write_text("colour: red\n", encoding="utf-8")
    (own / "Not A Name.yaml").write_text("name: 无\n", encoding="utf-8")
    runtime = make_runtime(database, tmp_path, ASSETS_DIR=str(tmp_path / "assets"))

    found = list_brands(runtime.config.asset_folders())

    assert found == {"lan": "蓝", "odd": "odd", "qinghe": "青禾鲜选", "yuguang": "屿光生活"}
    with pytest.raises(InputError, match="there are: lan, odd, qinghe, yuguang") as refused:
        check_brand(runtime.config.asset_folders(), "../brand")
    assert refused.value.field == "brand"


@pytest.fixture
def own_fonts(database: Database, tmp_path: Path) -> Painter:
    """Return a painter whose brand `lan` has its own fonts, and `bare` an empty folder of fonts."""
    assets = tmp_path / "assets"
    for folder in ("brands", "fonts/lan", "fonts/bare"):
        (assets / folder).mkdir(parents=True)
    for name in ("lan", "bare"):
        kit = f"fonts: fonts/{name}\n"
        (assets / f"brands/{name}.yaml").write_text(kit, encoding="utf-8")
    packed = resources.files("justmytype_intl_cjk") / "fonts/ofl/notosansjp/NotoSansJP[wght].ttf"
    shutil.copy(str(packed), assets / "fonts/lan/own.ttf")
    return Painter(make_runtime(database, tmp_path, ASSETS_DIR=str(assets)))


def quote(painter: Painter, name: str | None) -> PosterRequest:
    """Return a request for a poster in a brand."""
    return PosterRequest(painter.template("quote"), {"text": "直角と骨"}, "1x1", brand=name)


def test_a_brand_s_own_fonts_are_used(own_fonts: Painter) -> None:
    """Text is set in the brand's fonts, and a folder without fonts is an error."""
    plain = own_fonts.paint(quote(own_fonts, None)).image.tobytes()

    assert own_fonts.paint(quote(own_fonts, "lan")).image.tobytes() != plain
    with pytest.raises(RenderError, match="font"):
        own_fonts.paint(quote(own_fonts, "bare"))


def test_the_same_order_is_painted_once(runtime: Runtime) -> None:
    """Another process returns the cached poster without painting; another brand is not cached."""
    painted: list[str | None] = []
    painter = Painter(runtime)

    def paint(order: PosterRequest) -> Poster:
        painted.append(order.brand)
        return painter.paint(order)

    first = painter.make(quote(painter, None), paint)
    again = Painter(runtime).make(quote(painter, None), paint)
    other = painter.make(quote(painter, "qinghe"), paint)

    assert painted == [None, "qinghe"]
    assert first == again
    assert other.encoded.data != first.encoded.data


def test_the_error_for_an_unknown_size_lists_the_sizes(runtime: Runtime) -> None:
    """The error for an unknown size lists the template's sizes."""
    painter = Painter(runtime)

    with pytest.raises(RenderError, match=r"no size '2x2'; it has 9x16, 3x4"):
        painter.make(replace(quote(painter, None), size="2x2"))
