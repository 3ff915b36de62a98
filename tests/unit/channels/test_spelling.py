"""Tests of finding the name that an author meant."""

from __future__ import annotations

import pytest

from contentsvc.channels.spelling import meant

KNOWN = ("find", "idempotent_for", "page", "publish", "rates", "retract", "render_post")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("publsh", "publish"),
        ("pubilsh", "publish"),
        ("publissh", "publish"),
        ("pablish", "publish"),
        ("rate", "rates"),
        ("render_posts", "render_post"),
        ("rendr_pst", "render_post"),
        ("idempotant_fro", "idempotent_for"),
        ("extract", None),
        ("publisher", None),
        ("fetch", None),
        ("publish", None),
        ("", None),
    ],
)
def test_a_misspelling_is_recognised(name: str, found: str | None) -> None:
    """A name that differs by one letter, or two if it is long, is a misspelling."""
    assert meant(name, KNOWN) == found


def test_the_nearest_name_is_meant() -> None:
    """Of several near names, the nearest is returned; of equally near ones, the first by name."""
    assert meant("render_poste", ("render_poster", "render_post")) == "render_post"
    assert meant("render_posster", ("render_post", "render_poster")) == "render_poster"
