"""`contentsvc posters`: posters made from templates, without a calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from contentsvc import posters as room
from contentsvc.config import Config
from contentsvc.errors import InputError

__all__ = ["posters"]

_FORMATS: dict[str, room.Format] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
}


@click.group()
def posters() -> None:
    """Make posters from templates."""


@posters.command("render")
@click.argument("template")
@click.option(
    "--fields",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file with the fields' words.",
)
@click.option("--size", default="9x16", show_default=True, help="A variant of the template.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The picture's file; its ending says whether it is PNG, JPEG or WebP.",
)
def render(template: str, fields: Path | None, size: str, out: Path) -> None:
    """Render TEMPLATE; exit 1 where something does not fit."""
    kind = _FORMATS.get(out.suffix.lower())
    if kind is None:
        raise InputError(f"--out: {out} ends in none of {', '.join(_FORMATS)}")
    folders = Config.from_env().asset_folders()
    poster = room.render(
        room.load_template(template, [folder / "posters" for folder in folders]),
        _read_fields(fields),
        size=size,
        brand=_brand(folders),
        pictures=lambda name: _picture(folders, name),
        fonts=room.Fonts(),
    )
    _write(out, room.encode(poster.image, kind).data)
    for warning in poster.warnings:
        click.echo(f"warning: {warning.field or warning.layer}: {warning.message}", err=True)
    click.echo(f"wrote {out} ({poster.image.width} x {poster.image.height})")
    if poster.warnings:
        raise SystemExit(1)


def _read_fields(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise InputError(f"{file}: it is not readable YAML: {words}") from error
    if not isinstance(read, dict):
        raise InputError(f"{file}: give fields with their words, such as `title: 早安`")
    return {str(name): value for name, value in read.items()}


def _brand(folders: list[Path]) -> room.Brand:
    files = [folder / "brand.yaml" for folder in folders]
    return next((room.load_brand(file) for file in files if file.is_file()), room.Brand())


def _picture(folders: list[Path], name: str) -> bytes:
    """Return a picture's bytes: a file of the working folder, or of the assets."""
    for folder in (Path.cwd(), *folders):
        path = folder / name
        if path.is_file():
            return path.read_bytes()
    raise LookupError(f"there is no picture {name!r}")


def _write(out: Path, data: bytes) -> None:
    try:
        out.write_bytes(data)
    except OSError as error:
        raise InputError(f"--out: {out} cannot be written ({error.strerror})") from error
