"""Posters: Pillow paints an image from fields, a YAML template, a brand kit and pictures.

The package reads templates, brand kits and fonts; all other input comes as arguments::

    template = load_template("live-notice", [assets / "posters"])
    poster = render(template, fields, size="9x16", brand=brand, pictures=read, fonts=Fonts())
    encoded = encode(poster.image, "png", max_bytes=2_000_000)
"""

from contentsvc.posters.art import ART
from contentsvc.posters.batch import (
    PosterSetup,
    RowResult,
    ZipReport,
    picture_name,
    render_rows,
    unique_name,
    write_zip,
)
from contentsvc.posters.brand import Brand, brand_fonts, load_brand
from contentsvc.posters.contact_sheets import contact_sheet
from contentsvc.posters.encoding import Encoded, Format, encode, least_bytes
from contentsvc.posters.focus import Focus, split_focus, with_focus
from contentsvc.posters.layer_pictures import Pictures
from contentsvc.posters.paint_cache import PaintCache
from contentsvc.posters.painting.poster import ENGINE_VERSION, Poster, render, shared_cache
from contentsvc.posters.picture_files import (
    CleanPicture,
    PictureLimits,
    clean_picture,
    open_picture,
)
from contentsvc.posters.poster_cache import CachedPoster, PosterCache, poster_key
from contentsvc.posters.proofing import Proofreader, RowRemark, remark_of
from contentsvc.posters.qr import qr_text
from contentsvc.posters.tables.lines import CELL_ERRORS, Line, cell_name, column_letters
from contentsvc.posters.tables.reading import (
    FILE_COLUMN,
    Row,
    read_lines,
    read_pasted,
    read_rows,
)
from contentsvc.posters.tables.writing import write_csv, write_xlsx
from contentsvc.posters.template.errors import TemplateError
from contentsvc.posters.template.json_schema import template_json_schema
from contentsvc.posters.template.loading import (
    Library,
    build_template,
    list_templates,
    load_template,
    parse_template,
)
from contentsvc.posters.template.schema import FieldSpec, Label, Template
from contentsvc.posters.typesetting.fonts import Fonts, warm_up
from contentsvc.posters.warnings import PosterWarning

__all__ = [
    "ART",
    "CELL_ERRORS",
    "ENGINE_VERSION",
    "FILE_COLUMN",
    "Brand",
    "CachedPoster",
    "CleanPicture",
    "Encoded",
    "FieldSpec",
    "Focus",
    "Fonts",
    "Format",
    "Label",
    "Library",
    "Line",
    "PaintCache",
    "PictureLimits",
    "Pictures",
    "Poster",
    "PosterCache",
    "PosterSetup",
    "PosterWarning",
    "Proofreader",
    "Row",
    "RowRemark",
    "RowResult",
    "Template",
    "TemplateError",
    "ZipReport",
    "brand_fonts",
    "build_template",
    "cell_name",
    "clean_picture",
    "column_letters",
    "contact_sheet",
    "encode",
    "least_bytes",
    "list_templates",
    "load_brand",
    "load_template",
    "open_picture",
    "parse_template",
    "picture_name",
    "poster_key",
    "qr_text",
    "read_lines",
    "read_pasted",
    "read_rows",
    "remark_of",
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
