"""What a dispatcher asks at every turn is answered by an index, however much is due."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from contentsvc.services.delivery import dispatching
from contentsvc.services.runtime import Runtime


@pytest.mark.parametrize("statement", [dispatching._SOONEST, dispatching._CLAIMING])
def test_the_first_ones_are_found_without_sorting(runtime: Runtime, statement: Any) -> None:
    """The index that holds what waits gives them in their order."""
    engine, now = runtime.database.engine, runtime.clock()
    given = {"soon": now, "now": now, "ahead": now, "room": 400, "lease_until": now, "name": "d:1"}
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, words: str, values: Any, *_: Any) -> None:
        asked.append((words, values))

    with runtime.database.write() as session:
        connection = session.connection()
        if runtime.database.is_sqlite:
            explain = "EXPLAIN QUERY PLAN "
        else:
            # Its tables are empty, and then it would read them whole.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN "
        event.listen(engine, "before_cursor_execute", note)
        session.execute(statement, {**given, "types": ["webhook", "site"]})
        event.remove(engine, "before_cursor_execute", note)
        words, values = asked[-1]
        rows = connection.exec_driver_sql(explain + words, values)
        plan = "\n".join(" ".join(map(str, row)) for row in rows)

    assert "ix_deliveries_waiting" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
