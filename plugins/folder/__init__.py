"""A plugin that writes each post as a folder of files, for people or other programs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from contentsvc.channels import (
    PLATFORM_RULES,
    Channel,
    Picture,
    PlatformRule,
    Receipt,
    RenderContext,
    Rendition,
    TemporaryError,
    hookimpl,
    with_formats,
)

from .formats import chosen_formats, format_files, manifest_data
from .phrases import PHRASES
from .settings import FolderSettings

__version__ = "1.2"
api_version = 1

#: Most bytes of the title in a file name; common file systems limit a name to 255 bytes.
_MOST_TITLE_BYTES = 90
#: Characters that Windows and network drives refuse in a name, beside control characters.
_RESERVED = re.compile(r'[<>:"/\\|?*\s]+')
_DRAFT = ".draft-"
#: Seconds after which a draft is abandoned; writing never takes so long.
_OLD_DRAFT = 3600.0
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class Folder(Channel[FolderSettings]):
    """A channel that writes each post as files to `<path>/<date>/<time>-<title>-<key>/`."""

    type = "folder"
    label: ClassVar[Mapping[str, str]] = {"zh": "文件夹", "en": "Folder"}
    idempotent_for = timedelta.max

    @property
    def platform_rule(self) -> PlatformRule | None:
        """The posting limit of the platform chosen in the settings, or None if it has no limit."""
        return PLATFORM_RULES.get(self.settings.platform)

    def finish(self, rendition: Rendition, context: RenderContext) -> Rendition:
        """Return *rendition* with the platform formats, such as SMS, that the settings choose."""
        formats = list(chosen_formats(self.settings, rendition, context.language))
        return with_formats(rendition, formats) if formats else rendition

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Write the post to a folder, completely or not at all. A repeated *key* writes nothing."""
        try:
            return self._written(key) or self._write(rendition, key)
        except OSError as error:
            raise self._error("folder-not-writable", error) from error

    def find(
        self,
        rendition: Rendition,  # noqa: ARG002 - the key alone names the folder
        *,
        key: str,
        since: datetime,  # noqa: ARG002 - a key is used once, whenever that was
    ) -> Receipt | None:
        """Return the receipt of the folder written for *key*, or None if there is no folder."""
        try:
            return self._written(key)
        except OSError as error:
            raise self._error("folder-not-readable", error) from error

    def _error(self, code: str, error: OSError) -> TemporaryError:
        reason = error.strerror or str(error)
        return TemporaryError(PHRASES.message(code, folder=str(self._root), reason=reason))

    def retract(self, receipt: Receipt) -> None:
        """Delete the post's folder. Do nothing if it does not exist."""
        path = self._root / receipt.id
        if path.resolve().parent.parent == self._root.resolve():
            shutil.rmtree(path, ignore_errors=True)

    @property
    def _root(self) -> Path:
        return Path(self.settings.path) if self.settings.path else self.host.folder

    def _written(self, key: str) -> Receipt | None:
        """Return the receipt of the complete folder for *key*, or None if there is none."""
        found = sorted(self._root.glob(f"????-??-??/*-{_mark(key)}"))
        return self._receipt(found[0]) if found else None

    def _receipt(self, path: Path) -> Receipt:
        return Receipt(id=path.relative_to(self._root).as_posix())

    def _write(self, rendition: Rendition, key: str) -> Receipt:
        path = self._root / _place(rendition, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sweep()
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self._root))
        try:
            for name, content in _files(rendition, key):
                _write_durably(draft / name, content)
            # Only the owner can read a temporary folder; others must be able to read the post.
            draft.chmod(0o755)
            _sync(draft)
            self._rename(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _sync(path.parent)
        _sync(self._root)
        return self._receipt(path)

    def _sweep(self) -> None:
        """Delete old incomplete folders, which killed workers left behind."""
        for draft in self._root.glob(f"{_DRAFT}*"):
            # Another worker may rename its draft at any moment.
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > _OLD_DRAFT:
                    shutil.rmtree(draft, ignore_errors=True)

    def _rename(self, draft: Path, path: Path) -> None:
        try:
            draft.rename(path)
        except OSError:
            # Another attempt with the same key was first; its folder has the same content.
            if not path.is_dir():
                raise


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _place(rendition: Rendition, key: str) -> str:
    at = datetime.fromisoformat(rendition.data["due_at"])
    local = at.astimezone(ZoneInfo(rendition.data["zone"]))
    return f"{local:%Y-%m-%d}/{local:%H%M}-{safe_name(rendition.title)}-{_mark(key)}"


def safe_name(title: str) -> str:
    """Convert *title* to a file name that every common file system accepts."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(char for char in text if unicodedata.category(char)[0] != "C")
    text = _RESERVED.sub("_", text).strip("._ ")
    cut = text.encode()[:_MOST_TITLE_BYTES].decode("utf-8", "ignore").rstrip("._ ")
    return cut or "untitled"


def _files(rendition: Rendition, key: str) -> Iterator[tuple[str, bytes]]:
    pictures = list(_named(rendition.pictures))
    yield "text.txt", _utf8(rendition.text + "\n")
    yield "post.html", _utf8(_html(rendition, pictures))
    for name, text in format_files(rendition):
        yield name, _utf8(text)
    for name, picture in pictures:
        yield name, picture.content
    manifest = {
        "key": key,
        "title": rendition.title,
        **manifest_data(rendition.data),
        "pictures": [_described(name, picture) for name, picture in pictures],
    }
    yield "manifest.json", _utf8(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _named(pictures: tuple[Picture, ...]) -> Iterator[tuple[str, Picture]]:
    for number, picture in enumerate(pictures, start=1):
        yield f"{number:02d}{_ENDINGS.get(picture.media_type, '.bin')}", picture


def _described(name: str, picture: Picture) -> dict[str, object]:
    return {
        "name": name,
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "alt": picture.alt,
        "bytes": len(picture.content),
        "sha256": hashlib.sha256(picture.content).hexdigest(),
    }


def _html(rendition: Rendition, pictures: list[tuple[str, Picture]]) -> str:
    shown = "".join(
        f'<p><img src="{name}" alt="{escape(picture.alt)}" '
        f'width="{picture.width}" height="{picture.height}"></p>\n'
        for name, picture in pictures
    )
    language = "zh-CN" if rendition.data.get("language") == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f"<title>{escape(rendition.title)}</title>\n<h1>{escape(rendition.title)}</h1>\n"
        f"{shown}{rendition.html}\n</html>\n"
    )


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Flush a folder's list of files to the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the plugin's only channel type, Folder."""
    return [Folder]
