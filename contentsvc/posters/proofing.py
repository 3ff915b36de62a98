"""What is wrong with a row's fields, told before its poster is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters.brand import Brand
from contentsvc.posters.field_values import Values, resolve_values
from contentsvc.posters.layer_pictures import Pictures
from contentsvc.posters.painting.layout import Layout
from contentsvc.posters.qr import LEAST_MODULE, qr_mask
from contentsvc.posters.template.layers import Qr
from contentsvc.posters.template.schema import FieldSpec, Template
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.warnings import PosterWarning

__all__ = ["Proofreader", "RowRemark", "remark_of"]


@dataclass(frozen=True, slots=True)
class RowRemark:
    """One thing that is to be said of a row.

    `code` is a warning's (see PosterWarning), or of a fault that leaves the row without a poster:
    `required`, `bad_link`, `bad_picture` or `bad_value`.
    """

    field: str | None
    code: str
    message: Message
    is_fault: bool = False

    def to_data(self) -> dict[str, str | bool | None]:
        """Return the remark as values that JSON can hold."""
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message.to_json(),
            "is_fault": self.is_fault,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the remark that `to_data` wrote.

        Raises:
            KeyError: a value is missing.
        """
        message = Message.from_json(str(data["message"]))
        return cls(data["field"], data["code"], message, data["is_fault"])


def remark_of(template: Template, fields: Mapping[str, object], error: RenderError) -> RowRemark:
    """Say which kind of fault *error* is."""
    spec = template.fields.get(error.field or "")
    return RowRemark(error.field, _code(spec, fields.get(error.field or "")), error.message, True)


def _code(spec: FieldSpec | None, value: object) -> str:
    if spec is None:
        return "bad_value"
    if not value and spec.required:
        return "required"
    return {"url": "bad_link", "image": "bad_picture"}.get(spec.type, "bad_value")


class Proofreader:
    """Reads rows of one template for what its sizes would cut, miss or refuse; paints nothing."""

    def __init__(
        self,
        template: Template,
        sizes: Sequence[str],
        *,
        brand: Brand,
        fonts: Fonts,
        pictures: Pictures,
    ) -> None:
        self._template = template
        self._sizes = tuple(sizes)
        self._brand = brand
        self._fonts = fonts
        self._pictures = pictures
        #: Pixels of a module by size, layer and length of the link.
        self._modules: dict[tuple[str, int, int, bool], int] = {}
        self._known_pictures: dict[str, bool] = {}

    def read(self, fields: Mapping[str, object], *, fits: bool = True) -> tuple[RowRemark, ...]:
        """Give every fault of *fields*, then what would be said of the poster.

        Without *fits* it is not looked whether the words find room, which takes most of the time
        (measured: 1.7 ms of an invitation).
        """
        given = dict(fields)
        faults = []
        while True:
            try:
                values, warnings = resolve_values(self._template, given, {}, self._brand)
                break
            except RenderError as error:
                faults.append(remark_of(self._template, given, error))
                if error.field is None or len(faults) > len(self._template.fields):
                    return tuple(faults)
                # The other fields are looked at as if this one were right.
                given[error.field] = _stand_in(self._template.fields[error.field])
        faults += self._missing_pictures(values)
        wrong = {fault.field for fault in faults}
        sizes = self._sizes if fits else ()
        told = [*warnings, *(each for size in sizes for each in self._fit(size, values))]
        said = [RowRemark(each.field, each.code, each.message) for each in told]
        return tuple(dict.fromkeys([*faults, *(each for each in said if each.field not in wrong)]))

    def _missing_pictures(self, values: Values) -> list[RowRemark]:
        found = []
        for name, spec in self._template.fields.items():
            source = values.text(name)
            if spec.type == "image" and source and not self._is_there(source):
                message = Message("picture-missing", name=source)
                found.append(RowRemark(name, "bad_picture", message, True))
        return found

    def _is_there(self, source: str) -> bool:
        if source not in self._known_pictures:
            self._known_pictures[source] = source.startswith("art:") or self._opens(source)
        return self._known_pictures[source]

    def _opens(self, source: str) -> bool:
        try:
            self._pictures(source)
        except (LookupError, OSError):
            return False
        return True

    def _fit(self, size: str, values: Values) -> list[PosterWarning]:
        layers = self._template.by_size[size]
        shown = [(place, layer) for place, layer in enumerate(layers) if values.holds(layer.when)]
        layout = Layout(values, self._fonts, [])
        layout.lay_out(shown)
        for place, layer in shown:
            if isinstance(layer, Qr) and values.text(layer.field):
                self._measure_code(size, place, layer, layout)
        return layout.warnings

    def _measure_code(self, size: str, place: int, layer: Qr, layout: Layout) -> None:
        text = layout.values.text(layer.field)
        # How large a code is follows from the length of its text and the alphabet that it needs.
        key = (size, place, len(text.encode()), text == text.upper())
        if key not in self._modules:
            side = round(min(layer.box[2:]))
            try:
                pixels = qr_mask(text, side, error=layer.error, quiet=layer.quiet)[1]
            except RenderError:
                pixels = 0
            self._modules[key] = pixels
        module = self._modules[key]
        if module < LEAST_MODULE:
            message = Message("poster-code-small", pixels=module, least=LEAST_MODULE)
            layout.tell(layer, "small_qr", message)


def _stand_in(spec: FieldSpec) -> object:
    if spec.type == "url":
        return "https://example.com/i/000000"
    return "" if spec.type == "image" and not spec.required else spec.sample or "art:letter"
