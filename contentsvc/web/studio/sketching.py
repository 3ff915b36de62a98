"""What stands beside the studio's form: the poster as it would be, and what is to be said of it."""

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
from contentsvc.web.studio.studio_form import StudioForm

__all__ = ["Remark", "Shown", "beside", "blame", "poster_remarks", "sketched", "studio"]


def studio() -> Studio:
    """Return this process's studio, which shares fonts and finished posters with the renderer."""
    kept = current_app.extensions.get("contentsvc_studio")
    if kept is None:
        made = Studio(runtime(), renderer().posters.painter)
        kept = current_app.extensions.setdefault("contentsvc_studio", made)
    assert isinstance(kept, Studio)
    return kept


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is said of a poster."""

    words: str
    #: Whether it must be mended; else it may stay so.
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What the studio shows beside its form."""

    sketch: Sketch | None = None
    #: By field of the template.
    remarks: dict[str, list[Remark]] = field(default_factory=dict)
    #: Of the poster as a whole.
    general: list[Remark] = field(default_factory=list)
    #: By field of the rest of the form.
    errors: dict[str, str] = field(default_factory=dict)
    is_busy: bool = False
    message: str = ""
    status: int = 200

    @property
    def address(self) -> str:
        """Return the picture as an address that needs no other request."""
        return _data_address(self.sketch.kept) if self.sketch else ""


def _data_address(kept: CachedPoster) -> str:
    """Return a poster's file as a `data:` address."""
    return f"data:{kept.encoded.media_type};base64,{b64encode(kept.encoded.data).decode()}"


def sketched(form: StudioForm) -> Shown:
    """Paint what the form says, or say why that cannot be."""
    try:
        sketch = studio().sketch(form.order(), samples=form.samples)
    except StudioBusyError as error:
        return Shown(general=[Remark(explain(error))], is_busy=True)
    except (RenderError, InputError) as error:
        return blame(form.template, error)
    remarks: dict[str, list[Remark]] = {}
    for name in sketch.sampled:
        if form.template.fields[name].required:
            words = gettext("Required. The picture shows sample words.")
            remarks.setdefault(name, []).append(Remark(words, is_bad=True))
    general = []
    for warning in sketch.kept.warnings:
        spec = form.template.fields.get(warning.field or "")
        is_bad = warning.code == "cut" and spec is not None and spec.required
        remark = Remark(explain_text(warning.message), is_bad)
        if spec is not None and warning.field is not None:
            remarks.setdefault(warning.field, []).append(remark)
        else:
            general.append(remark)
    return Shown(sketch, remarks, general)


def blame(template: Template, error: RenderError | InputError) -> Shown:
    """Say an error beside the field at fault, or of the poster as a whole."""
    words = explain(error)
    if error.field in template.fields:
        said = {error.field: [Remark(words, is_bad=True)]}
        return Shown(remarks=said, message=words, status=422)
    errors = {error.field: words} if error.field else {}
    return Shown(general=[Remark(words, is_bad=True)], errors=errors, message=words, status=422)


def beside(shown: Shown, other: Shown) -> Shown:
    """Return *other*'s faults with the picture of *shown*."""
    return replace(other, sketch=shown.sketch)


def poster_remarks(errors: Mapping[str, str]) -> dict[str, list[Remark]]:
    """Return what an entry form's errors say of its poster, by field of the template."""
    return {
        name.removeprefix("poster."): [Remark(words, is_bad=True)]
        for name, words in errors.items()
        if name.startswith("poster.")
    }
