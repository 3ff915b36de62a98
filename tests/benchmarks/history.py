"""How old deliveries slow down planning, pages and the dispatcher's turn.

`python -m tests.benchmarks.history [--count 1000000] [--small]`
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from statistics import median

from sqlalchemy import text

from contentsvc.app import create_app
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.services.accounts import create_user, hash_password
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.entries import create_entry
from contentsvc.services.planning import Usefulness, approve
from contentsvc.services.runtime import Runtime
from tests.benchmarks.stage import DATABASES, fresh_runtime
from tests.benchmarks.tables import arguments, load, table
from tests.catalogues import compile_catalogues
from tests.factories import MemoryQueue, make_calendar, make_channel, make_content
from tests.web.people import PASSWORD, Person

__all__ = ["main"]

_CHANNELS = ("site", "second", "third")
#: Entries of the week on the week page: 5 a day.
_WEEK_ENTRIES = 35
#: Measurements of each operation; the median counts.
_TIMES = 15
#: The number of transactions in which the entries are planned.
_CHUNKS = 10

_Work = Callable[[], float]

#: Two years of published deliveries to 3 channels, with one attempt each.
_OLD_ENTRIES = """
    INSERT INTO entries (id, calendar_id, week, key, code, day, slot, time, starts_at, kind,
      element, title, body, versions, channels, livestream, notices, poster, pictures, status, rev,
      approved_by, approved_at, changed_by, imported_hash, deleted_at, created_at, updated_at)
    SELECT {n} + 1000000, e.calendar_id, '2024-W' || ({n} % 40 + 10), 'old-' || {n},
      'old' || {n}, e.day, e.slot, e.time, {old}, e.kind, e.element, e.title, e.body, e.versions,
      e.channels, e.livestream,
      e.notices, e.poster, e.pictures, e.status, 1, e.approved_by, e.approved_at, e.changed_by,
      NULL, NULL, e.created_at, e.updated_at
    FROM {series}, (SELECT * FROM entries ORDER BY id LIMIT 1) e
"""
_OLD_DELIVERIES = """
    INSERT INTO deliveries (id, entry_id, channel_id, notice, key, status, due_at, next_at,
      useful_until, fence, attempt_count, in_doubt, error, published_at, created_at, updated_at)
    SELECT e.id * 10 + c.id, e.id, c.id, '', 'old-' || (e.id * 10 + c.id), 'published',
      e.starts_at, e.starts_at, e.starts_at, 1, 1, {false}, '', e.starts_at, e.starts_at,
      e.starts_at
    FROM entries e, channels c WHERE e.id > 1000000
"""
_OLD_ATTEMPTS = """
    INSERT INTO attempts (delivery_id, number, fence, action, worker, started_at, finished_at,
      outcome, words)
    SELECT id, 1, 1, 'publish', 'old:1', due_at, due_at, 'published', ''
    FROM deliveries WHERE entry_id > 1000000
"""


def _age(runtime: Runtime, deliveries: int) -> None:
    """Add *deliveries* published deliveries of the last two years, with entries and attempts."""
    entries = -(-deliveries // len(_CHANNELS))
    if runtime.database.is_sqlite:
        words = {
            "series": f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s "
            f"WHERE n < {entries}) SELECT n FROM s) g",
            "old": "strftime('%Y-%m-%d %H:%M:%S.000000', '2024-01-01', '+' || (g.n % 1000000) || "
            "' minutes')",
            "false": "0",
        }
    else:
        words = {
            "series": f"generate_series(1, {entries}) g(n)",
            "old": "timestamptz '2024-01-01' + (g.n % 1000000) * interval '1 minute'",
            "false": "false",
        }
    with runtime.database.write() as session:
        for statement in (_OLD_ENTRIES, _OLD_DELIVERIES, _OLD_ATTEMPTS):
            session.execute(text(statement.format(n="g.n", **words)))
    with runtime.database.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(text("ANALYZE"))


def _prepare(runtime: Runtime) -> IsoWeek:
    """Create three channels, a calendar and the planned entries of next week; return that week."""
    for name in _CHANNELS:
        make_channel(runtime, name)
    make_calendar(runtime, *_CHANNELS)
    week = IsoWeek.of(runtime.clock().date()).plus(1)
    _plan(runtime, week, _WEEK_ENTRIES)
    with runtime.database.write() as session:
        create_user(
            session,
            name="mei",
            password_hash=hash_password(PASSWORD),
            is_admin=True,
            now=runtime.clock(),
        )
    return week


def _plan(runtime: Runtime, week: IsoWeek, count: int) -> float:
    """Create and approve *count* entries in one transaction, and return its seconds."""
    now = runtime.clock()
    began = time.perf_counter()
    with runtime.database.write() as session:
        calendar = get_calendar(session, "baby-benefits")
        for number in range(count):
            day = tuple(Weekday)[number % 7]
            content = make_content(key=f"bench-{time.monotonic_ns()}", day=day)
            entry = create_entry(session, calendar, week, content, by="mei", now=now)
            approve(session, entry, by="lan", now=now, usefulness=Usefulness.of(runtime.config))
        # The renderer would set the same status.
        session.execute(text("UPDATE deliveries SET status = 'scheduled' WHERE status = 'planned'"))
    return time.perf_counter() - began


def _works(runtime: Runtime, week: IsoWeek, share: int) -> dict[str, tuple[int, _Work]]:
    """Return for each operation how often to time it, and a function that returns its seconds."""
    person = Person(create_app(runtime))
    board = f"/calendars/baby-benefits?week={week}"
    dispatcher = Dispatcher(runtime, "bench:1")
    weeks = (week.plus(number) for number in count(1))
    return {
        "week page": (_TIMES, _timed(lambda: person.text(board))),
        "system page": (_TIMES, _timed(lambda: person.text("/system/"))),
        "dispatcher's turn": (_TIMES, _timed(lambda: dispatcher.turn(runtime.clock()))),
        "planning one entry × 3 channels": (
            _CHUNKS,
            lambda: _plan(runtime, next(weeks), share) / share,
        ),
    }


def _timed(work: Callable[[], object]) -> _Work:
    work()

    def timed() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return timed


def _compare(database: str, old: int, share: int) -> list[tuple[str, ...]]:
    """Return a row for each operation, timed with and without history in turn.

    In turn, because the speed of the machine changes.
    """
    with fresh_runtime(database) as empty, fresh_runtime(database) as full:
        works = []
        for parts, history in ((empty, 0), (full, old)):
            runtime = replace(parts, queue=MemoryQueue())
            week = _prepare(runtime)
            if history:
                _age(runtime, history)
            works.append(_works(runtime, week, share))
        rows = []
        for what, (times, without) in works[0].items():
            pairs = [(without(), works[1][what][1]()) for _ in range(times)]
            rows.append(_row(database, what, pairs))
        return rows


def main(words: Sequence[str] | None = None) -> str:
    """Run the benchmark and return its report as Markdown."""
    options = arguments(__doc__, words, count=1_000_000, small=3_000, rounds=1)
    planned = _CHUNKS if options.small else 10_000
    began = load()
    compile_catalogues()
    rows: list[tuple[str, ...]] = []
    for database in options.databases or DATABASES:
        rows += _compare(database, options.count, planned // _CHUNKS)
    head = ("database", "what", "no history (ms)", "with history (ms)", "ratio")
    words_ = f"{options.count:,} old deliveries with an attempt each; {planned:,} entries planned"
    return f"{words_}; {began}\n\n" + table(head, rows)


def _row(database: str, what: str, pairs: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    before, after = (median(seconds) * 1000 for seconds in zip(*pairs, strict=True))
    ratio = median(with_ / without for without, with_ in pairs)
    return database, what, f"{before:.1f}", f"{after:.1f}", f"**{ratio:.2f}**"


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
