"""Collects the errors of several checks, so that a person sees all errors of a form at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contentsvc.errors import FieldsError, InputError

__all__ = ["InputChecks"]


#: A longer list of errors helps nobody.
_MOST_ERRORS = 100


class InputChecks:
    """Collects the errors that are found while one input is checked."""

    def __init__(self) -> None:
        """Create a collector without errors."""
        self._errors: list[InputError] = []

    @contextmanager
    def collect(self, field: str | None = None) -> Iterator[None]:
        """Return a context manager that collects an InputError raised in its `with` block.

        *field* is used for an error without a field. Errors after the hundredth are dropped.
        """
        try:
            yield
        except InputError as error:
            errors = error.errors if isinstance(error, FieldsError) else (error,)
            for each in errors[: _MOST_ERRORS - len(self._errors)]:
                each.field = each.field or field
                self._errors.append(each)

    def raise_errors(self) -> None:
        """Raise the collected errors. Do nothing if there are none.

        Raises:
            FieldsError: there are several errors.
            InputError: there is one error, which is raised as it is.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise FieldsError(self._errors)
