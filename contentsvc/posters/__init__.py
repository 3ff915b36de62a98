"""Posters: fields, a YAML template, a brand and pictures become an image. Pure, painted by Pillow.

template = load_template("live-notice", [assets / "posters"])
poster = render(template, fields, size="9x16", brand=brand, pictures=read, fonts=Fonts())
encoded = encode(poster.image, "png", max_bytes=2_000_000)
"""

from contentsvc.posters.art import ART
from contentsvc.posters.batch import (
    Batch,
    Report,
    RowResult,
    picture_name,
    render_rows,
    unique_name,
    write_zip,
)
from contentsvc.posters.brand import Brand, brand_fonts, load_brand
from contentsvc.posters.cache import PaintCache
from contentsvc.posters.encoding import Encoded, Format, encode
from contentsvc.posters.focus import Focus, split_focus, with_focus
from contentsvc.posters.gallery import contact_sheet
from contentsvc.posters.images import Pictures
from contentsvc.posters.painting.poster import ENGINE_VERSION, Poster, render, shared_cache
from contentsvc.posters.pictures import CleanPicture, PictureLimits, clean_picture, open_picture
from contentsvc.posters.proofing import Proofreader, Remark, fault_of
from contentsvc.posters.sheets import write_csv, write_xlsx
from contentsvc.posters.shelf import Kept, Shelf, poster_key
from contentsvc.posters.tables import FILE_COLUMN, Line, Row, read_lines, read_pasted, read_rows
from contentsvc.posters.template.editing import template_json_schema
from contentsvc.posters.template.faults import TemplateError
from contentsvc.posters.template.loading import (
    Library,
    build_template,
    list_templates,
    load_template,
    parse_template,
)
from contentsvc.posters.template.schema import FieldSpec, Label, Template
from contentsvc.posters.typesetting.fonts import Fonts, warm_up
from contentsvc.posters.warning import PosterWarning

__all__ = [
    "ART",
    "ENGINE_VERSION",
    "FILE_COLUMN",
    "Batch",
    "Brand",
    "CleanPicture",
    "Encoded",
    "FieldSpec",
    "Focus",
    "Fonts",
    "Format",
    "Kept",
    "Label",
    "Library",
    "Line",
    "PaintCache",
    "PictureLimits",
    "Pictures",
    "Poster",
    "PosterWarning",
    "Proofreader",
    "Remark",
    "Report",
    "Row",
    "RowResult",
    "Shelf",
    "Template",
    "TemplateError",
    "brand_fonts",
    "build_template",
    "clean_picture",
    "contact_sheet",
    "encode",
    "fault_of",
    "list_templates",
    "load_brand",
    "load_template",
    "open_picture",
    "parse_template",
    "picture_name",
    "poster_key",
    "read_lines",
    "read_pasted",
    "read_rows",
    "render",
    "render_rows",
    "shared_cache",
    "split_focus",
    "template_json_schema",
    "unique_name",
    "warm_up",
    "with_focus",
    "write_csv",
    "write_xlsx",
    "write_zip",
]
