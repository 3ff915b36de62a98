"""Batches of posters before they begin: template, table, columns, the first posters, faults."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus
from contentsvc.errors import InputError, NotFoundError, RenderError
from contentsvc.posters import Template, write_csv, write_xlsx
from contentsvc.services.poster_batches import batches as poster_batches
from contentsvc.services.poster_batches.batches import BatchOptions, get_batch, rows_of
from contentsvc.services.poster_batches.columns import fields_of, sample_table
from contentsvc.services.poster_batches.painting import BatchPainter
from contentsvc.services.poster_batches.running import enqueue_batch, run
from contentsvc.services.poster_batches.table_checking import TableCheck, check_table
from contentsvc.services.rendering.branding import check_brand, list_brands
from contentsvc.services.rendering.painting import PosterRequest
from contentsvc.web.batches import messages
from contentsvc.web.batches.batch_form import (
    column_options,
    field_rows,
    posted_columns,
    posted_fixed,
    posted_table,
)
from contentsvc.web.current import language, now, person, reading, runtime, writing
from contentsvc.web.downloads import name_file
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import offered_templates
from contentsvc.web.studio.sketching import studio
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint", "find_template", "painter"]

blueprint = Blueprint("poster_batches", __name__, url_prefix="/posters/batches")

#: Posters that are painted before a batch begins.
_FIRST = 3
#: Rows of which something is to be said that a page lists.
_LISTED = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FAMILIES = ("warm", "editorial", "bold")


def painter() -> BatchPainter:
    """Return this process's painter, which keeps fonts and templates warm."""
    kept: BatchPainter = current_app.extensions.setdefault(
        "contentsvc_batch_painter", BatchPainter(runtime(), studio().painter)
    )
    return kept


def template_picture(template: Template, brand: str | None = None) -> str:
    """Return the address of a template's small picture; empty where it has none."""
    try:
        key = studio().thumbnail_key(template, brand)
    except RenderError:
        return ""
    return url_for("studio.picture", name=template.id, brand=brand, v=key)


@blueprint.record_once
def _lend_words(state: BlueprintSetupState) -> None:
    # A global, because macros see no context.
    state.app.jinja_env.globals.update(batch_words=messages, template_picture=template_picture)


@blueprint.get("/")
def index() -> str:
    """List the batches that are kept."""
    with reading() as database:
        batches = poster_batches.all_batches(database, now())
    return render_template(
        "batches/index.html",
        batches=batches,
        templates={name: find_template(name) for name in {batch.template for batch, _ in batches}},
        zone=runtime().config.timezone,
    )


def find_template(name: str) -> Template | None:
    """Return a template; None where it is gone or broken."""
    try:
        return painter().template(name)
    except RenderError:
        return None


@blueprint.get("/new")
def choose() -> str:
    """Choose a template by its picture."""
    families: dict[str, list[Template]] = {}
    for template in sorted(offered_templates(), key=_family_place):
        families.setdefault(template.family or "", []).append(template)
    return render_template("batches/choose.html", families=families)


def _family_place(template: Template) -> tuple[int, str]:
    family = template.family or ""
    place = _FAMILIES.index(family) if family in _FAMILIES else len(_FAMILIES)
    return place, template.id


@blueprint.route("/new/<template_id>", methods=["GET", "POST"])
def new(template_id: str) -> Response | str | tuple[str, int]:
    """Choose sizes and bring a table; what was chosen stays where the table is refused."""
    template = _template(template_id)
    if request.method == "GET":
        return _new_page(template, {})
    try:
        name, lines = posted_table()
        chosen = BatchOptions(
            name,
            template,
            request.form.getlist("sizes"),
            request.form.get("format", "jpeg"),
            request.form.get("brand") or None,
        )
        check_brand(runtime().config.asset_folders(), chosen.brand)
        with writing() as database:
            batch = poster_batches.create_batch(database, chosen, lines, by=person(), now=now())
    except InputError as error:
        return _new_page(template, {error.field or "table": explain(error)}), 422
    return redirect(url_for(".show", batch_id=batch.id), code=303)


def _new_page(template: Template, errors: dict[str, str]) -> str:
    return render_template(
        "batches/new.html",
        template=template,
        errors=errors,
        sizes=request.form.getlist("sizes") or list(template.sizes[:1]),
        format=request.form.get("format", "jpeg"),
        pasted=request.form.get("pasted", ""),
        most_rows=poster_batches.MOST_ROWS,
        brands=_brands(),
        brand=request.form.get("brand", ""),
    )


def _brands() -> list[tuple[str, str]]:
    brands = list_brands(runtime().config.asset_folders())
    return [("", str(gettext("The usual one"))), *brands.items()]


def _template(template_id: str) -> Template:
    try:
        return painter().template(template_id)
    except RenderError as error:
        raise NotFoundError(error.message) from error


@blueprint.get("/new/<template_id>/sample.<ending>")
def sample(template_id: str, ending: str) -> Response:
    """Answer a sheet to fill in, with the template's columns in the person's language."""
    template = _template(template_id)
    table = sample_table(template, language(), str(gettext("File name")))
    if ending == "csv":
        response = make_response(write_csv(table))
        response.content_type = "text/csv; charset=utf-8"
    elif ending == "xlsx":
        sheets = [(str(gettext("Posters")), table), (str(gettext("Notes")), _notes(template))]
        response = make_response(write_xlsx(sheets))
        response.content_type = _XLSX
    else:
        raise NotFoundError("there is no such sheet")
    title = str(getattr(template.name, language()))
    return name_file(response, f"{title}.{ending}")


def _notes(template: Template) -> list[list[str]]:
    """Return what is asked of each column."""
    head = [gettext("Column"), gettext("Needed"), gettext("Most characters"), gettext("Notes")]
    rows = [[str(title) for title in head]]
    for spec in template.fields.values():
        if spec.type == "image":
            continue
        note = {"list": gettext("one a line"), "url": gettext("a link; it becomes the QR code")}
        needed = gettext("yes") if spec.required else ""
        label = str(getattr(spec.label, language()))
        rows.append([label, str(needed), str(spec.max or ""), str(note.get(spec.type, ""))])
    return rows


@blueprint.get("/<int:batch_id>")
def show(batch_id: int) -> Response | str:
    """Show a draft's columns and first posters; lead to the batch that was started."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        if batch.status is not BatchStatus.DRAFT:
            return redirect(url_for("batch_runs.show", batch_id=batch_id))
        rows = rows_of(database, batch)
    return _draft_page(batch, rows, {})


def _draft_page(batch: PosterBatch, rows: list[PosterRow], errors: dict[str, str]) -> str:
    template = _template(batch.template)
    return render_template(
        "batches/draft.html",
        batch=batch,
        template=template,
        fields=field_rows(batch, template),
        options=column_options(batch, rows[:20]),
        errors=errors,
        zone=runtime().config.timezone,
        **_proof(batch, template, rows),
    )


def _proof(batch: PosterBatch, template: Template, rows: list[PosterRow]) -> dict[str, Any]:
    """Return what the pages say of a draft's rows."""
    check = check_table(batch, template, rows, painter().proofreader(batch))
    by_number = {row.number: row for row in check.rows}
    return {
        "proof": check,
        "first": [(row, by_number.get(row.number)) for row in rows[:_FIRST]],
        "listed": sorted(check.rows, key=lambda row: (not row.is_faulty, row.number))[:_LISTED],
        "say": messages.sayer(template),
        "common": _common_faults(check, template),
    }


def _common_faults(check: TableCheck, template: Template) -> list[str]:
    """Return what every row lacks: it is mended here and not in the table."""
    if not check.total or check.faulty < check.total:
        return []
    faults = [
        {remark.field for remark in row.remarks if remark.is_fault and remark.code == "required"}
        for row in check.rows
    ]
    shared = set.intersection(*faults)
    return [messages.field_label(template, name) for name in template.fields if name in shared]


@blueprint.post("/<int:batch_id>/columns")
def map_columns(batch_id: int) -> Response | str | tuple[str, int]:
    """Take over the columns; a script gets the first posters and the faults anew."""
    batch, rows, errors = _mapped(batch_id)
    template = _template(batch.template)
    if request.headers.get("HX-Request"):
        words = _proof(batch, template, rows)
        return render_template(
            "batches/_proof.html", batch=batch, template=template, errors=errors, **words
        )
    if errors:
        return _draft_page(batch, rows, errors), 422
    return redirect(url_for(".show", batch_id=batch_id), code=303)


def _mapped(batch_id: int) -> tuple[PosterBatch, list[PosterRow], dict[str, str]]:
    """Save a posted form's columns; give the batch as it stands then, and what was refused."""
    errors = {}
    with writing() as database:
        batch = get_batch(database, batch_id, to_change=True)
        template = _template(batch.template)
        try:
            poster_batches.map_columns(
                database,
                batch,
                template,
                columns=posted_columns(template),
                fixed=posted_fixed(template),
                now=now(),
            )
        except InputError as error:
            errors[error.field or "table"] = explain(error)
        rows = rows_of(database, batch)
    return batch, rows, errors


@blueprint.post("/<int:batch_id>/start")
def start(batch_id: int) -> Response | tuple[str, int]:
    """Begin to make the posters, with the columns as they stand in the form."""
    batch, rows, errors = _mapped(batch_id)
    if errors:
        return _draft_page(batch, rows, errors), 422
    template = _template(batch.template)
    check = check_table(batch, template, rows, painter().proofreader(batch))
    if check.faulty == check.total:
        words = gettext("No row can become a poster yet; see below what is missing.")
        return _draft_page(batch, rows, {"start": words}), 422
    try:
        with writing() as database:
            fence = run(database, get_batch(database, batch_id, to_change=True), now())
    except InputError as error:
        return _draft_page(batch, rows, {"start": explain(error)}), 422
    enqueue_batch(runtime(), batch_id, fence)
    count = len(rows)
    show_toast(ngettext("%(num)d row is on its way", "%(num)d rows are on their way", count))
    return redirect(url_for("batch_runs.show", batch_id=batch_id), code=303)


@blueprint.get("/<int:batch_id>/rows/<int:number>/<size>/preview")
def preview(batch_id: int, number: int, size: str) -> Response:
    """Answer the poster of a draft's row, painted as it will be."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        row = database.get(PosterRow, (batch_id, number))
    if row is None or size not in batch.sizes:
        raise NotFoundError(f"there is no row {number} in this size")
    template = _template(batch.template)
    fields = fields_of(template, batch.columns, batch.fixed, row.cells)
    # Smaller than it will be, and painted within the studio's bounds of time and memory.
    sketch = studio().sketch(PosterRequest(template, fields, size, brand=batch.brand))
    response = make_response(sketch.kept.encoded.data)
    response.content_type = sketch.kept.encoded.media_type
    return response
