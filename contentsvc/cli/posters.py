"""`contentsvc posters`: posters made from templates, without a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click
import yaml
from PIL import Image

from contentsvc import posters as room
from contentsvc.config import Config
from contentsvc.errors import InputError
from contentsvc.posters import Batch, read_rows, write_zip

__all__ = ["posters"]

_FORMATS: dict[str, room.Format] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
}
_OUT = click.Path(dir_okay=False, path_type=Path)
_BRAND = click.option(
    "--brand",
    help="A brand kit: a name of the assets' `brands`, or a file; `brand.yaml` where not given.",
)
_SIZE = click.option("--size", default="9x16", show_default=True, help="A variant of the template.")


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
@_SIZE
@_BRAND
@click.option(
    "--out",
    required=True,
    type=_OUT,
    help="The picture's file; its ending says whether it is PNG, JPEG or WebP.",
)
def render(template: str, fields: Path | None, size: str, brand: str | None, out: Path) -> None:
    """Render TEMPLATE; exit 1 where something does not fit."""
    kind = _FORMATS.get(out.suffix.lower())
    if kind is None:
        raise InputError(f"--out: {out} ends in none of {', '.join(_FORMATS)}")
    folders, templates = _places()
    kit = _brand(folders, brand)
    poster = room.render(
        room.load_template(template, templates),
        _read_fields(fields),
        size=size,
        brand=kit,
        pictures=lambda name: _picture(folders, name),
        fonts=room.brand_fonts(kit, folders),
    )
    _write(out, room.encode(poster.image, kind).data)
    for warning in poster.warnings:
        click.echo(f"warning: {warning.field or warning.layer}: {warning.message}", err=True)
    click.echo(f"wrote {out} ({poster.image.width} x {poster.image.height})")
    if poster.warnings:
        raise SystemExit(1)


@posters.command("batch")
@click.argument("template")
@click.option(
    "--rows",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV or XLSX file: a column a field, a row a poster; `file` names the picture.",
)
@_SIZE
@_BRAND
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jpeg", "png", "webp"]),
    default="jpeg",
    show_default=True,
)
@click.option("--out", required=True, type=_OUT, help="The ZIP file with the posters.")
def batch(
    template: str, *, rows: Path, size: str, brand: str | None, kind: room.Format, out: Path
) -> None:
    """Render TEMPLATE for each row; exit 1 where a row failed."""
    folders, places = _places()
    kit = _brand(folders, brand)
    work = Batch(
        template=room.load_template(template, places),
        brand=kit,
        pictures=lambda name: _picture(folders, name),
        fonts=room.brand_fonts(kit, folders),
        size=size,
        kind=kind,
    )
    table = read_rows(rows.read_bytes(), rows.name)
    with click.progressbar(length=len(table), label=rows.name) as bar:
        try:
            report = write_zip(work, table, out, lambda _done, _total: bar.update(1))
        except OSError as error:
            raise InputError(f"--out: {out} cannot be written ({error.strerror})") from error
    for row in report.warned:
        click.echo(f"warning: row {row.number} ({row.name}): {'; '.join(row.messages)}", err=True)
    for row in report.failed:
        click.echo(f"failed: row {row.number}: {'; '.join(row.messages)}", err=True)
    click.echo(f"wrote {out}: {report.made} posters, {len(report.failed)} rows failed")
    if report.failed:
        raise SystemExit(1)


@posters.command("schema")
def schema() -> None:
    """Print the JSON schema of templates, for editors."""
    click.echo(room.template_json_schema(), nl=False)


@posters.command("gallery")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that the sheets are written to.",
)
def gallery(out: Path) -> None:
    """Paint contact sheets: one of each family, and one of every template in the other brands."""
    folders, places = _places()
    templates, faults = room.list_templates(places)
    for fault in faults:
        raise fault
    out.mkdir(parents=True, exist_ok=True)
    own = _brand(folders, None)
    for family in sorted({template.family or "other" for template in templates}):
        chosen = [each for each in templates if (each.family or "other") == family]
        _sheet(out / f"{family}.jpg", _samples(chosen, own, folders))
    kits = sorted(path for folder in folders for path in (folder / "brands").glob("*.yaml"))
    if kits:
        brands = (_samples(templates, room.load_brand(kit), folders, sizes=1) for kit in kits)
        _sheet(out / "brands.jpg", chain.from_iterable(brands))


def _samples(
    templates: Sequence[room.Template],
    brand: room.Brand,
    folders: list[Path],
    sizes: int | None = None,
) -> Iterator[Image.Image]:
    """Paint each template's sample in its sizes, or the first few of them."""
    fonts = room.brand_fonts(brand, folders)
    for template in templates:
        for size in template.sizes[:sizes]:
            yield room.render(
                template,
                template.samples(),
                size=size,
                brand=brand,
                pictures=lambda name: _picture(folders, name),
                fonts=fonts,
            ).image


def _sheet(path: Path, pictures: Iterator[Image.Image]) -> None:
    sheet = room.contact_sheet(pictures)
    sheet.save(path, quality=80, optimize=True, progressive=True)
    click.echo(f"wrote {path}")


def _places() -> tuple[list[Path], list[Path]]:
    """Return the folders of the assets, and those of the templates, the plugins' among them."""
    # What a wrong setting is told before: this brings the whole service's parts.
    config = Config.from_env()
    from contentsvc.assembly import assemble
    from contentsvc.services.rendering.painting import template_folders

    runtime = assemble(config)
    runtime.database.close()
    return config.asset_folders(), template_folders(runtime)


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


def _brand(folders: list[Path], own: str | None) -> room.Brand:
    """Read a brand kit by its name or from its file."""
    if own and (Path(own).is_file() or Path(own).suffix in {".yaml", ".yml"}):
        return room.load_brand(Path(own))
    from contentsvc.services.rendering.branding import find_brand

    return find_brand(folders, own)


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
