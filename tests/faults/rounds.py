"""Rounds: posts that are due together, with one fault in between."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from contentsvc.domain.deliveries import DeliveryStatus
from tests.faults.family import Family, marked
from tests.faults.mishaps import MISHAPS, Scene
from tests.faults.receiver import ChaosReceiver
from tests.faults.stores import Store
from tests.faults.tally import Tally
from tests.faults.world import LEASE, World, keys_of

__all__ = ["Outcome", "run_rounds"]

#: Seconds from one round to the next. A round has some sixty calls on each database; on two cores
#: a shorter time would measure a backlog.
_ROUND = 2.4
#: Seconds between planning and due, enough for rendering.
_AHEAD = 4.0
_POSTS = 3
#: The next round waits while more than this many deliveries have been overdue for _BEHIND seconds
#: without a call. A round has fifteen and more.
_MOST_BEHIND, _BEHIND = 15, 2.0
#: Seconds within which everything must have settled after the last fault: a lease, the rest of an
#: unknown outcome before it is asked for, and the longest of the few retries that can follow.
_SETTLE = LEASE + 30 + 60
_S = DeliveryStatus


@dataclass
class Outcome:
    """The result of a run."""

    database: str
    tally: Tally
    mishaps: Counter[str]
    #: Roles that died by themselves, with their exit status.
    died: list[tuple[str, int]]
    #: Processes that still ran at the end.
    left: list[int] = field(default_factory=list)


def run_rounds(
    folder: Path,
    open_store: Callable[[Path], Store],
    disk: Path,
    receiver: ChaosReceiver,
    *,
    rounds: int,
    seed: int,
) -> Outcome:
    """Start all processes on one database, play *rounds*, wait until all settle, and count."""
    with ExitStack() as stack:
        store = open_store(disk)
        stack.callback(store.close)
        world = World(folder, store, receiver)
        stack.callback(world.close)
        family = Family(folder, world.environ)
        stack.callback(family.end)
        scene = Scene(world, family, random.Random(f"{seed}:{store.name}"))
        family.begin()
        _play(scene, rounds)
        _settle(scene)
        tally = Tally.of(world)
        _decide(scene)
        tally.decided(world)
        family.stop()
        return Outcome(store.name, tally, scene.done, family.died, marked(world.data))


def _play(scene: Scene, rounds: int) -> None:
    world = scene.world
    plan = _plan(scene.dice, rounds)
    _warm_up(scene)
    start = time.time() + _AHEAD + 1.0
    posted = 0
    for number, (mishap, offset) in enumerate(plan):
        while posted < rounds and posted <= number + int(_AHEAD / _ROUND) + 1:
            _post(scene, posted, datetime.fromtimestamp(start + posted * _ROUND, world.now.tzinfo))
            posted += 1
        start += _catch_up(scene)
        time.sleep(max(0.0, start + number * _ROUND + offset - time.time()))
        mishap(scene)


def _catch_up(scene: Scene) -> float:
    """Wait until the processes keep up with the rounds; return the seconds that this took.

    Each fault restarts processes. On a slow machine, rounds at a fixed pace would pile up until
    they measured nothing else.
    """
    began = time.time()
    while scene.world.count_waiting(_BEHIND) > _MOST_BEHIND and time.time() < began + _SETTLE:
        time.sleep(0.2)
    return time.time() - began


def _warm_up(scene: Scene) -> None:
    """Wait until a first post is out on every channel."""
    scene.world.publish(scene.world.now)
    deadline = time.time() + 90
    while scene.world.unsettled() and time.time() < deadline:
        time.sleep(0.2)


def _plan(dice: random.Random, rounds: int) -> list[tuple[Callable[[Scene], None], float]]:
    """Return each round's fault with its time, in seconds after the round is due."""
    kinds = [kind for kind, weight in MISHAPS.items() for _ in range(weight)]
    # Every fault happens at least once if there are enough rounds.
    faults = [*MISHAPS, *dice.choices(kinds, k=max(0, rounds - len(MISHAPS)))][:rounds]
    dice.shuffle(faults)
    return [(fault, dice.uniform(-0.4, 1.0)) for fault in faults]


def _post(scene: Scene, number: int, due_at: datetime) -> None:
    for post in range(_POSTS):
        scene.world.publish(due_at + timedelta(seconds=post // 2))
    if number % 10 == 4:
        scene.world.publish(due_at, ["gone"])
    if number % 25 == 7:
        scene.world.publish(due_at, ["tls"])
    if number % 10 == 9:
        # A person has the closed address opened again, and resumes the channel.
        scene.world.receiver.is_gone = not scene.world.receiver.is_gone
        scene.world.resume("gone")


def _settle(scene: Scene) -> None:
    """Make the platforms well-behaved, and wait until every delivery has settled."""
    world = scene.world
    world.receiver.calm, world.receiver.ambush, world.receiver.is_gone = True, None, False
    world.resume("gone")
    deadline = time.time() + _SETTLE
    while world.unsettled() and time.time() < deadline:
        time.sleep(0.5)


def _decide(scene: Scene) -> None:
    """Settle each unknown delivery and cancel failing ones, as a person does."""
    world = scene.world
    for row in world.deliveries():
        if row.channel.name == "tls":
            world.cancel(row)
        elif row.status is _S.UNKNOWN:
            key = keys_of(row)[row.parts_out]
            world.decide(row, is_out=world.receiver.find(f"/{row.channel.name}", key))
    deadline = time.time() + 60
    waiting = {_S.SCHEDULED, _S.RETRYING, _S.CLAIMED, _S.SENDING, _S.ACCEPTED}
    while any(row.status in waiting for row in world.deliveries()) and time.time() < deadline:
        time.sleep(0.3)
