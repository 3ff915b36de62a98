"""Many rows in one statement.

PostgreSQL is given one array a column, so that the statement's text is the same for any number of
rows, and it is parsed once, planned once and answered once. SQLite has no arrays. It is asked about
rows that it is given as one JSON text, and writes those that it is given one after the other within
one call, which costs it nothing: there is no way to a server.
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
    """Tell whether the database behind *connection* takes arrays."""
    return connection.dialect.name == "postgresql"


class Among:
    """A condition: that some columns of a row hold one of the tuples of numbers that are given."""

    def __init__(self, table: Table, *names: str) -> None:
        """Ask for the columns *names* of *table*; the first is one that has an index."""
        self._table = table
        self._names = names

    def where(self, *, arrays: bool) -> tuple[ColumnElement[bool], ...]:
        """Return the condition for a database that has *arrays*, or has none."""
        columns = [self._table.c[name] for name in self._names]
        if arrays:
            given = _rows(self._table, self._names, "among")
            return (tuple_(*columns).in_(select(*given.c)),)
        # The first by itself too: SQLite finds no index for tuples and would read the table.
        return (columns[0].in_(_from_json(1)), tuple_(*columns).in_(_from_json(len(columns))))

    def given(self, connection: Connection, tuples: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
        """Return the parameters with which the condition asks for *tuples*."""
        if has_arrays(connection):
            columns = zip(*tuples, strict=True) if tuples else ((),) * len(self._names)
            named = zip(self._names, columns, strict=True)
            return {f"among_{name}": list(column) for name, column in named}
        return {"among": json.dumps(tuples)}


def _from_json(columns: int) -> Select[Any]:
    """Return so many columns of the tuples that are given to SQLite as one JSON text."""
    value = func.json_each(bindparam("among", type_=Text)).table_valued("value").c.value
    return select(*(func.json_extract(value, f"$[{place}]") for place in range(columns)))


def insert_each(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows*, which name the same columns."""
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
    """Write to the row whose columns hold the first of each pair the values of the second.

    All pairs name the same columns.
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


# Each statement is made once: SQLAlchemy takes longer to build one than a database to run it.


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
    """Return the rows that are given as one array a column."""
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
