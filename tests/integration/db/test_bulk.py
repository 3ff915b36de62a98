"""Statements for many rows, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, select

from contentsvc.db.bulk import Among, has_arrays, insert_each, update_each
from contentsvc.db.session import Database
from contentsvc.db.types import EnumText, UtcDateTime
from contentsvc.domain.deliveries import DeliveryStatus

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("fence", Integer),
    Column("status", EnumText(DeliveryStatus)),
    Column("at", UtcDateTime()),
    Column("receipt", JSON),
    Column("words", String(200)),
)
S = DeliveryStatus


def thing(number: int, **said: Any) -> dict[str, Any]:
    values = {"id": number, "fence": number % 3, "status": S.CLAIMED, "at": NOON}
    return {**values, "receipt": {"id": f"r{number}"}, "words": "", **said}


@pytest.fixture
def things(database: Database) -> Iterator[Database]:
    THINGS.create(database.engine)
    with database.write() as session:
        insert_each(session.connection(), THINGS, [thing(number) for number in range(1, 101)])
    yield database
    THINGS.drop(database.engine)


def rows(database: Database) -> dict[int, Any]:
    with database.read() as session:
        found = session.connection().execute(select(THINGS).order_by(THINGS.c.id))
        return {row.id: row for row in found}


def test_what_is_inserted_reads_back_whole(things: Database) -> None:
    """Instants, enum members, JSON and text are read back unchanged."""
    assert {number: row._asdict() for number, row in rows(things).items()} == {
        number: thing(number) for number in range(1, 101)
    }


def test_each_row_gets_its_own_values(things: Database) -> None:
    """Each selected row gets its own new values; other rows are not changed."""
    later = NOON.replace(hour=13)
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"id": number, "fence": number % 3, "status": S.CLAIMED},
            {
                "status": S.PUBLISHED,
                "at": None if number == 7 else later,
                "receipt": {"id": f"新{number}", "url": None},
                "words": f"'\"{number}\\, {{}}",
            },
        )
        for number in (7, 50, 99)
    ]

    with things.write() as session:
        update_each(session.connection(), THINGS, changes)

    found = rows(things)
    for key, values in changes:
        assert found[key["id"]]._asdict() == {**key, **values}
    assert {row.status for row in found.values() if row.id not in {7, 50, 99}} == {S.CLAIMED}


def test_a_row_whose_key_differs_is_left_alone(things: Database) -> None:
    """A row is not updated unless all of its key columns match."""
    keys = [
        {"id": 1, "fence": 2, "status": S.CLAIMED},
        {"id": 2, "fence": 2, "status": S.SENDING},
        {"id": 1000, "fence": 1, "status": S.CLAIMED},
    ]
    before = rows(things)

    with things.write() as session:
        update_each(session.connection(), THINGS, [(key, {"words": "!"}) for key in keys])

    assert rows(things) == before


@pytest.mark.parametrize(
    ("tuples", "found"),
    [
        ([], []),
        ([(1, 1)], [1]),
        ([(1, 1), (2, 0), (3, 0), (1000, 1)], [1, 3]),
        ([(number, number % 3) for number in range(1, 101)], list(range(1, 101))),
    ],
)
def test_rows_are_found_by_tuples(
    things: Database, tuples: list[tuple[int, int]], found: list[int]
) -> None:
    """A row matches only if all of its columns equal the values of one tuple."""
    among = Among(THINGS, "id", "fence")
    with things.read() as session:
        connection = session.connection()
        condition = among.where(arrays=has_arrays(connection))
        query = select(THINGS.c.id).where(*condition).order_by(THINGS.c.id)

        assert (
            list(connection.execute(query, among.parameters(connection, tuples)).scalars()) == found
        )


def test_nothing_costs_nothing(things: Database) -> None:
    """Inserting or updating no rows changes nothing."""
    with things.write() as session:
        insert_each(session.connection(), THINGS, [])
        update_each(session.connection(), THINGS, [])

    assert len(rows(things)) == 100
