"""The studio's pages: the gallery, a poster filled in, downloaded, kept as an entry."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from contentsvc.app import create_app
from contentsvc.db.models import Entry
from contentsvc.services.rendering.studio import Bounds, Studio
from contentsvc.services.runtime import Runtime
from tests.factories import change_calendar, make_calendar, make_channel
from tests.web.people import WEEK, Person, handlers_in
from tests.web.writing import PLAIN, count, entry_of, make

QUOTE = {"poster-field.text": "慢慢来，比较快。", "size": "1x1"}
BROKEN = "id: odd\nname: {zh: 坏, en: Odd}\nlayers: []\n"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Return the team's own assets folder, with one broken template."""
    folder = tmp_path / "assets"
    (folder / "posters").mkdir(parents=True)
    (folder / "posters/odd.yaml").write_text(BROKEN, encoding="utf-8")
    return folder


@pytest.fixture
def app(runtime: Runtime, assets: Path) -> Flask:
    """Return the application with those assets."""
    return create_app(replace(runtime, config=replace(runtime.config, assets_dir=assets)))


def png(width: int = 1200, height: int = 900) -> bytes:
    """Return a picture that is red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), "#00F")
    picture.paste("#F00", (0, 0, width // 2, height))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def sketch(mei: Person, name: str = "quote", **fields: object) -> str:
    """Return the response that a script gets while a person types."""
    response = mei.post(f"/posters/{name}/sketch", {"size": "1x1", **fields})
    assert response.status_code == 200
    return response.get_data(as_text=True)


def said_of(page: str, name: str) -> str:
    """Return the notes beside a field."""
    found = re.search(rf'<div[^>]* id="messages-{name}"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found, page[:3000]
    return found[1]


def test_a_new_poster_has_the_name_of_the_chosen_calendar(mei: Person, runtime: Runtime) -> None:
    """Until a brand has a name, the community's stands on the poster, as on the entry's."""
    make_channel(runtime)
    make_calendar(runtime)
    change_calendar(runtime, make_calendar(runtime, slug="camping"), name="露营群")

    def picture(place: str, brand: str = "") -> bytes:
        values = {**QUOTE, "place": place, "brand": brand}
        return mei.post("/posters/quote/file", values).get_data()

    first, second = picture("baby-benefits|晚间"), picture("camping|晚间")
    assert first != second
    assert picture("") in {first, second}
    assert picture("camping|晚间", "qinghe") == picture("baby-benefits|晚间", "qinghe")


def test_the_gallery_shows_each_template_by_its_picture(mei: Person) -> None:
    """Templates are listed by family with their sizes; broken ones are listed apart."""
    page = mei.text("/posters/")

    for words in ("直播预告", "限时秒杀", "语录", "2.35:1", "暖光", "杂志", "醒目"):
        assert words in page
    assert "link-card" not in page
    assert "odd.yaml" in page
    assert handlers_in(page) == []
    picture = re.search(r'src="(/posters/quote/picture\?v=\w+)"', page)
    assert picture
    response = mei.get(picture[1])
    assert response.content_type == "image/webp"
    assert "immutable" in response.headers["Cache-Control"]
    assert Image.open(io.BytesIO(response.data)).size == (200, 356)


def test_a_busy_studio_is_asked_again_later(
    app: Flask, runtime: Runtime, mei: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that was not painted is no error of the request: the page asks for it again."""
    busy = Studio(runtime, bounds=Bounds(at_once=1, wait=0))
    monkeypatch.setitem(app.extensions, "contentsvc_studio", busy)
    with busy._slot():
        response = mei.get("/posters/quote/picture?v=1")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "no-store" in response.headers["Cache-Control"]
    assert mei.get("/posters/quote/picture?v=1").status_code == 200


def test_the_gallery_is_filtered_and_branded(mei: Person) -> None:
    """The gallery filters by use; in another brand every picture has another address."""
    page = mei.text("/posters/?use=flash-sale&brand=qinghe")

    assert "限时秒杀" in page
    assert "/posters/quote" not in page
    assert "brand=qinghe&amp;v=" in page
    assert mei.get("/posters/?brand=nobody").status_code == 422


def test_the_form_is_made_from_the_template(mei: Person) -> None:
    """Each field has its label and limit, suggestions and pictures to choose from."""
    page = mei.text("/posters/live-notice")

    assert 'data-max="16"' in page
    assert '<option value="正在直播">' in page
    assert '<option value="art:bear">小熊</option>' in page
    assert 'name="poster-upload.hero"' in page
    assert "data:image/webp;base64," in page
    assert handlers_in(page) == []


def test_what_a_size_leaves_out_is_said_beside_the_field(mei: Person) -> None:
    """A new form and the picture while typing name the fields that the size does not show."""
    note = "这个尺寸不显示此项"
    opened = mei.text("/posters/flash-sale?size=3x4")
    typed = sketch(mei, "flash-sale", size="3x4", samples="on")
    faulty = sketch(mei, "flash-sale", size="3x4", **{"poster-field.url": "nowhere"})

    for page in (opened, typed, faulty):
        assert note in said_of(page, "rules")
        assert note not in said_of(page, "time")
    assert note not in mei.text("/posters/flash-sale?size=9x16")


def test_the_form_is_there_in_english(mei: Person) -> None:
    """The labels are in the person's language."""
    mei.post("/language", {"language": "en"})

    page = mei.text("/posters/live-notice")

    assert "Main picture" in page
    assert "Download this size" in page


def test_the_picture_follows_the_words(mei: Person) -> None:
    """Different texts give a different picture, equal texts the same."""
    one, two = (sketch(mei, **{"poster-field.text": text}) for text in ("早安", "晚安"))

    assert one != two
    assert one == sketch(mei, **{"poster-field.text": "早安"})


@pytest.mark.parametrize(
    ("name", "field", "text", "words"),
    [
        ("quote", "text", "长" * 300, "被截掉"),
        ("quote", "text", "好\U000f0000", "字体里没有"),
        ("quote", "url", "javascript:alert(1)", "链接"),
        ("live-notice", "url", "https://example.com/" + "a" * 700, "二维码"),
        ("live-notice", "points", "一\n二\n三\n四\n五\n六\n七\n八", "放不下"),
        ("product-card", "hero", "no-such.png", "没有图片"),
        ("product-card", "hero", "sha256:00#focus=9,9", "focus"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    mei: Person, name: str, field: str, text: str, words: str
) -> None:
    """Each faulty value is reported beside its field."""
    response = sketch(mei, name, size="9x16", samples="on", **{f"poster-field.{field}": text})

    assert words in said_of(response, field)


def test_a_missing_field_is_named_and_shown_with_sample_words(mei: Person) -> None:
    """With sample texts there is a picture; without them the last picture stays."""
    with_samples = sketch(mei, samples="on")
    without = mei.post("/posters/quote/sketch", {"size": "1x1"})

    assert "必填" in said_of(with_samples, "text")
    assert "<img" in with_samples
    assert "必填" in said_of(without.get_data(as_text=True), "text")
    assert without.headers["HX-Reswap"] == "none"


def test_a_required_text_that_was_cut_is_worse_than_another(mei: Person) -> None:
    """A required text that is cut is an error, because the entry could not be approved."""
    response = sketch(mei, **{"poster-field.text": "长" * 300, "poster-field.author": "名" * 90})

    assert "field-error" in said_of(response, "text")
    assert "field-error" not in said_of(response, "author")


def test_a_broken_template_is_a_page(mei: Person) -> None:
    """A broken template is shown with its mistakes and lines; a missing template is a 404."""
    response = mei.get("/posters/odd")

    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert "模板有错误" in page
    assert "layers" in page
    assert mei.get("/posters/nobody").status_code == 404
    assert mei.post("/posters/odd/sketch").status_code == 422


def test_it_works_without_a_script(mei: Person) -> None:
    """Without scripts the button returns the whole page with the picture and the typed text."""
    response = mei.post("/posters/quote", {**QUOTE, "samples": ""})

    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "慢慢来，比较快。" in page
    assert 'data-size="1x1"' in page


def test_a_picture_comes_with_the_form_itself(mei: Person) -> None:
    """An uploaded picture is stored and selected; its focus decides which part is visible."""
    page = mei.post(
        "/posters/product-card",
        {"samples": "on", "poster-upload.hero": (io.BytesIO(png()), "tent.png")},
    ).get_data(as_text=True)
    source = re.search(r'<option value="(sha256:\w{64})" selected>tent.png', page)
    assert source, page[:3000]

    left, right = (
        sketch(
            mei,
            "product-card",
            samples="on",
            **{
                "poster-field.hero": source[1],
                "poster-focus-x.hero": across,
                "poster-focus-y.hero": "50",
            },
        )
        for across in ("0", "100")
    )

    assert left != right


def test_a_bad_picture_loses_nothing(mei: Person) -> None:
    """A picture that cannot be used is refused beside its field; the typed text stays."""
    response = mei.post(
        "/posters/product-card",
        {"poster-field.product": "润肤乳", "poster-upload.hero": (io.BytesIO(b"no"), "a.png")},
    )

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "不是可用的图片" in said_of(page, "hero")
    assert "润肤乳" in page


@pytest.mark.parametrize(("kind", "form"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_a_poster_is_downloaded(mei: Person, kind: str, form: str) -> None:
    """The file has the chosen size and format, stays within the limit and has its own name."""
    response = mei.post("/posters/quote/file", {**QUOTE, "format": kind, "limit": "300"})

    assert response.status_code == 200, response.get_data(as_text=True)[:2000]
    picture = Image.open(io.BytesIO(response.data))
    assert (picture.size, picture.format) == ((1080, 1080), form)
    assert len(response.data) <= 300 * 1024
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "%E8%AF%AD%E5%BD%95-" in disposition  # 语录


def test_every_size_is_downloaded(mei: Person) -> None:
    """All sizes are in one ZIP, without sample texts."""
    response = mei.post("/posters/quote/file", {**QUOTE, "action": "all", "samples": "on"})

    names = zipfile.ZipFile(io.BytesIO(response.data)).namelist()
    assert [name.rpartition("-")[2] for name in names] == [
        "9x16.png", "3x4.png", "1x1.png", "cover.png", "wide.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"limit": "many"}, "请填整数"),
        ({"limit": "1"}, "最低画质"),
        ({"format": "gif"}, "请从列表中选"),
        ({"poster-field.text": ""}, "必填"),
        ({"brand": "nobody"}, "没有品牌"),
    ],
)
def test_a_download_that_cannot_be_is_told_on_the_page(
    mei: Person, values: dict[str, str], words: str
) -> None:
    """The form keeps its values."""
    response = mei.post("/posters/quote/file", {**QUOTE, "poster-field.author": "某人", **values})

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert words in page
    assert "某人" in page


PLACE = {"place": "baby-benefits|晚间", "week": WEEK, "day": "sat", "kind": "poster"}


def test_a_poster_is_saved_as_a_draft(mei: Person, sample: str, runtime: Runtime) -> None:
    """The entry is in the chosen slot, with the poster's title and the template's element."""
    response = mei.post("/posters/quote/entry", {**QUOTE, **PLACE, "samples": "on"})

    entry = entry_of(runtime, int(response.location.split("/")[2]))
    assert (entry.week, entry.day, entry.slot, entry.status) == (WEEK, "sat", "晚间", "draft")
    assert (entry.title, entry.element) == ("慢慢来，比较快。", "quote")
    assert entry.poster == {"template": "quote", "fields": {"text": "慢慢来，比较快。"}}


def test_a_livestream_takes_what_its_poster_says(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """The livestream has the host, link and points of the poster, at its own time."""
    response = mei.post(
        "/posters/live-notice/entry",
        {
            **PLACE,
            "kind": "livestream",
            "place": "baby-benefits|",
            "time": "19:30",
            "title": "冬季护肤课",
            "poster-field.title1": "冬季护肤",
            "poster-field.host": "林晓",
            "poster-field.url": "https://live.example.com/1",
            "poster-field.points": "一\n二",
        },
    )

    entry = entry_of(runtime, int(response.location.split("/")[2]))
    assert (entry.kind, entry.title, entry.time) == ("livestream", "冬季护肤课", "19:30")
    assert entry.livestream
    assert entry.livestream["host"] == "林晓"
    assert entry.livestream["points"] == ["一", "二"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"place": ""}, "请选择周历和时段"),
        ({"place": "baby-benefits|深夜"}, "深夜"),
        ({"place": "baby-benefits|", "time": "noon"}, "20:00"),
        ({"week": "2026-W99"}, "2026-W99"),
        ({"title": "长" * 300}, "300"),
        ({"kind": "post", "day": "never"}, "never"),
    ],
)
def test_an_entry_that_cannot_be_is_told_on_the_page(
    mei: Person, sample: str, runtime: Runtime, values: dict[str, str], words: str
) -> None:
    """No entry is created, and the typed text stays."""
    before = count(runtime, Entry)

    response = mei.post("/posters/quote/entry", {**QUOTE, **PLACE, **values})

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert words in page
    assert "慢慢来，比较快。" in page
    assert count(runtime, Entry) == before


@pytest.fixture
def poster(mei: Person, sample: str, runtime: Runtime) -> Entry:
    """Return an entry with a poster."""
    fields = {"poster.template": "quote", "poster-field.text": "原来的话"}
    return make(mei, runtime, kind="poster", **fields)


def test_an_entry_s_poster_comes_to_the_studio_and_back(
    mei: Person, runtime: Runtime, poster: Entry
) -> None:
    """The entry links to the studio, and the studio stores the poster in the entry."""
    assert f"/posters/quote?entry={poster.id}" in mei.text(f"/entries/{poster.id}")
    page = mei.text(f"/posters/quote?entry={poster.id}")
    assert "原来的话" in page
    assert f'name="rev" value="{poster.rev}"' in page

    response = mei.post(
        "/posters/live-salon/use",
        {"entry": poster.id, "rev": poster.rev, "poster-field.title1": "新的话"},
    )

    assert response.location == f"/entries/{poster.id}"
    changed = entry_of(runtime, poster.id)
    assert changed.poster == {"template": "live-salon", "fields": {"title1": "新的话"}}
    assert changed.title == PLAIN["title"]


def test_somebody_else_s_change_is_not_overwritten(
    mei: Person, runtime: Runtime, poster: Entry
) -> None:
    """The page reports the conflict and keeps the poster; using it again overwrites."""
    stale = {"entry": poster.id, "rev": 99, **QUOTE}

    response = mei.post("/posters/quote/use", stale)

    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "慢慢来，比较快。" in page
    rev = re.search(r'name="rev" value="(\d+)"', page)
    assert rev
    assert mei.post("/posters/quote/use", {**stale, "rev": rev[1]}).status_code == 303


def test_a_focus_in_an_entry_s_form_is_kept(mei: Person, sample: str, runtime: Runtime) -> None:
    """The entry form has the inputs of the studio and shows the focus again."""
    fields = {
        "poster.template": "product-card",
        "poster-field.product": "润肤乳",
        "poster-field.hero": "sha256:" + "0" * 64,
        "poster-focus-x.hero": "30",
        "poster-focus-y.hero": "72",
    }

    entry = make(mei, runtime, kind="poster", **fields)

    assert entry.poster
    assert entry.poster["fields"]["hero"] == f"sha256:{'0' * 64}#focus=0.3,0.72"
    page = mei.text(f"/entries/{entry.id}")
    assert re.search(r'name="poster-focus-x.hero"[^>]*value="30"', page)


@pytest.mark.parametrize("path", ["/posters/", "/posters/quote", "/posters/quote/picture"])
def test_nobody_sees_the_studio_without_signing_in(app: Flask, path: str) -> None:
    """Every page of the studio redirects a stranger to the sign-in page."""
    assert "/sign-in" in app.test_client().get(path).location
