"""Tests of rendering: one method for each kind of entry, then `finish`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contentsvc.channels import Channel, EntryKind, Notice, Receipt, RenderContext, Rendition
from contentsvc.channels.testing import (
    TestHost,
    parse_settings,
    render,
    sample_context,
    sample_entry,
)


class Signed(Channel):
    """A channel that signs everything."""

    type = "signed"

    def finish(self, rendition: Rendition, context: RenderContext) -> Rendition:
        return replace(rendition, text=f"{rendition.text} -- {context.language}")

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        raise NotImplementedError


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return Signed(parse_settings(Signed, {}), TestHost(tmp_path))


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_is_finished_once(channel: Channel, kind: EntryKind) -> None:
    """A channel changes the renditions of all kinds in one method."""
    text = render(channel, sample_entry(kind), sample_context(language="en")).text

    assert text.endswith(" -- en")
    assert text.count(" -- ") == 1


def test_a_livestream_is_rendered_by_its_notice(channel: Channel) -> None:
    """Without a notice, the first of the usual chain is rendered."""
    entry = sample_entry(EntryKind.LIVESTREAM)

    assert "还有1小时" in render(channel, entry, notice=Notice.parse("-1h")).title
    assert "还有1小时" not in render(channel, entry).title
