"""The page of plugins and their errors."""

from __future__ import annotations

from flask import Blueprint, render_template

from contentsvc.web.current import runtime

__all__ = ["blueprint"]

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins/")
def index() -> str:
    """List the plugins, broken plugins first."""
    registry = runtime().registry
    plugins = sorted(registry.plugins, key=lambda plugin: (plugin.error is None, plugin.name))
    return render_template(
        "plugins/index.html",
        plugins=plugins,
        types=registry.channel_types(),
        folders=runtime().config.plugin_folders(),
    )
