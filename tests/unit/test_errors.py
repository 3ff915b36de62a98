"""The errors: one tree, messages that name place, value and remedy."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from contentsvc import errors
from contentsvc.errors import (
    CalendarError,
    ChannelAuthError,
    ConfigError,
    ConflictError,
    ContentsvcError,
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    Problem,
    PublishError,
    RateLimitedError,
    RejectedError,
    RenderError,
    TemporaryError,
)
from contentsvc.messages import Message

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, Exception)
]


def test_all_errors_have_one_root() -> None:
    """Whoever catches ContentsvcError catches every error raised on purpose."""
    assert [error for error in CLASSES if not issubclass(error, ContentsvcError)] == []


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_stands_in_the_tree(error: type[Exception]) -> None:
    """Each error is in the drawing at the top and in the public names, and says what it is."""
    assert f" {error.__name__}" in f" {errors.__doc__}".replace("\n", " ")
    assert error.__name__ in errors.__all__
    assert error.__doc__


def _drawn() -> dict[str, str]:
    """Return each error's parent as the drawing has it."""
    parents: dict[str, str] = {}
    trail: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = next((word for word in line.split() if word.endswith("Error")), None)
        if name is None or name not in errors.__all__:
            continue
        depth = line.index(name) // 4
        trail[depth:] = [name]
        parents[name] = trail[depth - 1] if depth else ""
    return parents


def test_the_drawing_is_true() -> None:
    """The tree as drawn is the tree of classes."""
    classes = {
        error.__name__: "" if error is ContentsvcError else error.__bases__[0].__name__
        for error in CLASSES
    }

    assert _drawn() == classes


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            Problem(8, "entries[2].day", Message.plain("'x' is wrong")),
            "line 8: entries[2].day: 'x' is wrong",
        ),
        (Problem(8, "", Message.plain("no YAML")), "line 8: no YAML"),
        (Problem(0, "", Message.plain("empty")), "empty"),
        (Problem(0, "week", Message.plain("missing")), "week: missing"),
    ],
)
def test_problem_says_its_place(problem: Problem, text: str) -> None:
    """A problem is written with its line and its field, if it has them."""
    assert str(problem) == text


def test_calendar_error_is_a_line_a_problem() -> None:
    """A calendar's error has a line per problem, in English and Chinese."""
    error = CalendarError(
        Path("a.yaml"),
        [Problem(1, "name", Message.plain("x")), Problem(2, "week", Message("file-text-empty"))],
    )

    assert str(error) == "a.yaml: line 1: name: x\na.yaml: line 2: week: is empty"
    assert error.message.text("zh").endswith("a.yaml: 第 2 行：week: 是空的")
    assert (error.file, len(error.problems)) == ("a.yaml", 2)


def test_config_error_names_the_setting() -> None:
    """A setting's error begins with its name."""
    error = ConfigError("CONTENTSVC_PORT", "0 is not from 1 to 65535")

    assert str(error) == "CONTENTSVC_PORT: 0 is not from 1 to 65535"
    assert error.setting == "CONTENTSVC_PORT"


@pytest.mark.parametrize("error", [InputError, ConflictError, NotFoundError, RenderError])
def test_form_errors_carry_their_field(error: type[InputError]) -> None:
    """An error that stands beside a form's field names it; it need not."""
    assert error("no", field="title").field == "title"
    assert error("no").field is None


@pytest.mark.parametrize(
    "error",
    [TemporaryError, RateLimitedError, RejectedError, ChannelAuthError, OutcomeUnknownError],
)
def test_publish_errors_keep_the_platforms_words(error: type[PublishError]) -> None:
    """What a platform said, and how long it asks to wait, is kept."""
    raised = error("45009 api freq out of limit", retry_after=60)

    assert (str(raised), raised.retry_after) == ("45009 api freq out of limit", 60)
    assert isinstance(raised, PublishError)


def test_an_unknown_outcome_is_not_temporary() -> None:
    """Code that retries what is temporary never meets what may be out."""
    assert not issubclass(OutcomeUnknownError, TemporaryError)
