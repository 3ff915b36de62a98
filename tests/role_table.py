"""Write the table of docs/roles.md that comes from the code: `python -m tests.role_table`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flask import Flask

from contentsvc import assembly
from contentsvc.app import create_app
from contentsvc.config import Config
from contentsvc.domain.roles import NEEDED, Action, Role
from contentsvc.web.permissions import RULES, Access, Rule
from tests.guide_tables import with_block

__all__ = ["BLOCK", "PAGE", "table"]

PAGE = Path(__file__).parents[1] / "docs" / "roles.md"
BLOCK = "routes"

#: What a page needs, as the column `where` says it.
_WHERE = {
    Access.OPEN: "",
    Access.SIGNED_IN: "",
    Access.OWNER: "own batch",
    Access.CREATE: "any calendar",
    Access.ADMIN: "",
}


def table(app: Flask) -> Iterator[str]:
    """Return the lines of the table: a row for each route and method, a column for each role."""
    roles = ("signed out", "signed in", *Role, "admin")
    yield f"| route | {' | '.join(roles)} | where | besides |"
    yield "|---" * (len(roles) + 3) + "|"
    for endpoint, by_method in RULES.items():
        for method, rule in by_method.items():
            for path, needed in _paths(app, endpoint, method, rule):
                marks = " | ".join("✓" if mark else "" for mark in _marks(needed))
                yield f"| `{method} {path}` | {marks} | {_where(rule, needed)} | {rule.also} |"


def _paths(
    app: Flask, endpoint: str, method: str, rule: Rule
) -> Iterator[tuple[str, Access | Action]]:
    """Return each address of an endpoint, and what it needs; one per step that it takes."""
    found = [r for r in app.url_map.iter_rules(endpoint) if method in (r.methods or ())]
    path = max((r.rule for r in found), key=len).replace("|", "\\|")
    if not rule.steps:
        yield path, rule.need
    for step, needed in rule.steps.items():
        yield f"{path[: path.index('<any')]}{step}", needed


def _marks(needed: Access | Action) -> list[bool]:
    """Return who may pass: signed out, signed in without a role, each role, admin."""
    if isinstance(needed, Action):
        return [False, False, *(role.includes(NEEDED[needed]) for role in Role), True]
    allows_all = needed in {Access.OPEN, Access.SIGNED_IN}
    roles = [allows_all or (needed is Access.CREATE and role is Role.MANAGER) for role in Role]
    is_own = needed is Access.OWNER
    return [needed is Access.OPEN, allows_all or is_own, *(r or is_own for r in roles), True]


def _where(rule: Rule, needed: Access | Action) -> str:
    if isinstance(needed, Access):
        return _WHERE[needed]
    return "any calendar" if rule.place is None else "the calendar"


def main() -> None:
    """Write the table into docs/roles.md."""
    with tempfile.TemporaryDirectory() as folder:
        parts = assembly.assemble(Config.from_env({"CONTENTSVC_DATA_DIR": folder}))
        with closing(parts.database):
            lines = "\n".join(table(create_app(parts)))
    PAGE.write_text(with_block(PAGE.read_text("utf-8"), BLOCK, lines, "role_table"), "utf-8")


if __name__ == "__main__":
    main()
