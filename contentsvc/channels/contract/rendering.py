"""RenderContract, the tests of a channel's class, settings and rendering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from contentsvc.channels.channel import Channel
from contentsvc.channels.content import Rendition
from contentsvc.channels.contributions import check_channel_class
from contentsvc.channels.parts import Parts, split_rendition
from contentsvc.channels.settings import form_fields, parse_settings, upgraded_settings
from contentsvc.channels.soundness import (
    blocked,
    check_rendition,
    exceeded,
    render_all,
    render_long,
    rendered_or_refused,
    secrets_of,
)
from contentsvc.channels.testing import TestHost, sample_entry, sample_picture
from contentsvc.errors import RenderError

__all__ = ["RenderContract"]

#: Bodies of entries, from ordinary to hostile.
_BODIES = {
    "empty": "",
    "one letter": "好",
    "emoji": "👨‍👩‍👧‍👦 🇨🇳 ❤️‍🔥 " * 50,
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>[点](javascript:alert(1))",
    "every shape": "# 标题\n\n> 引用\n\n1. 一\n2. 二\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~~\nx",
    "long": "社群运营" * 5_000,
    "longest": "字" * 100_000,
    "too long": "字" * 100_001,
    "control characters": "\x00\x01\x1b[31m\u202e",
}


class RenderContract:
    """Tests of a channel's class and rendering. Subclasses set `channel_class` and `settings`."""

    channel_class: ClassVar[type[Channel]]
    #: Settings as in a channels file, with secrets in plain text.
    settings: ClassVar[Mapping[str, Any]] = {}
    #: Examples of settings that earlier versions of the plugin stored.
    earlier_settings: ClassVar[Sequence[Mapping[str, Any]]] = ()

    @pytest.fixture
    def raw_settings(self) -> Mapping[str, Any]:
        """Return the settings for the tested channel. Override this fixture to compute them."""
        return self.settings

    @pytest.fixture
    def host(self, tmp_path: Path) -> TestHost:
        """Return the test host, which provides the channel's storage and network access."""
        return TestHost(tmp_path / "channel")

    @pytest.fixture
    def channel(self, host: TestHost, raw_settings: Mapping[str, Any]) -> Channel:
        """Return the channel under test."""
        return self.channel_class(parse_settings(self.channel_class, raw_settings), host)

    def test_the_class_is_whole(self) -> None:
        """The attributes of the channel's class have valid types and values."""
        check_channel_class(self.channel_class)

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_settings_make_a_form(self, language: str) -> None:
        """Every setting has a label in both languages and a kind that a web form can show."""
        fields = form_fields(self.channel_class, language)

        names = [field.name for field in fields]
        unlabelled = [field.name for field in fields if not field.label.strip()]
        empty = [field.name for field in fields if field.kind == "choice" and not field.choices]
        assert names == list(self.channel_class.Settings.model_fields), (
            f"the form has the fields {names}; it must have one for each setting"
        )
        assert unlabelled == [], f"the settings {unlabelled} have no label in {language}"
        assert empty == [], f"the settings {empty} are choices without options"

    def test_stored_settings_are_converted_once(self, raw_settings: Mapping[str, Any]) -> None:
        """`upgrade_settings` converts earlier settings, and returns current ones unchanged."""
        for stored in (raw_settings, *self.earlier_settings):
            current = upgraded_settings(self.channel_class, stored)
            parse_settings(self.channel_class, current)
            again = upgraded_settings(self.channel_class, current)
            assert again == current, (
                f"upgrade_settings changed its own result {sorted(current)} to {sorted(again)}; "
                "it must return current settings unchanged"
            )
        assert upgraded_settings(self.channel_class, raw_settings) == dict(raw_settings), (
            "upgrade_settings changed current settings; it must return them unchanged"
        )

    def test_secrets_are_not_shown(self, channel: Channel) -> None:
        """Neither a channel nor its settings show a secret when they are converted to text."""
        shown = f"{channel!r} {channel} {channel.settings!r} {channel.settings}"

        leaked = [secret for secret in secrets_of(channel) if secret in shown]
        assert leaked == [], "repr() or str() of the channel or its settings shows a secret"

    def test_each_kind_renders_the_same_twice(self, channel: Channel, host: TestHost) -> None:
        """Rendering an entry twice gives equal renditions, and uses no network."""
        with host.offline():
            first = list(render_all(channel))
            second = list(render_all(channel))

        assert first == second, (
            "rendering the same entry twice made two different renditions; do not use the time, "
            "random values or stored state while rendering"
        )
        assert first, "the channel rendered nothing; kinds must name a kind of entry"
        for rendition in first:
            check_rendition(rendition)

    def test_what_people_plan_is_within_the_limits(self, channel: Channel) -> None:
        """For a typical entry of each kind, the channel gives no warning that blocks approval."""
        for rendition in render_all(channel):
            warnings = [warning.message.text() for warning in blocked(channel, rendition)]
            assert warnings == [], (
                f"a typical entry cannot be approved on this channel, because of {warnings}; "
                "limits or a warning that blocks are too strict"
            )

    @pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES.keys())
    def test_any_body_renders_or_is_refused(
        self, channel: Channel, host: TestHost, body: str
    ) -> None:
        """The channel renders unusual texts without dangerous HTML, or raises RenderError."""
        for kind in sorted(channel.kinds):
            with host.offline():
                rendition = rendered_or_refused(channel, sample_entry(kind, body=body))
                parts = _parts_or_refused(channel, rendition)
            for message in (rendition, *parts):
                if message is not None:
                    check_rendition(message)

    def test_pictures_are_kept_or_told(self, channel: Channel) -> None:
        """A rendition has all pictures of its entry, in order, or at least one warning."""
        pictures = tuple(sample_picture(f"{number}.png") for number in range(1, 4))
        for kind in sorted(channel.kinds):
            rendition = rendered_or_refused(channel, sample_entry(kind, pictures=pictures))
            if rendition is None:
                continue
            own = [picture for picture in rendition.pictures if picture in pictures]
            told = [*rendition.warnings, *blocked(channel, rendition)]
            assert own == list(pictures) or told, (
                f"the rendition of a {kind.value} has {len(own)} of its 3 pictures and no warning; "
                "keep all pictures in order, or add a RenditionWarning"
            )

    def test_each_part_is_a_message_of_its_own(self, channel: Channel, host: TestHost) -> None:
        """If the channel has parts, `split` is pure, and each part is within `limits`.

        A long entry with pictures becomes 1 to 100 parts, or is refused with RenderError.
        """
        if not isinstance(channel, Parts):
            return
        for rendition in (*render_all(channel), *render_long(channel)):
            with host.offline():
                parts = _parts(channel, rendition)
                again = _parts(channel, rendition)
            assert parts == again, (
                "split() made different parts of the same rendition; it is part of rendering, so "
                "do not use the time, random values or stored state"
            )
            for number, part in enumerate(parts, 1):
                check_rendition(part)
                found = [warning.message.text() for warning in exceeded(channel, part)]
                assert found == [], (
                    f"part {number} of {len(parts)} exceeds limits: {found}; split() must make "
                    "each part short enough"
                )


def _parts(channel: Channel, rendition: Rendition) -> tuple[Rendition, ...]:
    """Return the parts of *rendition*. Assert that there are 1 to 100."""
    try:
        return split_rendition(channel, rendition)
    except RenderError as error:
        raise AssertionError(f"split() failed for a sample entry: {error}") from error


def _parts_or_refused(channel: Channel, rendition: Rendition | None) -> tuple[Rendition, ...]:
    """Return the parts of *rendition*; none if the channel refuses it or has no parts."""
    try:
        return () if rendition is None else split_rendition(channel, rendition)
    except RenderError:
        return ()
