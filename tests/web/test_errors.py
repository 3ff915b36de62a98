"""Every error is shown in the person's language, and as JSON with its code and parameters."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from flask import Flask, request
from markupsafe import escape

from contentsvc.errors import CalendarError, InputError, Problem
from contentsvc.messages import Message, catalogue
from contentsvc.web.permissions import RULES, Access, Rule

#: Twenty codes; the seed makes the choice the same everywhere.
CODES = random.Random(9).sample(sorted(catalogue("zh")), 20)
JSON = {"Accept": "application/json"}


def _params(code: str) -> dict[str, Any]:
    """Return a value for each parameter of a text; numbers fit every format."""
    names = {name for _, name, _, _ in string.Formatter().parse(catalogue("en")[code]) if name}
    return dict.fromkeys(sorted(names), 7)


@pytest.fixture(autouse=True)
def _raising(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add pages that raise an error of the code in their address."""

    def fail(code: str) -> str:
        raise InputError(Message(code, **_params(code)), field="title")

    def fail_with_text() -> str:
        raise InputError({"zh": "平台说不行", "en": "the platform says no"})

    def fail_with_problems() -> str:
        problem = Problem(3, "entries[0]", Message("weekday-unknown", text=request.args["day"]))
        raise CalendarError("week.yaml", [problem])

    app.add_url_rule("/fail/<code>", view_func=fail)
    app.add_url_rule("/fail-with-text", view_func=fail_with_text)
    app.add_url_rule("/fail-with-problems", view_func=fail_with_problems)
    for view in (fail, fail_with_text, fail_with_problems):
        monkeypatch.setitem(RULES, view.__name__, {"GET": Rule(Access.OPEN)})


@pytest.mark.parametrize("code", CODES)
def test_an_error_is_shown_in_chinese_and_as_json(anonymous: Any, code: str) -> None:
    """The page has the Chinese text; JSON has the code, the parameters and the text."""
    text = Message(code, **_params(code)).text("zh")

    page = anonymous.get(f"/fail/{code}")
    error = anonymous.get(f"/fail/{code}", headers=JSON).json["error"]

    assert page.status_code == 422
    assert str(escape(text)) in page.get_data(as_text=True)
    assert error == {
        "status": 422,
        "code": code,
        "message": text,
        "params": _params(code),
        "field": "title",
        "id": "",
    }


def test_a_text_without_a_code_is_shown_in_chinese(anonymous: Any) -> None:
    """A text that a plugin gave in both languages gets the code of its error class."""
    error = anonymous.get("/fail-with-text", headers=JSON).json["error"]

    assert (error["code"], error["message"], error["params"]) == ("input-error", "平台说不行", {})
    assert "平台说不行" in anonymous.get("/fail-with-text").get_data(as_text=True)


def test_problems_of_a_file_are_shown_in_chinese(anonymous: Any) -> None:
    """Every problem of a file is shown with its line in the person's language."""
    page = anonymous.get("/fail-with-problems?day=周八").get_data(as_text=True)

    assert "第 3 行：" in page
    assert "“周八”不是星期" in page
