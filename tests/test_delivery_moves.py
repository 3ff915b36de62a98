"""Only `services/delivery/moves.py` changes the status of a delivery."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).resolve().parents[1] / "contentsvc"
_OWNER = _PACKAGE / "services/delivery/moves.py"
#: Expressions that mean the table of deliveries in an UPDATE.
_TABLES = {"Delivery", "Delivery.__table__", "_DELIVERIES", "models.Delivery"}
#: Names under which the code holds a delivery's row.
_ROWS = {"delivery", "row", "current", "standing"}
_STATUSES = {"DeliveryStatus", "_S."}
#: Statuses of rows in other tables.
_OTHERS = {"EntryStatus", "RowStatus", "BatchStatus"}


def _writes(source: str) -> Iterator[str]:
    """Yield each place in *source* that may change the status of a delivery."""
    tree = ast.parse(source)
    dicts = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _assignments(node)
        elif isinstance(node, ast.Call):
            yield from _calls(node, dicts)
        elif isinstance(node, ast.Constant) and "UPDATE deliveries" in str(node.value):
            yield f"line {node.lineno}: SQL that updates deliveries"


def _assignments(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat = [part for target in targets for part in getattr(target, "elts", [target])]
    for target in flat:
        if isinstance(target, ast.Attribute) and target.attr == "status":
            base = ast.unparse(target.value)
            value = ast.unparse(node.value) if node.value is not None else ""
            is_row = base.split("[")[0] in _ROWS and not any(n in value for n in _OTHERS)
            if is_row or any(name in value for name in _STATUSES):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _calls(call: ast.Call, dicts: dict[str, ast.Dict]) -> Iterator[str]:
    name = ast.unparse(call.func)
    arguments = [ast.unparse(argument) for argument in call.args]
    if name == "setattr" and "'status'" in arguments:
        yield f"line {call.lineno}: setattr of a status"
    elif name == "update_each" and _TABLES & set(arguments):
        yield f"line {call.lineno}: update_each of deliveries"
    elif name.endswith(".values") and any(f"update({table})" in name for table in _TABLES):
        for keyword in call.keywords:
            if keyword.arg == "status":
                yield f"line {call.lineno}: values(status=…) of deliveries"
            elif keyword.arg is None and not _is_known(keyword.value, dicts):
                yield f"line {call.lineno}: values(**…) of deliveries"
        if call.args:
            yield f"line {call.lineno}: values({{…}}) of deliveries"


def _is_known(value: ast.expr, dicts: dict[str, ast.Dict]) -> bool:
    """Tell whether `**value` is a dictionary of this module whose keys are other columns."""
    if not isinstance(value, ast.Name) or value.id not in dicts:
        return False
    keys = [getattr(key, "value", None) for key in dicts[value.id].keys]
    return None not in keys and "status" not in keys


def test_nothing_else_changes_the_status_of_a_delivery() -> None:
    """No other module assigns it or updates it."""
    writes = [
        f"{file.relative_to(_PACKAGE)}: {write}"
        for file in sorted(_PACKAGE.rglob("*.py"))
        if file != _OWNER
        for write in _writes(file.read_text(encoding="utf-8"))
    ]

    assert writes == []


def test_the_owner_does() -> None:
    """The check sees the module that may."""
    assert len(list(_writes(_OWNER.read_text(encoding="utf-8")))) >= 4


@pytest.mark.parametrize(
    "breach",
    [
        "delivery.status = status",
        "rows[0].x, row.status = 1, after",
        "thing.status = DeliveryStatus.FAILED",
        "thing.status = _S.FAILED",
        "setattr(delivery, 'status', after)",
        "session.execute(update(Delivery).where(Delivery.id == 1).values(status=after))",
        "session.execute(update(Delivery).values(**values))",
        "values = {'status': after}\nsession.execute(update(Delivery).values(**values))",
        "session.execute(update(_DELIVERIES).values({'status': after}))",
        "update_each(connection, _DELIVERIES, rows)",
        "session.execute(text(\"UPDATE deliveries SET status = 'failed'\"))",
    ],
)
def test_a_breach_is_caught(breach: str) -> None:
    """Each way to change a status is seen."""
    assert list(_writes(breach)) != []


@pytest.mark.parametrize(
    "innocent",
    [
        "entry.status = EntryStatus.APPROVED",
        "session.execute(update(Delivery).values(lease_until=None))",
        "values = {'error': ''}\nsession.execute(update(Delivery).values(**values))",
        "session.execute(update(PosterBatch).values(status=after))",
        "Delivery(status=DeliveryStatus.PLANNED)",
    ],
)
def test_other_writes_are_free(innocent: str) -> None:
    """Other tables, other columns and new deliveries are no breach."""
    assert list(_writes(innocent)) == []
