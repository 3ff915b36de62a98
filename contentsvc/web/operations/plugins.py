"""The page that lists the plugins and their errors."""

from __future__ import annotations

from flask import Blueprint, render_template

from contentsvc.web.current import runtime

__all__ = ["blueprint"]

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins/")
def index() -> str:
    """Render the list of plugins, broken plugins first."""
    registry = runtime().registry
    plugins = sorted(registry.plugins, key=lambda plugin: (plugin.error is None, plugin.name))
    return render_template(
        "plugins/index.html",
        plugins=plugins,
        types=registry.channel_types(),
        folders=runtime().config.plugin_folders(),
    )
