"""The faults: each is a function that breaks something in a running world."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import redis

from tests.faults.family import Family
from tests.faults.stores import without_room
from tests.faults.world import LEASE, World

__all__ = ["MISHAPS", "Scene"]

#: Longer than a lease: the claims of a suspended process belong to others by then.
_PAST_THE_LEASE = LEASE + 1.0
_PUBLISH = "rq:queue:publish"


@dataclass
class Scene:
    """A running world, and the faults that it has met."""

    world: World
    family: Family
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        """Count a fault that really happened: not every planned fault finds its target."""
        self.done[what] += 1

    def redis(self) -> redis.Redis:
        """Return a Redis client of this world's server."""
        return redis.Redis.from_url(
            self.world.queue.url, socket_timeout=1, socket_connect_timeout=1
        )


Mishap = Callable[[Scene], None]


def kill_worker(scene: Scene) -> None:
    """Kill one publishing worker."""
    scene.family.kill(scene.family.any_of("worker", scene.dice))
    scene.note("worker killed")


def kill_workers(scene: Scene) -> None:
    """Kill both at the same time."""
    scene.family.kill("worker-1")
    scene.family.kill("worker-2")
    scene.note("all workers killed")


def kill_amid_call(scene: Scene) -> None:
    """Kill both workers during a call, before the platform responds."""

    def ambush() -> None:
        for role in ("worker-1", "worker-2"):
            scene.family.kill(role)
        scene.note("workers killed amid a call")

    scene.world.receiver.ambush = ambush


def kill_render_child(scene: Scene) -> None:
    """Kill the rendering child, during its work if possible."""
    for _ in range(2):
        scene.world.publish(scene.world.now + timedelta(seconds=3))
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        for pid in scene.family.children("render"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                scene.note("render child killed")
                return
        time.sleep(0.001)
    scene.family.kill("render")
    scene.note("render worker killed")


def kill_dispatcher(scene: Scene) -> None:
    """Kill one dispatcher."""
    scene.family.kill(scene.family.any_of("dispatcher", scene.dice))
    scene.note("dispatcher killed")


def kill_dispatchers(scene: Scene) -> None:
    """Kill both at the same time."""
    scene.family.kill("dispatcher-1")
    scene.family.kill("dispatcher-2")
    scene.note("all dispatchers killed")


def kill_web(scene: Scene) -> None:
    """Kill the web server; its serving child dies with it."""
    scene.family.kill("web")
    scene.note("web server killed")


def kill_queue(scene: Scene) -> None:
    """Kill Valkey; it restarts with the content of its file."""
    scene.family.kill("valkey")
    scene.note("Valkey killed")


def lose_queue(scene: Scene) -> None:
    """Kill Valkey and delete its file."""
    with scene.family.lock:
        scene.family.kill("valkey")
        shutil.rmtree(scene.world.data / "valkey", ignore_errors=True)
    scene.note("Valkey killed, its file lost")


def empty_queue(scene: Scene) -> None:
    """Empty Redis while all processes run."""
    with suppress(redis.RedisError), closing(scene.redis()) as client:
        client.flushall()
        scene.note("Redis emptied")


def hold_worker(scene: Scene) -> None:
    """Suspend a worker past its lease, then continue it."""
    scene.family.hold(scene.family.any_of("worker", scene.dice), _PAST_THE_LEASE)
    scene.note("worker stopped past its lease")


def hold_worker_amid_call(scene: Scene) -> None:
    """Suspend a worker past its lease during a call to the platform."""

    def ambush() -> None:
        for role in ("worker-1", "worker-2"):
            scene.family.hold(role, _PAST_THE_LEASE)
        scene.note("workers stopped amid a call")

    scene.world.receiver.ambush = ambush


def hold_dispatcher(scene: Scene) -> None:
    """Suspend a dispatcher past the leases of its claims."""
    scene.family.hold(scene.family.any_of("dispatcher", scene.dice), _PAST_THE_LEASE)
    scene.note("dispatcher stopped past its lease")


def break_database(scene: Scene) -> None:
    """Restart PostgreSQL or kill a backend; on SQLite, kill a process that may be writing."""
    how = scene.world.store.break_down(scene.dice)
    if how:
        scene.note(f"PostgreSQL {how}")
    else:
        kill_worker(scene)


def kill_after_pop(scene: Scene) -> None:
    """Kill a worker between RQ's pop and the job's start: Redis has given it away, nobody ran it.

    The workers stand still while they wait; the server pops for them; one is killed then.
    """
    workers = [role for role in ("worker-1", "worker-2") if role not in scene.family.still]
    for role in workers:
        scene.family.hold(role, _PAST_THE_LEASE)
    popped = _popped(scene, 2.0)
    victims = workers if popped > 1 else workers[:1]
    # The worker with the job cannot be seen; Redis serves the worker that waited first.
    for role in victims:
        scene.family.kill(role)
    for role in set(workers) - set(victims):
        scene.family.go_on(role)
    scene.note("killed after the pop" if popped else "killed while waiting")


def _popped(scene: Scene, seconds: float) -> int:
    """Wait until popped jobs have not begun; return their number."""
    deadline = time.monotonic() + seconds
    popped = 0
    with suppress(redis.RedisError), closing(scene.redis()) as client:
        while time.monotonic() < deadline:
            popped = int(client.llen(f"{_PUBLISH}:intermediate"))
            if popped:
                break
            time.sleep(0.01)
    return popped


def fill_disk(scene: Scene) -> None:
    """Fill the database's disk for a second or two."""
    store, family = scene.world.store, scene.family
    pids = list(family.pids.values())
    with without_room(store.disk, [*pids, *store.processes()]) as how:
        time.sleep(scene.dice.uniform(0.8, 1.6))
    store.mend()
    scene.note(f"disk {how}")


def nothing(scene: Scene) -> None:
    """Do nothing in this round."""
    scene.note("nothing")


#: The faults with their weights.
MISHAPS: dict[Mishap, int] = {
    kill_worker: 6,
    kill_workers: 3,
    kill_amid_call: 6,
    kill_render_child: 4,
    kill_dispatcher: 4,
    kill_dispatchers: 2,
    kill_web: 2,
    kill_queue: 3,
    lose_queue: 3,
    empty_queue: 4,
    hold_worker: 4,
    hold_worker_amid_call: 4,
    hold_dispatcher: 3,
    break_database: 4,
    kill_after_pop: 4,
    fill_disk: 3,
    nothing: 1,
}
