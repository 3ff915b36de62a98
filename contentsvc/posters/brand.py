"""A brand kit: a brand's name, colours, footer, logo and fonts, for use with any template."""

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
    """A brand kit: the name, footer, colours, logo and fonts of a brand, for use on its posters.

    `palette` overrides a template's colours by name. `logo` is a picture name or `art:NAME`.
    `fonts` is a folder of the brand's own fonts, relative to an asset folder.
    """

    name: Annotated[str, Field(max_length=40)] = ""
    footer: Annotated[str, Field(max_length=200)] = ""
    palette: dict[Name, PlainColour] = Field(default_factory=dict)
    logo: Annotated[str, Field(max_length=200)] | None = None
    fonts: Annotated[str, Field(max_length=200)] | None = None

    def named(self, community: str) -> Brand:
        """Return this brand with *community* as its name, if it has no name of its own."""
        return self if self.name else self.model_copy(update={"name": community})


def load_brand(path: Path) -> Brand:
    """Read a brand kit from the YAML file *path*.

    Raises:
        TemplateError: the file cannot be read or is invalid; the error has the line and field of
            each fault.
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
            Problem(line_of(lines, field_path), ".".join(map(str, field_path)), message)
            for field_path, message in explain(error, Brand)
        ]
        raise TemplateError(str(path), problems) from error


def brand_fonts(brand: Brand, folders: Sequence[Path]) -> Fonts:
    """Return the fonts for a brand's posters: its own, then the packaged ones.

    The brand's font folder is looked up in *folders*. If *brand* has no font folder, return only
    the packaged fonts.

    Raises:
        RenderError: none of *folders* contains the font folder, or it has no readable font.
    """
    if brand.fonts is None:
        return Fonts()
    for folder in folders:
        font_folder = (folder / brand.fonts).resolve()
        if font_folder.is_relative_to(folder.resolve()) and font_folder.is_dir():
            return Fonts(font_folder)
    raise RenderError("font-brand-folder-missing", folder=brand.fonts, field="fonts")
