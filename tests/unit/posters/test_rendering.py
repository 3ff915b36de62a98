from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageColor

from contentsvc.errors import RenderError
from contentsvc.posters import (
    Brand,
    Fonts,
    PaintCache,
    Poster,
    Template,
    encode,
    parse_template,
)
from tests.unit.posters.pixels import rgb

Paint = Callable[..., Poster]


def picture(size: tuple[int, int], colour: str, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def codes(poster: Poster) -> list[tuple[str, str | None, str]]:
    return [(warning.layer, warning.field, warning.code) for warning in poster.warnings]


def test_the_same_inputs_give_the_same_bytes(paint: Paint, live_notice: Template) -> None:
    """A poster painted with a cold cache equals one painted with a warm cache."""
    cold = paint(live_notice, live_notice.samples(), cache=PaintCache())
    cache = PaintCache()
    paint(live_notice, live_notice.samples(), cache=cache)
    warm = paint(live_notice, live_notice.samples(), cache=cache)

    assert encode(cold.image).data == encode(warm.image).data
    assert cold.alt == warm.alt


def test_the_cache_stays_within_its_bound(paint: Paint, live_notice: Template) -> None:
    """Rendering every size needs no more cache than its limit."""
    cache = PaintCache(limit=3_000_000)
    for size in live_notice.sizes:
        paint(live_notice, live_notice.samples(), size=size, cache=cache)

    assert 0 < cache.used <= 3_000_000


def test_a_missing_required_field_is_named(paint: Paint, live_notice: Template) -> None:
    """A poster without its title is not painted, and the error names the field."""
    with pytest.raises(RenderError, match="title1") as caught:
        paint(live_notice, {"subtitle": "好"})

    assert caught.value.field == "title1"


def test_defaults_fill_declared_fields(paint: Paint, live_notice: Template) -> None:
    """A default fills an empty field, and undeclared defaults cause no warning."""
    poster = paint(live_notice, {}, defaults={"title": "秋日读书会", "element": "livestream"})

    assert "秋日读书会" in poster.alt
    assert poster.warnings == ()


def test_an_unknown_field_is_a_warning(paint: Paint, plain: Template) -> None:
    """The warning lists the fields of the template."""
    poster = paint(plain, {"title": "好", "titel": "好"})

    assert codes(poster) == [("", "titel", "unknown_field")]
    assert "title" in str(poster.warnings[0].message)


def test_an_overlong_text_is_cut_with_a_warning(paint: Paint, plain: Template) -> None:
    """The warning names the layer, the field and the text that was cut off."""
    poster = paint(plain, {"title": "一二三四五六七八九十" * 3})

    assert codes(poster) == [("", "title", "long"), ("title", "title", "cut")]
    assert "八九十" in str(poster.warnings[1].message)


def test_warnings_and_errors_have_a_chinese_text(paint: Paint, plain: Template) -> None:
    """A warning and an error name the field by its Chinese label where they name it."""
    poster = paint(plain, {"title": "一二三四五六七八九十" * 3})
    with pytest.raises(RenderError) as caught:
        paint(plain, {"title": ""})

    assert [warning.message.text("zh") for warning in poster.warnings] == [
        "有 30 个字，这个模板最多适合 20 个",
        "最小字号仍放不下，被截掉：八九十一二三四五六七八九十",
    ]
    assert caught.value.message.text("zh") == "“标题”必填"


def test_a_missing_glyph_is_left_out_with_a_warning(paint: Paint, plain: Template) -> None:
    """The warning names the code point, and the rest of the text is painted."""
    poster = paint(plain, {"title": "好\U00012000消息"})

    assert codes(poster) == [("title", "title", "missing_glyph")]
    assert "U+12000" in str(poster.warnings[0].message)
    assert poster.image.tobytes() == paint(plain, {"title": "好消息"}).image.tobytes()


def test_a_variation_selector_is_no_missing_glyph(paint: Paint, plain: Template) -> None:
    """Invisible selectors and joiners are dropped without a warning."""
    assert paint(plain, {"title": "好\ufe0f消\u200d息"}).warnings == ()


@pytest.mark.parametrize("char", ["龍", "𠮷", "々", "℃", "〇"])
def test_rare_and_traditional_characters_are_drawn(
    paint: Paint, plain: Template, char: str
) -> None:
    """A packaged font draws the characters that another one lacks."""
    assert paint(plain, {"title": char}).warnings == ()


def test_list_items_without_room_are_a_warning(paint: Paint, live_notice: Template) -> None:
    """A fourth highlight is dropped with a warning."""
    fields = {"title1": "好", "points": ["一", "二", "三", "四"]}

    assert ("points", "points", "dropped") in codes(paint(live_notice, fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title1": ["好"]}, "needs a text"),
        ({"title1": True}, "needs a text"),
        ({"title1": "长" * 3000}, "3000 characters"),
        ({"title1": "好", "points": 3}, "needs a list"),
        ({"title1": "好", "points": ["好"] * 51}, "51 items"),
        ({"title1": "好", "points": [{"a": 1}]}, "needs a text"),
        ({"title1": "好", "url": "javascript:alert(1)"}, "no link"),
        ({"title1": "好", "url": "example.com"}, "no link"),
        ({"title1": "好", "url": "https://e.com/" + "a" * 1200}, "at most 1000"),
        ({"title1": "好", "hero": "art:nobody"}, "no art"),
        ({"title1": "好", "hero": "gone.png"}, "no picture"),
    ],
)
def test_an_invalid_value_is_an_error(
    paint: Paint, live_notice: Template, fields: dict[str, object], message: str
) -> None:
    """The error says what is wrong with the value or what is allowed."""
    with pytest.raises(RenderError, match=message):
        paint(live_notice, fields)


def test_a_list_can_be_the_lines_of_a_text(paint: Paint, live_notice: Template) -> None:
    """The lines of a text area give the same poster as a list."""
    lines = paint(live_notice, {"title1": "好", "points": "一\n\n二"})
    items = paint(live_notice, {"title1": "好", "points": ["一", "二"]})

    assert lines.image.tobytes() == items.image.tobytes()


def test_an_unknown_size_names_the_sizes(paint: Paint, plain: Template) -> None:
    """The error about an unknown size lists the sizes of the template."""
    with pytest.raises(RenderError, match="9x16"):
        paint(plain, {"title": "好"}, size="16x9")


@pytest.mark.parametrize(
    ("fields", "colour"),
    [({}, "white"), ({"a": "x"}, "blue"), ({"b": "x"}, "white"), ({"a": "x", "b": "x"}, "white")],
)
def test_a_layer_is_painted_if_its_condition_is_true(
    paint: Paint, plain_text: str, fields: dict[str, object], colour: str
) -> None:
    """`a and not b` is true if `a` has a value and `b` has none."""
    more = "  a: {label: {zh: 甲, en: A}}\n  b: {label: {zh: 乙, en: B}}\npalette"
    layer = '  - {type: rect, if: a and not b, box: [0, 200, 400, 100], fill: "#00F"}\nvariants'
    text = plain_text.replace("palette", more, 1).replace("variants", layer, 1)

    image = paint(parse_template(text, "plain.yaml"), {"title": "好", **fields}).image

    assert image.getpixel((200, 250)) == ImageColor.getrgb(colour)


def test_the_brand_overrides_colours_by_name(paint: Paint, plain: Template, fonts: Fonts) -> None:
    """Lettering in `ink` has the brand's ink."""
    red = Brand(name="", palette={"ink": "#FF0000"})

    colours = paint(plain, {"title": "一"}, brand=red).image.getcolors(1 << 20)

    assert (255, 0, 0) in {colour for _, colour in colours or []}


def test_shades_of_the_palette_follow_the_brand(paint: Paint, plain_text: str) -> None:
    """A colour that is a shade of another one follows the brand's colour."""
    text = plain_text.replace('{ink: "#222222"}', '{ink: "#222222", pale: ink+50}')
    template = parse_template(text.replace("fill: white", "fill: pale"), "plain.yaml")

    poster = paint(template, {"title": "一"}, brand=Brand(palette={"ink": "#FF0000"}))

    assert poster.image.getpixel((5, 5)) == (255, 128, 128)


def test_the_brand_logo_is_painted(paint: Paint, plain_text: str) -> None:
    """`brand:logo` shows the brand's logo, or nothing if the brand has none."""
    layer = 'layers:\n  - {type: image, source: "brand:logo", box: [10, 200, 80, 80]}\n'
    template = parse_template(plain_text.replace("layers:\n", layer, 1), "plain.yaml")
    template = parse_template(
        plain_text.replace("variants:", f"{layer[8:]}variants:"), "plain.yaml"
    )
    kit = Brand(name="", logo="logo.png")
    files = {"logo.png": picture((100, 100), "#00FF00")}

    shown = paint(template, {"title": "一"}, brand=kit, pictures=files.__getitem__)
    none = paint(template, {"title": "一"}, brand=Brand())

    assert shown.image.getpixel((50, 240)) == (0, 255, 0)
    assert none.image.getpixel((50, 240)) == (255, 255, 255)


def test_a_photo_fills_its_box_around_its_focus(paint: Paint, live_notice: Template) -> None:
    """A stored picture covers its box; a picture that is too small is a warning."""
    files = {"photo": picture((2000, 1500), "#0000FF", "JPEG"), "tiny": picture((90, 60), "#0F0")}
    fields = {"title1": "好", "hero": "photo"}

    large = paint(live_notice, fields, pictures=files.__getitem__)
    tiny = [
        paint(live_notice, {**fields, "hero": "tiny"}, pictures=files.__getitem__) for _ in range(2)
    ]

    red, green, blue = rgb(large.image, (540, 850))
    assert (blue > 250, red < 5, green < 5) == (True, True, True)
    assert [codes(poster) for poster in tiny] == [[("hero", "hero", "small_picture")]] * 2


def test_a_broken_photo_stops_the_poster(paint: Paint, live_notice: Template) -> None:
    """The error about a picture that cannot be opened names its field."""
    files = {"photo": b"not a picture"}

    with pytest.raises(RenderError, match="photo") as caught:
        paint(live_notice, {"title1": "好", "hero": "photo"}, pictures=files.__getitem__)

    assert caught.value.field == "hero"


def test_titles_of_a_group_share_one_size(paint: Paint, live_notice: Template) -> None:
    """A long second line makes the first line as small."""
    short = paint(live_notice, {"title1": "一", "title2": "二"})
    long = paint(live_notice, {"title1": "一", "title2": "二二二二二二二二二二"})

    def height(poster: Poster) -> int:
        column = (
            poster.image.crop((72, 152, 222, 316)).convert("L").point(lambda v: v < 120 and 255)
        )
        box = column.getbbox()
        assert box is not None
        return box[2]

    assert height(long) < height(short) * 0.8


def test_a_card_is_as_wide_as_its_lettering(paint: Paint, live_notice: Template) -> None:
    """The host's card is as wide as the longer of its two lines needs."""

    def width(title: str) -> int:
        fields = {"title1": "好", "host": "林晓", "host_title": title, "hero": "sky"}
        files = {"sky": picture((936, 540), "#3050A0")}
        image = paint(live_notice, fields, pictures=files.__getitem__).image
        row = [rgb(image, (x, 1086)) for x in range(112, 1000)]
        return sum(min(pixel) > 235 for pixel in row)

    # The title has nine characters of 26 pixels, the host's name two of 35 pixels.
    assert width("儿童皮肤科主治医师") - width("医师") == pytest.approx(9 * 26 - 2 * 35, abs=4)


def test_a_small_code_is_a_warning(paint: Paint, live_notice: Template) -> None:
    """A long link makes the modules of the code too small for a phone."""
    fields = {"title1": "好", "url": "https://example.com/" + "a" * 300}

    assert ("qr", "url", "small_qr") in codes(paint(live_notice, fields))


def test_the_alternative_text_leaves_out_empty_phrases(paint: Paint, live_notice: Template) -> None:
    """Phrases without any value are left out, and the others are joined."""
    poster = paint(live_notice, {"title1": "读书会", "offer": "免费", "state": "正在直播"})

    lines = "干货集中讲，一次听明白；边看边记，回头用得上；转给朋友，一起看更有劲"
    assert poster.alt == f"正在直播：读书会，{lines}，本群专享：免费"


def test_braces_in_a_value_are_text(paint: Paint, live_notice: Template) -> None:
    """A value that looks like a placeholder is shown as it is."""
    assert paint(live_notice, {"title1": "{host}", "host": "林晓"}).alt.startswith(
        "直播预告：{host}"
    )
