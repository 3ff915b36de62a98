"""Identity, a platform's data about the account with which a channel publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from contentsvc.channels.content import Picture

__all__ = ["Identity", "verify_identity"]

#: Most characters of a name or id; platforms' own are much shorter.
_MOST_TEXT = 500
#: Most bytes of a picture, which is shown as large as a thumb.
_MOST_PICTURE_BYTES = 1024 * 1024
_MEDIA_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})


@dataclass(frozen=True, slots=True)
class Identity:
    """The account on the platform as a person knows it: its name, picture and id.

    Raises:
        TypeError: a value has the wrong type.
        ValueError: *name* is empty, a text or the picture is too large, or *valid_until* has no
            time zone.
    """

    #: The account's name on the platform, at most 500 characters.
    name: str
    #: The platform's id of the account, at most 500 characters; empty if it has none.
    id: str = ""
    #: The account's picture (PNG, JPEG, WebP or GIF), at most 1 MiB; None if there is none.
    picture: Picture | None = None
    #: When the credentials expire (an aware time); None if they do not, or if that is not known.
    valid_until: datetime | None = None

    def __post_init__(self) -> None:
        """Check the values and convert *valid_until* to UTC."""
        _check_text("Identity.name", self.name)
        _check_text("Identity.id", self.id)
        if not self.name.strip():
            raise ValueError("Identity.name is empty")
        _check_picture(self.picture)
        at = self.valid_until
        if at is None:
            return
        if not isinstance(at, datetime):
            raise TypeError(f"Identity.valid_until must be a datetime, not {type(at).__name__}")
        if at.utcoffset() is None:
            raise ValueError("Identity.valid_until has no time zone; use datetime.now(UTC)")
        object.__setattr__(self, "valid_until", at.astimezone(UTC))


def verify_identity(value: object) -> Identity:
    """Check *value*, which a plugin returned, and return a copy of it.

    Raises:
        TypeError: *value* is not an Identity, or contains a value of a wrong type.
        ValueError: *value* contains a wrong value.
    """
    if not isinstance(value, Identity):
        raise TypeError(f"an Identity was expected, not {type(value).__name__}")
    return Identity(value.name, value.id, value.picture, value.valid_until)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if len(value) > _MOST_TEXT:
        raise ValueError(f"{name} has {len(value):,} characters; at most {_MOST_TEXT} are allowed")


def _check_picture(picture: object) -> None:
    if picture is None:
        return
    if not isinstance(picture, Picture):
        kind = type(picture).__name__
        raise TypeError(f"Identity.picture must be a Picture or None, not {kind}")
    if picture.media_type not in _MEDIA_TYPES:
        raise ValueError(f"Identity.picture cannot be of the type {picture.media_type!r}")
    if not isinstance(picture.content, bytes):
        raise TypeError(f"Identity.picture has no bytes, but {type(picture.content).__name__}")
    size = len(picture.content)
    if size > _MOST_PICTURE_BYTES:
        raise ValueError(
            f"Identity.picture has {size:,} bytes; at most {_MOST_PICTURE_BYTES:,} are allowed"
        )
