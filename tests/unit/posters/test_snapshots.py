"""Snapshots: caching changes how long posters take, and nothing else."""

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

#: The title changes, a fixed bar covers it, and the fixed card does not; the ribbon is optional.
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
    """Return the sample values, some of them rotated by *turn* characters."""
    return {
        name: value[turn:] + value[:turn]
        if isinstance(value, str)
        and template.fields[name].type == "text"
        and (index + turn) % 3
        and len(value) > turn
        else value
        for index, (name, value) in enumerate(template.samples().items())
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_later_poster_equals_a_first_one(template: Template, paint: Paint) -> None:
    """With a warm cache the pixels and warnings are the same as with a cold one."""
    cache = PaintCache()
    values = {turn: turned(template, turn) for turn in (0, 1, 2, 4)}
    firsts = {turn: paint(template, values[turn], cache=PaintCache()) for turn in values}

    for turn in (0, 1, 2, 2, 4):
        later = paint(template, values[turn], cache=cache)
        first = firsts[turn]
        assert later.image.tobytes() == first.image.tobytes()
        assert later.warnings == first.warnings


def test_layers_over_a_changed_layer_are_painted_again(paint: Paint) -> None:
    """A bar over the title stays over it, and a removed field leaves no trace."""
    template = parse_template(LAYERED, "layered.yaml")
    cache = PaintCache()

    for fields in (
        {"title": "晨读会"},
        {"title": "晚读会"},
        {"title": "晚读会", "ribbon": "第三期"},
        {"title": "晚读会很长很长的一行", "ribbon": "第三期"},
        {"title": "晨读会"},
    ):
        later = paint(template, fields, cache=cache)
        first = paint(template, fields, cache=PaintCache())
        assert later.image.tobytes() == first.image.tobytes()


def test_another_process_uses_the_stored_snapshot(
    live_notice: Template, paint: Paint, tmp_path: Path
) -> None:
    """A new cache with the same folder starts from the stored snapshot."""
    folder = tmp_path / "snapshots"
    for turn in range(3):
        paint(live_notice, turned(live_notice, turn), cache=shared_cache(folder))
    fresh = shared_cache(folder)

    poster = paint(live_notice, turned(live_notice, 4), cache=fresh)

    first = paint(live_notice, turned(live_notice, 4), cache=PaintCache())
    assert poster.image.tobytes() == first.image.tobytes()
    assert poster.warnings == first.warnings
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"nonsense", None])
def test_a_damaged_snapshot_is_replaced(
    plain: Template, paint: Paint, tmp_path: Path, damage: bytes | None
) -> None:
    """A truncated or altered file is ignored and written again."""
    paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if damage is None else damage)

    poster = paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))

    first = paint(plain, {"title": "好"}, cache=PaintCache())
    assert poster.image.tobytes() == first.image.tobytes()
    assert path.read_bytes() == data


def test_snapshots_of_another_version_are_ignored(
    plain: Template, paint: Paint, tmp_path: Path
) -> None:
    """An engine of another version stores its own snapshot."""
    old = PaintCache(folder=SnapshotFolder(tmp_path, version=-1))
    paint(plain, {"title": "好"}, cache=old)

    paint(plain, {"title": "好"}, cache=shared_cache(tmp_path))

    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_is_bounded(plain: Template, brand: Brand, fonts: Fonts, tmp_path: Path) -> None:
    """Beyond the limit the least recently used snapshots are deleted."""
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
