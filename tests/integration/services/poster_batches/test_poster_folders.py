"""Poster templates of plugins: searched after the team's own and before the shipped ones."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from contentsvc.channels.hosting import load_plugins
from contentsvc.config import shipped
from contentsvc.db.mapping import content_of
from contentsvc.db.session import Database
from contentsvc.errors import RenderError
from contentsvc.services.rendering.entry_posters import PosterMaker
from contentsvc.services.rendering.painting import template_folders
from contentsvc.services.rendering.renderer import Preview, Renderer
from contentsvc.services.runtime import Runtime
from tests.factories import WEEK, make_calendar, make_channel, make_entry, make_runtime

TEMPLATE = """\
id: {name}
version: 1
name: {{zh: 我的, en: Mine}}
size: [{width}, 100]
safe: [0, 0, 0, 0]
fields:
  title: {{label: {{zh: 标题, en: Title}}, required: true, max: 12, sample: 早安}}
palette: {{ink: "#000000"}}
alt: ["{{title}}"]
layers:
  - {{id: title, type: text, field: title, box: [0, 0, 100, 50], size: 20}}
variants:
  card: {{size: [{width}, 100]}}
"""
PLUGIN = """
from pathlib import Path
from contentsvc.channels import hookimpl

api_version = 1

@hookimpl
def register_poster_templates():
    return [Path(__file__).parent / "posters"]
"""


def write_template(folder: Path, name: str, width: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(TEMPLATE.format(name=name, width=width), "utf-8")


def runtime_with(database: Database, folder: Path) -> Runtime:
    """Return a runtime with the team's own assets and a plugin; both may be empty."""
    (folder / "assets").mkdir(exist_ok=True)
    write_template(folder / "own" / "posters", "mine", 200)
    (folder / "own" / "mine.py").write_text(PLUGIN)
    runtime = make_runtime(database, folder, ASSETS_DIR=str(folder / "assets"))
    plugins = [shipped("plugins"), folder / "own"]
    return replace(runtime, registry=load_plugins(plugins, entry_points=False))


def width_of(runtime: Runtime, name: str) -> int:
    card = PosterMaker(runtime).card(name, {"title": "早安"}, "card", None, "image/png")
    return card.width


def test_a_plugin_s_template_is_found(database: Database, tmp_path: Path) -> None:
    """A plugin's template is found by its name."""
    assert width_of(runtime_with(database, tmp_path), "mine") == 200


def test_the_team_s_own_template_comes_first(database: Database, tmp_path: Path) -> None:
    """A team's template replaces a plugin's template of the same name."""
    runtime = runtime_with(database, tmp_path)
    write_template(tmp_path / "assets" / "posters", "mine", 300)

    assert width_of(runtime, "mine") == 300


def test_a_plugin_s_template_comes_before_the_shipped_one(
    database: Database, tmp_path: Path
) -> None:
    """A plugin's template replaces a shipped template of the same name."""
    runtime = runtime_with(database, tmp_path)
    write_template(tmp_path / "own" / "posters", "quote", 400)

    folders = template_folders(runtime)

    assert width_of(runtime, "quote") == 400
    assert folders[0] == (tmp_path / "assets" / "posters").resolve()
    assert folders[-1] == (shipped("assets") / "posters").resolve()


def test_a_template_that_nobody_has_is_refused(database: Database, tmp_path: Path) -> None:
    """The error for an unknown template lists all templates, including those of plugins."""
    with pytest.raises(RenderError, match=r"'other'; available: .*mine"):
        width_of(runtime_with(database, tmp_path), "other")


@pytest.mark.parametrize("media_type", ["image/gif", "text/html"])
def test_a_card_is_no_other_file(database: Database, tmp_path: Path, media_type: str) -> None:
    """The error for a card of an unknown template lists the templates."""
    maker = PosterMaker(runtime_with(database, tmp_path))

    with pytest.raises(RenderError, match="allowed: image/png"):
        maker.card("mine", {"title": "早安"}, "card", None, media_type)


def shown(runtime: Runtime, **said: Any) -> Preview:
    make_channel(runtime)
    calendar = make_calendar(runtime)
    entry = make_entry(runtime, calendar, **said)
    (preview,) = Renderer(runtime).preview(calendar, WEEK, content_of(entry))
    return preview


def test_the_site_s_posts_get_a_card(runtime: Runtime) -> None:
    """A post of the site has a card of 1200 x 630 pixels, small enough for a chat."""
    preview = shown(runtime)

    assert preview.rendition is not None
    (card,) = preview.rendition.pictures
    assert preview.warnings == ()
    assert Image.open(io.BytesIO(card.content)).size == (card.width, card.height) == (1200, 630)
    assert card.name == preview.rendition.data["card"] == "link-card-card.jpg"
    assert card.alt.startswith("冬季护肤小贴士")
    assert len(card.content) < 300_000


def test_a_long_title_warns_nobody_of_the_card(runtime: Runtime) -> None:
    """Text that the card cuts off adds no warning to the post."""
    preview = shown(runtime, title="很长的标题" * 30, body="很长的正文。" * 400)

    assert preview.rendition is not None
    assert len(preview.rendition.pictures) == 1
    assert preview.warnings == ()
