"""The week board: days, slots, times of entries' own, and the state of each card."""

from __future__ import annotations

from datetime import time

from contentsvc.domain.elements import Element
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import RejectedError
from contentsvc.messages import Message
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.entries import delete_entry
from contentsvc.services.runtime import Runtime
from contentsvc.services.week_board import CardState, WeekBoard, week_board
from tests.factories import NOW, USEFULNESS, WEEK, make_calendar, make_channel, make_entry
from tests.integration.services.delivery.engine_world import Engine


def board(runtime: Runtime) -> WeekBoard:
    """Return the board of the week."""
    with runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
        return week_board(session, calendar, WEEK, now=runtime.clock())


def states(week: WeekBoard) -> list[CardState]:
    """Return the states of all cards, row by row."""
    return [card.state for row in week.rows for cell in row.cells for card in cell.cards]


def test_rows_are_slots_and_own_times_in_order(runtime: Runtime) -> None:
    """Rows are slots and entries' own times, in order of time."""
    make_channel(runtime)
    calendar = make_calendar(runtime)
    make_entry(runtime, calendar, slot=None, time=time(15, 30))
    make_entry(runtime, calendar, key="second")

    shown = board(runtime)

    assert [(row.slot, row.time) for row in shown.rows] == [
        ("早安", "08:30"),
        ("午间", "12:00"),
        (None, "15:30"),
        ("晚间", "20:00"),
    ]
    assert [len(row.cells[2].cards) for row in shown.rows] == [0, 0, 1, 1]


def test_today_and_the_past_are_marked(runtime: Runtime) -> None:
    """Today and past days are marked in the calendar's zone."""
    make_channel(runtime)
    make_calendar(runtime)

    shown = board(runtime)

    assert [day.weekday for day in shown.days if day.is_today] == [Weekday.WED]
    assert [cell.is_past for cell in shown.rows[0].cells] == [True] * 3 + [False] * 4
    assert [cell.is_past for cell in shown.rows[2].cells] == [True] * 2 + [False] * 5
    assert shown.is_empty


def test_drafts_reviews_and_approved_entries_look_different(runtime: Runtime) -> None:
    """A draft, a past draft, an entry in review and an approved entry have different states."""
    make_channel(runtime)
    calendar = make_calendar(runtime)
    make_entry(runtime, calendar, approved=False, key="mon", day=Weekday.MON)
    make_entry(runtime, calendar, approved=False, key="thu", day=Weekday.THU)
    make_entry(runtime, calendar, key="fri", day=Weekday.FRI, element=Element.FLASH_SALE)

    shown = board(runtime)

    assert states(shown) == [CardState.PAST_DRAFT, CardState.DRAFT, CardState.APPROVED]
    assert (shown.mix.activity, shown.mix.deal, shown.mix.unnamed) == (0, 1, 2)
    assert shown.channels == {"site": 3}


def test_a_published_card_says_so(engine: Engine) -> None:
    """A published entry has its own state, and a failed one needs attention and has an error."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.work()
    assert states(board(engine.runtime)) == [CardState.PUBLISHED]

    channel.script += [RejectedError("含有敏感词")]
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    make_entry(engine.runtime, calendar, key="later", day=Weekday.THU)
    engine.turn()
    engine.due()
    engine.work()
    shown = board(engine.runtime)

    assert states(shown) == [CardState.PUBLISHED, CardState.ATTENTION]
    assert shown.rows[2].cells[3].cards[0].error == Message.plain("含有敏感词")


def test_a_deleted_entry_is_not_on_the_board(runtime: Runtime) -> None:
    """A deleted entry is not on the board."""
    make_channel(runtime)
    entry = make_entry(runtime, make_calendar(runtime))
    with runtime.database.write() as session:
        delete_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)

    assert board(runtime).is_empty
