"""A brand kit: the name, colours, footer and logo that any template takes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from contentsvc.errors import Problem, RenderError
from contentsvc.messages import Message
from contentsvc.posters.template.errors import TemplateError
from contentsvc.posters.template.explain import explain
from contentsvc.posters.template.parts import Name, Part
from contentsvc.posters.template.schema import PlainColour
from contentsvc.posters.template.yaml_lines import line_of, read_yaml
from contentsvc.posters.typesetting.fonts import Fonts

__all__ = ["Brand", "brand_fonts", "load_brand"]


class Brand(Part):
    """What makes a poster a brand's own.

    `palette` overrides a template's colours by name; `logo` is a name for the pictures callable,
    or `art:NAME`; `fonts` is a folder of own fonts, beside the kit or within the assets.
    """

    name: Annotated[str, Field(max_length=40)] = ""
    footer: Annotated[str, Field(max_length=200)] = ""
    palette: dict[Name, PlainColour] = Field(default_factory=dict)
    logo: Annotated[str, Field(max_length=200)] | None = None
    fonts: Annotated[str, Field(max_length=200)] | None = None


def load_brand(path: Path) -> Brand:
    """Read the brand kit *path*.

    Raises:
        TemplateError: it cannot be read or is broken; line, field and what is allowed are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = Message("template-unreadable", reason=str(error))
        raise TemplateError(str(path), [Problem(0, "", message)]) from error
    data, lines = read_yaml(text, str(path))
    try:
        return Brand.model_validate(data if data is not None else {})
    except ValidationError as error:
        problems = [
            Problem(line_of(lines, where), ".".join(map(str, where)), message)
            for where, message in explain(error, Brand)
        ]
        raise TemplateError(str(path), problems) from error


def brand_fonts(brand: Brand, folders: Sequence[Path]) -> Fonts:
    """Open the fonts of *brand*: those of its folder below the first of *folders* that has it.

    Raises:
        RenderError: no folder has it, or it holds no font that can be read.
    """
    if brand.fonts is None:
        return Fonts()
    for folder in folders:
        own = (folder / brand.fonts).resolve()
        if own.is_relative_to(folder.resolve()) and own.is_dir():
            return Fonts(own)
    raise RenderError("font-brand-folder-missing", folder=brand.fonts, field="fonts")
