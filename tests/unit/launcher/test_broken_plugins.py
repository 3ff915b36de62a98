"""`contentsvc up` tells which plugins could not be loaded."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contentsvc.channels.hosting import load_plugins
from contentsvc.launcher import up


def test_each_broken_plugin_has_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The line names the plugin, its file and the reason; plugins that load have none."""
    (tmp_path / "broken.py").write_text("raise RuntimeError('no\\nluck')\n")
    (tmp_path / "empty.py").write_text("x = 1\n")
    (tmp_path / "sound.py").write_text(
        "from contentsvc.channels import hookimpl\napi_version = 1\n"
        "@hookimpl\ndef register_checks():\n    return []\n"
    )
    runtime: Any = SimpleNamespace(registry=load_plugins([tmp_path], entry_points=False))

    with caplog.at_level(logging.INFO):
        up._report_broken_plugins(runtime)

    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "\n" not in "".join(lines)
    assert "broken is not loaded: RuntimeError: no luck" in lines[0]
    assert str(tmp_path / "broken.py") in lines[0]
    assert "empty is not loaded: it implements no hook" in lines[1]
