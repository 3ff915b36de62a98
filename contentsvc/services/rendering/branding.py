"""Finds brand kits (a brand's colours, logo and fonts) by name, or the default one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from contentsvc.domain.calendars import CalendarHead
from contentsvc.errors import InputError, RenderError
from contentsvc.messages import Message
from contentsvc.posters import Brand, load_brand
from contentsvc.services.runtime import Runtime

__all__ = ["check_brand", "find_brand", "list_brands", "require_brand"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def list_brands(folders: Sequence[Path]) -> dict[str, str]:
    """Return the display names of all brand kits, by the file name without `.yaml`.

    The files of brand kits are in the subfolder `brands/` of each of *folders*.
    """
    paths = (path for folder in folders for path in (folder / "brands").glob("*.yaml"))
    names = sorted({path.stem for path in paths if _NAME.fullmatch(path.stem)})
    return {name: _display_name(folders, name) for name in names}


def check_brand(folders: Sequence[Path], name: str | None) -> None:
    """Raise InputError unless the brand kit *name* exists. None, the default brand, is valid.

    Raises:
        InputError: there is no such brand; the error lists the brands.
    """
    known = list_brands(folders)
    if name is not None and name not in known:
        raise InputError(_unknown_brand(name, known), field="brand")


def require_brand(runtime: Runtime, head: CalendarHead) -> None:
    """Raise InputError unless the brand kit of the calendar exists.

    Raises:
        InputError: there is no such brand; the error lists the brands.
    """
    check_brand(runtime.config.asset_folders(), head.community.brand)


def find_brand(folders: Sequence[Path], name: str | None) -> Brand:
    """Return the brand kit *name* from the first of *folders* that contains it.

    If *name* is None, return the default brand.

    Raises:
        RenderError: there is no such brand, or it is broken.
    """
    file = "brand.yaml" if name is None else f"brands/{name}.yaml"
    if name is None or _NAME.fullmatch(name):
        for folder in folders:
            if (folder / file).is_file():
                return load_brand(folder / file)
    if name is None:
        return Brand()
    raise RenderError(_unknown_brand(name, list_brands(folders)), field="brand")


def _display_name(folders: Sequence[Path], name: str) -> str:
    """Return the display name of a brand kit, or *name* if it has none or is broken."""
    try:
        return find_brand(folders, name).name or name
    except RenderError:
        return name


def _unknown_brand(name: str, names: Iterable[str]) -> Message:
    known = tuple(names)
    if not known:
        return Message("brand-none", name=name)
    return Message("brand-unknown", name=name, known=known)
