"""The pages for creating a poster batch: choose a template, post a table, assign its columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus
from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import InputError, NotFoundError, RenderError
from contentsvc.posters import Line, Template, write_csv, write_xlsx
from contentsvc.services.poster_batches import batches as poster_batches
from contentsvc.services.poster_batches.batches import BatchOptions, get_batch, rows_of
from contentsvc.services.poster_batches.columns import fields_of, sample_table
from contentsvc.services.poster_batches.painting import BatchPainter
from contentsvc.services.poster_batches.running import enqueue_batch, run
from contentsvc.services.poster_batches.table_checking import TableCheck, check_table, faulty_cells
from contentsvc.services.rendering.branding import check_brand
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
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain
from contentsvc.web.form_errors import errors_by_field
from contentsvc.web.permissions import rights
from contentsvc.web.poster_choices import (
    brand_choices,
    by_family,
    offered_templates,
    thumbnail_address,
)
from contentsvc.web.studio.sketching import studio
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint", "find_template", "painter"]

blueprint = Blueprint("poster_batches", __name__, url_prefix="/posters/batches")

#: Number of first posters that a draft shows.
_SKETCHED = 3
#: Most rows with remarks that a page lists.
_LISTED = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def painter() -> BatchPainter:
    """Return the painter of batch posters that all requests of this process share."""
    cached: BatchPainter = current_app.extensions.setdefault(
        "contentsvc_batch_painter", BatchPainter(runtime(), studio().painter)
    )
    return cached


def template_picture(template: Template, brand: str | None = None) -> str:
    """Return the URL of a template's thumbnail in *brand*; empty if it cannot be painted."""
    try:
        return thumbnail_address(template, brand)
    except RenderError:
        return ""


@blueprint.record_once
def _add_globals(state: BlueprintSetupState) -> None:
    # Macros see globals, but not the variables of context processors.
    state.app.jinja_env.globals.update(batch_messages=messages, template_picture=template_picture)


@blueprint.get("/")
def index() -> str:
    """Render the list of the person's poster batches; admins see everybody's."""
    with reading() as database:
        owner = None if rights().is_admin else person()
        batches = poster_batches.all_batches(database, now(), owner=owner)
    return render_template(
        "batches/index.html",
        batches=batches,
        templates={name: find_template(name) for name in {batch.template for batch, _ in batches}},
        zone=runtime().config.timezone,
    )


def find_template(name: str) -> Template | None:
    """Return the poster template *name*, or None if it is missing or broken."""
    try:
        return painter().template(name)
    except RenderError:
        return None


@blueprint.get("/new")
def choose() -> str:
    """Render the poster templates from which a person chooses one for a new batch."""
    templates = sorted(offered_templates(), key=lambda template: template.id)
    return render_template("batches/choose.html", families=by_family(templates))


@blueprint.route("/new/<template_id>", methods=["GET", "POST"])
def new(template_id: str) -> Response | str | tuple[str, int]:
    """Render the form of a new batch, or create the batch from the posted sizes and table."""
    template = _template(template_id)
    if request.method == "GET":
        return _new_page(template, {})
    try:
        batch = _create(template)
    except InputError as error:
        return _new_page(template, errors_by_field(error, "table")), 422
    confirm_draft()
    return redirect(url_for(".show", batch_id=batch.id), code=303)


def _create(template: Template) -> PosterBatch:
    checks = InputChecks()
    options = BatchOptions(
        "",
        template,
        request.form.getlist("sizes"),
        request.form.get("format", "jpeg"),
        request.form.get("brand") or None,
    )
    lines: list[Line] | None = None
    with checks.collect():
        name, lines = posted_table()
        options = replace(options, name=name)
    with checks.collect():
        check_brand(runtime().config.asset_folders(), options.brand)
    with writing() as database:
        with checks.collect():
            if lines is None:
                poster_batches.check_options(options)
            else:
                batch = poster_batches.create_batch(
                    database, options, lines, by=person(), now=now()
                )
        checks.raise_errors()
    return batch


def _new_page(template: Template, errors: dict[str, str]) -> str:
    return render_template(
        "batches/new.html",
        template=template,
        errors=errors,
        sizes=request.form.getlist("sizes") or list(template.sizes[:1]),
        format=request.form.get("format", "jpeg"),
        pasted=request.form.get("pasted", ""),
        most_rows=poster_batches.MOST_ROWS,
        brands=brand_choices().items(),
        brand=request.form.get("brand", ""),
    )


def _template(template_id: str) -> Template:
    try:
        return painter().template(template_id)
    except RenderError as error:
        raise NotFoundError(error.message) from error


@blueprint.get("/new/<template_id>/sample.<ending>")
def sample(template_id: str, ending: str) -> Response:
    """Return a sample table (CSV or Excel) with a column for each text field of the template.

    *ending* is `csv` or `xlsx`. The titles of the columns are in the person's language.
    """
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
        raise NotFoundError("no-sample-table", ending=ending)
    title = str(getattr(template.name, language()))
    return name_file(response, f"{title}.{ending}")


def _notes(template: Template) -> list[list[str]]:
    """Return the lines of the Excel sheet that explains each column of the sample table."""
    head = [
        gettext("Column title"),
        gettext("Needed"),
        gettext("Most characters"),
        gettext("Notes"),
    ]
    rows = [[str(title) for title in head]]
    for spec in template.fields.values():
        if spec.type == "image":
            continue
        note = {"list": gettext("one per line"), "url": gettext("a link; it becomes the QR code")}
        needed = gettext("yes") if spec.required else ""
        label = str(getattr(spec.label, language()))
        rows.append([label, str(needed), str(spec.max or ""), str(note.get(spec.type, ""))])
    return rows


@blueprint.get("/<int:batch_id>")
def show(batch_id: int) -> Response | str:
    """Render the columns and first posters of a new batch; redirect if the batch has started."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        if batch.status is not BatchStatus.DRAFT:
            return redirect(url_for("batch_runs.show", batch_id=batch_id))
        rows = rows_of(database, batch)
    return _draft_page(batch, rows, {})


def _draft_page(batch: PosterBatch, rows: list[PosterRow], errors: dict[str, str]) -> str:
    template = _template(batch.template)
    columns, fixed = batch.columns, batch.fixed
    if request.method == "POST":
        columns, fixed = posted_columns(template), posted_fixed(template)
    return render_template(
        "batches/draft.html",
        batch=batch,
        template=template,
        fields=field_rows(template, columns, fixed),
        options=column_options(batch, rows[:20]),
        errors=errors,
        zone=runtime().config.timezone,
        **_proof(batch, template, rows),
    )


def _proof(batch: PosterBatch, template: Template, rows: list[PosterRow]) -> dict[str, Any]:
    """Check the rows of a batch; return the results as variables of the page template."""
    check = check_table(batch, template, rows, painter().proofreader(batch))
    by_number = {row.number: row for row in check.rows}
    return {
        "proof": check,
        "first": [(row, by_number.get(row.number)) for row in rows[:_SKETCHED]],
        "listed": sorted(check.rows, key=lambda row: (not row.is_faulty, row.number))[:_LISTED],
        "describe": messages.remark_describer(template),
        "common": _common_faults(check, template),
        "hidden": _hidden_fields(batch, template),
    }


def _hidden_fields(batch: PosterBatch, template: Template) -> dict[str, list[str]]:
    """Return, by size of the batch, the labels of the filled fields that it does not show."""
    filled = {**batch.columns, **batch.fixed}
    labels = {
        size: [
            messages.field_label(template, name)
            for name in template.left_out.get(size, ())
            if name in filled
        ]
        for size in batch.sizes
    }
    return {size: names for size, names in labels.items() if names}


def _common_faults(check: TableCheck, template: Template) -> list[str]:
    """Return the labels of the required fields that are empty in every row of the batch.

    For each of them, a person has to choose a column or type a text for all rows.
    """
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
    """Store the posted choice of columns, and render the first posters and the errors."""
    batch, rows, errors = _store_columns(batch_id)
    template = _template(batch.template)
    if request.headers.get("HX-Request"):
        proof = _proof(batch, template, rows)
        return render_template(
            "batches/_proof.html", batch=batch, template=template, errors=errors, **proof
        )
    if errors:
        return _draft_page(batch, rows, errors), 422
    confirm_draft()
    return redirect(url_for(".show", batch_id=batch_id), code=303)


def _store_columns(batch_id: int) -> tuple[PosterBatch, list[PosterRow], dict[str, str]]:
    """Store the posted choice of columns; return the batch, its rows and error texts by field."""
    errors = {}
    with reading() as database:
        template = _template(get_batch(database, batch_id).template)
    with writing() as database:
        batch = get_batch(database, batch_id, to_change=True)
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
    """Store the posted choice of columns, start the batch and redirect to its progress page."""
    batch, rows, errors = _store_columns(batch_id)
    if errors:
        return _draft_page(batch, rows, errors), 422
    template = _template(batch.template)
    check = check_table(batch, template, rows, painter().proofreader(batch))
    if check.faulty == check.total:
        message = gettext("No row can become a poster yet; the list below shows what is missing.")
        return _draft_page(batch, rows, {"start": message}), 422
    try:
        with writing() as database:
            fence = run(database, get_batch(database, batch_id, to_change=True), now())
    except InputError as error:
        return _draft_page(batch, rows, {"start": explain(error)}), 422
    confirm_draft()
    enqueue_batch(runtime(), batch_id, fence)
    count = len(rows)
    show_toast(
        ngettext("Making the posters of %(num)d row", "Making the posters of %(num)d rows", count)
    )
    return redirect(url_for("batch_runs.show", batch_id=batch_id), code=303)


@blueprint.get("/<int:batch_id>/rows/<int:number>/<size>/preview")
def preview(batch_id: int, number: int, size: str) -> Response:
    """Return the image of a small poster of row *number* in *size*, before the batch starts."""
    with reading() as database:
        batch = get_batch(database, batch_id)
        row = database.get(PosterRow, (batch_id, number))
    if row is None or size not in batch.sizes:
        raise NotFoundError("no-poster-row", number=number)
    template = _template(batch.template)
    for fault in faulty_cells(batch, template, row):
        raise RenderError(fault.message, field=fault.field)
    fields = fields_of(template, batch.columns, batch.fixed, row.cells)
    # The sketch is smaller than the poster and stays within the time and memory of the studio.
    sketch = studio().sketch(PosterRequest(template, fields, size, brand=batch.brand))
    response = make_response(sketch.poster.encoded.data)
    response.content_type = sketch.poster.encoded.media_type
    return response
