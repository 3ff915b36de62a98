"""The queries of each dispatcher turn use an index, and stay fast with many due deliveries."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from contentsvc.services.delivery import chores, moves
from contentsvc.services.runtime import Runtime


@pytest.mark.parametrize("statement", [chores._NEXT_DUE, moves._CLAIM_DUE])
def test_the_first_ones_are_found_without_sorting(runtime: Runtime, statement: Any) -> None:
    """The query plan uses the index of waiting deliveries and does not sort."""
    engine, now = runtime.database.engine, runtime.clock()
    parameters = {"before": now, "now": now, "due_until": now, "most": 400, "lease_until": now}
    parameters |= {"claimed_by": "d:1", "types": ["webhook", "site"]}
    executed: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        executed.append((sql, values))

    with runtime.database.write() as session:
        connection = session.connection()
        if runtime.database.is_sqlite:
            explain = "EXPLAIN QUERY PLAN "
        else:
            # Otherwise PostgreSQL would scan these empty tables without an index.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN "
        event.listen(engine, "before_cursor_execute", note)
        session.execute(statement, parameters)
        event.remove(engine, "before_cursor_execute", note)
        sql, values = executed[-1]
        rows = connection.exec_driver_sql(explain + sql, values)
        plan = "\n".join(" ".join(map(str, row)) for row in rows)

    assert "ix_deliveries_waiting" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
