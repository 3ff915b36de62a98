"""Limits, a platform's limits on a post, such as the maximum length of its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contentsvc.channels.content import Picture, Rendition, RenditionWarning, WarningLevel
from contentsvc.messages import Message, Parameter

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """A platform's limits on a post, such as the maximum length of its text. None means no limit.

    Characters are Unicode code points. Bytes are counted in UTF-8, in which a Chinese character has
    three.
    """

    title_characters: int | None = None
    title_bytes: int | None = None
    text_characters: int | None = None
    text_bytes: int | None = None
    #: Most pictures in one post; 0 if the platform accepts none.
    pictures: int | None = None
    #: Most bytes of one picture.
    picture_bytes: int | None = None
    #: Allowed ratios of width to height, such as `((3, 4), (1, 1))`; empty allows every ratio.
    ratios: tuple[tuple[int, int], ...] = ()
    #: Allowed deviation of a picture's ratio, as a fraction of the allowed ratio.
    ratio_tolerance: float = 0.02

    def check(self, rendition: Rendition) -> list[RenditionWarning]:
        """Return a warning for each limit that the post exceeds. These warnings block approval."""
        return [
            *self._title(rendition.title),
            *self._text(rendition.text),
            *self._pictures(rendition.pictures),
        ]

    def _title(self, title: str) -> Iterator[RenditionWarning]:
        most = self.title_characters
        if most is not None and len(title) > most:
            yield _over("title", "limit-title-characters", used=len(title), most=most)
        most, size = self.title_bytes, _utf8(title)
        if most is not None and size > most:
            yield _over("title", "limit-title-bytes", used=size, most=most)

    def _text(self, text: str) -> Iterator[RenditionWarning]:
        most = self.text_characters
        if most is not None and len(text) > most:
            yield _over("body", "limit-text-characters", used=len(text), most=most)
        most, size = self.text_bytes, _utf8(text)
        if most is not None and size > most:
            yield _over("body", "limit-text-bytes", used=size, most=most)

    def _pictures(self, pictures: tuple[Picture, ...]) -> Iterator[RenditionWarning]:
        if self.pictures is not None and len(pictures) > self.pictures:
            yield _over("pictures", "limit-pictures", used=len(pictures), most=self.pictures)
        for picture in pictures:
            size = len(picture.content)
            if self.picture_bytes is not None and size > self.picture_bytes:
                yield _over(
                    "pictures",
                    "limit-picture-bytes",
                    picture=picture.name,
                    used=size,
                    most=self.picture_bytes,
                )
            if self.ratios and not self._ratio_fits(picture):
                yield _over(
                    "pictures",
                    "limit-picture-ratio",
                    picture=picture.name,
                    size=f"{picture.width}x{picture.height}",
                    allowed=[f"{width}:{height}" for width, height in self.ratios],
                )

    def _ratio_fits(self, picture: Picture) -> bool:
        return any(
            abs(picture.width * height - picture.height * width)
            <= self.ratio_tolerance * picture.height * width
            for width, height in self.ratios
        )


def _over(field: str, code: str, **params: Parameter) -> RenditionWarning:
    return RenditionWarning(WarningLevel.BLOCK, field, Message(code, **params))


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
