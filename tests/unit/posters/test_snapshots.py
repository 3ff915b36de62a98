"""What is kept between posters changes how long they take and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contentsvc.posters import (
    Brand,
    Fonts,
    PaintCache,
    Poster,
    Template,
    list_templates,
    parse_template,
    render,
    shared_cache,
)
from contentsvc.posters.snapshots import SnapshotFolder

Paint = Callable[..., Poster]

TEMPLATES, _ = list_templates([Path(__file__).parents[3] / "assets" / "posters"])

#: The card is fixed and stands before the title, which changes; the ribbon lies over the title.
LAYERED = """
id: layered
name: {zh: 叠, en: Layered}
size: [400, 300]
fields:
  title: {label: {zh: 标题, en: Title}, required: true, max: 20}
  ribbon: {label: {zh: 飘带, en: Ribbon}}
palette: {ink: "#222222"}
layers:
  - {id: ground, type: rect, box: [0, 0, 400, 300], fill: white}
  - {id: title, type: text, field: title, box: [20, 20, 360, 60], size: 40, min: 20, overlap: true}
  - {id: bar, type: rect, if: not ribbon, box: [60, 30, 40, 40], fill: "#FF0000@50"}
  - {id: card, type: rect, box: [200, 200, 100, 60], fill: "#00AA00", radius: 12}
  - {id: note, type: text, if: ribbon, field: ribbon, box: [20, 100, 360, 60], size: 40, min: 20}
variants:
  9x16: {size: [400, 300]}
"""


def turned(template: Template, turn: int) -> dict[str, object]:
    """Give the sample with some of its texts turned by *turn* characters."""
    return {
        name: value[turn:] + value[:turn]
        if isinstance(value, str)
        and template.fields[name].type == "text"
        and (place + turn) % 3
        and len(value) > turn
        else value
        for place, (name, value) in enumerate(template.samples().items())
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_later_poster_is_what_a_first_one_would_be(template: Template, paint: Paint) -> None:
    """Over kept layers the same pixels and warnings come out as from nothing, whatever changes."""
    kept = PaintCache()

    for turn in (0, 1, 2, 2, 4):
        fields = turned(template, turn)
        later = paint(template, fields, cache=kept)
        first = paint(template, fields, cache=PaintCache())
        assert later.image.tobytes() == first.image.tobytes()
        assert later.warnings == first.warnings


def test_what_lies_over_a_changed_layer_is_painted_again(paint: Paint) -> None:
    """A fixed bar over the title stays over it, and a field that comes and goes leaves no trace."""
    template = parse_template(LAYERED, "layered.yaml")
    kept = PaintCache()

    for fields in (
        {"title": "晨读会"},
        {"title": "晚读会"},
        {"title": "晚读会", "ribbon": "第三期"},
        {"title": "晚读会很长很长的一行", "ribbon": "第三期"},
        {"title": "晨读会"},
    ):
        later = paint(template, fields, cache=kept)
        first = paint(template, fields, cache=PaintCache())
        assert later.image.tobytes() == first.image.tobytes()


def test_another_process_finds_what_was_kept(
    live_notice: Template, paint: Paint, tmp_path: Path
) -> None:
    """A new cache on the same folder gives the same poster, and starts from the kept layers."""
    folder = tmp_path / "kept"
    for turn in range(3):
        paint(live_notice, turned(live_notice, turn), cache=shared_cache(folder))
    fresh = shared_cache(folder)

    poster = paint(live_notice, turned(live_notice, 4), cache=fresh)

    first = paint(live_notice, turned(live_notice, 4), cache=PaintCache())
    assert poster.image.tobytes() == first.image.tobytes()
    assert poster.warnings == first.warnings
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"nonsense", None])
def test_a_damaged_file_is_as_good_as_none(
    plain: Template, paint: Paint, tmp_path: Path, damage: bytes | None
) -> None:
    """A file that was cut short or altered is painted anew, and mended."""
    paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if damage is None else damage)

    poster = paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))

    first = paint(plain, {"title": "好"}, cache=PaintCache())
    assert poster.image.tobytes() == first.image.tobytes()
    assert path.read_bytes() == data


def test_another_version_paints_for_itself(plain: Template, paint: Paint, tmp_path: Path) -> None:
    """What an engine of another version left is not looked at."""
    old = PaintCache(folder=SnapshotFolder(tmp_path, version=-1))
    paint(plain, {"title": "好"}, cache=old)

    paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))

    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_is_bounded(plain: Template, brand: Brand, fonts: Fonts, tmp_path: Path) -> None:
    """Beyond its limit the longest unused snapshots are dropped."""
    picture_bytes = 400 * 300 * 3
    folder = SnapshotFolder(tmp_path, version=1, limit=3 * picture_bytes)
    for number in range(5):
        kit = brand.model_copy(update={"name": f"群{number}"})
        cache = PaintCache(folder=folder)
        render(
            plain,
            {"title": "好"},
            brand=kit,
            pictures=dict[str, bytes]().__getitem__,
            fonts=fonts,
            cache=cache,
        )

    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert 0 < sum(sizes) <= 3 * picture_bytes
