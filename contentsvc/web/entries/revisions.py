"""The pages on which people see the earlier revisions of an entry, and take one back."""

from __future__ import annotations

from flask import Blueprint, render_template

from contentsvc.services import entries
from contentsvc.services.revisions import get_revision, list_revisions
from contentsvc.web.current import reading
from contentsvc.web.entries.comparing import differences
from contentsvc.web.entries.entry_form import form_of, form_of_revision

__all__ = ["blueprint"]

blueprint = Blueprint("revisions", __name__)


@blueprint.get("/entries/<int:entry_id>/revisions/")
def index(entry_id: int) -> str:
    """Render the list of an entry's earlier revisions, the latest first."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
        found = list_revisions(database, entry_id)
    return render_template("entries/revisions.html", entry=entry, revisions=found)


@blueprint.get("/entries/<int:entry_id>/revisions/<int:rev>")
def show(entry_id: int, rev: int) -> str:
    """Render an earlier revision of an entry beside the present one."""
    with reading() as database:
        entry = entries.get_entry(database, entry_id)
        revision = get_revision(database, entry_id, rev)
    pairs = differences(form_of_revision(revision, entry.calendar), form_of(entry), entry.calendar)
    return render_template("entries/revision.html", entry=entry, revision=revision, pairs=pairs)
