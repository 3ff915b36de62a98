"""SQL statements that match or write many rows in one call.

On PostgreSQL each column becomes one array parameter. The text of the statement is then the same
for any number of rows, so that PostgreSQL parses and plans it only once. SQLite has no arrays.
Conditions get their rows as one JSON text, and writes run once per row within one call. That costs
little, since SQLite has no server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

__all__ = ["Among", "has_arrays", "insert_each", "update_each"]


def has_arrays(connection: Connection) -> bool:
    """Tell whether the database of *connection* supports array parameters."""
    return connection.dialect.name == "postgresql"


class Among:
    """A WHERE condition such as `(a, b) IN ((1, 2), (3, 4))` for many tuples of numbers.

    The tuples are parameters, so that a statement with this condition can be reused.
    """

    def __init__(self, table: Table, *names: str) -> None:
        """Create a condition on the columns *names* of *table*; the first must be indexed."""
        self._table = table
        self._names = names

    def where(self, *, arrays: bool) -> tuple[ColumnElement[bool], ...]:
        """Return SQL conditions to pass to `where()`, with array parameters if *arrays* is true."""
        columns = [self._table.c[name] for name in self._names]
        if arrays:
            tuples = _rows(self._table, self._names, "among")
            return (tuple_(*columns).in_(select(*tuples.c)),)
        # The first column is also compared by itself, since SQLite uses no index for tuples.
        return (columns[0].in_(_from_json(1)), tuple_(*columns).in_(_from_json(len(columns))))

    def parameters(
        self, connection: Connection, tuples: Sequence[tuple[Any, ...]]
    ) -> dict[str, Any]:
        """Return the statement's bind parameters with which the condition matches *tuples*."""
        if has_arrays(connection):
            columns = zip(*tuples, strict=True) if tuples else ((),) * len(self._names)
            named = zip(self._names, columns, strict=True)
            return {f"among_{name}": list(column) for name, column in named}
        return {"among": json.dumps(tuples)}


def _from_json(columns: int) -> Select[Any]:
    """Return a subquery that selects values of the tuples in the SQL parameter `among`.

    The parameter is a JSON list of tuples. The subquery selects the first *columns* values of each.
    """
    value = func.json_each(bindparam("among", type_=Text)).table_valued("value").c.value
    return select(*(func.json_extract(value, f"$[{index}]") for index in range(columns)))


def insert_each(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows* (values by column name) into *table*; all rows must have the same columns."""
    if not rows:
        return
    if has_arrays(connection):
        names = tuple(rows[0])
        connection.execute(_inserting(table, names), _arrays("new", rows))
    else:
        connection.execute(insert(table), [dict(row) for row in rows])


def update_each(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """Update a row of *table* for each pair in *rows*: values that identify it, and new values.

    Both are mappings from column name to value. All pairs must have the same columns.
    """
    if not rows:
        return
    keys, values = tuple(rows[0][0]), tuple(rows[0][1])
    if has_arrays(connection):
        given = _arrays("old", (key for key, _ in rows)) | _arrays("new", (new for _, new in rows))
        connection.execute(_updating_arrays(table, keys, values), given)
    else:
        connection.execute(
            _updating(table, keys, values),
            [_prefixed("old", key) | _prefixed("new", new) for key, new in rows],
        )


# Each statement is built once: SQLAlchemy takes longer to build it than a database takes to run it.


@lru_cache(maxsize=64)
def _inserting(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).from_select(list(names), select(*_rows(table, names, "new").c))


@lru_cache(maxsize=64)
def _updating_arrays(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Update:
    columns = [*(("old", name) for name in keys), *(("new", name) for name in values)]
    given = (
        func.unnest(*(_array(table, prefix, name) for prefix, name in columns))
        .table_valued(*(f"{prefix}_{name}" for prefix, name in columns), name="given")
        .render_derived()
    )
    return (
        update(table)
        .where(*(table.c[name] == given.c[f"old_{name}"] for name in keys))
        .values({name: given.c[f"new_{name}"] for name in values})
    )


@lru_cache(maxsize=64)
def _updating(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Update:
    return (
        update(table)
        .where(*(table.c[name] == bindparam(f"old_{name}") for name in keys))
        .values({name: bindparam(f"new_{name}") for name in values})
    )


def _rows(table: Table, names: Sequence[str], prefix: str) -> TableValuedAlias:
    """Return an SQL table expression with one column per name, filled from bound arrays.

    The array of a column is the bound parameter `PREFIX_NAME`.
    """
    arrays = (_array(table, prefix, name) for name in names)
    return func.unnest(*arrays).table_valued(*names, name=prefix).render_derived()


def _array(table: Table, prefix: str, name: str) -> Any:
    return bindparam(f"{prefix}_{name}", type_=ARRAY(table.c[name].type))


def _arrays(prefix: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    arrays: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            arrays.setdefault(f"{prefix}_{name}", []).append(value)
    return arrays


def _prefixed(prefix: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in row.items()}
