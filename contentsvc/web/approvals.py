"""The question what happens to approved entries that a change of settings concerns."""

from __future__ import annotations

from collections.abc import Mapping

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from contentsvc.domain.approvals import Answer, Decision
from contentsvc.errors import InputError
from contentsvc.services.concerns import ApprovedEntriesError

__all__ = ["ask_about", "posted_answer"]

#: Fields of a form that belong to the question itself.
_OWN = frozenset({"csrf_token", "decision", "seen"})


def ask_about(question: ApprovedEntriesError, form: Mapping[str, str]) -> Response:
    """Return a page with the approved entries concerned; its answer posts *form* again."""
    fields = {name: value for name, value in form.items() if name not in _OWN}
    page = render_template("approvals/ask.html", question=question, fields=fields)
    return make_response(page, 409)


def posted_answer() -> Answer | None:
    """Return the posted answer to the question; None if the form does not have it.

    Raises:
        InputError: the answer is none of the offered ones.
    """
    text = request.form.get("decision", "")
    if not text:
        return None
    try:
        return Answer(Decision(text), request.form.get("seen", ""))
    except ValueError as error:
        raise InputError("not-a-choice", field="decision") from error
