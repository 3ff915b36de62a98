"""The chapter "A real channel" of the plugin author's guide, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from contentsvc.channels import Channel, Parts
from contentsvc.channels.hosting import load_plugin_beside, supports
from contentsvc.config import shipped
from tests.real_channel import plugin_source, source_of_test


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    (tmp_path / "plaza.py").write_text(plugin_source(), "utf-8")
    (tmp_path / "test_plaza.py").write_text(source_of_test(), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path / "plaza.py"


def test_the_service_loads_the_plugin_of_the_chapter(plugin: Path) -> None:
    """The blocks of the chapter are a plugin that loads beside the shipped ones."""
    registry = load_plugin_beside(plugin, [shipped("plugins")])

    (info,) = registry.plugins
    assert (info.error, info.channel_types) == (None, ("plaza",))
    plaza = registry.channel_type("plaza")
    assert issubclass(plaza, Parts)
    assert plaza.account is not Channel.account
    optional = ("find", "poll", "retract", "identity")
    assert [method for method in optional if not supports(plaza, method)] == []


def test_the_plugin_of_the_chapter_passes_the_contract(plugin: Path) -> None:
    """The chapter's test passes: the contract on a fake platform, and the tests of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(plugin.parent)]

    run = subprocess.run(command, cwd=plugin.parent, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed is not None
    assert int(passed[1]) > 30
