"""`contentsvc posters`: render posters from templates, without a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click
import yaml
from PIL import Image

from contentsvc import posters as poster_api
from contentsvc.cli.typed_parameters import NAME, TypedChoice
from contentsvc.config import Config
from contentsvc.errors import InputError
from contentsvc.messages import Message
from contentsvc.posters import PosterSetup, read_rows, write_zip

__all__ = ["posters"]

_FORMATS: dict[str, poster_api.Format] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
}
_OUT = click.Path(dir_okay=False, path_type=Path)
_BRAND = click.option(
    "--brand",
    help="A brand kit: a name in the assets' `brands`, or a file; by default `brand.yaml`.",
)
_COMMUNITY = click.option(
    "--community", default="", help="The name that stands on posters if the brand kit has none."
)
_SIZE = click.option(
    "--size", type=NAME, default="9x16", show_default=True, help="A variant of the template."
)


@click.group()
def posters() -> None:
    """Render posters from templates."""


@posters.command("render")
@click.argument("template")
@click.option(
    "--fields",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file with the texts of the fields.",
)
@_SIZE
@_BRAND
@_COMMUNITY
@click.option(
    "--out",
    required=True,
    type=_OUT,
    help="The picture file; its ending selects PNG, JPEG or WebP.",
)
def render(
    template: str,
    *,
    fields: Path | None,
    size: str,
    brand: str | None,
    community: str,
    out: Path,
) -> None:
    """Render TEMPLATE; exit with 1 if the poster has warnings.

    A warning is, for example, a text that does not fit. A note names the fields that the size does
    not show.
    """
    kind = _FORMATS.get(out.suffix.lower())
    if kind is None:
        raise InputError("command-out-ending", file=str(out), endings=tuple(_FORMATS))
    folders, templates = _folders()
    kit = _brand(folders, brand).named(community)
    loaded, texts = poster_api.load_template(template, templates), _read_fields(fields)
    poster = poster_api.render(
        loaded,
        texts,
        size=size,
        brand=kit,
        pictures=lambda name: _picture(folders, name),
        fonts=poster_api.brand_fonts(kit, folders),
    )
    _write(out, poster_api.encode(poster.image, kind).data)
    _note_left_out(loaded, size, (name for name, value in texts.items() if value))
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
    help="A CSV or XLSX table: a column per field, a row per poster; `file` names the picture.",
)
@_SIZE
@_BRAND
@_COMMUNITY
@click.option(
    "--format",
    "kind",
    type=TypedChoice(["jpeg", "png", "webp"]),
    default="jpeg",
    show_default=True,
)
@click.option("--out", required=True, type=_OUT, help="The ZIP file with the posters.")
def batch(
    template: str,
    *,
    rows: Path,
    size: str,
    brand: str | None,
    community: str,
    kind: poster_api.Format,
    out: Path,
) -> None:
    """Render TEMPLATE for each row of a table; exit with 1 if a row failed."""
    folders, template_folders = _folders()
    kit = _brand(folders, brand).named(community)
    work = PosterSetup(
        template=poster_api.load_template(template, template_folders),
        brand=kit,
        pictures=lambda name: _picture(folders, name),
        fonts=poster_api.brand_fonts(kit, folders),
        size=size,
        kind=kind,
    )
    table = read_rows(rows.read_bytes(), rows.name)
    filled = (name for row in table for name, value in row.values.items() if value)
    _note_left_out(work.template, size, filled)
    with click.progressbar(length=len(table), label=rows.name) as bar:
        try:
            report = write_zip(work, table, out, lambda _done, _total: bar.update(1))
        except OSError as error:
            raise _unwritable(out, error) from error
    for row in report.warned:
        click.echo(f"warning: row {row.number} ({row.name}): {'; '.join(row.messages)}", err=True)
    for row in report.failed:
        click.echo(f"failed: row {row.number}: {'; '.join(row.messages)}", err=True)
    click.echo(f"wrote {out}: {report.made} posters, {len(report.failed)} rows failed")
    if report.failed:
        raise SystemExit(1)


@posters.command("schema")
def schema() -> None:
    """Print the JSON schema of poster templates, for editors."""
    click.echo(poster_api.template_json_schema(), nl=False)


@posters.command("gallery")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write the sheets to.",
)
def gallery(out: Path) -> None:
    """Render contact sheets: one per template family, and one of all templates in other brands."""
    folders, template_folders = _folders()
    templates, faults = poster_api.list_templates(template_folders)
    for fault in faults:
        raise fault
    out.mkdir(parents=True, exist_ok=True)
    own = _brand(folders, None)
    for family in sorted({template.family or "other" for template in templates}):
        chosen = [template for template in templates if (template.family or "other") == family]
        _sheet(out / f"{family}.jpg", _samples(chosen, own, folders))
    kits = sorted(path for folder in folders for path in (folder / "brands").glob("*.yaml"))
    if kits:
        brands = (_samples(templates, poster_api.load_brand(kit), folders, sizes=1) for kit in kits)
        _sheet(out / "brands.jpg", chain.from_iterable(brands))


def _samples(
    templates: Sequence[poster_api.Template],
    brand: poster_api.Brand,
    folders: list[Path],
    sizes: int | None = None,
) -> Iterator[Image.Image]:
    """Yield a sample poster of each template in each of its first *sizes* sizes (None: all)."""
    fonts = poster_api.brand_fonts(brand, folders)
    for template in templates:
        for size in template.sizes[:sizes]:
            yield poster_api.render(
                template,
                template.samples(),
                size=size,
                brand=brand,
                pictures=lambda name: _picture(folders, name),
                fonts=fonts,
            ).image


def _sheet(path: Path, pictures: Iterator[Image.Image]) -> None:
    sheet = poster_api.contact_sheet(pictures)
    sheet.save(path, quality=80, optimize=True, progressive=True)
    click.echo(f"wrote {path}")


def _folders() -> tuple[list[Path], list[Path]]:
    """Return two lists: the asset folders, and all template folders, including those of plugins."""
    # Read the settings before the slow imports, so that an invalid setting is reported quickly.
    config = Config.from_env()
    from contentsvc.assembly import assemble
    from contentsvc.services.rendering.painting import template_folders

    runtime = assemble(config)
    runtime.database.close()
    return config.asset_folders(), template_folders(runtime)


def _note_left_out(template: poster_api.Template, size: str, filled: Iterable[str]) -> None:
    """Print the fields in *filled* that a poster of *size* does not show, if there are any."""
    hidden = set(template.left_out.get(size, ()))
    names = [name for name in dict.fromkeys(filled) if name in hidden]
    if names:
        click.echo(f"note: the size {size} does not show: {', '.join(names)}", err=True)


def _read_fields(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        fields = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError("command-fields-not-yaml", file=str(file), reason=reason) from error
    if not isinstance(fields, dict):
        raise InputError("command-fields-not-mapping", file=str(file))
    return {str(name): value for name, value in fields.items()}


def _brand(folders: list[Path], brand: str | None) -> poster_api.Brand:
    """Return the brand kit with the name or path *brand*; None selects the default brand."""
    if brand and (Path(brand).is_file() or Path(brand).suffix in {".yaml", ".yml"}):
        return poster_api.load_brand(Path(brand))
    from contentsvc.services.rendering.branding import find_brand

    return find_brand(folders, brand)


def _picture(folders: list[Path], name: str) -> bytes:
    """Return the bytes of the picture file *name* in the working folder or in one of *folders*."""
    for folder in (Path.cwd(), *folders):
        path = folder / name
        if path.is_file():
            return path.read_bytes()
    raise LookupError(Message("command-picture-missing", name=name))


def _unwritable(out: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError("command-out-unwritable", file=str(out), reason=reason)


def _write(out: Path, data: bytes) -> None:
    try:
        out.write_bytes(data)
    except OSError as error:
        raise _unwritable(out, error) from error
