"""Tests of Identity, which checks itself where a plugin makes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from contentsvc.channels import Identity, Picture
from contentsvc.channels.hosting import verify_identity
from contentsvc.channels.testing import sample_picture


def _picture_of_text() -> Picture:
    """Return a picture whose content a plugin gave as text."""
    content: Any = "png"
    return replace(sample_picture(), content=content)


NAIVE = datetime(2026, 11, 26, 12, 0)  # noqa: DTZ001 - the mistake


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "Identity.name is empty"),
        ({"name": " "}, "Identity.name is empty"),
        ({"name": None}, "Identity.name must be a str, not NoneType"),
        ({"name": b"shop"}, "Identity.name must be a str, not bytes"),
        ({"name": "x" * 501}, "Identity.name has 501 characters"),
        ({"name": "shop", "id": 42}, "Identity.id must be a str, not int"),
        ({"name": "shop", "id": "x" * 501}, "Identity.id has 501 characters"),
        ({"name": "shop", "picture": b"png"}, "must be a Picture or None, not bytes"),
        (
            {"name": "shop", "picture": replace(sample_picture(), media_type="text/html")},
            "cannot be of the type 'text/html'",
        ),
        (
            {"name": "shop", "picture": replace(sample_picture(), content=b"x" * 1_048_577)},
            "1,048,577 bytes; at most 1,048,576",
        ),
        (
            {"name": "shop", "picture": _picture_of_text()},
            "has no bytes, but str",
        ),
        ({"name": "shop", "valid_until": NAIVE}, "has no time zone"),
        ({"name": "shop", "valid_until": "tomorrow"}, "must be a datetime, not str"),
    ],
)
def test_a_wrong_value_is_refused_where_it_is_made(values: dict[str, Any], words: str) -> None:
    """The error names the value and what it must be."""
    with pytest.raises((TypeError, ValueError), match=words):
        Identity(**values)


def test_a_time_becomes_utc() -> None:
    """The end of the credentials may be in any time zone."""
    local = datetime(2026, 11, 26, 20, 0, tzinfo=timezone(timedelta(hours=8)))

    assert Identity("shop", valid_until=local).valid_until == datetime(2026, 11, 26, 12, tzinfo=UTC)


class Unchecked(Identity):
    def __post_init__(self) -> None:
        """Skip the checks."""


def test_a_subclass_cannot_skip_the_checks() -> None:
    """What a plugin returned is checked once more."""
    assert verify_identity(Unchecked("shop", "7")) == Identity("shop", "7")
    with pytest.raises(ValueError, match="is empty"):
        verify_identity(Unchecked(""))
    with pytest.raises(TypeError, match="an Identity was expected, not dict"):
        verify_identity({"name": "shop"})
