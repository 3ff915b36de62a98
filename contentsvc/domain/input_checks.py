"""Collect the errors of several checks, so that a person sees all errors of a form at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contentsvc.errors import FieldsError, InputError

__all__ = ["InputChecks"]


#: A longer list of errors helps nobody.
_MOST_ERRORS = 100


class InputChecks:
    """The checks of one input, with the errors that they have found."""

    def __init__(self) -> None:
        """Create a collection without errors."""
        self._errors: list[InputError] = []

    @contextmanager
    def collect(self, field: str | None = None) -> Iterator[None]:
        """Collect an InputError that ends the block; *field* is that of an error without one.

        Errors after the hundredth are dropped.
        """
        try:
            yield
        except InputError as error:
            errors = error.errors if isinstance(error, FieldsError) else (error,)
            for each in errors[: _MOST_ERRORS - len(self._errors)]:
                each.field = each.field or field
                self._errors.append(each)

    def raise_errors(self) -> None:
        """Raise what was collected; do nothing if there is no error.

        Raises:
            FieldsError: there are several errors.
            InputError: there is one, which is raised as it is.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise FieldsError(self._errors)
