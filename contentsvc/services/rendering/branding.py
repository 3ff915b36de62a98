"""The brand kits that posters take on: the assets' own, and those that a community chooses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from contentsvc.domain.calendars import CalendarHead
from contentsvc.errors import InputError, RenderError
from contentsvc.posters import Brand, load_brand
from contentsvc.services.runtime import Runtime

__all__ = ["check_brand", "find_brand", "list_brands", "require_brand"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def list_brands(folders: Sequence[Path]) -> dict[str, str]:
    """Return what each brand that may be chosen calls itself, by its file's name in `brands/`."""
    paths = (path for folder in folders for path in (folder / "brands").glob("*.yaml"))
    names = sorted({path.stem for path in paths if _NAME.fullmatch(path.stem)})
    return {name: _called(folders, name) for name in names}


def check_brand(folders: Sequence[Path], name: str | None) -> None:
    """Raise InputError where there is no brand *name*; it names those that there are."""
    known = list_brands(folders)
    if name is not None and name not in known:
        raise InputError(_unknown(name, known), field="brand")


def require_brand(runtime: Runtime, head: CalendarHead) -> None:
    """Raise InputError where a calendar's brand does not exist; it names those that there are."""
    check_brand(runtime.config.asset_folders(), head.community.brand)


def find_brand(folders: Sequence[Path], name: str | None) -> Brand:
    """Read the brand kit *name*, or the assets' own, from the first of *folders* that has it.

    Raises:
        RenderError: there is no such kit, or it is broken.
    """
    place = "brand.yaml" if name is None else f"brands/{name}.yaml"
    if name is None or _NAME.fullmatch(name):
        for folder in folders:
            if (folder / place).is_file():
                return load_brand(folder / place)
    if name is None:
        return Brand()
    raise RenderError(_unknown(name, list_brands(folders)), field="brand")


def _called(folders: Sequence[Path], name: str) -> str:
    """Return what a brand calls itself; its file's name where it is broken or says nothing."""
    try:
        return find_brand(folders, name).name or name
    except RenderError:
        return name


def _unknown(name: str, names: Iterable[str]) -> str:
    return f"there is no brand {name!r}; there are: {', '.join(names) or 'none yet'}"
