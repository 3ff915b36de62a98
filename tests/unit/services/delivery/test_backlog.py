"""The order in which a worker's waiting deliveries get free slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from contentsvc.channels import Rate
from contentsvc.domain.deliveries import Action
from contentsvc.services.delivery.backlog import Backlog, Call, Queued, TaskBatch
from contentsvc.services.delivery.tasks import Task
from contentsvc.services.runtime import Runtime

_NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
_RUNTIME = cast(
    "Runtime",
    SimpleNamespace(config=SimpleNamespace(call_timeout=timedelta(seconds=4)), clock=lambda: _NOW),
)


def _task(
    number: int,
    *,
    channel: int,
    next_at: datetime = _NOW,
    kind: str = "webhook",
    rates: tuple[Rate, ...] = (),
) -> Task:
    delivery = SimpleNamespace(id=number, channel_id=channel, next_at=next_at, lease_until=None)
    channel_type = SimpleNamespace(type=kind, account="a", rates=rates)
    return cast("Task", _FakeTask(delivery, channel_type))


@dataclass(frozen=True, eq=False)
class _FakeTask:
    """What the backlog reads of a task."""

    delivery: SimpleNamespace
    channel: SimpleNamespace
    action: Action = Action.PUBLISH

    @property
    def account(self) -> str:
        return f"{self.channel.type}:{self.channel.account}"


def _queue(backlog: Backlog, tasks: Sequence[Task], *, early: bool = False) -> None:
    batch = TaskBatch()
    backlog.add([Queued(task, batch, 0.0, early) for task in tasks])


def _numbers(queued: Sequence[Queued]) -> list[int]:
    return [waiting.task.delivery.id for waiting in queued]


def test_due_deliveries_begin_in_their_order() -> None:
    """Deliveries that wait for slots begin in the order in which they were added."""
    backlog = Backlog(_RUNTIME)
    tasks = [_task(number, channel=number) for number in range(100)]
    _queue(backlog, tasks)

    first, released = backlog.pick({}, _NOW)
    under_way = {queued.task: Call(queued.batch, 1e12) for queued in first[-40:]}
    second, _ = backlog.pick(under_way, _NOW)

    assert _numbers(first) == list(range(64))
    assert _numbers(second) == list(range(64, 88))
    assert released == []


def test_early_deliveries_come_due_in_time_order() -> None:
    """Deliveries that were queued before they were due begin by due time, then by id."""
    backlog = Backlog(_RUNTIME)
    ages = [30, 10, 20, 10]
    tasks = [
        _task(number, channel=number, next_at=_NOW - timedelta(milliseconds=age))
        for number, age in enumerate(ages)
    ]
    _queue(backlog, tasks, early=True)

    begun, _ = backlog.pick({}, _NOW)

    assert _numbers(begun) == [0, 2, 1, 3]


def test_a_crowded_channel_keeps_its_own_order() -> None:
    """A channel without a free slot is passed over, and its deliveries stay in their order."""
    backlog = Backlog(_RUNTIME)
    crowded = [_task(number, channel=1) for number in range(20)]
    other = [_task(100, channel=2)]
    _queue(backlog, [*crowded, *other])
    # Deliveries that have waited for long are released to be claimed again; these have not.
    for queued in backlog._due:
        queued.since = 1e12

    begun, _ = backlog.pick({}, _NOW)
    later, _ = backlog.pick({}, _NOW)

    assert _numbers(begun) == [*range(16), 100]
    assert _numbers(later) == [16, 17, 18, 19]


def test_equal_accounts_of_two_channel_types_do_not_wait_for_each_other() -> None:
    """A full account delays only the deliveries of its own channel type."""
    rates = SimpleNamespace(take=lambda account, _: 5.0 if account == "robot:a" else 0.0)
    backlog = Backlog(cast("Runtime", SimpleNamespace(**vars(_RUNTIME), rates=rates)))
    limit = (Rate(1, 60),)
    robot = _task(1, channel=1, kind="robot", rates=limit)
    mail = _task(2, channel=2, kind="mail", rates=limit)
    _queue(backlog, [robot, mail])

    begun, releases = backlog.pick({}, _NOW)

    assert _numbers(begun) == [2]
    assert [queued.task.delivery.id for queued, _ in releases] == [1]


def _under_way(tasks: Sequence[Task], *, began: float) -> dict[Task, Call]:
    batch = TaskBatch()
    return {task: Call(batch, began) for task in tasks}


def test_calls_past_their_limit_keep_their_channel_and_no_other_busy() -> None:
    """A channel whose slots are taken by calls that never return waits; other channels begin."""
    backlog = Backlog(_RUNTIME)
    overdue = [_task(number, channel=1) for number in range(8)]
    _queue(backlog, [_task(100, channel=1), _task(101, channel=2)])

    begun, releases = backlog.pick({}, _NOW, overdue)

    assert _numbers(begun) == [101]
    assert [(queued.task.delivery.id, at - _NOW) for queued, at in releases] == [
        (100, timedelta(seconds=30))
    ]


def test_a_channel_type_that_blocks_leaves_slots_for_the_others() -> None:
    """With 128 slow calls on many channels of a type, the type waits and another type begins."""
    backlog = Backlog(_RUNTIME)
    slow = _under_way(
        [_task(number, channel=number, kind="hung") for number in range(128)], began=0
    )
    _queue(backlog, [_task(200, channel=200, kind="hung"), _task(201, channel=201, kind="mail")])

    begun, _ = backlog.pick(slow, _NOW)

    assert _numbers(begun) == [201]


def test_overdue_calls_take_no_slot_of_the_worker() -> None:
    """However many calls never return, the worker begins as many others as ever."""
    backlog = Backlog(_RUNTIME)
    overdue = [_task(number, channel=number, kind=f"hung-{number}") for number in range(300)]
    _queue(backlog, [_task(1000 + number, channel=1000 + number) for number in range(64)])

    begun, _ = backlog.pick({}, _NOW, overdue)

    assert len(begun) == 64
