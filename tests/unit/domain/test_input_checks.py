"""Collecting the errors of several checks."""

from __future__ import annotations

import pytest

from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import ConflictError, FieldsError, InputError


def test_nothing_is_raised_without_errors() -> None:
    """Checks that pass leave no trace."""
    checks = InputChecks()
    with checks.collect("title"):
        pass

    checks.raise_errors()


def test_one_error_is_raised_as_it_is() -> None:
    """A single conflict stays a conflict and gets the field of its check."""
    checks, conflict = InputChecks(), ConflictError("taken")
    with checks.collect("name"):
        raise conflict

    with pytest.raises(ConflictError) as caught:
        checks.raise_errors()
    assert caught.value is conflict
    assert conflict.field == "name"


def test_several_errors_are_raised_together() -> None:
    """Errors of inner checks are listed singly, in order, each with its own field."""
    outer, inner = InputChecks(), InputChecks()
    for field in ("slots", None):
        with inner.collect():
            raise InputError("wrong", field=field)
    with outer.collect("name"):
        raise InputError("empty")
    with outer.collect("day"):
        inner.raise_errors()

    with pytest.raises(FieldsError) as caught:
        outer.raise_errors()
    assert [error.field for error in caught.value.errors] == ["name", "slots", "day"]
    assert caught.value.field == "name"
    assert caught.value.message.text("zh") == "empty; wrong; wrong"


def test_the_list_of_errors_ends() -> None:
    """A form with countless errors tells a hundred of them."""
    checks = InputChecks()
    for number in range(1000):
        with checks.collect():
            raise InputError(str(number))

    with pytest.raises(FieldsError) as caught:
        checks.raise_errors()
    assert len(caught.value.errors) == 100


def test_other_errors_pass() -> None:
    """Only errors of the input are collected."""
    with pytest.raises(KeyError), InputChecks().collect():
        raise KeyError("bug")
