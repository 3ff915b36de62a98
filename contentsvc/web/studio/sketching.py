"""The studio page's content apart from its form: a sketch (small poster) and notes on fields."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import current_app
from flask_babel import gettext

from contentsvc.errors import InputError, RenderError
from contentsvc.posters import CachedPoster, Template
from contentsvc.services.rendering.studio import Sketch, Studio, StudioBusyError
from contentsvc.web.current import runtime
from contentsvc.web.entries.previews import renderer
from contentsvc.web.explaining import explain, explain_text
from contentsvc.web.form_errors import errors_by_field
from contentsvc.web.studio.studio_form import StudioForm

__all__ = [
    "FieldNote",
    "StudioView",
    "error_view",
    "left_out_notes",
    "poster_notes",
    "sketch_view",
    "studio",
    "with_sketch_of",
]


def studio() -> Studio:
    """Return the painter of the studio page's posters, which all requests of this process share.

    The studio shares fonts and finished posters with the renderer.
    """
    cached = current_app.extensions.get("contentsvc_studio")
    if cached is None:
        created = Studio(runtime(), renderer().posters.painter)
        cached = current_app.extensions.setdefault("contentsvc_studio", created)
    assert isinstance(cached, Studio)
    return cached


@dataclass(frozen=True, slots=True)
class FieldNote:
    """An error or a hint that the studio page shows about a poster field or the whole poster."""

    text: str
    #: Whether the field must be corrected before the poster can be made.
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class StudioView:
    """The content of the studio page apart from its form: a small poster, notes and errors."""

    sketch: Sketch | None = None
    #: Notes by field of the template.
    notes: dict[str, list[FieldNote]] = field(default_factory=dict)
    #: Notes on the poster as a whole.
    general: list[FieldNote] = field(default_factory=list)
    #: Errors by form field, for form fields that are not fields of the poster.
    errors: dict[str, str] = field(default_factory=dict)
    is_busy: bool = False
    message: str = ""
    status: int = 200

    @property
    def address(self) -> str:
        """Return the image of the small poster as a `data:` URL; empty if there is none."""
        return _data_address(self.sketch.poster) if self.sketch else ""


def _data_address(poster: CachedPoster) -> str:
    """Return the image file of *poster* as a `data:` URL."""
    return f"data:{poster.encoded.media_type};base64,{b64encode(poster.encoded.data).decode()}"


def sketch_view(form: StudioForm) -> StudioView:
    """Paint a small poster from *form*; return page content with it or with the error."""
    try:
        sketch = studio().sketch(form.poster_request(), samples=form.samples)
    except StudioBusyError as error:
        return StudioView(general=[FieldNote(explain(error))], is_busy=True)
    except (RenderError, InputError) as error:
        view = error_view(form.template, error)
        return replace(view, notes={**left_out_notes(form), **view.notes})
    notes = left_out_notes(form)
    for name in sketch.sampled:
        if form.template.fields[name].required:
            text = gettext("Required. The picture shows sample text.")
            notes.setdefault(name, []).append(FieldNote(text, is_bad=True))
    general = []
    for warning in sketch.poster.warnings:
        spec = form.template.fields.get(warning.field or "")
        is_bad = warning.code == "cut" and spec is not None and spec.required
        note = FieldNote(explain_text(warning.message), is_bad)
        if spec is not None and warning.field is not None:
            notes.setdefault(warning.field, []).append(note)
        else:
            general.append(note)
    return StudioView(sketch, notes, general)


def left_out_notes(form: StudioForm) -> dict[str, list[FieldNote]]:
    """Return a note for each field that the poster does not show in the chosen size."""
    text = gettext("This size does not show this field.")
    return {name: [FieldNote(text)] for name in form.template.left_out[form.size]}


def error_view(
    template: Template, error: RenderError | InputError, *, of_poster: bool = True
) -> StudioView:
    """Return page content that shows each error beside its field, or else for the whole poster.

    If not *of_poster*, the fields are those of the form, which may be called as a poster field is.
    """
    if isinstance(error, InputError):
        texts = errors_by_field(error, "")
    else:
        texts = {error.field or "": explain(error)}
    fields = set(template.fields) if of_poster else set()
    return StudioView(
        notes={name: [FieldNote(texts[name], is_bad=True)] for name in texts if name in fields},
        general=[FieldNote(texts[name], is_bad=True) for name in texts if name not in fields],
        errors={name: text for name, text in texts.items() if name and name not in fields},
        message=explain(error),
        status=422,
    )


def with_sketch_of(view: StudioView, other: StudioView) -> StudioView:
    """Return a copy of *other* that shows the sketch (small poster) of *view*."""
    return replace(other, sketch=view.sketch)


def poster_notes(errors: Mapping[str, str]) -> dict[str, list[FieldNote]]:
    """Return the errors in the poster fields of an entry form, as notes by field name."""
    return {
        name.removeprefix("poster."): [FieldNote(text, is_bad=True)]
        for name, text in errors.items()
        if name.startswith("poster.")
    }
