"""The errors of a form as texts by field."""

from __future__ import annotations

from contentsvc.channels.hosting import SettingsError
from contentsvc.errors import ConflictError, FieldsError, InputError
from contentsvc.web.explaining import explain, explain_text

__all__ = ["error_status", "errors_by_field"]


def errors_by_field(error: InputError, otherwise: str) -> dict[str, str]:
    """Return the texts of *error* by the name of the field; several of one field are joined.

    *otherwise* is the field beside which an error is shown that names none.
    """
    texts: dict[str, list[str]] = {}
    for field, text in _pairs(error):
        known = texts.setdefault(field or otherwise, [])
        if text not in known:
            known.append(text)
    return {field: " ".join(lines) for field, lines in texts.items()}


def _pairs(error: InputError) -> list[tuple[str | None, str]]:
    if isinstance(error, FieldsError):
        return [pair for each in error.errors for pair in _pairs(each)]
    if isinstance(error, SettingsError):
        return [(field, explain_text(message)) for field, message in error.problems]
    return [(error.field, explain(error))]


def error_status(error: InputError) -> int:
    """Return the HTTP status of a form that is shown again: 409 after a conflict, else 422."""
    errors = error.errors if isinstance(error, FieldsError) else (error,)
    return 409 if any(isinstance(each, ConflictError) for each in errors) else 422
