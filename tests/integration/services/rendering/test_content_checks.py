"""Checks of plugins: run for previews and for deliveries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contentsvc.channels import WarningLevel
from contentsvc.channels.hosting import load_plugins
from contentsvc.config import shipped
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.rendering.renderer import Preview, Renderer
from contentsvc.services.runtime import Runtime
from tests.factories import WEEK, make_calendar, make_channel, make_entry

CHECK = """
from contentsvc.channels import Check, RenditionWarning, WarningLevel, hookimpl

api_version = 1

class Mine(Check):
    name = "mine"

    def check(self, entry, rendition, language):
        return {found}

@hookimpl
def register_checks():
    return [Mine()]
"""


def with_check(runtime: Runtime, folder: Path, found: str) -> Runtime:
    folder.mkdir()
    (folder / "mine.py").write_text(CHECK.format(found=found), "utf-8")
    return replace(runtime, registry=load_plugins([shipped("plugins"), folder], entry_points=False))


def preview(runtime: Runtime, **said: Any) -> Preview:
    make_channel(runtime)
    calendar = make_calendar(runtime)
    entry = make_entry(runtime, calendar, **said)
    (only,) = Renderer(runtime).preview(calendar, WEEK, content_of(entry))
    return only


def test_a_preview_tells_what_a_check_found(runtime: Runtime) -> None:
    """A preview shows a check's warning beside the body, such as for the superlative 最佳."""
    (warning,) = preview(runtime, body="宝宝面霜的最佳选择").warnings

    assert warning.level is WarningLevel.WARN
    assert warning.field == "body"
    assert "最佳" in str(warning.message)


def test_a_check_is_given_the_entry_and_the_rendition(runtime: Runtime, tmp_path: Path) -> None:
    """A check gets the entry and the rendition as the channel shows them, and the language."""
    told = "f'{entry.ref} {rendition.title} {language}'"
    found = f"[RenditionWarning(WarningLevel.BLOCK, 'title', {told})]"

    (warning,) = preview(with_check(runtime, tmp_path / "own", found)).warnings

    assert warning.level is WarningLevel.BLOCK
    assert str(warning.message) == "baby-benefits/2026-W48/wed-post 冬季护肤小贴士 zh"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("None", "TypeError"),
        ("['text']", "TypeError"),
        ("[RenditionWarning('loud', 'body', 'x')]", "TypeError"),
        ("[RenditionWarning(WarningLevel.BLOCK, 'body', 5)]", "TypeError"),
    ],
)
def test_a_check_that_fails_is_named_and_blocks_nothing(
    runtime: Runtime, tmp_path: Path, found: str, reason: str
) -> None:
    """If a check fails, the rendition has a warning with the check's name and the reason."""
    shown = preview(with_check(runtime, tmp_path / "own", found))

    (warning,) = shown.warnings
    assert shown.rendition_hash is not None
    assert warning.level is WarningLevel.WARN
    assert "mine" in str(warning.message)
    assert reason in str(warning.message)


def test_a_failing_check_holds_no_delivery_up(runtime: Runtime, tmp_path: Path) -> None:
    """A failing check does not keep a delivery from being scheduled."""
    runtime = with_check(runtime, tmp_path / "own", "1 / 0")
    make_channel(runtime)
    make_entry(runtime, make_calendar(runtime))
    with runtime.database.read() as session:
        (delivery_id,) = session.scalars(select(Delivery.id))

    scheduled = Renderer(runtime).render_planned([delivery_id])

    assert scheduled == 1
    with runtime.database.read() as session:
        assert session.scalar(select(Delivery.status)) is DeliveryStatus.SCHEDULED
