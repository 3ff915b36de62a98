"""What a platform allows, checked while people are still planning."""

from __future__ import annotations

from dataclasses import dataclass

from contentsvc.channels.content import Picture, Rendition, RenditionWarning, WarningLevel

__all__ = ["Limits"]

_WORDS = {
    "en": {
        "title": "the title",
        "body": "the text",
        "characters": "{what} has {used} characters; {allowed} are allowed here",
        "bytes": "{what} has {used} bytes in UTF-8; {allowed} are allowed here",
        "pictures": "there are {used} pictures; {allowed} are allowed here",
        "picture_bytes": "picture {what} has {used} bytes; {allowed} are allowed here",
        "ratio": "picture {what} is {used}; {allowed} are allowed here",
    },
    "zh": {
        "title": "标题",
        "body": "正文",
        "characters": "{what}有 {used} 字，这里最多 {allowed} 字",
        "bytes": "{what}有 {used} 字节（UTF-8），这里最多 {allowed} 字节",
        "pictures": "有 {used} 张图片，这里最多 {allowed} 张",
        "picture_bytes": "图片 {what} 有 {used} 字节，这里最多 {allowed} 字节",
        "ratio": "图片 {what} 的尺寸是 {used}，这里只允许 {allowed}",
    },
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform takes; None where it names no limit.

    Characters are Unicode code points, bytes are those of UTF-8 (a Chinese character is three).
    """

    title_characters: int | None = None
    title_bytes: int | None = None
    text_characters: int | None = None
    text_bytes: int | None = None
    #: Most pictures in one post; 0 where it takes none.
    pictures: int | None = None
    #: Most bytes of one picture.
    picture_bytes: int | None = None
    #: Allowed width : height, such as `((3, 4), (1, 1))`; empty allows every one.
    ratios: tuple[tuple[int, int], ...] = ()
    #: How far a picture's ratio may be off, as a share of the allowed one.
    ratio_tolerance: float = 0.02

    def check(self, rendition: Rendition, *, language: str = "en") -> list[RenditionWarning]:
        """Return a blocking warning for each limit exceeded, worded in `zh` or `en`."""
        words = _WORDS.get(language, _WORDS["en"])
        found = [
            *self._text("title", rendition.title, self.title_characters, self.title_bytes),
            *self._text("body", rendition.text, self.text_characters, self.text_bytes),
            *self._pictures(rendition.pictures),
        ]
        return [
            RenditionWarning(
                WarningLevel.BLOCK,
                field,
                words[limit].format(what=words.get(what, what), used=used, allowed=allowed),
            )
            for field, limit, what, used, allowed in found
        ]

    def _text(
        self, field: str, text: str, characters: int | None, most_bytes: int | None
    ) -> list[tuple[str, str, str, str, str]]:
        size = len(text.encode("utf-8", "surrogatepass"))
        found = []
        if characters is not None and len(text) > characters:
            found.append((field, "characters", field, str(len(text)), str(characters)))
        if most_bytes is not None and size > most_bytes:
            found.append((field, "bytes", field, str(size), str(most_bytes)))
        return found

    def _pictures(self, pictures: tuple[Picture, ...]) -> list[tuple[str, str, str, str, str]]:
        found = []
        if self.pictures is not None and len(pictures) > self.pictures:
            found.append(("pictures", "pictures", "", str(len(pictures)), str(self.pictures)))
        for picture in pictures:
            used = len(picture.content)
            if self.picture_bytes is not None and used > self.picture_bytes:
                allowed = str(self.picture_bytes)
                found.append(("pictures", "picture_bytes", picture.name, str(used), allowed))
            if self.ratios and not self._ratio_fits(picture):
                shape = f"{picture.width}x{picture.height}"
                allowed = ", ".join(f"{width}:{height}" for width, height in self.ratios)
                found.append(("pictures", "ratio", picture.name, shape, allowed))
        return found

    def _ratio_fits(self, picture: Picture) -> bool:
        return any(
            abs(picture.width * height - picture.height * width)
            <= self.ratio_tolerance * picture.height * width
            for width, height in self.ratios
        )
